"""What features above add: to a campaign's page, and to its end, since this one may not ask them.

A feature registers a function at start; it is told the campaign, the reader and the time, and answers with
values for the template. Known keys: `merchant` (name, url, note), `dates` (a list of title, time or none,
text), `leftover` (whatever templates/orders/_leftover.html shows), `launch_at` (a time).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from c2b.campaigns.models import Campaign

Part = Callable[[Campaign, int | None, datetime], dict[str, Any]]

_parts: list[Part] = []


def add_part(part: Part) -> None:
    """Ask this function for every campaign page; registering twice is once."""
    if part not in _parts:
        _parts.append(part)


def parts_for(campaign: Campaign, user_id: int | None, now: datetime) -> dict[str, Any]:
    """What the features above have to say about this campaign."""
    said: dict[str, Any] = {}
    for part in _parts:
        said.update(part(campaign, user_id, now))
    return said


@dataclass(frozen=True, slots=True)
class MoneyNow:
    """Where a pledge's money is after the launch: a sentence, its tone, and where it can be put right."""

    sentence: str
    tone: str
    path: str


Money = Callable[[Sequence[int], datetime], dict[int, MoneyNow]]

_money: list[Money] = []


def add_money(asked: Money) -> None:
    """Ask this function where the money of pledges is; registering twice is once."""
    if asked not in _money:
        _money.append(asked)


def money_of(pledge_ids: Sequence[int], now: datetime) -> dict[int, MoneyNow]:
    """What the features above know of these pledges' money; nothing for those that need no word."""
    said: dict[int, MoneyNow] = {}
    for asked in _money if pledge_ids else ():
        said.update(asked(pledge_ids, now))
    return said


Stop = Callable[[int, int | None, datetime], bool]

_stops: list[Stop] = []


def add_stop(stop: Stop) -> None:
    """Call this function when a live campaign is called off, with the campaign locked; registering twice is once."""
    if stop not in _stops:
        _stops.append(stop)


def stop_sale(campaign_id: int, by: int | None, now: datetime) -> bool:
    """Have the features above stop what a live campaign has set going, in the transaction that calls it off.

    True where one of them winds it up: lets the cards go, pays back, and then releases what is set aside.
    """
    wound_up = [stop(campaign_id, by, now) for stop in _stops]  # all of them are asked
    return any(wound_up)
