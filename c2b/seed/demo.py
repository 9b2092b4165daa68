"""Filling an empty database with the demo, and naming what is in it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from flask import current_app

from c2b.accounts.operations import add_people, confirm_email, grant_role, register_user
from c2b.campaigns.operations import cancel_campaign, follow, reject_campaign, start_campaign, submit_campaign
from c2b.campaigns.states import Origin
from c2b.core.access import Role
from c2b.core.clock import set_forward, utcnow
from c2b.core.db import transaction
from c2b.merchants.operations import apply, certify, decline
from c2b.merchants.rules import Application, Paper
from c2b.merchants.states import DocumentKind, Grade, Kind
from c2b.payments.gateways.cards import saved_card
from c2b.payments.operations import add_mandates, save_mandate
from c2b.pipeline.offers import register_offer, submit_offer
from c2b.replay.actors import Cast
from c2b.replay.drive import Progress, Wallet, play, run_all
from c2b.replay.materials import make_paper, make_pictures
from c2b.replay.plans import Firm, sound_plan
from c2b.seed import names
from c2b.seed.stories import (
    CANCELLED,
    EXPIRED,
    IN_REVIEW,
    LAST_WEEK,
    LAUNCHING,
    OPEN,
    PAST,
    THIS_WEEK,
    WISHES,
    draft_of,
    stories,
    with_person,
)

PASSWORD = "muster-demo-2025"  # noqa: S105  # of the demo's accounts, printed at every start
PEOPLE = 1400
STEP = timedelta(hours=12)
START = 40.0  # days before the demo's now

OFFERED = (*THIS_WEEK, *LAST_WEEK, *IN_REVIEW, *LAUNCHING, *PAST)
POOR = 30  # people of the crowd whose cards fail
ALICES = {
    thing.title
    for thing in (OPEN[0], OPEN[2], OPEN[9], THIS_WEEK[0], IN_REVIEW[0], LAUNCHING[0], PAST[0], EXPIRED[0])
}
ALICE, ALICE_POOR = PEOPLE, PEOPLE + 1  # her two cards


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody to sign in as."""

    name: str
    email: str
    what: str
    roles: tuple[Role, ...] = ()


ACCOUNTS = (
    Account("Alice", "alice@muster.example", "shopper"),
    Account("Mo", "mo@muster.example", "merchant", ()),
    Account("Rita", "rita@muster.example", "reviewer", (Role.REVIEWER,)),
    Account("Rob", "rob@muster.example", "reviewer", (Role.REVIEWER,)),
    Account("Otto", "otto@muster.example", "operator", (Role.OPERATOR,)),
)


def demo_now(now: datetime) -> datetime:
    """The next Tuesday, 14:00 on the site's clock."""
    local = now.astimezone(ZoneInfo(current_app.config["C2B"].time_zone))
    tuesday = local.replace(hour=14, minute=0, second=0, microsecond=0) + timedelta(
        days=(1 - local.weekday()) % 7
    )
    return (tuesday if tuesday >= local else tuesday + timedelta(days=7)).astimezone(UTC)


def _silent(_what: str, _done: int, _of: int) -> None:
    """Nobody watches."""


def seed(now: datetime | None = None, progress: Progress = _silent) -> None:
    """Fill an empty database; the demo's clock is set forward to its own now."""
    now = now or utcnow()
    end = demo_now(now)
    begin = end - timedelta(days=START)
    random = Random("the demo")
    with transaction():
        set_forward(end - now)
    cast, named, wallets = _people(begin, random)
    things = (*OPEN, *OFFERED, *EXPIRED, *CANCELLED)
    tale = stories(things, people=PEOPLE, start=START, poor=POOR, random=random)
    tale = [with_person(story, ALICE) if story.draft.title in ALICES else story for story in tale]
    tale = [
        with_person(story, ALICE_POOR) if story.draft.title == LAUNCHING[1].title else story for story in tale
    ]
    play(tale, cast=cast, wallets=wallets, begin=begin, until=end, step=STEP, progress=progress)
    _finish(named, cast, end)


def sign_ins() -> list[str]:
    """One line for each person of the demo, for those who start the site."""
    return [f"{account.what:<10} {account.email:<22} {PASSWORD}" for account in ACCOUNTS]


def _people(begin: datetime, random: Random) -> tuple[Cast, dict[str, int], dict[int, Wallet]]:
    """Everybody: the five to sign in as, the firms, the crowd."""
    with transaction():
        named = {account.email.partition("@")[0]: _register(account, begin) for account in ACCOUNTS}
        paper = make_paper()
        firms = [_firm(number, firm, paper, named, begin) for number, firm in enumerate(names.FIRMS)]
        [starter] = add_people([("Yuki Tan", "yuki@muster.example")], now=begin)
        crowd = add_people(names.crowd(PEOPLE, random), now=begin)
        kinds = random.choices(
            ("ok", "declined", "needs_confirmation", "declined_once"), (95, 2, 1, 2), k=PEOPLE
        )
        kinds[-POOR:] = ["declined"] * POOR  # who is behind the campaign that fails
        cards = [(user, saved_card(kind, f"shopper-{user}")) for user, kind in zip(crowd, kinds, strict=True)]
        mandates = add_mandates(cards, now=begin)
        alice = named["alice"]
        good, poor = (
            save_mandate(alice, saved_card(kind, f"{kind}-alice"), now=begin).id
            for kind in ("ok", "declined")
        )
    wallets = {person: Wallet(*one) for person, one in enumerate(zip(crowd, mandates, strict=True))}
    wallets |= {ALICE: Wallet(alice, good), ALICE_POOR: Wallet(alice, poor)}
    cast = Cast(
        seed=7,
        starter=starter,
        operator=named["otto"],
        moderator=named["otto"],
        reviewers=(named["rita"], named["rob"]),
        sample_room=named["rita"],
        firms=firms,
        makers={OPEN[0].title: firms[0], OPEN[2].title: firms[4], OPEN[8].title: firms[1]},
        pictures=make_pictures(f"demo/{thing.picture}" for thing in OFFERED),
        papers=paper,
        fixed=_offers(firms),
        unreviewed=frozenset(thing.title for thing in IN_REVIEW[:2]),  # left to Rita and Rob
        unplaced=frozenset({LAUNCHING[3].title}),  # left to Otto
    )
    return cast, named, wallets


def _offers(firms: Sequence[Firm]) -> dict[str, list[tuple[Firm, bool]]]:
    """Who offers for what; Mo's firm is the first, and has still to send the sample of the candle."""
    mo, others = firms[0], firms[1:]
    fixed = {thing.title: [(firm, True) for firm in others[:2]] for thing in (*LAUNCHING, *PAST)}
    fixed |= {thing.title: [(firm, True) for firm in (mo, *others[:2])] for thing in IN_REVIEW}
    fixed |= {LAST_WEEK[0].title: [(mo, False), (others[0], True)], LAST_WEEK[1].title: [(others[3], False)]}
    fixed |= {thing.title: [(mo, True)] for thing in (LAUNCHING[0], PAST[0])}
    fixed |= {thing.title: [(others[1], True)] for thing in THIS_WEEK}
    return fixed


def _register(account: Account, now: datetime) -> int:
    user = register_user(account.email, account.name, PASSWORD, locale="en", now=now)
    confirm_email(user.id, now)
    for role in account.roles:
        grant_role(user.id, role, by=None, now=now)
    return user.id


def _firm(number: int, firm: tuple[str, str, str], paper: str, named: dict[str, int], now: datetime) -> Firm:
    """The first firm is Mo's."""
    name, place, about = firm
    owner = (
        named["mo"]
        if number == 0
        else add_people([(f"{name} owner", f"firm{number}@muster.example")], now=now)[0]
    )
    merchant = apply(
        Application(
            name=name,
            kind=Kind.FACTORY,
            licence_number=f"91330100MA2{number:07}",
            contact_phone="+86 571 8888 0000",
            ships_from=place,
            about=about,
        ),
        [Paper(DocumentKind.LICENCE, paper, "licence.pdf")],
        by=owner,
        now=now,
    )
    certify(merchant.id, Grade.ADVANCED if number % 3 == 1 else Grade.BASIC, by=named["otto"], now=now)
    return Firm(merchant.id, owner, offers=number > 0)


def _finish(named: dict[str, int], cast: Cast, now: datetime) -> None:
    """What nobody's story tells: wishes to be looked at, firms to be certified, a draft, an end before its time."""
    with transaction():
        _wishes(named, cast, now)
        _applicants(cast, now)
    mo = cast.firms[0]
    for thing, flawed in ((THIS_WEEK[0], False), (THIS_WEEK[1], True)):
        campaign_id, story = next(
            (id_, one) for id_, one in cast.stories.items() if one.draft.title == thing.title
        )
        plan = sound_plan(story, mo, cast.random("mo", thing.title), sends=False)
        draft = plan.draft(story, cast.pictures, cast.papers, mended=True)
        with transaction():
            offer = register_offer(
                replace(draft, certificates=[] if flawed else draft.certificates),
                campaign_id=campaign_id, merchant_id=mo.merchant_id, by=mo.owner_id, now=now,
            )  # fmt: skip
            if flawed:
                submit_offer(offer.id, by=mo.owner_id, now=now)
    run_all(now)


def _wishes(named: dict[str, int], cast: Cast, now: datetime) -> None:
    alice, otto = named["alice"], named["otto"]
    for thing, ending in WISHES:
        campaign = start_campaign(
            draft_of(thing, [f"demo/{thing.picture}"]), starter_id=alice if ending != "rejected" else cast.starter,
            origin=Origin.SHOPPER, now=now,
        )  # fmt: skip
        if ending == "draft":
            continue
        submit_campaign(campaign.id, by=campaign.starter_id, now=now)
        if ending == "rejected":
            reject_campaign(campaign.id, "We cannot sell medicine.", by=otto, now=now)
    for campaign_id, story in cast.stories.items():
        if story.draft.title == CANCELLED[0].title:
            cancel_campaign(campaign_id, "Not allowed on public roads.", by=otto, now=now)
        if story.draft.title == OPEN[1].title:
            follow(campaign_id, alice, now=now)


def _applicants(cast: Cast, now: datetime) -> None:
    for number, (name, place, about, turned_down) in enumerate(names.APPLICANTS):
        [owner] = add_people([(f"{name} owner", f"applicant{number}@muster.example")], now=now)
        application = Application(
            name=name,
            kind=Kind.BRAND,
            licence_number=f"91110105MA3{number:07}",
            ships_from=place,
            about=about,
        )
        papers = [
            Paper(kind, cast.papers, f"{kind}.pdf") for kind in (DocumentKind.LICENCE, DocumentKind.BRAND)
        ]
        firm = apply(application, papers, by=owner, now=now)
        if turned_down:
            decline(firm.id, "The licence cannot be read. Please scan it again.", by=cast.operator, now=now)
