"""What pages show of their readers, for many at once: who they are, how each stands to a campaign (a test compares).

The page itself reads records, in many statements; this is for filling in a page that was written for others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Row, Select, String, and_, case, cast, func, literal, select

from c2b.accounts.models import Address, RoleGrant, User
from c2b.accounts.queries import unread_of
from c2b.accounts.who import Person
from c2b.campaigns.facts import works_for
from c2b.campaigns.models import Campaign, Follow, Pledge
from c2b.campaigns.pledge_box import Box
from c2b.campaigns.queries import PageView
from c2b.campaigns.states import STANDING
from c2b.core.access import Role
from c2b.core.db import glance, is_sqlite
from c2b.core.rows import as_sent, sent_rows
from c2b.payments.models import Mandate

Saved = tuple[tuple[int, str], ...]  # things to choose from: number and words


@dataclass(frozen=True, slots=True)
class Standing:
    """What a campaign's page shows of one reader."""

    campaign_id: int
    confirmed: bool = False
    apart: bool = True  # started it, or works for a firm of it, and so sees more than others
    brought: int = 0
    pledge: str = ""  # the state of the pledge that stands
    quantity: int = 0
    ceiling: int = 0
    following: bool = False
    cards: Saved = ()
    addresses: Saved = ()

    @property
    def kind(self) -> tuple[Any, ...]:
        """Readers of one kind see the same page, but for the marked places."""
        if self.pledge:
            return (self.pledge,)
        return "", self.confirmed, self.following, bool(self.cards), bool(self.addresses)

    def agrees(self, view: PageView, box: Box | None, brought: int) -> bool:
        """Whether the page was written from the same facts: they may have changed between two statements."""
        mine = view.my_pledge
        if (mine.state.value, mine.quantity, mine.ceiling) != self.amounts if mine else self.pledge:
            return False
        cards, addresses = (box.form.card, box.form.address) if box else (None, None)
        return (
            self.brought == brought
            and self.following == view.following
            and self.confirmed == (view.why_not is None or view.why_not.code != "mail_not_confirmed")
            and (box is None or (bool(self.cards), bool(self.addresses)) == (bool(cards), bool(addresses)))
        )

    @property
    def amounts(self) -> tuple[str, int, int]:
        """What is said of the pledge."""
        return self.pledge, self.quantity, self.ceiling


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one reader, as of one moment."""

    person: Person | None  # None where there is no such account any more
    unread: int = 0
    joined: frozenset[int] = frozenset()  # campaigns
    standing: Standing | None = None  # where a campaign was asked about


def standing_of(campaign_id: int, user_id: int) -> Standing:
    """How this person stands to this campaign now."""
    return look([(user_id, campaign_id)])[0].standing or Standing(campaign_id)


def look(wanted: Sequence[tuple[int, int | None]]) -> list[Known]:
    """What is known of these people, each with a campaign or none, in their order and in one statement."""
    asked = [{"n": n, "user_id": user, "campaign_id": about} for n, (user, about) in enumerate(wanted)]
    found: dict[int, dict[str, list[Row[Any]]]] = {n: {} for n in range(len(wanted))}
    for row in glance(_about_many(is_sqlite()), **as_sent(asked)):
        found[row.n].setdefault(row.what, []).append(row)
    return [_known(found[n], about) for n, (_user, about) in enumerate(wanted)]


def _known(rows: dict[str, list[Row[Any]]], campaign_id: int | None) -> Known:
    if "person" not in rows:
        return Known(None)
    [person], joined = rows["person"], rows.get("joined", [])
    roles = frozenset({Role.SHOPPER, *(Role(row.words) for row in rows.get("role", ()))})
    return Known(
        Person((person.id, person.words, person.email, person.locale, person.a), roles),
        person.b,
        frozenset(row.id for row in joined),
        None if campaign_id is None else _standing(campaign_id, person, rows),
    )


def _standing(campaign_id: int, person: Row[Any], rows: dict[str, list[Row[Any]]]) -> Standing:
    mine = next((row for row in rows.get("joined", ()) if row.id == campaign_id), None)
    return Standing(
        campaign_id,
        confirmed=bool(person.c),
        apart=bool(person.d),
        brought=person.e,
        pledge=mine.words if mine else "",
        quantity=mine.a if mine else 0,
        ceiling=mine.b if mine else 0,
        following="follow" in rows,
        cards=_saved(rows.get("card", ()), newest_first=True),
        addresses=_saved(rows.get("address", ())),
    )


def _saved(rows: Sequence[Row[Any]], *, newest_first: bool = False) -> Saved:
    return tuple((row.id, row.words) for row in sorted(rows, key=lambda row: row.id, reverse=newest_first))


@cache
def _about_many(sqlite: bool) -> Any:
    sent = sent_rows(sqlite, n=BigInteger, user_id=BigInteger, campaign_id=BigInteger)
    asked = select(sent.c.n, sent.c.user_id, sent.c.campaign_id).cte("asked").c
    apart = (Campaign.starter_id == User.id) | works_for(Campaign.id, Campaign.merchant_id, User.id)
    brought = (
        select(func.count())
        .where(
            Pledge.campaign_id == asked.campaign_id,
            Pledge.brought_by == asked.user_id,
            Pledge.state.in_(STANDING),
        )
        .scalar_subquery()
    )
    person = _row(
        asked, "person", User.id, User.session_version, unread_of(User.id).scalar_subquery(),
        _one(User.email_confirmed_at.is_not(None)), _one(apart), brought, User.name, User.email, User.locale,
    ).join(User, and_(User.id == asked.user_id, User.disabled_at.is_(None)))  # fmt: skip
    card = and_(Mandate.user_id == asked.user_id, Mandate.revoked_at.is_(None))
    address = and_(Address.user_id == asked.user_id, Address.removed_at.is_(None))
    follow = and_(Follow.campaign_id == asked.campaign_id, Follow.user_id == asked.user_id)
    place = Address.name + ", " + Address.line + ", " + Address.city
    here = asked.campaign_id.is_not(None)
    return person.outerjoin(Campaign, Campaign.id == asked.campaign_id).union_all(
        _row(asked, "role", 0, words=cast(RoleGrant.role, String)).join(
            RoleGrant, RoleGrant.user_id == asked.user_id
        ),
        _row(
            asked,
            "joined",
            Pledge.campaign_id,
            Pledge.quantity,
            Pledge.ceiling,
            words=cast(Pledge.state, String),
        ).join(Pledge, and_(Pledge.shopper_id == asked.user_id, Pledge.state.in_(STANDING))),
        _row(asked, "follow", Follow.id).join(Follow, follow),
        _row(asked, "card", Mandate.id, words=Mandate.label).join(Mandate, card).where(here),
        _row(asked, "address", Address.id, words=place).join(Address, address).where(here),
    )


def _one(condition: Any) -> Any:
    return case((condition, 1), else_=0)


def _row(
    asked: Any, what: str, id_: Any, a: Any = 0, b: Any = 0, c: Any = 0, d: Any = 0, e: Any = 0,
    words: Any = "", email: Any = "", locale: Any = "",
) -> Select[Any]:  # fmt: skip
    """Rows of all kinds have the same columns."""
    numbers = {"id": id_, "a": a, "b": b, "c": c, "d": d, "e": e}
    texts = {"words": words, "email": email, "locale": locale}
    return select(
        asked.n,
        literal(what).label("what"),
        *(cast(value, BigInteger).label(name) for name, value in numbers.items()),
        *(cast(value, String).label(name) for name, value in texts.items()),
    ).select_from(asked.n.table)
