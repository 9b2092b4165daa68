"""The form of an offer. Shape only; whether it passes is for the machine review to say."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import get_timezone
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, FieldList, Form, FormField, HiddenField, SelectField, SelectMultipleField
from wtforms.validators import DataRequired, InputRequired, Optional, Regexp, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from c2b.campaigns.regions import region_choices
from c2b.campaigns.wish_forms import OptionsField, written
from c2b.core.forms import AmountField, AreaField, LineField, QuantityField
from c2b.core.uploads import PaperField, PictureField, Upload
from c2b.demand.clearing import why_not_tiers
from c2b.demand.curve import Tier
from c2b.pipeline import offer_rules as rules
from c2b.pipeline.models import Offer
from c2b.pipeline.offer_cells import MOST_TEXT, read_ladder
from c2b.pipeline.offer_rules import CertificateKind, OfferDraft

FIRST_DAY, LAST_DAY = date(2020, 1, 1), date(2099, 12, 31)


class CertificateForm(Form):
    """One certificate: what it shows, and the file."""

    kind = SelectField(_l("What it shows"))
    file = PaperField(_l("File"))

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.kind.choices = [("", _("Choose …")), *CertificateKind.choices()]

    def validate_file(self, field: PaperField) -> None:
        """A file needs to say what it is."""
        if field.data and not self.kind.data:
            raise ValidationError(_("Say what this file shows."))


class OfferFields(FlaskForm):
    """Everything but the prices, which depend on the campaign's currency."""

    title = LineField(_l("Title"), [DataRequired(_l("Give the offer a title."))], longest=rules.LONGEST_TITLE)
    selling_line = LineField(_l("Selling line"), [Optional()], longest=rules.LONGEST_SELLING_LINE)
    minimum = QuantityField(_l("Fewest units you supply"), [Optional()], most=rules.MOST_UNITS)
    maximum = QuantityField(_l("Most units you supply"), [Optional()], most=rules.MOST_UNITS)
    per_shopper = QuantityField(_l("Most units for one shopper"), [Optional()], most=10_000)
    lead_days = QuantityField(
        _l("Days from launch to dispatch"),
        [InputRequired(_l("Enter how many days you need."))],
        most=rules.LONGEST_LEAD,
    )
    options = OptionsField(_l("Choices such as size or colour"), [Optional()], longest=600)
    pictures = PictureField(_l("Pictures"), most=rules.MOST_PICTURES, alt=True)
    certificates = FieldList(
        FormField(CertificateForm), min_entries=rules.MOST_CERTIFICATES, max_entries=rules.MOST_CERTIFICATES
    )
    origin = SelectField(_l("Made in"))
    hs_code = LineField(
        _l("HS code"), [Optional(), Regexp(r"^[0-9]{6,10}$", message=_l("An HS code has 6 to 10 digits."))]
    )
    regions = SelectMultipleField(
        _l("Where you ship"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    pasted = AreaField(_l("Paste rows from a spreadsheet"), [Optional()], longest=MOST_TEXT)
    launch_not_before = DateField(_l("Launch from"), [Optional()])
    launch_not_after = DateField(_l("Launch until"), [Optional()])
    seen = HiddenField()
    currency = "CNY"

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.origin.choices = region_choices()
        self.regions.choices = region_choices()

    def validate_tiers(self, field: FieldList) -> None:
        """Half a row is a mistake, and so is a price that does not fall."""
        for row in field:
            if bool(row.from_quantity.data) != bool(row.unit_price.data) and not row.errors:
                raise ValidationError(_("Fill both boxes of a price tier, or neither."))
        if self.price_tiers and (problem := why_not_tiers(self.price_tiers)):
            raise ValidationError(problem)

    def validate_pasted(self, field: AreaField) -> None:
        """Two cells a row."""
        if field.data:
            try:
                read_ladder(field.data, self.currency)
            except ValueError as problem:
                raise ValidationError(str(problem)) from None

    def validate_maximum(self, field: QuantityField) -> None:
        """The most is not below the least."""
        if field.data and field.data < self._minimum:
            raise ValidationError(_("The most that you supply is less than the least."))

    def validate_launch_not_before(self, field: DateField) -> None:
        """A day that a calendar of ours has."""
        if field.data and not FIRST_DAY <= field.data <= LAST_DAY:
            raise ValidationError(_("Choose a day between 2020 and 2099."))

    def validate_launch_not_after(self, field: DateField) -> None:
        """The last day is not before the first."""
        self.validate_launch_not_before(field)
        first = self.launch_not_before.data
        if field.data and first and field.data < first:
            raise ValidationError(_("The last launch date is before the first one."))

    @property
    def price_tiers(self) -> list[Tier]:
        """The rows that were pasted, else those that are filled, as they were typed."""
        if self.pasted.data:
            try:
                return read_ladder(self.pasted.data, self.currency)
            except ValueError:
                return []
        return [
            Tier(row.from_quantity.data, row.unit_price.data)
            for row in self.tiers
            if row.from_quantity.data and row.unit_price.data
        ]

    @property
    def _minimum(self) -> int:
        tiers = self.price_tiers
        return int(self.minimum.data or (tiers[0].from_quantity if tiers else 1))

    @property
    def draft(self) -> OfferDraft:
        """The fields as the operations take them."""
        return OfferDraft(
            title=self.title.data or "",
            selling_line=self.selling_line.data or "",
            list_price=self.list_price.data,
            lowest_price_7_days=self.lowest_price_7_days.data,
            tiers=self.price_tiers,
            minimum=self._minimum,
            maximum=self.maximum.data,
            per_shopper=self.per_shopper.data or 10,
            lead_days=self.lead_days.data or 1,
            options=self.options.options,
            pictures=[upload.ref for upload in self.pictures.data],
            picture_alts={upload.ref: upload.alt for upload in self.pictures.data if upload.alt},
            unit_cost=self.unit_cost.data,
            certificates=[
                {"file": upload.ref, "name": upload.name, "kind": row.kind.data}
                for row in self.certificates
                for upload in row.file.data or []
            ],
            origin=self.origin.data,
            hs_code=self.hs_code.data or "",
            regions=sorted(self.regions.data or []),
            launch_not_before=_begins(self.launch_not_before.data),
            launch_not_after=_ends(self.launch_not_after.data),
        )


@lru_cache
def form_class(currency: str) -> type[OfferFields]:
    """The form for offers in one currency."""

    class Row(Form):
        from_quantity = QuantityField(_l("From units"), [Optional()], most=rules.MOST_UNITS)
        unit_price = AmountField(_l("Price each"), [Optional()], currency=currency)

    class OfferForm(OfferFields):
        list_price = AmountField(
            _l("List price"), [InputRequired(_l("Enter the list price."))], currency=currency
        )
        lowest_price_7_days = AmountField(
            _l("Lowest price of the last 7 days"), [Optional()], currency=currency
        )
        unit_cost = AmountField(_l("What one costs you"), [Optional()], currency=currency)
        tiers = FieldList(FormField(Row), min_entries=rules.MOST_TIERS, max_entries=rules.MOST_TIERS)

    OfferForm.currency = currency
    return OfferForm


def offer_form(currency: str, draft: OfferDraft | Offer, *, seen: str = "", **more: Any) -> OfferFields:
    """The form, filled from a draft or an offer where nothing was sent."""
    return form_class(currency)(data={**_values(draft), "seen": seen}, **more)


def _values(draft: OfferDraft | Offer) -> dict[str, Any]:
    same = ("title", "selling_line", "list_price", "lowest_price_7_days", "minimum", "maximum", "per_shopper")
    values: dict[str, Any] = {
        name: getattr(draft, name) for name in (*same, "lead_days", "origin", "hs_code", "unit_cost")
    }
    alts = draft.picture_alts or {}
    pictures = [
        Upload(ref, _("picture %(number)s", number=i), alts.get(ref, ""))
        for i, ref in enumerate(draft.pictures, 1)
    ]
    return values | {
        "tiers": [
            {"from_quantity": tier.from_quantity, "unit_price": tier.unit_price} for tier in draft.tiers
        ],
        "options": written([dict(option) for option in draft.options]),
        "pictures": pictures,
        "certificates": _certificates(draft.certificates),
        "regions": list(draft.regions),
        "launch_not_before": _day(draft.launch_not_before),
        "launch_not_after": _day(draft.launch_not_after),
    }


def _certificates(kept: Sequence[Any]) -> list[dict[str, Any]]:
    rows = [{"kind": c["kind"], "file": [Upload(c["file"], c["name"])]} for c in kept]
    return rows + [{"kind": "", "file": []}] * (rules.MOST_CERTIFICATES - len(rows))


def _day(when: datetime | None) -> date | None:
    return when.astimezone(_zone()).date() if when else None


def _begins(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), _zone()).astimezone(UTC) if day else None


def _ends(day: date | None) -> datetime | None:
    begins = _begins(day)
    return begins + timedelta(days=1) - timedelta(seconds=1) if begins else None


def _zone() -> ZoneInfo:
    """The site's zone with its rules; the translator's own object does not know summer from winter."""
    return ZoneInfo(str(get_timezone()))
