"""The fast clock: stories are put on the stage, then time runs until every campaign has ended."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from sqlalchemy import func, select

from c2b.accounts.operations import add_people
from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.operations import (
    PledgeChange,
    PledgeRequest,
    approve_campaign,
    change_pledge,
    start_campaign,
    submit_campaign,
    withdraw_pledge,
)
from c2b.campaigns.pledging import place_many
from c2b.campaigns.states import CAMPAIGN, Origin, PledgeState
from c2b.campaigns.terms import terms_hash
from c2b.core.db import db, transaction
from c2b.core.errors import Refused
from c2b.payments.gateways.cards import saved_card
from c2b.payments.operations import add_mandates
from c2b.replay.actors import Cast, act
from c2b.replay.invention import Arrival, Story
from jobs.registry import HOUSEKEEPING, all_jobs

BEGIN = datetime(2025, 1, 6, tzinfo=UTC)  # a Monday
STEP = timedelta(hours=12)
HOUR = timedelta(hours=1)
LIST = 1000  # pledges in one transaction
UNSEEN = {*HOUSEKEEPING, "refresh_heat"}  # nobody looks at a page meanwhile
LONGEST = timedelta(days=200)  # after that something hangs, and the replay says so

# What the cards of a hundred shoppers do when they are charged.
CARDS = (
    ("ok", 930), ("insufficient_funds", 15), ("declined", 15), ("expired_card", 8), ("needs_confirmation", 12),
    ("declined_once", 10), ("answer_lost", 5), ("question_lost", 3), ("provider_error", 2),
)  # fmt: skip


class Hangs(Exception):
    """Campaigns are left that never end: a fault in the pipeline."""


@dataclass(frozen=True, slots=True)
class Wallet:
    """A person's account and saved card."""

    user_id: int
    mandate_id: int


@dataclass
class Staged:
    """One story in the database."""

    story: Story
    campaign_id: int
    opens_at: datetime
    terms: str = ""
    next: int = 0  # how many arrivals were taken


@dataclass
class Played:
    """What the drive counted on its way; the rest is asked of the database."""

    asked: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    changed: int = 0
    left: int = 0
    ended_at: datetime = BEGIN


Progress = Callable[[str, int, int], None]  # what, done, of how many


def play(
    stories: Sequence[Story],
    *,
    cast: Cast,
    wallets: Mapping[int, Wallet],
    begin: datetime,
    until: datetime | None = None,
    often: timedelta = STEP,
    progress: Progress,
) -> Played:
    """Live the stories from `begin` to the end of the last one (Hangs where one has none), or until a moment.

    People act and jobs run at each step; those who come are written down as `often` as is said.
    """
    played = Played()
    staged = [_stage(story, cast, begin) for story in stories]
    now = begin
    while True:
        for moment in _between(played.ended_at if now > begin else now, now, often):
            _arrive(staged, wallets, moment, played)
        _open(staged, cast, now)
        _arrive(staged, wallets, now, played)
        run_all(now)
        act(cast, now)
        run_all(now)
        played.ended_at = now
        ended = _ended()
        progress("campaigns", ended, len(staged))
        if until:
            progress("hours", (now - begin) // HOUR, (until - begin) // HOUR)
        if now == until or (until is None and ended == len(staged)):
            return played
        if now > begin + LONGEST:
            raise Hangs(f"{len(staged) - ended} campaigns had not ended after {LONGEST.days} days")
        now = min(now + STEP, until) if until else now + STEP


def _between(last: datetime, now: datetime, often: timedelta) -> Iterator[datetime]:
    """The moments after the last step and before this one."""
    while last + often < now:
        last += often
        yield last


def run_all(now: datetime) -> None:
    """One pass of every job in its order, as the clock would make it."""
    for job in all_jobs().values():
        if job.name not in UNSEEN:
            job.run(now)


def wallets_for(
    stories: Sequence[Story], *, seed: int, begin: datetime, progress: Progress
) -> dict[int, Wallet]:
    """An account and a saved card for everyone who comes."""
    people = sorted({person for story in stories for person in story.item.people})
    random = Random(f"{seed}:cards")
    kinds = random.choices([kind for kind, _share in CARDS], [share for _kind, share in CARDS], k=len(people))
    with transaction():
        users = add_people(
            ((f"Shopper {person}", f"shopper{person}@example.org") for person in people), now=begin
        )
        cards = [(user, saved_card(kind, f"shopper-{user}")) for user, kind in zip(users, kinds, strict=True)]
        mandates = add_mandates(cards, now=begin)
    progress("people", len(people), len(people))
    return {
        person: Wallet(user, mandate) for person, user, mandate in zip(people, users, mandates, strict=True)
    }


def _stage(story: Story, cast: Cast, begin: datetime) -> Staged:
    firm = cast.firm_for(story) if story.origin == Origin.MERCHANT else None
    starter = firm.owner_id if firm else cast.operator if story.origin == Origin.PLATFORM else cast.starter
    with transaction():
        campaign = start_campaign(
            story.draft,
            starter_id=starter,
            origin=story.origin,
            merchant_id=firm.merchant_id if firm else None,
            now=begin,
        )
        submit_campaign(campaign.id, by=starter, now=begin)
        cast.stories[campaign.id] = story
        return Staged(story, campaign.id, begin + story.opens_after)


def _open(staged: Sequence[Staged], cast: Cast, now: datetime) -> None:
    for one in staged:
        if not one.terms and one.opens_at <= now:
            with transaction():
                campaign = approve_campaign(one.campaign_id, by=cast.moderator, now=now)
                db.session.flush()
                one.terms = terms_hash(campaign)


def _arrive(staged: Sequence[Staged], wallets: Mapping[int, Wallet], now: datetime, played: Played) -> None:
    """Everyone who came since the last step, to all campaigns, in long lists with a transaction each."""
    come = [(one, arrival) for one in staged for arrival in _come(one, now)]
    for start in range(0, len(come), LIST):
        some = come[start : start + LIST]
        with transaction():
            answers = place_many(
                [(one.campaign_id, _request(arrival, one, wallets)) for one, arrival in some], now=now
            )
        played.asked += len(some)
        for (_one, arrival), answer in zip(some, answers, strict=True):
            if answer.pledge_id is None:
                played.refused[str(answer.code)] = played.refused.get(str(answer.code), 0) + 1
            elif arrival.leaves or arrival.raises:
                _think_again(answer.pledge_id, arrival, wallets[arrival.person].user_id, now, played)


def _come(one: Staged, now: datetime) -> Sequence[Arrival]:
    """Who came to one campaign since the last step."""
    if not one.terms:
        return ()
    arrivals, first = one.story.arrivals, one.next
    while one.next < len(arrivals) and one.opens_at + arrivals[one.next].after <= now:
        one.next += 1
    return arrivals[first : one.next]


def _request(arrival: Arrival, one: Staged, wallets: Mapping[int, Wallet]) -> PledgeRequest:
    wallet = wallets[arrival.person]
    return PledgeRequest(
        shopper_id=wallet.user_id,
        quantity=arrival.quantity,
        tolerance=arrival.tolerance,
        ceiling=arrival.ceiling,
        mandate_id=wallet.mandate_id,
        options={
            option["name"]: _choice(option["values"], arrival.person) for option in one.story.draft.options
        },
        terms=one.terms,
    )


def _choice(values: Sequence[str], person: int) -> str:
    return values[person % len(values)]


def _think_again(pledge_id: int, arrival: Arrival, user: int, now: datetime, played: Played) -> None:
    try:
        with transaction():
            if arrival.leaves:
                withdraw_pledge(pledge_id, by=user, now=now)
                played.left += 1
            else:
                change_pledge(pledge_id, PledgeChange(ceiling=arrival.ceiling * 11 // 10), by=user, now=now)
                played.changed += 1
    except Refused:  # the campaign tipped meanwhile, so the pledge stands
        played.refused["change"] = played.refused.get("change", 0) + 1


def _ended() -> int:
    """Campaigns that are over, and whose pledges are too."""
    ended = db.session.scalar(
        select(func.count()).select_from(Campaign).where(
            Campaign.state.in_(CAMPAIGN.ends),
            ~select(Pledge.id)
            .where(Pledge.campaign_id == Campaign.id, Pledge.state.in_([PledgeState.ACTIVE, PledgeState.ALLOCATED]))
            .exists(),
        )
    )  # fmt: skip
    db.session.rollback()
    return int(ended or 0)
