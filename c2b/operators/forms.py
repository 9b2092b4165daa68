"""The console's forms: shape only."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateTimeLocalField, SelectField
from wtforms.validators import DataRequired, InputRequired, ValidationError

from c2b.core.forms import LineField
from c2b.operators.rules import DATES, GRANTED_HERE

MINUTES = "%Y-%m-%dT%H:%M"


def reason_field() -> LineField:
    """Why it is done: kept in the diary."""
    return LineField(_l("Reason"), [DataRequired(_l("Say why; it is kept in the diary."))], longest=300)


class ReasonForm(FlaskForm):
    """A decision about a person, with its reason."""

    reason = reason_field()


class RoleForm(FlaskForm):
    """A role to give."""

    role = SelectField(_l("Role"), coerce=str)
    reason = reason_field()

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.role.choices = [(str(role), role.label) for role in GRANTED_HERE]


class LocalMinute(DateTimeLocalField):
    """A minute in site time; `data` is naive, and the form makes it a moment."""

    def __init__(self, label: Any = None, **more: Any) -> None:
        needed = [InputRequired(_l("Enter a date and an hour."))]
        super().__init__(label, needed, format=[MINUTES, MINUTES + ":%S"], **more)

    def process_formdata(self, valuelist: list[str]) -> None:
        """The minute, or a sentence for the person."""
        try:
            super().process_formdata(valuelist)
        except (ValueError, OverflowError):
            self.data = None
            raise ValueError(_("Enter a date and an hour, such as 2025-05-20 18:00.")) from None

    data: datetime | None

    def pre_validate(self, form: FlaskForm) -> None:
        """Only years that make sense."""
        if self.data is not None and not 2000 <= self.data.year <= 2100:
            raise ValidationError(_("Enter a year from 2000 to 2100."))


class DatesForm(FlaskForm):
    """The six dates of a batch, in site time."""

    opens_at = LocalMinute(_l("Sign-up opens"))
    signup_closes_at = LocalMinute(_l("Sign-up closes"))
    samples_due_at = LocalMinute(_l("Samples are due"))
    review_at = LocalMinute(_l("Review, and winners are chosen"))
    launch_from = LocalMinute(_l("First launch day"))
    launch_until = LocalMinute(_l("Launches end"))
    reason = reason_field()

    def fill(self, dates: Mapping[str, datetime], zone: ZoneInfo) -> None:
        """Show these moments in site time."""
        for name in DATES:
            self[name].data = dates[name].astimezone(zone).replace(tzinfo=None)

    def moments(self, old: Mapping[str, datetime], zone: ZoneInfo) -> dict[str, datetime]:
        """What was entered, as moments; a date whose minute was not touched keeps its seconds."""
        found = {}
        for name in DATES:
            entered = self[name].data.replace(tzinfo=zone)
            same = old[name].astimezone(zone).strftime(MINUTES) == entered.strftime(MINUTES)
            found[name] = old[name] if same else entered
        return found
