"""What people of the demo say: updates, questions, comments, a report and something taken down; who brought whom."""

from datetime import datetime, timedelta

from sqlalchemy import select, update

from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.operations import follow
from c2b.campaigns.states import STANDING
from c2b.community import operations as words
from c2b.community.states import Spoken
from c2b.core.db import db, transaction
from c2b.merchants.queries import staff_ids
from c2b.seed.stories import IN_REVIEW, OPEN, PAST

HOUR = timedelta(hours=1)


def speak(alice: int, otto: int, now: datetime) -> None:
    """Something of every kind, on the first campaigns of the site."""
    with transaction():
        pot, sweater = _named(OPEN[0].title), _named(OPEN[2].title)
        people = _joined(pot.id)
        _about_the_pot(pot, people, now)
        _taken_down(pot.id, people, otto, now)
        _links(pot.id, people, alice)
        follow(sweater.id, people[0], now=now)
        for title in (IN_REVIEW[0].title, PAST[0].title):
            thing = _named(title)
            words.write_comment(
                thing.id, "Looking forward to it.", by=_joined(thing.id)[0], now=now - 9 * HOUR
            )
        if pot.merchant_id is not None:
            words.follow_merchant(pot.merchant_id, alice, now=now)


def _named(title: str) -> Campaign:
    return db.session.scalars(select(Campaign).where(Campaign.title == title)).one()


def _joined(campaign_id: int) -> list[int]:
    """People with a pledge, in the order in which they came; a launch leaves some of them with none."""
    joined = select(Pledge.shopper_id).where(Pledge.campaign_id == campaign_id).order_by(Pledge.id)
    return list(db.session.scalars(joined.limit(40)))


def _about_the_pot(pot: Campaign, people: list[int], now: datetime) -> None:
    maker = staff_ids(pot.merchant_id)[0] if pot.merchant_id else pot.starter_id
    words.publish_news(
        pot.id, "The first casting is out of the mould",
        "It weighs 3.7 kg, as we hoped. The rim is ground by hand; the enamel comes on Thursday.",
        by=maker, now=now - 60 * HOUR,
    )  # fmt: skip
    words.publish_news(
        pot.id, "Deep blue, as many of you asked",
        "More than 300 of you chose blue, so we make both colours at the same price.", by=maker, now=now - 5 * HOUR,
    )  # fmt: skip
    asked = words.ask_question(pot.id, "Does it work on induction?", by=people[1], now=now - 30 * HOUR)
    words.ask_question(pot.id, "Will there be a 26 cm one?", by=people[2], now=now - 4 * HOUR)
    db.session.flush()
    words.answer_question(
        asked.id, "Yes: gas, induction, and the oven up to 250 °C.", by=maker, now=now - 26 * HOUR
    )
    first = words.write_comment(
        pot.id, "Does the knob really stay cool in the oven too, or only on the stove?", by=people[3],
        now=now - 7 * HOUR,
    )  # fmt: skip
    db.session.flush()
    words.write_comment(
        pot.id, "Only on the stove. In the oven it gets as hot as the lid, please use a cloth.", by=maker,
        now=now - 6 * HOUR, parent_id=first.id,
    )  # fmt: skip
    words.write_comment(
        pot.id, "I put ¥279 as my most and hope we get to ¥239. Sharing with my cooking group.", by=people[4],
        now=now - 2 * HOUR,
    )  # fmt: skip


def _taken_down(campaign_id: int, people: list[int], otto: int, now: datetime) -> None:
    """One comment waits for a look, one was taken down, one was deleted by its writer."""
    texts = ("Buy it cheaper from my cousin, write to me.", "Selling my old pots, 20 each!", "Never mind.")
    said = [
        words.write_comment(campaign_id, text, by=by, now=now - 3 * HOUR)
        for text, by in zip(texts, people[5:8], strict=True)
    ]
    db.session.flush()
    for comment in said[:2]:
        words.report(Spoken.COMMENT, comment.id, by=people[0], now=now - 2 * HOUR)
    words.hide(
        Spoken.COMMENT, said[1].id, "Offers of other goods do not belong here.", by=otto, now=now - HOUR
    )
    words.take_back_comment(said[2].id, by=people[7], now=now - HOUR)


def _links(campaign_id: int, people: list[int], alice: int) -> None:
    """Three came through Alice's link."""
    others = [person for person in people if person != alice][-3:]
    db.session.execute(
        update(Pledge)
        .where(Pledge.campaign_id == campaign_id, Pledge.shopper_id.in_(others), Pledge.state.in_(STANDING))
        .values(brought_by=alice)
    )
