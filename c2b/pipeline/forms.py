"""Forms of reviewers, the sample room and operators. They check shape only."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectMultipleField, StringField
from wtforms.validators import AnyOf, DataRequired
from wtforms.widgets import CheckboxInput, ListWidget

from c2b.core.forms import AreaField, LineField
from c2b.core.uploads import PictureField
from c2b.pipeline.reasons import REASONS, TEMPLATES, evidence_of, in_words
from c2b.pipeline.stage import Ruling


class VerdictForm(FlaskForm):
    """Pass, wait or reject, with reasons to act on."""

    ruling = StringField(
        validators=[AnyOf([ruling.value for ruling in Ruling], message=_l("Choose pass, wait or reject."))]
    )
    reasons = SelectMultipleField(
        _l("Reasons"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    note = AreaField(_l("In your own words"), longest=1000)
    seen = HiddenField()
    stage = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reasons.choices = [(reason.key, reason.label) for reason in (*REASONS, *TEMPLATES)]
        if self.reasons.data:
            self.reasons.data = [key for key in self.reasons.data if key]  # "no template" is none

    def validate(self, extra_validators: Any = None) -> bool:
        """Whoever stops an offer says why."""
        if not super().validate(extra_validators):
            return False
        if self.ruling.data != Ruling.PASS.value and not self.reason:
            self.note.errors = [gettext("Say why: the merchant needs a reason to act on.")]
            return False
        return True

    @property
    def verdict(self) -> Ruling:
        """The ruling that was chosen; the form is valid."""
        return next(ruling for ruling in Ruling if ruling.value == self.ruling.data)

    @property
    def reason(self) -> str:
        """What the merchant reads."""
        return in_words(self.reasons.data or [], self.note.data or "")

    @property
    def evidence(self) -> dict[str, Any]:
        """The reasons by key, so that they can be counted, and the words."""
        return evidence_of(self.reasons.data or [], self.note.data or "")


class HandoverForm(FlaskForm):
    """What the next reviewer of a batch should know."""

    words = AreaField(_l("Note for the next reviewer"), longest=1000)


class SentForm(FlaskForm):
    """How the parcel travels."""

    carrier = LineField(_l("Carrier"), [DataRequired(_l("Enter who carries the parcel."))], longest=60)
    tracking = LineField(
        _l("Tracking number"), [DataRequired(_l("Enter the number on the receipt."))], longest=60
    )


class ScanForm(FlaskForm):
    """The code on a parcel, scanned or typed."""

    code = LineField(_l("Code on the parcel"), [DataRequired(_l("Scan or type the code."))], longest=40)


class InspectForm(FlaskForm):
    """What was found in the parcel."""

    result = StringField(validators=[AnyOf(["pass", "fail"], message=_l("Say whether the sample passes."))])
    found = SelectMultipleField(
        _l("What is in order"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    note = AreaField(_l("What you found"), longest=2000)
    photos = PictureField(_l("Photos"), most=6)

    def validate(self, extra_validators: Any = None) -> bool:
        """A sample that fails needs words; one that passes has nothing unticked."""
        if not super().validate(extra_validators):
            return False
        if self.result.data == "fail" and not self.note.data:
            self.note.errors = [gettext("Say what is wrong with the sample, so that the merchant knows.")]
            return False
        if self.result.data == "pass" and len(self.found.data or []) < len(self.found.choices):
            self.found.errors = [gettext("A sample passes only when every point of the list is in order.")]
            return False
        return True
