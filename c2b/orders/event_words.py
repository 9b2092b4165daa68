"""The diary of an order in words, for those who judge it: what happened, and what was written down with it."""

from collections.abc import Mapping
from typing import Any

from c2b.campaigns.states import PledgeState
from c2b.core.labels import LabelEnum, as_words
from c2b.core.text import gettext as _
from c2b.core.text import mark as _l
from c2b.orders.firm_words import STATES
from c2b.orders.states import (
    DisputeCause,
    DisputeState,
    OrderState,
    Party,
    ReturnCause,
    ReturnState,
    ShipmentState,
)
from c2b.payments.states import AttemptState, Purpose, RefundCause, RefundState
from c2b.pipeline.wording import price

SUBJECTS: dict[str, tuple[str, type[LabelEnum]]] = {
    "order": (_l("Order"), OrderState),
    "pledge": (_l("Pledge"), PledgeState),
    "attempt": (_l("Request for money"), AttemptState),
    "shipment": (_l("Parcel"), ShipmentState),
    "return_request": (_l("Return"), ReturnState),
    "dispute": (_l("Dispute"), DisputeState),
    "refund": (_l("Refund"), RefundState),
}
ASKED_FOR = {
    Purpose.AUTHORISE: _l("Hold of the money"),
    Purpose.CAPTURE: _l("Charge"),
    Purpose.VOID: _l("Release of the hold"),
    Purpose.REFUND: _l("Paying back"),
}
SPECIAL = {
    "order.where_to_collect": _l("Said where the goods can be collected"),
    "order.placed": _l("Ordered and paid"),
    "order.addressed": _l("The shopper gave an address"),
    "pledge.placed": _l("The shopper joined"),
    "pledge.changed": _l("The shopper changed the pledge"),
    "pledge.card_changed": _l("The shopper changed the card"),
    "pledge.withdrawn": _l("The shopper left"),
    "attempt.case_closed": _l("An operator settled a request by hand"),
    "attempt.look_again": _l("An operator had a request looked up again"),
    "dispute.evidence": _l("Something was handed in for the dispute"),
    "dispute.opened": _l("A dispute was opened"),
    "refund.owed": _l("A refund was promised"),
    "refund.other_way_first": _l("A first operator said that the refund was paid in another way"),
    "return_request.asked": _l("The shopper asked to send goods back"),
}
NAMES = {
    "amount": _l("Amount"),
    "total": _l("Total"),
    "ceiling": _l("The most they would pay"),
    "quantity": _l("Units"),
    "tolerance": _l("Units more or less"),
    "cause": _l("Why"),
    "party": _l("By"),
    "reason": _l("Reason"),
    "note": _l("Note"),
    "carrier": _l("Carrier"),
    "tracking": _l("Tracking number"),
    "where": _l("Where"),
    "way": _l("How"),
    "code": _l("The provider says"),
}
MONEY = ("amount", "total", "ceiling", "unit_price", "price", "fee")
LEFT_OUT = ("old", "pledge", "mandate", "before", "address")
CAUSES = {str(one): one for kind in (RefundCause, ReturnCause, DisputeCause) for one in kind}
PARTIES = {str(one): one for one in Party}


def is_known(kind: str) -> bool:
    """Whether there are words for what happened."""
    return kind in SPECIAL or kind.partition(".")[0] in SUBJECTS


def event_words(kind: str, purpose: Purpose | None = None) -> str:
    """What happened: "Parcel: Delivered". Of a request for money, with what was asked for."""
    if kind in SPECIAL:
        return _(SPECIAL[kind])
    subject, _dot, what = kind.partition(".")
    if subject not in SUBJECTS:
        return as_words(kind)
    name, states = SUBJECTS[subject]
    name = ASKED_FOR.get(purpose, name) if purpose else name
    state = next((s for s in states if s == what), None)
    if state is None:
        return _("%(subject)s: %(what)s", subject=_(name), what=what.replace("_", " "))
    words = _(STATES[state]) if isinstance(state, OrderState) else state.label
    return _("%(subject)s: %(what)s", subject=_(name), what=words)


def details_words(data: Mapping[str, Any], currency: str) -> str:
    """What was written down with it, without the state before and our own numbers."""
    return ", ".join(
        f"{_(NAMES[name]) if name in NAMES else name.replace('_', ' ')}: {_value(name, value, currency)}"
        for name, value in data.items()
        if name not in LEFT_OUT and value not in ("", None)
    )


def _value(name: str, value: Any, currency: str) -> str:
    if name in MONEY and isinstance(value, int):
        return price(value, currency)
    if name == "cause":
        return CAUSES[value].label if value in CAUSES else str(value)
    if name == "party":
        return PARTIES[value].label if value in PARTIES else str(value)
    return str(value)
