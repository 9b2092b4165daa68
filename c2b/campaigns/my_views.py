"""A shopper's own pages: what I joined, by state, and what I started."""

from dataclasses import dataclass
from datetime import datetime

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from c2b.campaigns import queries
from c2b.campaigns.blueprint import bp
from c2b.campaigns.hooks import MoneyNow, money_of
from c2b.campaigns.queries import MyPledge
from c2b.campaigns.rules import why_not_take
from c2b.campaigns.states import PledgeState
from c2b.core.access import Role, requires
from c2b.core.clock import utcnow

P = PledgeState
PARTS = {
    "active": (P.ACTIVE, P.RECONFIRM, P.ALLOCATED),
    "ordered": (P.ORDERED,),
    "ended": (P.WITHDRAWN, P.RELEASED, P.DROPPED, P.UNFILLED),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One of my pledges with what it means today."""

    mine: MyPledge
    money: str  # where the money is
    tone: str  # ok, warn, bad or nothing
    can_change: bool
    mend: str = ""  # where a failed card is put right


def money_line(state: PledgeState) -> tuple[str, str]:
    """Where the money of a pledge is, in one sentence, and its tone."""
    lines = {
        P.ACTIVE: (_("Your card is saved. Nothing is charged yet."), ""),
        P.RECONFIRM: (_("Released until you say yes again. Nothing is charged."), "warn"),
        P.ALLOCATED: (_("Your goods are set aside and your card is being asked for the final price."), ""),
        P.ORDERED: (_("Charged at the final price."), "ok"),
        P.WITHDRAWN: (_("You left. Nothing was charged."), ""),
        P.RELEASED: (_("Released. Nothing was charged."), ""),
        P.DROPPED: (_("Your card could not be charged in time. Nothing was charged."), "bad"),
        P.UNFILLED: (_("There was not enough for everyone. Nothing was charged."), ""),
    }
    return lines[state]


def _row(mine: MyPledge, known: MoneyNow | None, now: datetime) -> Row:
    money, tone = (known.sentence, known.tone) if known else money_line(mine.pledge.state)
    return Row(mine, money, tone, can_change(mine, now), known.path if known else "")


def can_change(mine: MyPledge, now: datetime) -> bool:
    """Whether the pledge can still be changed in some way."""
    return why_not_take(mine.campaign, now) is None and mine.pledge.state in (P.ACTIVE, P.RECONFIRM)


@bp.get("/me/joined")
@requires(Role.SHOPPER)
def my_joined() -> ResponseReturnValue:
    """What I joined: active, ordered, ended."""
    now = utcnow()
    pledges = queries.my_pledges(current_user.id, now=now)
    counts = {part: sum(mine.pledge.state in states for mine in pledges) for part, states in PARTS.items()}
    asked = request.args.get("part", "")
    part = asked if asked in PARTS else next((name for name in PARTS if counts[name]), "active")
    shown = [mine for mine in pledges if mine.pledge.state in PARTS[part]]
    known = money_of([mine.pledge.id for mine in shown if mine.pledge.state == P.ALLOCATED], now)
    rows = [_row(mine, known.get(mine.pledge.id), now) for mine in shown]
    follows = queries.my_follows(current_user.id, now=now) if part == "active" else []
    return render_template(
        "campaigns/my_joined.html",
        rows=rows,
        part=part,
        counts=counts,
        follows=follows,
    )


@bp.get("/me/wishes")
@requires(Role.SHOPPER)
def my_wishes() -> ResponseReturnValue:
    """What I started, with what it waits for."""
    return render_template("campaigns/my_wishes.html", wishes=queries.my_wishes(current_user.id))
