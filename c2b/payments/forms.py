"""The shape of what people send about cards."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from c2b.payments.gateways.cards import TEST_ACCOUNTS, TEST_CARDS


class TestCardForm(FlaskForm):
    """Which test card is to be saved."""

    card = RadioField(
        _l("Test card"),
        choices=[SelectChoice(card.kind, card.name) for card in TEST_CARDS],
        default="ok",
        validators=[InputRequired(_l("Choose a card."))],
    )


class TestAccountForm(FlaskForm):
    """Which test bank account payouts are to go to."""

    account = RadioField(
        _l("Test bank account"),
        choices=[SelectChoice(account.kind, account.name) for account in TEST_ACCOUNTS],
        default="works",
        validators=[InputRequired(_l("Choose a bank account."))],
    )
