"""Everything about one offer beside its decision: the demand with all offers on it, findings, sample, history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from c2b.accounts.models import User
from c2b.accounts.queries import names_of
from c2b.campaigns.models import Campaign
from c2b.core.db import db
from c2b.core.text import gettext as _
from c2b.pipeline import stages
from c2b.pipeline.judging import why_not_judge
from c2b.pipeline.machine_findings import Finding
from c2b.pipeline.machine_rules import findings_in, title_of
from c2b.pipeline.models import Offer, Sample, StageVisit, VerdictLine
from c2b.pipeline.people import of_interest_to, why_not_independent
from c2b.pipeline.queries import curves_of
from c2b.pipeline.ranking import Ranked, ladder
from c2b.pipeline.review_queries import Group, Row, groups_of, label_of
from c2b.pipeline.said import reason_in_words
from c2b.pipeline.samples import sample_of
from c2b.pipeline.second_look import SECOND
from c2b.pipeline.stage import Ruling
from c2b.pipeline.states import LAPSED, WITHDRAWN

CURVES = 3  # offers that a drawing can tell apart


class DemandPoint(NamedTuple):
    """So much would be bought at this price (minor units)."""

    price: int
    people: int  # here counted in units, as the tiers are


class Line(NamedTuple):
    """One offer's tiers on the demand curve."""

    letter: str
    tiers: list[tuple[int, int]]  # (price, quantity), most expensive first
    clears_at: int | None


class Told(NamedTuple):
    """One line of the offer's history."""

    title: str
    at: datetime
    text: str
    by: str
    icon: str
    kind: str


@dataclass(frozen=True)
class Pane:
    """What stands beside the buttons."""

    offer: Offer
    row: Row
    group: Group
    points: Sequence[DemandPoint]
    lines: Sequence[Line]
    findings: Sequence[tuple[str, Finding]]  # (title, finding)
    sample: Sample | None
    sample_by: str
    told: Sequence[Told]
    why_not: str | None
    conflict: str | None

    @property
    def ranked(self) -> Sequence[Ranked]:
        """The offers of the campaign that are still in the running, best first."""
        return [row.ranked for row in self.group.rows if row.ranked is not None]


def pane(offer: Offer, reader: User, now: datetime) -> Pane:
    """The pane of this offer for this reader."""
    rivals = db.session.scalars(
        select(Offer).where(
            Offer.campaign_id == offer.campaign_id, Offer.state.not_in([WITHDRAWN, LAPSED, "signup"])
        )
    ).all()
    [group] = groups_of([offer, *(rival for rival in rivals if rival.id != offer.id)], reader, now)
    ranked = _drawn_ones([row.ranked for row in group.rows if row.ranked is not None], offer)
    sample = sample_of(offer.id)
    lines = _lines_of(offer)
    names = names_of(
        {line.by for line in lines if line.by}
        | ({sample.inspected_by} if sample and sample.inspected_by else set())
    )
    return Pane(
        offer=offer,
        row=next(row for row in group.rows if row.offer.id == offer.id),
        group=group,
        points=[
            DemandPoint(p.price, p.units) for p in curves_of([offer.campaign_id])[offer.campaign_id].points()
        ],
        lines=[_drawn(place) for place in ranked],
        findings=_findings(lines),
        sample=sample,
        sample_by=names.get(sample.inspected_by or 0, "") if sample else "",
        told=_told(offer, lines, names, sample),
        why_not=why_not_judge(offer, reader, now),
        conflict=why_not_independent(offer, reader.id),
    )


class Like(NamedTuple):
    """An offer of the same kind for another campaign, and what became of it."""

    offer: Offer
    state_label: str


def likes(offer: Offer, reader: User, most: int = 5) -> list[Like]:
    """Other offers of the same category whose list price is nearest, to compare with."""
    near = func.abs(Offer.list_price - offer.list_price)
    found = db.session.scalars(
        select(Offer)
        .join(Campaign, Campaign.id == Offer.campaign_id)
        .where(
            Campaign.category == offer.campaign.category,
            Offer.campaign_id != offer.campaign_id,
            Offer.currency == offer.currency,
            Offer.state != stages.PIPELINE[0].key,
        )
        .options(joinedload(Offer.campaign), joinedload(Offer.merchant))
        .order_by(near, Offer.id.desc())
        .limit(most * 4)
    ).all()
    hidden = of_interest_to(reader.id, [other.campaign_id for other in found])
    shown = [other for other in found if other.campaign_id not in hidden][:most]
    return [Like(other, label_of(other.state)) for other in shown]


def _lines_of(offer: Offer) -> Sequence[VerdictLine]:
    return db.session.scalars(
        select(VerdictLine).where(VerdictLine.offer_id == offer.id).order_by(VerdictLine.id)
    ).all()


def _drawn_ones(ranked: Sequence[Ranked], offer: Offer) -> Sequence[Ranked]:
    """The best ones, and always the one that is being judged."""
    first = list(ranked[:CURVES])
    own = [place for place in ranked if place.offer.id == offer.id and place not in first]
    return [*first[: CURVES - 1], *own] if own else first


def _drawn(place: Ranked) -> Line:
    tiers = [(tier.unit_price, tier.from_quantity) for tier in ladder(place.offer)]
    return Line(place.letter, tiers, place.clears_at)


def _findings(lines: Sequence[VerdictLine]) -> list[tuple[str, Finding]]:
    """What the machine found last; what needs a look comes first."""
    latest = next((line for line in reversed(lines) if line.evidence.get("findings")), None)
    if latest is None:
        return []
    found = sorted(findings_in(latest.evidence), key=lambda f: ("fail", "warn", "ok").index(f.result))
    return [(title_of(finding), finding) for finding in found]


def _told(
    offer: Offer, lines: Sequence[VerdictLine], names: dict[int, str], sample: Sample | None
) -> list[Told]:
    """Stays and verdicts, newest first."""
    visits = db.session.scalars(
        select(StageVisit).where(StageVisit.offer_id == offer.id).order_by(StageVisit.id)
    )
    entries = [((visit.entered_at, visit.id, 0), _entered_told(visit)) for visit in visits]
    entries += [((line.at, line.visit_id, line.id), _verdict_told(line, names, sample)) for line in lines]
    return [told for _order, told in sorted(entries, key=lambda entry: entry[0], reverse=True)]


def _entered_told(visit: StageVisit) -> Told:
    title = _("Entered: %(stage)s", stage=label_of(visit.stage))
    return Told(title, visit.entered_at, "", "", "right", "")


def _verdict_told(line: VerdictLine, names: dict[int, str], sample: Sample | None) -> Told:
    icon, kind = {Ruling.PASS: ("check", "ok"), Ruling.WAIT: ("pause", "warn")}.get(
        line.ruling, ("x", "warn")
    )
    stage = _("Second look") if line.stage == SECOND else label_of(line.stage)
    title = _("%(stage)s: %(ruling)s", stage=stage, ruling=line.ruling.label)
    if line.stage == stages.PIPELINE[0].key:
        by = _("the merchant")  # whose name may have to stay hidden
    else:
        by = names.get(_by_whom(line, sample) or 0) or ("" if line.by else _("the machine"))
    return Told(title, line.at, reason_in_words(line.evidence, line.reason), by, icon, kind)


def _by_whom(line: VerdictLine, sample: Sample | None) -> int | None:
    """Who judged: what becomes of a sample follows from what its inspector found."""
    inspected = sample is not None and line.stage == "sample" and line.by is None
    return sample.inspected_by if sample is not None and inspected else line.by
