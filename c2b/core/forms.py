"""Fields that every form shares: amounts, whole numbers and plain text, with a message for every bad input.

They keep what was typed, so that a refused form comes back as the person left it. Ask for them with
InputRequired (amounts, numbers) or DataRequired (texts, which are tidied first), or leave them free with
Optional.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import Field, StringField, TextAreaField
from wtforms.validators import ValidationError
from wtforms.widgets import TextInput

from c2b.core.db import transaction
from c2b.core.errors import Refused
from c2b.core.money import digits, major, parse_amount

LARGEST_QUANTITY = 10**9
# Characters that make text read in another order than it is written: overrides, embeddings, isolates.
TURNS_TEXT = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Characters that cannot be stored or shown: lone surrogates and the two that are no characters.
NO_CHARACTERS = frozenset("\ufffe\uffff")


def tidy(text: str | None) -> str | None:
    """A filter: one form for one character, plain line ends, no blanks around."""
    if text is None:
        return None
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufeff", "")
    return unicodedata.normalize("NFC", text).strip(" \n\t\u3000")


def is_plain(text: str, *, lines: bool = False) -> bool:
    """Whether the text is free of control characters, of what turns its order, and of half characters."""
    allowed = "\n\t" if lines else ""
    return not any(
        c in TURNS_TEXT
        or c in NO_CHARACTERS
        or (unicodedata.category(c) in ("Cc", "Cs") and c not in allowed)
        for c in text
    )


# Full-width signs, as Chinese keyboards write them. Not all of NFKC, which would read 1² as 12.
HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " "}

T = TypeVar("T")


def attempt(form: FlaskForm, act: Callable[[], T]) -> T | None:
    """Do `act` in a transaction of its own; a refusal becomes a message of the form, and None the answer.

    So a rule's sentence stands above what the person typed, which is kept.
    """
    try:
        with transaction():
            return act()
    except Refused as refusal:
        form.form_errors.append(str(refusal))
        return None


def query_text(text: str | None, longest: int = 100) -> str:
    """What was asked for in an address; what cannot be searched for is left out without a complaint."""
    return "".join(c for c in tidy(text) or "" if is_plain(c))[:longest].strip()


def typed_amount(amount: int, currency: str) -> str:
    """Minor units as people type them into a field: 259, 259.50."""
    places = digits(currency)
    return f"{major(amount, currency):.{0 if amount % 10**places == 0 else places}f}"


class PlainText:
    """A validator: refuses control characters, turned text, half characters, and a wrong length."""

    def __init__(self, longest: int = 200, shortest: int = 0, *, lines: bool = False) -> None:
        self.longest, self.shortest, self.lines = longest, shortest, lines
        self.field_flags = {"maxlength": longest}

    def __call__(self, form: object, field: Field) -> None:
        text = field.data or ""
        if not is_plain(text, lines=self.lines):
            raise ValidationError(_("This has a character that cannot be shown. Please type it again."))
        if len(text) > self.longest:
            raise ValidationError(_("Use at most %(count)s characters.", count=self.longest))
        if len(text) < self.shortest:
            raise ValidationError(_("Use at least %(count)s characters.", count=self.shortest))


class LineField(StringField):
    """One line of plain text, tidied."""

    def __init__(
        self,
        label: Any = None,
        validators: Sequence[Any] = (),
        *,
        longest: int = 200,
        shortest: int = 0,
        **more: Any,
    ) -> None:
        checks = [*validators, PlainText(longest, shortest)]
        super().__init__(label, checks, filters=[tidy], **more)


class AreaField(TextAreaField):
    """Some lines of plain text, tidied."""

    def __init__(
        self,
        label: Any = None,
        validators: Sequence[Any] = (),
        *,
        longest: int = 4000,
        shortest: int = 0,
        **more: Any,
    ) -> None:
        checks = [*validators, PlainText(longest, shortest, lines=True)]
        super().__init__(label, checks, filters=[tidy], **more)


class _TypedField(Field):
    """A text box whose text becomes a value; the text is kept as it was typed."""

    widget = TextInput()
    typed: str | None = None
    raw_data: list[Any] | None

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        if not valuelist:
            return
        self.typed = valuelist[0].replace("\x00", "\ufffd")  # no page may carry it
        if self.typed.strip():
            self.data = self.parse(self.typed)
        else:
            self.raw_data = []  # blanks are nothing, for InputRequired and Optional alike

    def _value(self) -> str:
        if self.typed is not None:
            return self.typed
        return "" if self.data is None else self.show(self.data)

    def parse(self, typed: str) -> int:
        """The value, or ValueError with a sentence for the person."""
        raise NotImplementedError

    def show(self, value: int) -> str:
        """The value as text."""
        raise NotImplementedError


class AmountField(_TypedField):
    """An amount of money; `data` is whole minor units."""

    def __init__(
        self,
        label: Any = None,
        validators: Sequence[Any] = (),
        *,
        currency: str = "CNY",
        least: int = 1,
        most: int | None = None,
        **more: Any,
    ) -> None:
        more["render_kw"] = {"inputmode": "decimal", **(more.get("render_kw") or {})}
        super().__init__(label, list(validators), **more)
        self.currency, self.least, self.most = currency, least, most

    def parse(self, typed: str) -> int:
        """Minor units."""
        text = typed.translate(HALF_WIDTH)
        if not text.isascii():
            raise ValueError(_("Enter an amount in digits, such as 259."))
        amount = parse_amount(text, self.currency)
        if amount < self.least:
            if self.least <= 1:
                raise ValueError(_("Enter an amount above zero."))
            raise ValueError(_("Enter at least %(amount)s.", amount=self.show(self.least)))
        if self.most is not None and amount > self.most:
            raise ValueError(_("Enter at most %(amount)s.", amount=self.show(self.most)))
        return amount

    def show(self, value: int) -> str:
        """As people type it."""
        return typed_amount(value, self.currency)


class QuantityField(_TypedField):
    """A whole number of things; `least` and `most` are both allowed. Full-width digits are understood."""

    def __init__(
        self,
        label: Any = None,
        validators: Sequence[Any] = (),
        *,
        least: int = 1,
        most: int = LARGEST_QUANTITY,
        **more: Any,
    ) -> None:
        more["render_kw"] = {"inputmode": "numeric", **(more.get("render_kw") or {})}
        super().__init__(label, list(validators), **more)
        self.least, self.most = least, most

    def parse(self, typed: str) -> int:
        """The number."""
        text = typed.translate(HALF_WIDTH).strip()
        if not re.fullmatch(r"[0-9]+", text):
            raise ValueError(_("Enter a whole number, such as %(number)s.", number=max(self.least, 1)))
        value = int(text) if len(text.lstrip("0")) <= 12 else self.most + 1
        if value < self.least:
            raise ValueError(_("Enter %(number)s or more.", number=self.least))
        if value > self.most:
            raise ValueError(_("Enter %(number)s or less.", number=self.most))
        return value

    def show(self, value: int) -> str:
        """Plain digits."""
        return str(value)
