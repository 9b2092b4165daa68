"""Amounts and days inside sentences, as the pages write them.

The page frame is above this feature and may not be imported; it lends its filters by name.
"""

from datetime import datetime

from flask import current_app


def price(amount: int, currency: str) -> str:
    """An amount: ¥259."""
    return str(current_app.jinja_env.filters["money"](amount, currency))


def day(when: datetime) -> str:
    """A day: Thu, May 22."""
    return str(current_app.jinja_env.filters["day"](when))


def day_time(when: datetime) -> str:
    """A moment: Thu, May 22, 20:00."""
    return str(current_app.jinja_env.filters["day_time"](when))
