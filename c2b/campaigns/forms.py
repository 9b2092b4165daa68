"""The form of a pledge and of its change. Shape only; whether a pledge is allowed is for the rules to say."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from markupsafe import Markup
from wtforms import HiddenField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Optional
from wtforms.widgets import Select

from c2b.campaigns.models import Campaign
from c2b.campaigns.regions import region_choices
from c2b.core.forms import AmountField, LineField, PlainText, QuantityField
from c2b.core.money import parse_amount
from c2b.core.own import own

OTHER = "other"
NEW_CARD = "new"
LATER = ""
MOST_UNITS = 10**6  # far above what any campaign allows a shopper; the rule names the campaign's own limit


class OwnSelect(Select):
    """A choice among one shopper's own things, and one that is none of them, which comes last."""

    def __call__(self, field: Any, **attributes: Any) -> Markup:
        """The field; its things are marked as the shopper's own."""
        html: Markup = super().__call__(field, **attributes)
        begin, end = html.find(">") + 1, html.rfind("<option")
        return html[:begin] + own(field.name, html[begin:end]) + html[end:]


class PledgeForm(FlaskForm):
    """What a shopper types to join: the ceiling, how many, which kind, where to, which card."""

    max = RadioField(
        _l("The most you would pay"),
        [InputRequired(_l("Choose the most you would pay."))],
        validate_choice=False,
    )
    max_other = AmountField(_l("Amount"), [Optional()])
    quantity = QuantityField(
        _l("Quantity"), [InputRequired(_l("Enter how many you want."))], default=1, most=MOST_UNITS
    )
    tolerance = QuantityField(
        _l("Further units you would also take"), [Optional()], default=0, least=0, most=MOST_UNITS
    )
    region = SelectField(_l("Deliver to"))
    address = SelectField(_l("Address"), [Optional()], validate_choice=True, widget=OwnSelect())
    card = SelectField(_l("Card"), [Optional()], widget=OwnSelect())
    request_key = HiddenField(validators=[PlainText(64)])
    terms = HiddenField(validators=[PlainText(128)])

    currency = "CNY"
    option_names: dict[str, str]  # field name → the option's name

    def validate(self, extra_validators: Any = None) -> bool:
        """The amount beside the choices counts only with the choice "Other"."""
        if self.max.data != OTHER:
            self.max_other.process_errors = []
        good = bool(super().validate(extra_validators))
        if self.max.errors or self.max_other.errors:
            return False
        if self.ceiling is None:
            field = self.max_other if self.max.data == OTHER else self.max
            field.errors = [*field.errors, _("Enter the most you would pay, such as 259.")]
            return False
        return good

    @property
    def ceiling(self) -> int | None:
        """The most the shopper would pay for one unit, in minor units."""
        if self.max.data == OTHER:
            return self.max_other.data if isinstance(self.max_other.data, int) else None
        try:
            return parse_amount(self.max.data or "", self.currency) or None
        except ValueError:
            return None

    @property
    def chosen_options(self) -> dict[str, str]:
        """The option's name and what was chosen of it."""
        return {name: self[field].data for field, name in self.option_names.items()}

    @property
    def option_fields(self) -> list[Any]:
        """The fields of the campaign's own options, in its order."""
        return [self[field] for field in self.option_names]


def pledge_form(
    campaign: Campaign,
    *,
    ceilings: Sequence[int],
    cards: Sequence[tuple[int, str]] = (),
    addresses: Sequence[tuple[int, str]] = (),
    **more: Any,
) -> PledgeForm:
    """The form for this campaign: its options are fields, the saved cards and addresses are choices."""
    fields: dict[str, Any] = {
        "currency": campaign.currency,
        "option_names": {},
        "max_other": AmountField(_("Amount"), [Optional()], currency=campaign.currency),
    }
    for index, option in enumerate(campaign.options):
        name = f"option_{index}"
        fields["option_names"][name] = option["name"]
        fields[name] = _option_field(option["name"], option["values"])
    form: PledgeForm = type("CampaignPledgeForm", (PledgeForm,), fields)(**more)
    show = form.max_other.show
    form.max.choices = [*(SelectChoice(show(amount)) for amount in ceilings), SelectChoice(OTHER, _("Other"))]
    form.region.choices = region_choices(campaign.regions)
    form.address.choices = _choices((LATER, _("Choose later")), addresses)
    form.card.choices = _choices((NEW_CARD, _("Another card")), cards)
    if not addresses:
        del form.address
    if not cards:
        del form.card
    return form


def _choices(other: tuple[str, str], things: Sequence[tuple[int, str]]) -> list[SelectChoice]:
    """Saved things first, the one that is none of them last."""
    return [*(SelectChoice(str(id_), text) for id_, text in things), SelectChoice(*other)]


def _option_field(name: str, values: list[str]) -> RadioField:
    choose = _("Choose one: %(option)s.", option=name)
    return RadioField(name, [InputRequired(choose)], choices=[SelectChoice(value) for value in values])


class ReasonForm(FlaskForm):
    """A reason in words, which the people concerned will read."""

    reason = LineField(
        _l("Reason"), [DataRequired(_l("Give a reason that people can act on."))], longest=300, shortest=10
    )
