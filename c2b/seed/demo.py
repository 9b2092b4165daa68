"""Filling an empty database with the demo, and naming what is in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from flask import current_app

from c2b.accounts.operations import add_people, confirm_email, grant_role, register_user
from c2b.core.access import Role
from c2b.core.clock import set_forward, utcnow
from c2b.core.db import db, is_sqlite, transaction
from c2b.merchants.operations import apply, certify
from c2b.merchants.rules import Application, Paper
from c2b.merchants.states import DocumentKind, Grade, Kind
from c2b.payments.gateways.cards import saved_card
from c2b.payments.operations import add_mandates, save_mandate
from c2b.replay.actors import Cast
from c2b.replay.drive import Progress, Wallet, play
from c2b.replay.materials import make_paper, photographs
from c2b.replay.plans import Firm
from c2b.seed import names
from c2b.seed.aftersale import go_wrong
from c2b.seed.launch_week import give_hours
from c2b.seed.long_work import ask_for_imports
from c2b.seed.loose_ends import tie_up
from c2b.seed.money import pay_firms
from c2b.seed.office import arrange
from c2b.seed.reviewing import have_in_mind
from c2b.seed.second_looks import look_twice
from c2b.seed.stories import (
    ALSO_IN_REVIEW,
    CANCELLED,
    COLLECTED,
    COMING,
    EXPIRED,
    FIRST_HOUR,
    IN_REVIEW,
    LAST_WEEK,
    LAUNCHING,
    OPEN,
    PAST,
    SETTLED,
    THIS_WEEK,
    VOUCHERS,
    stories,
    with_person,
)
from c2b.seed.telling import choose, take_and_leave
from c2b.seed.words import speak
from jobs.registry import all_jobs

PASSWORD = "muster-demo-2025"  # noqa: S105  # of the demo's accounts, printed at every start
PEOPLE = 1400
START = 61.0  # days before the demo's now

LATER = (
    *VOUCHERS,
    *COLLECTED,
    *SETTLED,
    *ALSO_IN_REVIEW,
    *COMING,
)  # drawn last, so that the draws of the others stay as they were
OFFERED = (*THIS_WEEK, *LAST_WEEK, *IN_REVIEW, *LAUNCHING, *PAST, *LATER)
OFTEN = timedelta(hours=1)  # so that people come at all hours
POOR = 30  # people of the crowd whose cards fail
ALICES = {
    thing.title
    for thing in (
        OPEN[0],
        OPEN[2],
        OPEN[9],
        THIS_WEEK[0],
        IN_REVIEW[0],
        LAUNCHING[1],
        PAST[0],
        EXPIRED[0],
        VOUCHERS[0],
        COLLECTED[0],
    )
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
    """The next Tuesday, at FIRST_HOUR on the site's clock."""
    local = now.astimezone(ZoneInfo(current_app.config["C2B"].time_zone))
    tuesday = local.replace(hour=FIRST_HOUR, minute=0, second=0, microsecond=0) + timedelta(
        days=(1 - local.weekday()) % 7
    )
    return (tuesday if tuesday >= local else tuesday + timedelta(days=7)).astimezone(UTC)


def _silent(_done: int, _whole: int) -> None:
    """Nobody watches."""


def seed(now: datetime | None = None, progress: Callable[[int, int], None] = _silent) -> None:
    """Fill an empty database; the demo's clock is set forward to its own now."""
    now = now or utcnow()
    _hurry(True)
    end = demo_now(now)
    begin = end - timedelta(days=START)
    random = Random("the demo")
    with transaction():
        set_forward(end - now)
    cast, named, wallets = _people(begin, random)
    choose(named, wallets[1].user_id, begin)
    before = [thing for thing in OFFERED if thing not in LATER]
    things = (*OPEN, *before, *EXPIRED, *CANCELLED, *LATER)
    tale = stories(things, people=PEOPLE, start=START, poor=POOR, random=random)
    tale = [with_person(story, ALICE) if story.draft.title in ALICES else story for story in tale]
    tale = [
        with_person(story, ALICE_POOR) if story.draft.title == LAUNCHING[0].title else story for story in tale
    ]
    play(tale, cast=cast, wallets=wallets, begin=begin, until=end, often=OFTEN, progress=_hours(progress))
    give_hours(cast, end)
    tie_up(named, cast, end)
    go_wrong(named["alice"], named["otto"], end)
    speak(named["alice"], named["otto"], end)
    have_in_mind(named["rob"], end)
    look_twice(named["otto"], end)
    take_and_leave(named["alice"], end)
    for job in all_jobs().values():
        job.run(end)
    pay_firms(cast.firms[4].merchant_id, end)
    ask_for_imports(named["mo"], cast.firms[0].merchant_id, end)
    arrange(named["otto"], end)
    _hurry(False)


def _hours(progress: Callable[[int, int], None]) -> Progress:
    def show(what: str, done: int, whole: int) -> None:
        if what == "hours":
            progress(done, whole)

    return show


def _hurry(on: bool) -> None:
    """Nobody needs a half-filled demo after a power cut, so SQLite need not wait for the disk."""
    if is_sqlite():
        db.session.remove()
        connection = (
            db.engine.raw_connection()
        )  # the one that the next session gets; a pragma wants no transaction
        connection.cursor().execute(f"PRAGMA synchronous={'OFF' if on else 'FULL'}")
        connection.close()


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
        poor, good = (
            save_mandate(alice, saved_card(kind, f"{kind}-alice"), now=begin).id
            for kind in ("declined", "ok")
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
        pictures=photographs(f"demo/{thing.picture}" for thing in OFFERED),
        papers=paper,
        fixed=_offers(firms),
        short=frozenset({PAST[1].title}),
        unreviewed=frozenset(
            thing.title for thing in (*IN_REVIEW[:2], *ALSO_IN_REVIEW)
        ),  # left to Rita and Rob
        unplaced=frozenset(thing.title for thing in (LAUNCHING[3], *COMING)),  # the first is left to Otto
    )
    return cast, named, wallets


def _offers(firms: Sequence[Firm]) -> dict[str, list[tuple[Firm, bool]]]:
    """Who offers for what; Mo's firm is the first, and has still to send the sample of the candle."""
    mo, others = firms[0], firms[1:]
    fixed = {thing.title: [(firm, True) for firm in others[:2]] for thing in (*LAUNCHING, *PAST)}
    fixed |= {thing.title: [(firm, True) for firm in (mo, *others[:2])] for thing in IN_REVIEW}
    fixed |= {thing.title: [(firm, True) for firm in others] for thing in ALSO_IN_REVIEW}
    fixed |= {thing.title: [(firm, True)] for thing, firm in zip(COMING, others, strict=False)}
    fixed |= {LAST_WEEK[0].title: [(mo, False), (others[0], True)], LAST_WEEK[1].title: [(others[3], False)]}
    fixed |= {thing.title: [(mo, True)] for thing in (LAUNCHING[0], PAST[0], *VOUCHERS, *COLLECTED)}
    fixed |= {thing.title: [(others[1], True)] for thing in THIS_WEEK}
    fixed |= {thing.title: [(firm, True)] for thing, firm in zip(SETTLED, firms, strict=False)}
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
