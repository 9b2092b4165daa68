"""The shape of what people send about returns, disputes and refunds."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Optional, Regexp
from wtforms.widgets import CheckboxInput, ListWidget

from c2b.core.forms import AmountField, AreaField, LineField, QuantityField
from c2b.core.uploads import PictureField
from c2b.orders.remedy_rules import MOST_PICTURES
from c2b.orders.states import DisputeCause, ReturnCause

LONGEST = 2000  # characters of what one side says


class ReturnForm(FlaskForm):
    """What goes back, and why."""

    cause = RadioField(_l("Why?"), [InputRequired(_l("Choose why."))], choices=ReturnCause.choices)
    quantity = QuantityField(
        _l("How many do you send back?"), [InputRequired(_l("Enter how many you send back."))]
    )
    note = AreaField(
        _l("What is wrong?"), [DataRequired(_l("Tell the merchant in a few words."))], longest=LONGEST
    )
    pictures = PictureField(_l("Pictures"), [Optional()], most=MOST_PICTURES)
    replace = BooleanField(_l("I would rather have it replaced"))


class SentBackForm(FlaskForm):
    """With whom goods travel back."""

    carrier = LineField(_l("Carrier"), [DataRequired(_l("Enter the carrier."))], longest=60)
    tracking = LineField(
        _l("Tracking number"), [DataRequired(_l("Enter the tracking number."))], longest=60, shortest=4
    )


class AddressForm(FlaskForm):
    """Where goods go back to."""

    address = AreaField(
        _l("Address for the return"), [DataRequired(_l("Say where it goes."))], longest=500, shortest=5
    )


class WordsForm(FlaskForm):
    """A reason for the other side."""

    words = AreaField(_l("Your reason"), [DataRequired(_l("Give a reason."))], longest=LONGEST, shortest=5)


class EvidenceForm(FlaskForm):
    """What one side says, with pictures."""

    words = AreaField(
        _l("What do you want to say?"), [DataRequired(_l("Say it in a few words."))], longest=LONGEST
    )
    pictures = PictureField(_l("Pictures"), [Optional()], most=MOST_PICTURES)


class DisputeForm(EvidenceForm):
    """What a shopper complains of."""

    cause = RadioField(_l("What is it about?"), [InputRequired(_l("Choose what it is about."))])

    def offer(self, causes: Sequence[DisputeCause]) -> None:
        """Only what can be disputed now."""
        self.cause.choices = [SelectChoice(cause.value, cause.label) for cause in causes]


WHOLE, PART, NONE = "whole", "part", "none"


class RulingForm(FlaskForm):
    """How much goes back, in words for both sides."""

    ruling = RadioField(
        _l("Ruling"),
        [InputRequired(_l("Choose a ruling."))],
        choices=[
            SelectChoice(WHOLE, _l("All of it goes back to the shopper")),
            SelectChoice(PART, _l("A part goes back")),
            SelectChoice(NONE, _l("Nothing goes back")),
        ],
    )
    amount = AmountField(_l("The part that goes back"), [Optional()])
    words = AreaField(
        _l("Why, for both sides"), [DataRequired(_l("Both sides read why."))], longest=LONGEST, shortest=5
    )

    def validate(self, extra_validators: Any = None) -> bool:
        """A part has an amount."""
        sound = bool(super().validate(extra_validators))
        if sound and self.ruling.data == PART and self.amount.data is None:
            self.amount.errors = [_("Enter how much goes back.")]
            return False
        return sound

    def goes_back(self, left: int) -> int:
        """The amount of the ruling; `left` is all of it."""
        return {WHOLE: left, NONE: 0}.get(self.ruling.data, self.amount.data or 0)


class GoodwillForm(FlaskForm):
    """A merchant pays an order back, whole or in part."""

    amount = AmountField(_l("Amount"), [InputRequired(_l("Enter an amount."))])
    words = AreaField(
        _l("Words for the shopper"), [DataRequired(_l("Say why; the shopper reads it."))], longest=500
    )
    request_key = HiddenField(validators=[DataRequired(), Length(max=40), Regexp(r"^[A-Za-z0-9_-]+$")])


class BoxesField(SelectMultipleField):
    """Several choices, a box each."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class OutOfStockForm(FlaskForm):
    """Orders that cannot be sent."""

    orders = BoxesField(_l("Orders"), coerce=int)
    words = AreaField(
        _l("Words for the shoppers"), [DataRequired(_l("Say why; the shoppers read it."))], longest=500
    )

    def validate(self, extra_validators: Any = None) -> bool:
        """At least one order."""
        sound = bool(super().validate(extra_validators))
        if not self.orders.data and not self.orders.errors:
            self.orders.errors = [_("Choose at least one order.")]
            return False
        return sound
