"""Carriers: where a parcel can be followed, and what a carrier itself says of it."""

from typing import Protocol
from urllib.parse import quote

from flask import current_app

from c2b.core.db import must_be_outside_transaction
from c2b.orders.states import ShipmentState

# Where people follow a parcel by hand; the number is put in place of {}.
PAGES = {
    "sf express": "https://www.sf-express.com/chn/en/waybill/waybill-detail/{}",
    "顺丰": "https://www.sf-express.com/chn/sc/waybill/waybill-detail/{}",
    "yto express": "https://www.yto.net.cn/tracking/{}",
    "圆通": "https://www.yto.net.cn/tracking/{}",
    "zto express": "https://www.zto.com/express/expressCheck.html?txtBill={}",
    "中通": "https://www.zto.com/express/expressCheck.html?txtBill={}",
    "dhl": "https://www.dhl.com/en/express/tracking.html?AWB={}",
    "ups": "https://www.ups.com/track?tracknum={}",
    "fedex": "https://www.fedex.com/fedextrack/?trknbr={}",
}
KNOWN = ("SF Express", "YTO Express", "ZTO Express", "DHL", "UPS", "FedEx")  # offered while typing
DEMO = "Demo Express"


class Carrier(Protocol):
    """What a carrier's own service can be asked."""

    def track(self, tracking: str) -> ShipmentState | None:
        """Where the parcel of this number is; None where the carrier does not know it (yet)."""


class DemoCarrier:
    """A carrier for demos and tests: the number itself says where the parcel is, as in DEMO-17-LOST."""

    def track(self, tracking: str) -> ShipmentState | None:
        """The state that the number's last part names."""
        word = tracking.upper().replace("_", "-").rpartition("-")[2]
        said = {"BACK": ShipmentState.SENT_BACK, **{state.value.upper(): state for state in ShipmentState}}
        return said.get(word)


def carriers() -> dict[str, Carrier]:
    """Carriers that can be asked, by name in small letters. The demo's is there wherever nobody really sells."""
    config = current_app.config["C2B"]
    return {} if config.production and not config.demo else {DEMO.lower(): DemoCarrier()}


def ask_carrier(carrier: str, tracking: str) -> ShipmentState | None:
    """What the carrier says of a parcel; None where it cannot be asked. Never inside a transaction."""
    must_be_outside_transaction()
    known = carriers().get(carrier.strip().lower())
    return known.track(tracking) if known else None


def page_of(carrier: str, tracking: str) -> str | None:
    """The carrier's own page about a parcel, for carriers that we know."""
    address = PAGES.get(carrier.strip().lower())
    return address.format(quote(tracking, safe="")) if address else None
