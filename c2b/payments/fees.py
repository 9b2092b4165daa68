"""Our share of a sale. Whole minor units; the parts of a charge always add up to the whole (I-7)."""

FEE_BP = 300  # hundredths of a percent: 3 %, told to the merchant before an offer is registered
BASIS = 10_000


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
