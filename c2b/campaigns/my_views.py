"""A shopper's own pages: what I joined, by state, and what I started."""

from dataclasses import dataclass

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from c2b.campaigns import queries
from c2b.campaigns.blueprint import bp
from c2b.campaigns.queries import MyPledge
from c2b.campaigns.states import CampaignState, PledgeState
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


def money_line(mine: MyPledge) -> tuple[str, str]:
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
    return lines[mine.pledge.state]


def can_change(mine: MyPledge) -> bool:
    """Whether the pledge can still be changed in some way."""
    takes = mine.campaign.state in (CampaignState.OPEN, CampaignState.TIPPED)
    return takes and mine.pledge.state in (P.ACTIVE, P.RECONFIRM)


@bp.get("/me/joined")
@requires(Role.SHOPPER)
def my_joined() -> ResponseReturnValue:
    """What I joined: active, ordered, ended."""
    pledges = queries.my_pledges(current_user.id, now=utcnow())
    counts = {part: sum(mine.pledge.state in states for mine in pledges) for part, states in PARTS.items()}
    asked = request.args.get("part", "")
    part = asked if asked in PARTS else next((name for name in PARTS if counts[name]), "active")
    rows = [Row(mine, *money_line(mine)) for mine in pledges if mine.pledge.state in PARTS[part]]
    follows = queries.my_follows(current_user.id, now=utcnow()) if part == "active" else []
    return render_template(
        "campaigns/my_joined.html",
        rows=rows,
        part=part,
        counts=counts,
        follows=follows,
        can_change=can_change,
    )


@bp.get("/me/wishes")
@requires(Role.SHOPPER)
def my_wishes() -> ResponseReturnValue:
    """What I started, with what it waits for."""
    return render_template("campaigns/my_wishes.html", wishes=queries.my_wishes(current_user.id))
