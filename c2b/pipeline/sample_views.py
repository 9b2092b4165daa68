"""The sample room, and what the merchant prints and enters."""

import segno
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup

from c2b.accounts.queries import names_of
from c2b.core.access import Role, requires
from c2b.core.barcode import barcode
from c2b.core.clock import utcnow
from c2b.core.db import get_or_404, transaction
from c2b.core.errors import NotFound, refuse
from c2b.core.events import history
from c2b.pipeline.blueprint import bp
from c2b.pipeline.engine import judge_by_machine
from c2b.pipeline.forms import InspectForm, ScanForm, SentForm
from c2b.pipeline.models import Offer, Sample
from c2b.pipeline.people import is_merchants, why_not_independent
from c2b.pipeline.sample_queries import WAITING, sample_by_code, sample_counts, samples_in
from c2b.pipeline.sample_rules import checklist
from c2b.pipeline.samples import inspect_sample, receive_sample, sample_of, send_sample
from c2b.pipeline.states import SampleState

DONE = (SampleState.PASSED, SampleState.FAILED, SampleState.LAPSED)


def qr(text: str) -> Markup:
    """The text as a QR code, drawn as SVG."""
    drawn = segno.make(text, error="m", micro=False)
    svg = drawn.svg_inline(scale=4, border=2, omitsize=True, svgclass=None, lineclass=None)
    return Markup(svg)  # noqa: S704  # drawn here, not typed by anybody


@bp.get("/review/samples")
@requires(Role.REVIEWER, Role.OPERATOR)
def samples() -> ResponseReturnValue:
    """What is here, what is on its way, what is late; a field for the scanner."""
    code = request.args.get("code", "").strip()
    form = ScanForm(request.args if code else None, meta={"csrf": False})
    if code and form.validate():
        try:
            return redirect(url_for(".sample", sample_id=sample_by_code(code).id))
        except NotFound:
            form.code.errors = [_("No parcel has this code. Check it letter by letter.")]
    now = utcnow()
    return render_template(
        "pipeline/samples.html",
        form=form,
        counts=sample_counts(now),
        here=samples_in([SampleState.RECEIVED], current_user.id),
        waiting=samples_in(WAITING, current_user.id),
        done=samples_in(DONE, current_user.id, newest_first=True)[:20],
        now=now,
    )


@bp.get("/review/samples/<int:sample_id>")
@requires(Role.REVIEWER, Role.OPERATOR)
def sample(sample_id: int) -> ResponseReturnValue:
    """One parcel: receive it, look at the goods, say what was found."""
    return _sample_page(get_or_404(Sample, sample_id), InspectForm(formdata=None))


@bp.get("/review/samples/<int:sample_id>/label")
@requires(Role.REVIEWER, Role.OPERATOR)
def sample_return_label(sample_id: int) -> ResponseReturnValue:
    """The label for sending the goods back, to print."""
    parcel = get_or_404(Sample, sample_id)
    offer = get_or_404(Offer, parcel.offer_id)
    refuse(why_not_independent(offer, current_user.id))
    return render_template("pipeline/return_label.html", offer=offer, sample=parcel, qr=qr(parcel.code))


@bp.post("/review/samples/<int:sample_id>/receive")
@requires(Role.REVIEWER, Role.OPERATOR)
def sample_receive(sample_id: int) -> ResponseReturnValue:
    """The parcel is in the room."""
    with transaction():
        receive_sample(sample_id, by=current_user.id, now=utcnow())
    flash(_("Received. The merchant was told."), "ok")
    return redirect(url_for(".sample", sample_id=sample_id))


@bp.post("/review/samples/<int:sample_id>")
@requires(Role.REVIEWER, Role.OPERATOR)
def sample_inspect(sample_id: int) -> ResponseReturnValue:
    """The result; the stage acts on it at once."""
    parcel, form = get_or_404(Sample, sample_id), _inspect_form(sample_id)
    if not form.validate_on_submit():
        return _sample_page(parcel, form), 422
    items = checklist(get_or_404(Offer, parcel.offer_id).campaign.category)
    found = {item.key: item.key in (form.found.data or []) for item in items}
    with transaction():
        inspect_sample(
            sample_id,
            passed=form.result.data == "pass",
            checklist=found,
            note=form.note.data or "",
            photos=[upload.ref for upload in form.photos.data or []],
            by=current_user.id,
            now=utcnow(),
        )
        judge_by_machine(parcel.offer_id, now=utcnow())
    flash(_("The result is saved. The merchant was told."), "ok")
    return redirect(url_for(".samples"))


def _inspect_form(sample_id: int) -> InspectForm:
    form = InspectForm()
    offer = get_or_404(Offer, get_or_404(Sample, sample_id).offer_id)
    form.found.choices = [(item.key, _(item.msgid)) for item in checklist(offer.campaign.category)]
    return form


def _sample_page(parcel: Sample, form: InspectForm) -> str:
    offer = get_or_404(Offer, parcel.offer_id)
    refuse(why_not_independent(offer, current_user.id))
    items = checklist(offer.campaign.category)
    form.found.choices = [(item.key, _(item.msgid)) for item in items]
    told = history(parcel)
    return render_template(
        "pipeline/sample.html",
        sample=parcel,
        offer=offer,
        form=form,
        items=items,
        told=told,
        names=names_of({line.by for line in told if line.by is not None}),
        now=utcnow(),
    )


def _own_sample(offer_id: int) -> tuple[Offer, Sample]:
    """The sample of an offer of this person's firm; NotFound for anybody else's."""
    offer = get_or_404(Offer, offer_id)
    parcel = sample_of(offer_id)
    if parcel is None or not is_merchants(offer, current_user.id):
        raise NotFound
    return offer, parcel


@bp.get("/sell/a/<int:offer_id>/label")
@requires(Role.MERCHANT)
def offer_label(offer_id: int) -> ResponseReturnValue:
    """The label for the parcel, to print."""
    offer, parcel = _own_sample(offer_id)
    return render_template(
        "pipeline/label.html", offer=offer, sample=parcel, qr=qr(parcel.code), bars=barcode(parcel.code)
    )


@bp.get("/sell/a/<int:offer_id>/sample")
@requires(Role.MERCHANT)
def offer_sample(offer_id: int) -> ResponseReturnValue:
    """What to send, until when, and how it is going."""
    offer, parcel = _own_sample(offer_id)
    return _own_page(offer, parcel, SentForm(formdata=None))


@bp.post("/sell/a/<int:offer_id>/sample")
@requires(Role.MERCHANT)
def offer_sample_sent(offer_id: int) -> ResponseReturnValue:
    """The merchant has posted it."""
    offer, parcel = _own_sample(offer_id)
    form = SentForm()
    if not form.validate_on_submit():
        return _own_page(offer, parcel, form), 422
    with transaction():
        send_sample(parcel.id, form.carrier.data, form.tracking.data, by=current_user.id, now=utcnow())
    flash(_("Thank you. We will tell you when the parcel has arrived."), "ok")
    return redirect(url_for(".offer_sample", offer_id=offer_id))


def _own_page(offer: Offer, parcel: Sample, form: SentForm) -> str:
    return render_template(
        "pipeline/offer_sample.html",
        offer=offer,
        sample=parcel,
        form=form,
        told=history(parcel),
        names={},  # who of ours had it is not the merchant's to know
        now=utcnow(),
    )
