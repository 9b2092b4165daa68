"""Asking carriers where parcels are: look, ask outside any transaction, write down."""

from collections.abc import Callable
from datetime import datetime

import structlog

from c2b.core.db import db, end_transaction, transaction
from c2b.orders.carriers import ask_carrier, carriers
from c2b.orders.due import parcels_to_track
from c2b.orders.models import Shipment
from c2b.orders.shipping import follow_parcel

log = structlog.get_logger()


def never() -> bool:
    """Nobody asks us to end early."""
    return False


def track_parcels(now: datetime, *, stop: Callable[[], bool] = never) -> dict[str, int]:
    """Ask about every parcel on its way whose carrier can be asked; one that fails stops no other."""
    counts = {"done": 0, "refused": 0, "failed": 0}
    known = carriers()
    ids = parcels_to_track() if known else []
    end_transaction()
    for shipment_id in ids:
        if stop():
            break
        try:
            counts["done"] += _track(shipment_id, now)
        except Exception:
            log.exception("a carrier could not be asked", shipment=shipment_id)
            end_transaction()
            counts["failed"] += 1
    return counts


def _track(shipment_id: int, now: datetime) -> bool:
    """Whether something new was learned."""
    parcel = db.session.get_one(Shipment, shipment_id)
    carrier, tracking = parcel.carrier, parcel.tracking
    end_transaction()
    said = ask_carrier(carrier, tracking)
    if said is None:
        return False
    with transaction():
        return follow_parcel(shipment_id, said, now=now)
