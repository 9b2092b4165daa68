"""How one reader stands to one campaign, in one statement: all that its page shows of them (a test compares).

The page itself reads records, in many statements; this is for filling in a page that was written for others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Row, Select, String, and_, bindparam, case, cast, func, literal, select

from c2b.accounts.models import Address, User
from c2b.campaigns.facts import works_for
from c2b.campaigns.models import Campaign, Follow, Pledge
from c2b.campaigns.pledge_box import Box
from c2b.campaigns.queries import PageView
from c2b.campaigns.states import STANDING
from c2b.core.db import glance
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


def standing_of(campaign_id: int, user_id: int) -> Standing:
    """How this person stands to this campaign now."""
    rows = glance(_about_one(), campaign_id=campaign_id, user_id=user_id)
    found: dict[str, list[Row[Any]]] = {}
    for row in rows:
        found.setdefault(row.what, []).append(row)
    if "person" not in found:
        return Standing(campaign_id)
    person, pledge = found["person"][0], found.get("pledge", [None])[0]
    return Standing(
        campaign_id,
        confirmed=bool(person.id),
        apart=bool(person.n),
        brought=person.m,
        pledge=pledge.words if pledge else "",
        quantity=pledge.n if pledge else 0,
        ceiling=pledge.m if pledge else 0,
        following="follow" in found,
        cards=_saved(found.get("card", ()), newest_first=True),
        addresses=_saved(found.get("address", ())),
    )


def _saved(rows: Sequence[Row[Any]], *, newest_first: bool = False) -> Saved:
    return tuple((row.id, row.words) for row in sorted(rows, key=lambda row: row.id, reverse=newest_first))


@cache
def _about_one() -> Any:
    user, campaign = bindparam("user_id", type_=BigInteger), bindparam("campaign_id", type_=BigInteger)
    confirmed = and_(User.email_confirmed_at.is_not(None), User.disabled_at.is_(None))
    apart = (Campaign.starter_id == User.id) | works_for(Campaign.id, Campaign.merchant_id, User.id)
    brought = (
        select(func.count())
        .where(Pledge.campaign_id == campaign, Pledge.brought_by == user, Pledge.state.in_(STANDING))
        .scalar_subquery()
    )
    pledge = and_(Pledge.campaign_id == campaign, Pledge.shopper_id == user, Pledge.state.in_(STANDING))
    card = and_(Mandate.user_id == user, Mandate.revoked_at.is_(None))
    address = and_(Address.user_id == user, Address.removed_at.is_(None))
    place = Address.name + ", " + Address.line + ", " + Address.city
    return _row("person", _one(confirmed), _one(apart), brought).select_from(User).join(
        Campaign, Campaign.id == campaign
    ).where(User.id == user).union_all(
        _row("pledge", Pledge.id, Pledge.quantity, Pledge.ceiling, cast(Pledge.state, String)).where(pledge),
        _row("follow", Follow.id).where(Follow.campaign_id == campaign, Follow.user_id == user),
        _row("card", Mandate.id, words=Mandate.label).where(card),
        _row("address", Address.id, words=place).where(address),
    )  # fmt: skip


def _one(condition: Any) -> Any:
    return case((condition, 1), else_=0)


def _row(what: str, id_: Any, n: Any = None, m: Any = None, words: Any = None) -> Select[Any]:
    """Rows of all kinds have the same columns."""
    return select(
        literal(what).label("what"),
        cast(id_, BigInteger).label("id"),
        cast(literal(0) if n is None else n, BigInteger).label("n"),
        cast(literal(0) if m is None else m, BigInteger).label("m"),
        (literal("") if words is None else words).label("words"),
    )
