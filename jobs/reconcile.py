"""Compare our books with the payment provider's own, to the minor unit; a difference is for an operator."""

from datetime import datetime

from c2b.core.db import end_transaction
from c2b.settlement.reconciling import reconcile

AT = "05:00"


def run(now: datetime) -> dict[str, int]:
    """Every movement that both books agree on is done; every difference is a failure."""
    end_transaction()
    found = reconcile(now)
    return {"done": found.compared, "refused": 0, "failed": len(found.differences)}
