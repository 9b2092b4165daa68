"""The forms of firms and of those who certify them; whether it is allowed is for the rules to say."""

from typing import Any

from babel import Locale
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField
from wtforms.validators import DataRequired, Email, InputRequired, Optional, Regexp, ValidationError

from c2b.core.forms import AmountField, AreaField, LineField
from c2b.core.uploads import PaperField
from c2b.merchants.rules import KINDS_TO_APPLY, Application, Paper, papers_needed
from c2b.merchants.states import DocumentKind, Grade, Kind

# Where firms may be registered: the ISO countries that certification knows papers of.
REGIONS = ("CN", "HK", "TW", "SG", "MY", "ID", "TH", "VN", "JP", "KR", "US", "GB", "DE", "ES", "FR", "MX")


def region_name(code: str) -> str:
    """The country's name for the reader."""
    return str((get_locale() or Locale("en")).territories.get(code, code))


class PapersForm(FlaskForm):
    """The papers of a firm, one box for each kind."""

    licence = PaperField(_l("Business licence"))
    brand = PaperField(_l("Brand or IP authorisation"), most=3)
    bank = PaperField(_l("Bank account confirmation"))

    @property
    def papers(self) -> list[Paper]:
        """What was handed in."""
        return [
            Paper(kind, upload.ref, upload.name)
            for kind, field in self._boxes()
            for upload in field.data or []
        ]

    def _boxes(self) -> list[tuple[DocumentKind, PaperField]]:
        return [
            (DocumentKind.LICENCE, self.licence),
            (DocumentKind.BRAND, self.brand),
            (DocumentKind.BANK, self.bank),
        ]


class ApplyForm(PapersForm):
    """What a firm says of itself."""

    name = LineField(
        _l("Name of the firm"), [DataRequired(_l("Enter the firm's name."))], longest=60, shortest=2
    )
    kind = RadioField(_l("What kind of firm is it?"), [InputRequired(_l("Choose what kind of firm it is."))])
    licence_number = LineField(
        _l("Licence number"),
        [
            DataRequired(_l("Enter the number on the licence.")),
            Regexp(r"^[0-9A-Za-z-]{6,30}$", message=_l("A licence number has 6 to 30 letters and digits.")),
        ],
        longest=30,
    )
    region = SelectField(_l("Registered in"), default="CN")
    contact_phone = LineField(
        _l("Phone"),
        [
            DataRequired(_l("Enter a phone number on which we can reach you.")),
            Regexp(
                r"^[0-9+() -]{6,24}$", message=_l("A phone number has digits, such as +86 512 1234 5678.")
            ),
        ],
        longest=24,
    )
    ships_from = LineField(
        _l("Ships from"), [DataRequired(_l("Say where your goods leave from."))], longest=60
    )
    about = AreaField(_l("About the firm"), [Optional()], longest=1000)

    def __init__(self, *args: Any, papers_there: frozenset[DocumentKind] = frozenset(), **more: Any) -> None:
        super().__init__(*args, **more)
        self.papers_there = papers_there  # from an earlier application
        self.kind.choices = [(str(kind), kind.label) for kind in KINDS_TO_APPLY]
        self.region.choices = [(code, region_name(code)) for code in REGIONS]

    def validate(self, extra_validators: Any = None) -> bool:
        """Each kind of firm brings its papers."""
        fine = super().validate(extra_validators)
        kind = Kind(self.kind.data) if self.kind.data in {str(k) for k in KINDS_TO_APPLY} else None
        needed = papers_needed(kind) if kind else (DocumentKind.LICENCE,)
        for paper, field in self._boxes():
            if paper in needed and paper not in self.papers_there and not field.data and not field.errors:
                field.errors = [_("Choose a file: a firm of this kind needs this paper.")]
                fine = False
        return bool(fine)

    @property
    def application(self) -> Application:
        """The fields as the operation takes them."""
        return Application(
            name=self.name.data or "",
            kind=Kind(self.kind.data),
            licence_number=(self.licence_number.data or "").upper(),
            region=self.region.data,
            contact_phone=self.contact_phone.data or "",
            ships_from=self.ships_from.data or "",
            about=self.about.data or "",
        )


class FirmForm(FlaskForm):
    """What a firm may change at any time."""

    about = AreaField(_l("About the firm"), [Optional()], longest=1000)
    ships_from = LineField(
        _l("Ships from"), [DataRequired(_l("Say where your goods leave from."))], longest=60
    )
    contact_phone = ApplyForm.contact_phone


class EditorForm(FlaskForm):
    """Whom to add to the firm."""

    email = LineField(
        _l("E-mail address of the account"),
        [
            DataRequired(_l("Enter an e-mail address.")),
            Email(_l("Enter an address such as mei@example.org.")),
        ],
        longest=254,
    )


class CertifyForm(FlaskForm):
    """The verdict on a firm: a grade with its deposit."""

    grade = RadioField(_l("Grade"), [InputRequired(_l("Choose a grade."))])
    deposit = AmountField(
        _l("Deposit received"), [InputRequired(_l("Enter the deposit that was received."))], least=0
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.grade.choices = Grade.choices()

    def validate_grade(self, field: RadioField) -> None:
        """One of the grades."""
        if field.data not in {str(grade) for grade in Grade}:
            raise ValidationError(_("Choose a grade."))


class ReasonForm(FlaskForm):
    """Why a firm is declined or suspended; the firm reads it."""

    reason = AreaField(
        _l("Reason"),
        [DataRequired(_l("Write a reason on which the firm can act."))],
        longest=600,
        shortest=10,
    )
