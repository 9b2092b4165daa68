"""What shoppers of a replay do when their card fails: some find another, some confirm, some never look."""

from datetime import datetime, timedelta
from random import Random

from flask import current_app
from sqlalchemy import select

from c2b.campaigns.models import Pledge
from c2b.campaigns.states import PledgeState
from c2b.core.db import db, transaction
from c2b.core.errors import Refused
from c2b.orders.mending import look_again, mend
from c2b.payments.gateways import sandbox
from c2b.payments.gateways.cards import saved_card
from c2b.payments.models import Attempt
from c2b.payments.operations import save_mandate
from c2b.payments.states import AttemptState, Purpose
from c2b.pipeline.models import Launch
from c2b.pipeline.states import LaunchState

THINK = timedelta(hours=18)  # from the mail to doing something about it
FINDS_ANOTHER = 0.6  # share of shoppers who use another card
CONFIRMS = 0.8  # share of shoppers who confirm when the bank asks


def mend_cards(seed: int, decided: set[int], now: datetime) -> None:
    """Everyone whose card failed long enough ago makes up their mind, once; `decided` are those who have."""
    failing = db.session.execute(
        select(Attempt.pledge_id, Attempt.state, Attempt.reference, Pledge.shopper_id)
        .join(Pledge, Pledge.id == Attempt.pledge_id)
        .join(Launch, Launch.id == Attempt.launch_id)
        .where(
            Launch.state == LaunchState.MENDING,
            Launch.mend_until > now,
            Pledge.state == PledgeState.ALLOCATED,
            Attempt.purpose == Purpose.AUTHORISE,
            Attempt.generation == 1,
            Attempt.state.in_([AttemptState.FAILED, AttemptState.REQUIRES_ACTION]),
            Attempt.started_at <= now - THINK,
        )
        .order_by(Attempt.pledge_id)
    ).all()
    db.session.rollback()
    for pledge_id, state, reference, shopper_id in failing:
        if pledge_id in decided:
            continue
        decided.add(pledge_id)
        random = Random(f"{seed}:mend:{pledge_id}")
        if state == AttemptState.REQUIRES_ACTION:
            if reference and random.random() < CONFIRMS:
                sandbox.from_config(current_app.config["C2B"]).confirm(reference, yes=True)
                look_again(pledge_id, now=now)
        elif random.random() < FINDS_ANOTHER:
            _use_another(pledge_id, shopper_id, now)


def _use_another(pledge_id: int, shopper_id: int, now: datetime) -> None:
    with transaction():
        mandate_id = save_mandate(shopper_id, saved_card("ok", f"second-{shopper_id}"), now=now).id
    try:
        mend(pledge_id, mandate_id, now=now)
    except Refused:  # an earlier request was answered after all
        db.session.rollback()
