"""The shape of what people send about payments and orders."""

from collections.abc import Sequence
from secrets import token_urlsafe
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from c2b.campaigns.models import Campaign
from c2b.campaigns.regions import region_choices
from c2b.core.forms import QuantityField
from c2b.payments.models import Mandate


class PayForm(FlaskForm):
    """Which saved card is to be charged instead."""

    card = RadioField(_l("Card"), coerce=int, validators=[InputRequired(_l("Choose a card."))])

    def offer(self, cards: Sequence[Mandate], used: int | None) -> None:
        """Fill in the saved cards; the newest one that was not used yet is chosen."""
        self.card.choices = [SelectChoice(card.id, card.label) for card in cards]
        if self.card.data is None and cards:
            self.card.data = next((card.id for card in cards if card.id != used), cards[0].id)


class BuyForm(FlaskForm):
    """What is bought from what a launch left over; the campaign's own choices are added by `buy_form`."""

    quantity = QuantityField(
        _l("Quantity"), [InputRequired(_l("Enter how many you want."))], default=1, most=10**6
    )
    card = RadioField(_l("Card"), coerce=int, validators=[InputRequired(_l("Choose a card."))])
    region = SelectField(_l("Where it goes"))
    terms = HiddenField()
    request_key = HiddenField()

    @property
    def chosen_options(self) -> dict[str, str]:
        """The campaign's choices, by name."""
        return {field.label.text: field.data for field in self if field.name.startswith("option_")}


def buy_form(campaign: Campaign, cards: Sequence[Mandate], terms: str) -> Any:
    """A form with this campaign's choices and this person's cards."""
    fields = {
        f"option_{n}": SelectField(
            option["name"],
            choices=[SelectChoice(value) for value in option["values"]],
            validators=[InputRequired()],
        )
        for n, option in enumerate(campaign.options)
    }
    form = type("CampaignBuyForm", (BuyForm,), fields)(
        data={"quantity": 1, "terms": terms, "request_key": token_urlsafe(16)}
    )
    form.region.choices = [SelectChoice(*choice) for choice in region_choices(campaign.regions)]
    form.card.choices = [SelectChoice(card.id, card.label) for card in cards]
    if form.card.data is None and cards:
        form.card.data = cards[0].id
    return form
