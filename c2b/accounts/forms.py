"""The forms of accounts. Shape only, and whether a password can be guessed."""

from typing import Any

from babel import Locale
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField, Field, HiddenField, PasswordField, SelectField, TelField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Email, InputRequired, Length, Regexp, ValidationError

from c2b.accounts import passwords
from c2b.accounts.addresses import Place
from c2b.core.forms import LineField, PlainText, tidy
from c2b.core.languages import LANGUAGES

REGIONS = (
    "CN", "HK", "MO", "TW", "SG", "MY", "ID", "JP", "KR", "TH", "VN", "PH",
    "US", "CA", "MX", "ES", "FR", "DE", "IT", "NL", "GB", "AU", "NZ",
)  # fmt: skip


def email_field(label: Any, autocomplete: str = "email") -> EmailField:
    """An e-mail address that mail can be sent to."""
    return EmailField(
        label,
        filters=[tidy],
        validators=[
            DataRequired(_l("Enter your e-mail address.")),
            PlainText(longest=254),
            Email(_l("Enter an e-mail address such as name@example.org."), allow_smtputf8=False),
        ],
        render_kw={"autocomplete": autocomplete, "inputmode": "email", "spellcheck": "false"},
    )


def new_password_field(label: Any) -> PasswordField:
    """A password that is being chosen."""
    short = _l("Use at least %(count)s characters.", count=passwords.SHORTEST)
    long = _l("Use at most %(count)s characters.", count=passwords.LONGEST)
    return PasswordField(
        label,
        validators=[
            InputRequired(_l("Choose a password.")),
            Length(min=passwords.SHORTEST, message=short),
            Length(max=passwords.LONGEST, message=long),
        ],
        render_kw={"autocomplete": "new-password"},
    )


def refuse_guessable(password: str, *about: str) -> None:
    """A ValidationError where the password is one of the first that somebody would try."""
    if passwords.is_guessable(password, *about):
        raise ValidationError(
            _(
                "This password is easy to guess. Take a few words that do not belong together,"
                " or let your browser suggest one."
            )
        )


class RegisterForm(FlaskForm):
    """Opening an account."""

    name = LineField(
        _l("Your name"),
        [DataRequired(_l("Enter the name that others will see."))],
        longest=60,
        render_kw={"autocomplete": "name"},
    )
    email = email_field(_l("E-mail address"), autocomplete="username")
    password = new_password_field(_l("Password"))
    next = HiddenField()

    def validate_password(self, field: Field) -> None:
        """Not one that is easily guessed."""
        refuse_guessable(field.data or "", self.name.data or "", self.email.data or "")


class SignInForm(FlaskForm):
    """Coming in."""

    email = email_field(_l("E-mail address"), autocomplete="username")
    password = PasswordField(
        _l("Password"),
        validators=[InputRequired(_l("Enter your password."))],
        render_kw={"autocomplete": "current-password"},
    )
    next = HiddenField()


class EmailForm(FlaskForm):
    """An address alone: forgotten passwords, lost confirmations."""

    email = email_field(_l("E-mail address"))


class AgainForm(FlaskForm):
    """An address that was given already."""

    email = HiddenField()


class TokenForm(FlaskForm):
    """A button alone."""


class ResetForm(FlaskForm):
    """A new password, from a mailed link."""

    password = new_password_field(_l("New password"))

    def __init__(self, about: tuple[str, ...] = (), **more: Any) -> None:
        super().__init__(**more)
        self.about = about

    def validate_password(self, field: Field) -> None:
        """Not one that is easily guessed."""
        refuse_guessable(field.data or "", *self.about)


class PasswordForm(ResetForm):
    """A new password, from the settings."""

    old = PasswordField(
        _l("Current password"),
        validators=[InputRequired(_l("Enter your current password."))],
        render_kw={"autocomplete": "current-password"},
    )


class PersonForm(FlaskForm):
    """Name and language."""

    name = LineField(
        _l("Your name"),
        [DataRequired(_l("Enter the name that others will see."))],
        longest=60,
        render_kw={"autocomplete": "name"},
    )
    locale = SelectField(
        _l("Language of pages and mails"),
        choices=[SelectChoice(code, name) for code, name in LANGUAGES.items()],
    )


class AddressForm(FlaskForm):
    """Where goods go."""

    name = LineField(
        _l("Who receives it"), [DataRequired(_l("Enter a name."))], longest=60,
        render_kw={"autocomplete": "name"},
    )  # fmt: skip
    phone = TelField(
        _l("Phone"),
        filters=[tidy],
        validators=[
            DataRequired(_l("Enter a phone number for the courier.")),
            PlainText(longest=30),
            Regexp(r"^\+?[0-9][0-9 ().-]{4,28}$", message=_l("Enter a phone number such as 138 0013 8000.")),
        ],
        render_kw={"autocomplete": "tel"},
    )
    region = SelectField(_l("Country or region"), render_kw={"autocomplete": "country"})
    city = LineField(
        _l("Province and city"), [DataRequired(_l("Enter the city."))], longest=80,
        render_kw={"autocomplete": "address-level2"},
    )  # fmt: skip
    line = LineField(
        _l("Street, house, flat"), [DataRequired(_l("Enter the street and house."))], longest=200,
        render_kw={"autocomplete": "street-address"},
    )  # fmt: skip
    postcode = LineField(_l("Postcode (optional)"), longest=16, render_kw={"autocomplete": "postal-code"})

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        names = (get_locale() or Locale("en")).territories
        self.region.choices = [SelectChoice(code, names.get(code, code)) for code in REGIONS]

    def place(self) -> Place:
        """What was filled in."""
        return Place(
            name=self.name.data,
            phone=self.phone.data,
            region=self.region.data,
            city=self.city.data,
            line=self.line.data,
            postcode=self.postcode.data or "",
        )
