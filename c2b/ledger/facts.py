"""What the books say of each business fact: which accounts, which sign. Pure; `post` writes it."""

from c2b.ledger.kinds import AccountKind as A
from c2b.ledger.kinds import Cause
from c2b.ledger.posting import Leg, Posting


def charged(attempt_id: int, order_id: int, merchant_id: int, total: int, fee: int, currency: str) -> Posting:
    """A shopper paid: the money lies at the provider, our fee is ours, the rest is owed to the merchant."""
    legs = (
        Leg(A.CLEARING, total),
        Leg(A.MERCHANT_PAYABLE, fee - total, merchant_id),
        Leg(A.PLATFORM_FEE, -fee),
    )
    return Posting(Cause.ATTEMPT, attempt_id, "charged", currency, legs, order_id)


def charged_too_late(attempt_id: int, total: int, currency: str) -> Posting:
    """A shopper was charged after the place was given up: all of it is owed back."""
    legs = (Leg(A.CLEARING, total), Leg(A.REFUND_PAYABLE, -total))
    return Posting(Cause.ATTEMPT, attempt_id, "charged", currency, legs, None)


def provider_fee(attempt_id: int, order_id: int | None, fee: int, currency: str) -> Posting:
    """What the provider kept of a charge; we bear it."""
    legs = (Leg(A.PROVIDER_FEE, fee), Leg(A.CLEARING, -fee))
    return Posting(Cause.ATTEMPT, attempt_id, "provider_fee", currency, legs, order_id)


def payout(payout_id: int, kind: str, merchant_id: int, amount: int, currency: str) -> Posting:
    """A payout was sent, paid, refused for good, or returned by the bank after it was paid."""
    owed, on_its_way = Leg(A.MERCHANT_PAYABLE, amount, merchant_id), Leg(A.IN_TRANSIT, amount)
    here = Leg(A.CLEARING, amount)
    debit, credit = {
        "sent": (owed, on_its_way),
        "paid": (on_its_way, here),
        "refused": (on_its_way, owed),
        "returned": (here, owed),
    }[kind]
    return Posting(
        Cause.PAYOUT, payout_id, kind, currency, (debit, Leg(credit.kind, -credit.amount, credit.owner))
    )


def refund_owed(
    refund_id: int, order_id: int, merchant_id: int, amount: int, fee_back: int, currency: str
) -> Posting:
    """A refund was promised: the merchant's part and our fee for it are owed to the shopper now."""
    legs = (
        Leg(A.MERCHANT_PAYABLE, amount - fee_back, merchant_id),
        Leg(A.PLATFORM_FEE, fee_back),
        Leg(A.REFUND_PAYABLE, -amount),
    )
    return Posting(Cause.REFUND, refund_id, "owed", currency, legs, order_id)


def refund_paid(refund_id: int, order_id: int | None, amount: int, currency: str) -> Posting:
    """The provider has paid a refund."""
    legs = (Leg(A.REFUND_PAYABLE, amount), Leg(A.CLEARING, -amount))
    return Posting(Cause.REFUND, refund_id, "paid", currency, legs, order_id)


def refund_paid_otherwise(refund_id: int, amount: int, currency: str) -> Posting:
    """We paid a refund out of our own bank: the debt is gone, and as much of what lies at the provider is ours."""
    legs = (Leg(A.REFUND_PAYABLE, amount), Leg(A.PLATFORM_FEE, -amount))
    return Posting(Cause.REFUND, refund_id, "paid_otherwise", currency, legs)


def dispute_opened(dispute_id: int, order_id: int, amount: int, fee: int, currency: str) -> list[Posting]:
    """A bank took a charge back until it has ruled, and the provider a fee of its own, which we bear."""
    taken = (Leg(A.DISPUTES, amount), Leg(A.CLEARING, -amount))
    found = [Posting(Cause.DISPUTE, dispute_id, "opened", currency, taken, order_id)]
    if fee:
        kept = (Leg(A.PROVIDER_FEE, fee), Leg(A.CLEARING, -fee))
        found.append(Posting(Cause.DISPUTE, dispute_id, "bank_fee", currency, kept, order_id))
    return found


def dispute_won(dispute_id: int, order_id: int, amount: int, currency: str) -> Posting:
    """The bank ruled for the merchant and gave the charge back."""
    legs = (Leg(A.CLEARING, amount), Leg(A.DISPUTES, -amount))
    return Posting(Cause.DISPUTE, dispute_id, "won", currency, legs, order_id)


def dispute_lost(
    dispute_id: int, order_id: int, merchant_id: int, borne: int, fee_back: int, twice: int, currency: str
) -> Posting:
    """The bank ruled for the shopper: `borne` by the merchant and us as a refund is; `twice` was refunded before."""
    legs = (
        Leg(A.MERCHANT_PAYABLE, borne - fee_back, merchant_id),
        Leg(A.PLATFORM_FEE, fee_back),
        Leg(A.LOSSES, twice),
        Leg(A.DISPUTES, -borne - twice),
    )
    return Posting(Cause.DISPUTE, dispute_id, "lost", currency, legs, order_id)
