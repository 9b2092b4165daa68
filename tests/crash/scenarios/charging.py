"""The money of a launch: held, charged or let go, mended; what is left over."""

from datetime import timedelta
from unittest.mock import patch

from sqlalchemy import select

from c2b.accounts.models import User
from c2b.campaigns.models import Campaign, Pledge
from c2b.campaigns.operations import PledgeRequest
from c2b.campaigns.terms import terms_hash
from c2b.core.db import db, transaction
from c2b.orders import charging
from c2b.orders.leftovers import buy_leftover
from c2b.orders.mending import mend
from c2b.payments import windows
from c2b.pipeline.states import LaunchState
from jobs import charge_launches, look_up_attempts, retry_cards, settle_launches
from tests.crash.states import DAY, Ids, charge, charged_launch, launch, soon
from tests.crash.world import MONEY, World, scenario
from tests.factories import Make

LATER = soon()
OVER = windows.MEND
TO_THE_END = (
    timedelta(),
    timedelta(minutes=10),
    timedelta(hours=2),
    *soon(OVER),
    7 * DAY,
)


def just_opened(make: Make) -> Ids:
    """Three pledges whose cards work."""
    return {"launch": launch(make).id}


def of_every_kind(make: Make) -> Ids:
    """A good card, one that is refused, one whose bank wants a yes, and answers that get lost."""
    return {"launch": launch(make, ("ok", "declined", "needs_confirmation", "answer_lost")).id}


def all_held(make: Make) -> Ids:
    """What is set aside is held; nothing is charged yet."""
    launch_id = launch(make).id
    steps = {state: steps for state, steps in charging.STEPS.items() if state != LaunchState.CAPTURING}
    with patch.object(charging, "STEPS", steps):
        charge(launch_id, make.now)
    return {"launch": launch_id}


def too_few(make: Make) -> Ids:
    """Most cards are refused, so the minimum fails when the window is over."""
    return {"launch": charged_launch(make, ("ok", "declined", "needs_confirmation"), minimum=4).id}


def a_waiting_list(make: Make) -> Ids:
    """Four units for three pledges; one of the first two cannot pay, and the window is nearly over."""
    return {"launch": charged_launch(make, ("ok", "declined", "ok"), maximum=4).id}


def declined_for_now(make: Make) -> Ids:
    """A card that is declined once, and works the day after."""
    return {"launch": charged_launch(make, ("ok", "declined_once")).id}


def answers_missing(make: Make) -> Ids:
    """The provider has held what was asked, and we do not know."""
    return {"launch": charged_launch(make, ("answer_lost", "question_lost", "ok")).id}


def one_to_mend(make: Make) -> Ids:
    """A card was refused; its owner has a better one."""
    it = charged_launch(make, ("ok", "declined"))
    pledge = db.session.scalars(
        select(Pledge).where(Pledge.campaign_id == it.campaign_id).order_by(Pledge.id.desc())
    ).first()
    assert pledge is not None
    better = make.mandate(db.session.get_one(User, pledge.shopper_id), "ok")
    return {"launch": it.id, "pledge": pledge.id, "mandate": better.id}


def some_left(make: Make) -> Ids:
    """Six units are ordered of ten, and somebody wants two more."""
    it = charged_launch(make, maximum=10)
    shopper = make.user("Late")
    mandate = make.mandate(shopper, "ok")
    campaign = db.session.get_one(Campaign, it.campaign_id)
    return {"launch": it.id, "campaign": campaign.id, "shopper": shopper.id, "mandate": mandate.id,
            "terms": terms_hash(campaign)}  # fmt: skip


@scenario("charge: hold and capture", just_opened, jobs=MONEY, moments=LATER)
def hold_and_capture(world: World) -> None:
    charge_launches.run(world.now)


@scenario("charge: capture", all_held, jobs=MONEY, moments=LATER, every_call=True)
def capture(world: World) -> None:
    charge_launches.run(world.now)


@scenario("charge: cards of every kind", of_every_kind, jobs=MONEY, moments=TO_THE_END)
def every_kind(world: World) -> None:
    charge_launches.run(world.now)


@scenario(
    "charge: void after a failed minimum",
    too_few,
    jobs=MONEY,
    moments=soon(OVER),
)
def void(world: World) -> None:
    settle_launches.run(world.now + OVER)


@scenario("charge: mend a card", one_to_mend, jobs=MONEY, moments=LATER)
def mend_card(world: World) -> None:
    mend(world.ids["pledge"], world.ids["mandate"], now=world.now)


@scenario("charge: buy what is left", some_left, jobs=MONEY, moments=LATER, repeat=True)
def leftover(world: World) -> None:
    ids = world.ids
    wanted = PledgeRequest(
        shopper_id=ids["shopper"], quantity=2, ceiling=25900, mandate_id=ids["mandate"], terms=ids["terms"],
        request_key=f"{ids['shopper']}:form",
    )  # fmt: skip
    with transaction():
        buy_leftover(ids["campaign"], wanted, now=world.now)
    charge_launches.run(world.now)


@scenario("charge: the waiting list moves up", a_waiting_list, jobs=MONEY, moments=soon(OVER))
def top_up(world: World) -> None:
    settle_launches.run(world.now + OVER)


@scenario("charge: try a declined card again", declined_for_now, jobs=MONEY, moments=soon(DAY))
def retry(world: World) -> None:
    retry_cards.run(world.now + DAY)


MINUTES = (timedelta(minutes=2), timedelta(hours=2), timedelta(hours=9))


@scenario("charge: look up what became of it", answers_missing, jobs=MONEY, moments=MINUTES)
def look_up(world: World) -> None:
    look_up_attempts.run(world.now + MINUTES[0])
