"""The application with one more address, for benchmarks alone: session, token and form as for a pledge, no database."""

from flask import Flask
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired

from c2b import create_app
from c2b.campaigns.pledge_views import on_to_joined
from c2b.core.access import public
from c2b.core.forms import AmountField, PlainText, QuantityField
from c2b.serving import collect_rarely


class NullForm(FlaskForm):
    """A few fields of the pledge form."""

    max = StringField(validators=[InputRequired()])
    max_other = AmountField()
    quantity = QuantityField(validators=[InputRequired()])
    request_key = HiddenField(validators=[PlainText(64)])


@public
def null(slug: str) -> ResponseReturnValue:
    """Everything that a pledge needs, but the pledge."""
    if not NullForm().validate_on_submit():
        return "no", 422
    return on_to_joined(slug)


def with_null() -> Flask:
    """The product, and the null handler."""
    made = create_app()
    made.config["WTF_I18N_ENABLED"] = False  # whose language it is would have to be asked of the database
    made.add_url_rule("/null/<slug>", view_func=null, methods=["POST"])
    return made


app = with_null()
collect_rarely()
