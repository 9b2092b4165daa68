"""The shape of what people send about parcels, codes and reviews."""

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import RadioField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, ValidationError

from c2b.accounts.models import Address
from c2b.core.forms import AreaField, LineField
from c2b.core.uploads import PictureField, Upload
from c2b.orders.delivery_rules import MARKED_BY_FIRM
from c2b.orders.parcels import LONGEST, why_not_tracking
from c2b.orders.reviews import MOST_PICTURES, Words
from c2b.orders.shipping import Parcel


def is_tracking(_form: FlaskForm, field: LineField) -> None:
    """A validator."""
    problem = why_not_tracking(field.data or "")
    if problem:
        raise ValidationError(problem)


class ShipForm(FlaskForm):
    """Parcels of one carrier; each order has its own tracking number, in a field named after it."""

    carrier = LineField(_l("Carrier"), [DataRequired(_l("Enter the carrier."))], longest=60)

    def parcels(self, sent: dict[str, str], orders: Sequence[int]) -> list[Parcel]:
        """What was filled in."""
        typed = {id_: sent.get(f"tracking_{id_}", "").strip() for id_ in orders}
        return [Parcel(id_, self.carrier.data or "", number) for id_, number in typed.items() if number]

    def refuse_parcels(self, parcels: Sequence[Parcel]) -> bool:
        """Say what is wrong with the numbers; True where something is."""
        if not parcels:
            self.form_errors.append(_("Enter at least one tracking number."))
        problem = next((why for parcel in parcels if (why := why_not_tracking(parcel.tracking))), None)
        if problem:
            self.form_errors.append(problem)
        return bool(self.form_errors)


class ParcelForm(FlaskForm):
    """One parcel of one order."""

    carrier = LineField(_l("Carrier"), [DataRequired(_l("Enter the carrier."))], longest=60)
    tracking = LineField(
        _l("Tracking number"),
        [DataRequired(_l("Enter the tracking number.")), is_tracking],
        longest=LONGEST,
    )


class DestinationForm(FlaskForm):
    """Which of the shopper's addresses an order goes to."""

    address = RadioField(_l("Address"), coerce=int, validators=[InputRequired(_l("Choose an address."))])

    def offer(self, addresses: Sequence[Address], now: int | None) -> None:
        """Fill in the addresses; the present one is chosen, else the only one."""
        self.address.choices = [
            SelectChoice(one.id, ", ".join(filter(None, (one.name, one.line, one.postcode, one.city))))
            for one in addresses
        ]
        if self.address.data is None and addresses:
            self.address.data = now if now in {one.id for one in addresses} else addresses[-1].id


class MarkForm(FlaskForm):
    """Where a parcel is, in the merchant's words."""

    state = SelectField(_l("Where it is"))

    def offer(self) -> None:
        """Fill in what a merchant may say."""
        self.state.choices = [SelectChoice(state.value, state.label) for state in MARKED_BY_FIRM]


class ReadyForm(FlaskForm):
    """Goods lie ready: where, and when."""

    where = AreaField(
        _l("Place and hours"), [DataRequired(_l("Say where and when it can be collected."))], longest=500
    )


class CodeForm(FlaskForm):
    """A code that was typed or scanned."""

    code = LineField(_l("Code"), [DataRequired(_l("Type or scan the code."))], longest=300)


class ParcelsFile(FlaskForm):
    """Tracking numbers as a file, or pasted from a spreadsheet."""

    file = FileField(_l("CSV file"))
    text = AreaField(_l("Or paste the rows here"), longest=600_000)

    def validate_text(self, field: AreaField) -> None:
        """One of the two is there."""
        if not field.data and not (self.file.data and self.file.data.filename):
            raise ValidationError(_("Choose a file, or paste the rows."))


class ReviewForm(FlaskForm):
    """Stars, words, pictures."""

    stars = RadioField(
        _l("How is it?"),
        coerce=int,
        validators=[InputRequired(_l("Choose one to five stars."))],
    )
    words = AreaField(_l("In your words"), longest=2000)
    pictures = PictureField(_l("Pictures"), most=MOST_PICTURES)

    def offer(self) -> None:
        """Fill in the stars, the best first."""
        words = (_("Very good"), _("Good"), _("All right"), _("Poor"), _("Bad"))
        self.stars.choices = [
            SelectChoice(stars, _("%(stars)s of 5: %(word)s", stars=stars, word=word))
            for stars, word in zip(range(5, 0, -1), words, strict=True)
        ]

    @property
    def said(self) -> Words:
        """What it says."""
        kept: list[Upload] = self.pictures.data or []
        return Words(self.stars.data, self.words.data or "", [upload.ref for upload in kept])


class AnswerForm(FlaskForm):
    """The merchant's answer to a review."""

    answer = AreaField(_l("Your answer"), [DataRequired(_l("Write an answer."))], longest=1000)


class HideForm(FlaskForm):
    """Why a review is taken down; its writer reads it."""

    reason = LineField(_l("Reason"), [DataRequired(_l("Say why; the writer reads it."))], longest=300)
