"""Who is told of a campaign's news: everyone with a standing pledge and everyone who follows, once each.

Many campaigns are told of at once: the database itself writes a notice for each of their people, however many.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, String, cast, exists, func, literal, select, true, union

from c2b.campaigns.models import Campaign, Follow, Pledge
from c2b.campaigns.states import STANDING, TAKES_PLEDGES, CampaignState, PledgeState
from c2b.core.db import Json, db, is_sqlite
from c2b.core.events import Event, record_many
from c2b.core.outbox import notify_found, notify_many
from c2b.core.rows import among, as_sent, sent_rows

C = CampaignState
REMIND_BEFORE = timedelta(hours=48)
About = Mapping[str, Any]  # what a notice says


def audience(campaign_id: int) -> list[int]:
    """Everyone with a standing pledge, and everyone who follows."""
    people = _audience([campaign_id]).subquery()
    return sorted(db.session.scalars(select(people.c.user_id)))


def tell(campaign: Campaign, kind: str, people: Iterable[int], *, now: datetime, **more: Any) -> None:
    """Leave one notice of this kind about the campaign for each of these people; once each."""
    about = {**about_of(campaign), **more}
    notify_many(kind, [(user_id, f"{campaign.id}:{user_id}", about) for user_id in people], now=now)


def about_of(campaign: Any) -> dict[str, Any]:
    """What every notice about a campaign says."""
    closes = campaign.closes_at.isoformat() if campaign.closes_at else None
    return {"title": campaign.title, "path": f"/c/{campaign.slug}", "closes_at": closes}


def tell_all(
    kind: str, abouts: Mapping[int, About], *, now: datetime, who: Any = None, but: Any = None
) -> dict[int, int]:
    """Leave a notice of this kind for the audiences of {campaign: what it says}; how many people each has.

    `who` (campaign_id, user_id) narrows whom; `but` leaves out whoever is in it.
    """
    if not abouts:
        return {}
    ids = list(abouts)
    people = (_audience(ids) if who is None else who).subquery("people")
    sent = sent_rows(is_sqlite(), id=BigInteger, data=Json)
    key = literal(f"{kind}:", String) + cast(sent.c.id, String) + ":" + cast(people.c.user_id, String)
    found = (
        select(key.label("key"), people.c.user_id, sent.c.data)
        .join_from(sent, people, people.c.campaign_id == sent.c.id)
        .where(true())
        .order_by(sent.c.id, people.c.user_id)
    )
    if but is not None:
        left_out = but.subquery("left_out")
        found = found.where(
            ~exists().where(
                left_out.c.campaign_id == people.c.campaign_id, left_out.c.user_id == people.c.user_id
            )
        )
    notify_found(kind, found, as_sent([{"id": id_, "data": about} for id_, about in abouts.items()]), now=now)
    counted = select(people.c.campaign_id, func.count()).group_by(people.c.campaign_id)
    return dict(db.session.execute(counted).all())


def _audience(ids: Sequence[int]) -> Any:
    """(campaign_id, user_id) of everyone who joined or follows, each once."""
    joined = select(Pledge.campaign_id, Pledge.shopper_id.label("user_id")).where(
        among(Pledge.campaign_id, ids), Pledge.state.in_(STANDING)
    )
    following = select(Follow.campaign_id, Follow.user_id).where(among(Follow.campaign_id, ids))
    return union(joined, following)


def campaigns_closing_soon(now: datetime) -> list[int]:
    """Campaigns that close within 48 hours and whose people were not reminded yet.

    One that is open for less than that from the start needs no reminder.
    """
    rows = db.session.execute(
        select(Campaign.id, Campaign.opened_at, Campaign.closes_at)
        .where(
            Campaign.state.in_(TAKES_PLEDGES),
            Campaign.closes_at > now,
            Campaign.closes_at <= now + REMIND_BEFORE,
            ~_was_told("campaign.reminded"),
        )
        .order_by(Campaign.closes_at, Campaign.id)
    )
    return [id_ for id_, opened, closes in rows if opened and closes and closes - opened > REMIND_BEFORE]


def remind_closing(ids: Sequence[int], *, now: datetime) -> None:
    """Tell everyone who joined or follows that these campaigns close soon; once."""
    found = _locked(ids, "campaign.reminded", Campaign.state.in_(TAKES_PLEDGES))
    abouts = {c.id: {**about_of(c), "tipped": c.tipped_at is not None} for c in found}
    change = {c.id: {**abouts[c.id], "change": f"/c/{c.slug}/change"} for c in found}
    may_change = _can_change(list(abouts))
    joined = tell_all("campaign_closing_soon", change, now=now, who=may_change)
    people = tell_all("campaign_closing_soon", abouts, now=now, but=may_change)
    _write_down(
        "campaign.reminded", abouts, {id_: people.get(id_, joined.get(id_, 0)) for id_ in abouts}, now
    )


def _can_change(ids: Sequence[int]) -> Any:
    """Who joined and may still change the most they would pay; their reminder leads there."""
    return select(Pledge.campaign_id, Pledge.shopper_id.label("user_id")).where(
        among(Pledge.campaign_id, ids), Pledge.state == PledgeState.ACTIVE
    )


def campaigns_to_tell(now: datetime) -> list[int]:
    """Campaigns that tipped and whose people were not told yet.

    Telling is a job's work: written with the pledge that tips, ten thousand notices would keep everyone who
    is joining at that moment waiting for the campaign's lock.
    """
    del now
    tipped = (C.TIPPED, C.SOURCING, C.AWARDED, C.SCHEDULED)
    due = select(Campaign.id).where(Campaign.state.in_(tipped), ~_was_told("campaign.told"))
    return list(db.session.scalars(due.order_by(Campaign.tipped_at, Campaign.id)))


def tell_tipped(ids: Sequence[int], *, now: datetime) -> None:
    """Tell everyone who joined or follows that these are on; once. Who joins later is told when joining."""
    found = _locked(ids, "campaign.told", Campaign.tipped_at.is_not(None))
    abouts = {
        c.id: {**about_of(c), "still_open": c.state == C.TIPPED, "by_demand": c.tip_by_demand} for c in found
    }
    _write_down("campaign.told", abouts, tell_all("campaign_tipped", abouts, now=now), now)


def _locked(ids: Sequence[int], line: str, which: Any) -> Sequence[Any]:
    """Those of these campaigns that are like this and have no such line, held until the transaction ends."""
    held = select(Campaign.id).where(among(Campaign.id, ids)).order_by(Campaign.id)
    db.session.execute(held.with_for_update(key_share=True)).all()
    return db.session.execute(
        select(
            Campaign.id, Campaign.state, Campaign.title, Campaign.slug, Campaign.closes_at, Campaign.tipped_at,
            Campaign.tip_by_demand,
        )
        .where(among(Campaign.id, ids), which, ~_was_told(line))
        .order_by(Campaign.id)
    ).all()  # fmt: skip


def _write_down(kind: str, ids: Iterable[int], people: Mapping[int, int], now: datetime) -> None:
    record_many(
        [
            {"subject": "campaign", "subject_id": id_, "kind": kind, "by": None, "at": now,
             "data": {"people": people.get(id_, 0)}}
            for id_ in ids
        ]
    )  # fmt: skip


def _was_told(kind: str) -> Any:
    return exists().where(Event.subject == "campaign", Event.subject_id == Campaign.id, Event.kind == kind)
