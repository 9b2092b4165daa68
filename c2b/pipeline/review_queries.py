"""What reviewers see: batches, queues, and one batch with its offers side by side. Fixed numbers of statements."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import joinedload

from c2b.accounts.models import User
from c2b.accounts.queries import names_of
from c2b.campaigns.models import Campaign
from c2b.core.access import Role
from c2b.core.db import db
from c2b.core.text import gettext as _
from c2b.pipeline import stages
from c2b.pipeline.machine_rules import by_family
from c2b.pipeline.models import Batch, Offer, Sample, StageVisit, VerdictLine
from c2b.pipeline.people import of_interest_to
from c2b.pipeline.queries import curves_of, stages_before
from c2b.pipeline.ranking import Ranked, rank
from c2b.pipeline.review_models import StagedVerdict
from c2b.pipeline.stage import Ruling, Stage
from c2b.pipeline.states import ENDINGS, RUNNER_UP, BatchState, SampleState


@dataclass(frozen=True)
class Queue:
    """What waits for people of one role in one stage."""

    stage: Stage
    waiting: int
    overdue: int


@dataclass(frozen=True)
class BatchLine:
    """A batch and how far its offers are."""

    batch: Batch
    offers: int
    decided: int


@dataclass
class Row:
    """One offer as a reviewer sees it in the queue of its batch."""

    offer: Offer
    ranked: Ranked | None  # None when its way has ended
    squares: list[str] = field(default_factory=list)
    sample: str = ""
    sample_late: bool = False
    passes: int = 0  # different people who have passed the present content
    needed: int = 1
    said: str = ""  # what others have said so far
    mine: Ruling | None = None  # what this reader has said of the present content
    staged: StagedVerdict | None = None  # what this reader has in mind and has not sent
    waits: bool = False
    open: bool = False  # whether this reader can judge it now

    @property
    def state_label(self) -> str:
        """Where the offer is, in words."""
        return label_of(self.offer.state)

    @property
    def pending(self) -> bool:
        """Whether it still waits for a verdict of somebody."""
        return self.offer.state in stages.STAGES and self.offer.state not in ("scheduling", "launch")

    @property
    def stale(self) -> bool:
        """Whether the offer is not as it was when this reader staged a verdict."""
        kept = self.staged
        return kept is not None and (kept.content_hash, kept.stage) != (
            self.offer.content_hash,
            self.offer.state,
        )


@dataclass
class Group:
    """The offers of one campaign, best first."""

    campaign: Campaign
    rows: list[Row]
    conflict: bool = False  # whether the reader has something to win here


def label_of(state: str) -> str:
    """The name of a stage or of an ending, translated."""
    stage = stages.STAGES.get(state)
    return stage.label if stage else _(ENDINGS[state])


def judged_by(user: User) -> list[Stage]:
    """The stages in which this person gives verdicts."""
    return [stage for stage in stages.PIPELINE if stage.decide is None and _is_judge(user, stage)]


def _is_judge(user: User, stage: Stage) -> bool:
    return stage.owner is not Role.MERCHANT and user.has_role(stage.owner)


def queues_for(user: User, now: datetime) -> list[Queue]:
    """A line for every stage in which this person decides."""
    overdue = func.count().filter(Offer.due_at < now)
    rows = db.session.execute(select(Offer.state, func.count(), overdue).group_by(Offer.state))
    counts = {state: (waiting, late) for state, waiting, late in rows}
    return [Queue(stage, *counts.get(stage.key, (0, 0))) for stage in judged_by(user)]


def batch_lines(limit: int = 12) -> list[BatchLine]:
    """The latest batches with their progress."""
    batches = db.session.scalars(select(Batch).order_by(Batch.number.desc()).limit(limit)).all()
    undecided = Offer.state.in_(stages_before("scheduling"))
    rows = db.session.execute(
        select(Offer.batch_id, func.count(), func.count().filter(undecided))
        .where(Offer.batch_id.in_([batch.id for batch in batches]), Offer.state != stages.PIPELINE[0].key)
        .group_by(Offer.batch_id)
    )
    counts = {batch_id: (total, total - waiting) for batch_id, total, waiting in rows}
    return [BatchLine(batch, *counts.get(batch.id, (0, 0))) for batch in batches]


def next_batch(batch: Batch, now: datetime) -> Batch | None:
    """The batch whose verdicts are due next, besides this one."""
    return db.session.scalar(
        select(Batch)
        .where(Batch.review_at > now, Batch.id != batch.id, Batch.state != BatchState.FINISHED)
        .order_by(Batch.review_at)
        .limit(1)
    )


def offers_of_stage(key: str, limit: int = 200) -> Sequence[Offer]:
    """The offers in a stage, most urgent first."""
    return db.session.scalars(
        _with_names(Offer.state == key).order_by(Offer.due_at, Offer.id).limit(limit)
    ).all()


def batch_groups(batch: Batch, reader: User, now: datetime) -> list[Group]:
    """The batch's offers that were handed in, by campaign; those with most wishes first."""
    first = stages.PIPELINE[0].key
    offers = db.session.scalars(_with_names((Offer.batch_id == batch.id) & (Offer.state != first))).all()
    return groups_of(offers, reader, now)


def groups_of(offers: Sequence[Offer], reader: User, now: datetime) -> list[Group]:
    """These offers by campaign, ranked, with everything that the table shows of each."""
    by_campaign: dict[int, list[Offer]] = defaultdict(list)
    for offer in offers:
        by_campaign[offer.campaign_id].append(offer)
    ranked = _ranked(by_campaign)
    facts = _Facts(offers, reader, now)
    groups = []
    for ours in by_campaign.values():
        rows = [facts.row(offer, ranked.get(offer.id)) for offer in ours]
        rows.sort(key=lambda row: (row.ranked is None, row.ranked.letter if row.ranked else "", row.offer.id))
        groups.append(Group(ours[0].campaign, rows, ours[0].campaign_id in facts.conflicted))
    return sorted(groups, key=lambda group: (-group.campaign.people, group.campaign.id))


def _with_names(where: ColumnElement[bool]):  # type: ignore[no-untyped-def]  # a long generic type
    return select(Offer).where(where).options(joinedload(Offer.campaign), joinedload(Offer.merchant))


def _ranked(by_campaign: dict[int, list[Offer]]) -> dict[int, Ranked]:
    """Places among all offers of the campaign, so that a letter means the same whichever of them are shown."""
    curves = curves_of(by_campaign)
    alive = set(stages.STAGES) | {RUNNER_UP}
    rivals = {offer.id: offer for offers in by_campaign.values() for offer in offers if offer.state in alive}
    handed_in = Offer.state.in_(alive - {stages.PIPELINE[0].key})
    for offer in db.session.scalars(select(Offer).where(Offer.campaign_id.in_(by_campaign), handed_in)):
        rivals[offer.id] = offer
    return {
        place.offer.id: place
        for campaign_id in by_campaign
        for place in rank(
            curves[campaign_id], [offer for offer in rivals.values() if offer.campaign_id == campaign_id]
        )
    }


class _Facts:
    """What the rows of a table need, read once for all of them."""

    def __init__(self, offers: Sequence[Offer], reader: User, now: datetime) -> None:
        ids = [offer.id for offer in offers]
        self.reader, self.now = reader, now
        self.lines: dict[int, list[VerdictLine]] = defaultdict(list)
        for line in db.session.scalars(
            select(VerdictLine).where(VerdictLine.offer_id.in_(ids)).order_by(VerdictLine.id)
        ):
            self.lines[line.offer_id].append(line)
        visits = select(StageVisit).where(StageVisit.offer_id.in_(ids), StageVisit.left_at.is_(None))
        self.visits = {visit.offer_id: visit for visit in db.session.scalars(visits)}
        kept = StagedVerdict.offer_id.in_(ids) & (StagedVerdict.reviewer_id == reader.id)
        self.staged = {one.offer_id: one for one in db.session.scalars(select(StagedVerdict).where(kept))}
        samples = select(Sample).where(Sample.offer_id.in_(ids))
        self.samples = {sample.offer_id: sample for sample in db.session.scalars(samples)}
        self.names = names_of({line.by for lines in self.lines.values() for line in lines if line.by})
        self.conflicted = of_interest_to(reader.id, [offer.campaign_id for offer in offers])

    def row(self, offer: Offer, ranked: Ranked | None) -> Row:
        """The row of one offer."""
        stage, visit = stages.STAGES.get(offer.state), self.visits.get(offer.id)
        row = Row(offer, ranked, squares=self._squares(offer), needed=stage.passes_needed if stage else 1)
        row.sample, row.sample_late = self._sample(offer)
        row.staged = self.staged.get(offer.id)
        if stage is None or visit is None:
            return row
        now_here = [
            line
            for line in self.lines[offer.id]
            if line.visit_id == visit.id
            and line.stage == stage.key
            and line.content_hash == offer.content_hash
        ]
        row.passes = len({line.by for line in now_here if line.ruling is Ruling.PASS})
        row.mine = next((line.ruling for line in now_here if line.by == self.reader.id), None)
        row.said = "; ".join(self._said(line) for line in now_here if line.by != self.reader.id)
        row.waits = visit.waiting_for is not None and visit.waiting_for == offer.content_hash
        may = (
            stage.decide is None
            and _is_judge(self.reader, stage)
            and offer.campaign_id not in self.conflicted
        )
        row.open = may and row.mine is None and not row.waits
        return row

    def _said(self, line: VerdictLine) -> str:
        name = self.names.get(line.by or 0) or _("the machine")
        if line.ruling is Ruling.PASS:
            return _("%(name)s passed", name=name)
        if line.ruling is Ruling.WAIT:
            return _("%(name)s asked to wait", name=name)
        return _("%(name)s rejected", name=name)

    def _squares(self, offer: Offer) -> list[str]:
        """The worst outcome of each family of rules, so that a row stays short."""
        lines = [line for line in self.lines[offer.id] if line.evidence.get("findings")]
        return by_family(lines[-1].evidence["findings"]) if lines else []

    def _sample(self, offer: Offer) -> tuple[str, bool]:
        sample = self.samples.get(offer.id)
        if sample is None:
            before = offer.state in stages_before("sample", after_signup=False)
            return ("" if before else _("not needed")), False
        late = sample.state in (SampleState.REQUESTED, SampleState.SENT) and sample.due_at < self.now
        if late:
            return _("late %(days)s d", days=max(1, (self.now - sample.due_at).days)), True
        return sample.state.label, False
