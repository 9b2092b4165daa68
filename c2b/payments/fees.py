"""Our share of a sale. Whole minor units; the parts of a charge always add up to the whole (I-7)."""

from dataclasses import dataclass
from decimal import Decimal

FEE_BP = 300  # hundredths of a percent: 3 %, told to the merchant before an offer is registered
BASIS = 10_000


@dataclass(frozen=True, slots=True)
class Share:
    """How a price is shared, for those who are to agree."""

    percent: Decimal  # our share, as people read it: 3
    fee: int
    rest: int  # the merchant's


def share_of(amount: int, fee_bp: int = FEE_BP) -> Share:
    """What we keep of this amount and what the merchant gets."""
    fee = fee_of(amount, fee_bp)
    return Share(Decimal(fee_bp) / 100, fee, amount - fee)


def fee_of(amount: int, fee_bp: int) -> int:
    """Our share of a charge, rounded half up."""
    return (amount * fee_bp * 2 + BASIS) // (2 * BASIS)


def fee_back(amount: int, fee: int, before: int, now: int) -> int:
    """The part of `fee` that goes back with a refund of `now`, when `before` of `amount` went back already.

    Each part is the difference of two running shares, so all parts of a whole refund add up to the whole fee.
    """
    return _running(amount, fee, before + now) - _running(amount, fee, before)


def _running(amount: int, fee: int, back: int) -> int:
    return (fee * back * 2 + amount) // (2 * amount)
