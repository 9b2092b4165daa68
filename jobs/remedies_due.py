"""Let time decide about returns and disputes whose next move is overdue, and remind those who have it."""

from datetime import datetime, timedelta

from c2b.orders.disputes import ask_for_ruling, disputes_overdue, disputes_unanswered, let_time_rule
from c2b.orders.returns import let_time_decide, remind_return, returns_due, returns_to_remind
from jobs import each

EVERY = timedelta(minutes=10)


def run(now: datetime) -> dict[str, int]:
    """One row for each return and dispute."""
    results = (
        each(returns_due(now), let_time_decide, now=now),
        each(disputes_unanswered(now), let_time_rule, now=now),
        each(disputes_overdue(now), ask_for_ruling, now=now),
        each(returns_to_remind(now), remind_return, now=now),
    )
    return {name: sum(result[name] for result in results) for name in results[0]}
