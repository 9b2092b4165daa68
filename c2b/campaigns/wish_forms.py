"""The form that starts or changes a wish. Merchants and operators see more fields of the same form."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    FieldList,
    Form,
    FormField,
    RadioField,
    SelectField,
    SelectMultipleField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from c2b.campaigns.categories import Category
from c2b.campaigns.regions import region_choices
from c2b.campaigns.states import Allocation, Basis, CloseRule, Fulfilment
from c2b.core.forms import AmountField, AreaField, LineField, QuantityField, tidy
from c2b.core.uploads import PictureField

MOST_PICTURES = 4
DAYS = (7, 14, 21, 30)
MOST_UNITS = 10**7
MOST_OPTIONS, MOST_VALUES = 3, 20
TIER_ROWS = 5


class OptionsField(AreaField):
    """Options as lines "Colour: Red, Blue"; `options` is the list that a campaign keeps."""

    options: list[dict[str, Any]]

    def post_validate(self, form: Form, validation_stopped: bool) -> None:
        """Read the lines, with a message for the one that cannot be read."""
        self.options = []
        if validation_stopped or not self.data:
            return
        for line in filter(None, (part.strip() for part in self.data.split("\n"))):
            self.options.append(_read_option(line))
        if len(self.options) > MOST_OPTIONS:
            raise ValidationError(_("Use at most %(count)s kinds of choice.", count=MOST_OPTIONS))
        if len({option["name"] for option in self.options}) < len(self.options):
            raise ValidationError(_("Name each kind of choice once."))


def _read_option(line: str) -> dict[str, Any]:
    name, colon, rest = line.replace("：", ":").partition(":")
    values = [tidy(value) or "" for value in rest.replace("，", ",").replace("、", ",").split(",")]
    values = list(dict.fromkeys(value for value in values if value))
    if not colon or not name.strip() or len(values) < 2:
        raise ValidationError(_("Write each line like this, with two choices or more: Colour: Red, Blue."))
    if len(values) > MOST_VALUES or len(name) > 30 or any(len(value) > 30 for value in values):
        raise ValidationError(_("Use at most 20 choices in a line, and 30 characters in each."))
    return {"name": name.strip(), "values": values}


def written(options: list[dict[str, Any]]) -> str:
    """A campaign's options as the lines that the field reads."""
    return "\n".join(f"{option['name']}: {', '.join(option['values'])}" for option in options)


class TierForm(Form):
    """One price tier; both boxes or neither."""

    from_quantity = QuantityField(_l("From units"), [Optional()], most=MOST_UNITS)
    unit_price = AmountField(_l("Price each"), [Optional()])


class FirstForm(FlaskForm):
    """The three things that a wish begins with; the rest is asked once similar wishes were shown."""

    title = LineField(
        _l("What do you want?"), [DataRequired(_l("Say what you want."))], longest=60, shortest=3
    )
    expected_price = AmountField(
        _l("What would you pay for one?"), [InputRequired(_l("Enter what you would pay."))]
    )
    list_price_basis = LineField(
        _l("A link, or a shop that has something like it"), [Optional()], longest=200
    )
    pictures = PictureField(_l("Or a photo"), most=MOST_PICTURES, alt=True)


class WishForm(FlaskForm):
    """What a shopper says about a wish."""

    title = LineField(
        _l("What do you want?"), [DataRequired(_l("Say what you want."))], longest=60, shortest=3
    )
    summary = LineField(
        _l("Say in a sentence why"), [DataRequired(_l("Say in a sentence why you want it."))], longest=140
    )
    category = SelectField(_l("Category"))
    expected_price = AmountField(
        _l("What would you pay for one?"), [InputRequired(_l("Enter what you would pay."))]
    )
    list_price = AmountField(
        _l("What does it cost in shops?"), [InputRequired(_l("Enter what it, or something like it, costs."))]
    )
    list_price_basis = LineField(
        _l("Where did you see that price?"),
        [DataRequired(_l("Say where you saw that price, so that others can check it."))],
        longest=200,
    )
    threshold = QuantityField(
        _l("How many are needed?"),
        [InputRequired(_l("Enter how many are needed."))],
        default=50,
        most=MOST_UNITS,
    )
    basis = RadioField(_l("Counted in"), default=Basis.UNITS.value)
    days_open = SelectField(_l("Open for"), coerce=int, default=14)
    description = AreaField(_l("Tell the others about it"), [Optional()], longest=4000)
    pictures = PictureField(_l("Pictures"), most=MOST_PICTURES, alt=True)
    options = OptionsField(_l("Choices such as size or colour"), [Optional()], longest=600)

    full = False  # whether the fields of merchants and operators are there

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.category.choices = Category.choices()
        self.basis.choices = Basis.choices()
        self.days_open.choices = [SelectChoice(str(days), _("%(days)s days", days=days)) for days in DAYS]

    def validate_list_price(self, field: AmountField) -> None:
        """What people would pay is at most what it costs in shops."""
        if field.data and self.expected_price.data and field.data < self.expected_price.data:
            raise ValidationError(_("The price in shops is below what you would pay."))


class CampaignForm(WishForm):
    """The whole form, for merchants and for the platform's own campaigns."""

    full = True

    tiers = FieldList(FormField(TierForm), min_entries=TIER_ROWS, max_entries=TIER_ROWS)
    capacity = QuantityField(_l("Most units in all"), [Optional()], most=MOST_UNITS)
    per_shopper = QuantityField(_l("Most units for one person"), [Optional()], default=10, most=10_000)
    close_rule = RadioField(_l("When it stops taking pledges"), default=CloseRule.DEADLINE.value)
    allocation = RadioField(_l("If there are too few"), default=Allocation.FIRST_COME.value)
    fulfilment = SelectField(_l("How people get it"), default=Fulfilment.SHIPPED.value)
    regions = SelectMultipleField(
        _l("Where it can go"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.close_rule.choices = CloseRule.choices()
        self.allocation.choices = Allocation.choices()
        self.fulfilment.choices = Fulfilment.choices()
        self.regions.choices = region_choices()

    @property
    def price_tiers(self) -> list[tuple[int, int]]:
        """(from units, price each) of the rows that are filled."""
        return [
            (row.from_quantity.data, row.unit_price.data)
            for row in self.tiers
            if row.from_quantity.data and row.unit_price.data
        ]

    def validate_tiers(self, field: FieldList) -> None:
        """Half a row is a mistake."""
        for row in field:
            if bool(row.from_quantity.data) != bool(row.unit_price.data):
                raise ValidationError(_("Fill both boxes of a price tier, or neither."))


class SubmitForm(FlaskForm):
    """The last look before a wish goes to moderation."""

    truthful = BooleanField(
        _l("What I wrote is true, and I may use the picture."),
        [InputRequired(_l("Confirm that what you wrote is true."))],
    )
