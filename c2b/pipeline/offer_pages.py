"""How an offer is shown to its merchant: the stages, the one next thing, the tasks, what happened."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from flask_babel import gettext as _

from c2b.core.access import Role
from c2b.core.events import Event
from c2b.core.text import gettext
from c2b.pipeline.machine_findings import Finding, Outcome
from c2b.pipeline.models import Offer, Sample, StageVisit
from c2b.pipeline.offer_rules import MOST_PICTURES
from c2b.pipeline.offers import SIGN_UP
from c2b.pipeline.said import reason_in_words
from c2b.pipeline.stage import Stage
from c2b.pipeline.stages import PIPELINE, STAGES
from c2b.pipeline.states import ENDINGS, LAUNCHED, RUNNER_UP, SampleState
from c2b.pipeline.wording import day, price

# Which part of the form a finding belongs to.
PARTS = {
    "product": ("fields", "goods", "words"),
    "prices": ("ladder", "below_list", "within_demand", "capacity", "list_price"),
    "pictures": ("pictures", "duplicates"),
    "papers": ("certificates",),
    "shipping": ("lead", "regions"),
}


@dataclass(frozen=True)
class Step:
    """One of the eight stages, for the stepper."""

    label: str
    note: str
    state: str


@dataclass(frozen=True)
class Task:
    """One thing to do, in any order."""

    title: str
    url: str | None
    hint: str
    status: str
    kind: str


@dataclass(frozen=True)
class Next:
    """The one next thing; `due_at` is when it must be done, `yours` whether it is the merchant's turn."""

    title: str
    text: str
    due_at: datetime | None = None
    yours: bool = False
    action: str = ""  # edit, mend_or_ask, submit, label, demand


@dataclass(frozen=True)
class Line:
    """One line of what happened."""

    title: str
    at: datetime
    text: str
    by: str
    icon: str
    kind: str


def label_of(state: str) -> str:
    """Where an offer is, in words."""
    if state == SIGN_UP:
        return str(_("Draft"))
    return STAGES[state].label if state in STAGES else gettext(ENDINGS[state])


def kind_of(state: str, *, waiting: bool) -> str:
    """The colour of that word."""
    if waiting:
        return "warn"
    if state in STAGES or state == RUNNER_UP:
        return "info"
    return "ok" if state == LAUNCHED else ""


def steps(offer: Offer, visits: Sequence[StageVisit]) -> list[Step]:
    """The eight stages with what is behind, here and ahead."""
    certified = offer.merchant.certified_at
    left = {visit.stage: visit.left_at for visit in visits if visit.left_at}
    keys = [stage.key for stage in PIPELINE]
    here = keys.index(offer.state) if offer.state in STAGES else -1
    reached = max((keys.index(visit.stage) for visit in visits if visit.stage in keys), default=0)
    found = [Step(_("Sign in"), "", "done")]
    found.append(
        Step(_("Get certified"), day(certified) if certified else "", "done" if certified else "cur")
    )
    for at, stage in enumerate(PIPELINE):
        behind = at < here or (here < 0 and (at < reached or offer.state == LAUNCHED))
        state = "cur" if at == here else "done" if behind else ""
        label = _("Register offer") if stage.key == SIGN_UP else stage.label
        found.append(Step(label, _step_note(stage, state, offer, left.get(stage.key)), state))
    return found


def _step_note(stage: Stage, state: str, offer: Offer, left_at: datetime | None) -> str:
    if state == "done":
        return day(left_at) if left_at else ""
    if state == "cur" and offer.due_at is not None:
        if stage.owner is Role.MERCHANT:
            return str(_("you, by %(day)s", day=day(offer.due_at)))
        return str(_("by %(day)s", day=day(offer.due_at)))
    return ""


def tasks(offer: Offer, findings: Sequence[Finding], *, open_form: bool) -> list[Task]:
    """The parts of the form, each with the worst that was found in it."""
    titles = {
        "product": (_("Product details"), _("Title, selling line, choices")),
        "prices": (_("Prices and quantities"), _tiers_hint(offer)),
        "pictures": (
            _("Pictures"),
            _("%(count)s of at most %(most)s", count=len(offer.pictures), most=MOST_PICTURES),
        ),
        "papers": (_("Certificates"), _("%(count)s handed in", count=len(offer.certificates))),
        "shipping": (_("Dispatch and regions"), _("Within %(days)s days", days=offer.lead_days)),
    }
    found = []
    for part, (title, hint) in titles.items():
        here = [finding for finding in findings if finding.id in PARTS[part]]
        failed = [finding for finding in here if finding.outcome is Outcome.FAIL]
        warned = [finding for finding in here if finding.outcome is Outcome.WARN]
        status, kind = (
            (_("To mend"), "bad")
            if failed
            else (_("Could be better"), "warn")
            if warned
            else (_("Done"), "ok")
        )
        advice = str((failed or warned)[0].fix) if failed or warned else hint
        url = url_for("pipeline.offer_edit", offer_id=offer.id, _anchor=part) if open_form else None
        found.append(Task(title, url, advice, status, kind))
    return found


def _tiers_hint(offer: Offer) -> str:
    if not offer.tiers:
        return str(_("No price tier yet"))
    prices = [tier.unit_price for tier in offer.tiers]
    return str(
        _(
            "%(count)s tiers, %(high)s to %(low)s",
            count=len(prices),
            high=price(max(prices), offer.currency),
            low=price(min(prices), offer.currency),
        )
    )


def next_thing(
    offer: Offer,
    findings: Sequence[Finding],
    *,
    waiting: bool,
    why_not_submit: str | None,
    reason: str,
    sample: Sample | None = None,
) -> Next:
    """The one next thing for the merchant, or what is going on without them."""
    if waiting:
        machine = STAGES[offer.state].decide is not None
        return Next(
            _("Mend your offer"),
            reason,
            offer.due_at,
            yours=True,
            action="mend_or_ask" if machine else "edit",
        )
    if offer.state == SIGN_UP:
        return _in_sign_up(offer, findings, why_not_submit)
    if offer.state == "sample":
        return _with_sample(offer, sample)
    if offer.state in STAGES:
        return _in_stage(offer)
    return _at_an_end(offer, reason)


def _in_sign_up(offer: Offer, findings: Sequence[Finding], why_not_submit: str | None) -> Next:
    failed = sum(finding.outcome is Outcome.FAIL for finding in findings)
    if why_not_submit:
        return Next(_("Your draft is kept"), why_not_submit, offer.due_at, yours=True, action="edit")
    if failed:
        text = _(
            "%(count)s checks would fail now. See them below, mend them, then hand the offer in.",
            count=failed,
        )
        return Next(_("Finish your offer"), text, offer.due_at, yours=True, action="edit")
    text = _("Every check would pass. Once handed in, the offer is judged as it is.")
    return Next(_("Hand in your offer"), text, offer.due_at, yours=True, action="submit")


def _in_stage(offer: Offer) -> Next:
    texts = {
        "machine_review": (
            _("The machine is looking at it"),
            _("This takes minutes. You hear from us if something is to be mended."),
        ),
        "final_review": (
            _("Two reviewers compare the offers"),
            _("They look at what shoppers gain over the whole demand curve, the sample and your record."),
        ),
        "scheduling": (
            _("Passed: a launch date is being chosen"),
            _("Within the dates that you gave. If another offer gains shoppers more, you stand by."),
        ),
        "launch": (
            _("Get ready for the launch"),
            _("At the hour the price is worked out and cards are charged."),
        ),
    }
    title, text = texts.get(offer.state, (STAGES[offer.state].label, ""))
    return Next(title, text, offer.due_at)


def _with_sample(offer: Offer, sample: Sample | None) -> Next:
    if sample is None:
        return Next(_("No sample is needed"), _("The offer goes on to the final review in the next minutes."))
    if sample.state == SampleState.REQUESTED:
        text = _("Pack it as your customers would get it, stick the label on, and enter the tracking number.")
        return Next(_("Send one sample"), text, sample.due_at, yours=True, action="label")
    text = _("We weigh it, measure it and go through a list. You hear from us either way.")
    title = _("Your sample is on its way") if sample.state == SampleState.SENT else _("Your sample is here")
    return Next(title, text, offer.due_at, action="label")


def _at_an_end(offer: Offer, reason: str) -> Next:
    texts = {
        LAUNCHED: _("It has launched. Your orders are ready to be shipped."),
        RUNNER_UP: _("Another offer won. If it falls out, yours takes over: nothing to do for you."),
    }
    fallback = _("This offer has ended. Other campaigns look for a merchant now.")
    action = "" if offer.state in texts else "demand"
    return Next(label_of(offer.state), reason or texts.get(offer.state, fallback), action=action)


def happened(lines: Sequence[Event], names: Mapping[int, str], staff: Collection[int]) -> list[Line]:
    """The offer's diary for its merchant, newest first; who judged it is not named."""
    return [line for event in reversed(lines) if (line := _line(event, names, staff)) is not None]


def _line(event: Event, names: Mapping[int, str], staff: Collection[int]) -> Line | None:
    by = names.get(event.by, "") if event.by in staff and event.by is not None else ""
    if event.kind == "offer.verdict":
        return _verdict_line(event, by)
    told = {
        "offer.registered": (_("Offer registered"), "clip", "ok"),
        "offer.changed": (_("Content changed"), "pencil", ""),
        "offer.asked_again": (_("Asked for another check"), "undo", ""),
    }
    if event.kind in told:
        title, icon, kind = told[event.kind]
        return Line(title, event.at, "", by, icon, kind)
    state = event.kind.removeprefix("offer.")
    if state in ENDINGS:
        kind = "ok" if state in (LAUNCHED, RUNNER_UP) else "warn"
        return Line(gettext(ENDINGS[state]), event.at, _why(event), by, "flag", kind)
    return None


def _verdict_line(event: Event, by: str) -> Line | None:
    stage = STAGES.get(str(event.data.get("stage")))
    ruling = str(event.data.get("ruling"))
    if stage is None:
        return None
    if stage.owner is Role.MERCHANT:
        return Line(_("Handed in"), event.at, "", by, "check", "ok")
    titles = {
        "pass": _("%(stage)s: passed", stage=stage.label),
        "wait": _("%(stage)s: to be mended", stage=stage.label),
        "reject": _("%(stage)s: rejected", stage=stage.label),
    }
    icons = {"pass": ("check", "ok"), "wait": ("alert", "warn"), "reject": ("x", "warn")}
    icon, kind = icons.get(ruling, ("check", ""))
    who = stage.owner.label if stage.decide is None else _("The machine")
    return Line(titles.get(ruling, stage.label), event.at, _why(event), who, icon, kind)


def _why(event: Event) -> str:
    """The reason in the reader's language, as far as it is known by codes."""
    return reason_in_words(event.data.get("evidence"), str(event.data.get("reason", "")))
