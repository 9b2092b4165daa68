"""Which slot suits which campaign, and the proposal for many at once. Pure: it never books anything."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from c2b.campaigns.categories import Category
from c2b.core.text import gettext as _

SayDay = Callable[[datetime], str]


@dataclass
class SlotFacts:
    """A slot and what is in it so far."""

    id: int
    opens_at: datetime
    places: int
    booked: list[Category] = field(default_factory=list)

    @property
    def free(self) -> int:
        """Places that nobody holds."""
        return self.places - len(self.booked)

    def of(self, category: Category) -> int:
        """How many launches of this category are in it."""
        return self.booked.count(category)


@dataclass(frozen=True)
class Wish:
    """A campaign that needs a date, and the merchant's own dates for it."""

    campaign_id: int
    category: Category
    gain: int
    not_before: datetime | None = None
    not_after: datetime | None = None


@dataclass(frozen=True)
class Assignment:
    """Where a campaign would launch, and why; `refused` says of other slots why not, in words."""

    campaign_id: int
    slot_id: int | None
    reason: str
    refused: dict[int, str] = field(default_factory=dict)


def most_of_one(places: int) -> int:
    """At most half of a slot's places go to one category, but always one."""
    return max(1, places // 2)


def why_not_slot(wish: Wish, slot: SlotFacts, now: datetime, say_day: SayDay) -> str | None:
    """Why the campaign cannot launch then, in words; None where it can."""
    if slot.opens_at <= now:
        return _("This slot has opened already.")
    if wish.not_before is not None and slot.opens_at < wish.not_before:
        return _("The merchant can launch from %(day)s on.", day=say_day(wish.not_before))
    if wish.not_after is not None and slot.opens_at > wish.not_after:
        return _("The merchant can launch until %(day)s.", day=say_day(wish.not_after))
    if slot.free <= 0:
        return _("All %(places)s places are taken.", places=slot.places)
    if slot.of(wish.category) >= most_of_one(slot.places):
        return _(
            "Half of its places have launches of the category “%(category)s” already.",
            category=wish.category.label,
        )
    return None


def best_slot(wish: Wish, slots: Sequence[SlotFacts], now: datetime, say_day: SayDay) -> SlotFacts | None:
    """The slot with least of the same kind, then the emptiest, then the earliest; None where nothing fits."""
    fitting = [slot for slot in slots if why_not_slot(wish, slot, now, say_day) is None]
    return min(fitting, key=lambda s: (s.of(wish.category), len(s.booked), s.opens_at, s.id), default=None)


def assign(
    wishes: Sequence[Wish], slots: Sequence[SlotFacts], now: datetime, say_day: SayDay
) -> list[Assignment]:
    """A slot for as many as possible, highest gain first; then room is made once for each that found none."""
    by_id = {slot.id: slot for slot in slots}
    taken: dict[int, int] = {}
    in_turn = sorted(wishes, key=lambda w: (-w.gain, w.campaign_id))
    for wish in in_turn:
        if slot := best_slot(wish, slots, now, say_day):
            slot.booked.append(wish.category)
            taken[wish.campaign_id] = slot.id
    for wish in in_turn:
        if wish.campaign_id not in taken:
            _make_room(wish, in_turn, taken, by_id, now, say_day)
    return [_assignment(wish, taken.get(wish.campaign_id), slots, now, say_day) for wish in in_turn]


def _make_room(
    wish: Wish,
    placed: Sequence[Wish],
    taken: dict[int, int],
    by_id: dict[int, SlotFacts],
    now: datetime,
    say_day: SayDay,
) -> None:
    """Move one other campaign elsewhere, if that frees a slot for this one."""
    for other in placed:
        if other.campaign_id not in taken:
            continue
        here = by_id[taken[other.campaign_id]]
        here.booked.remove(other.category)
        if why_not_slot(wish, here, now, say_day) is None:
            here.booked.append(wish.category)
            elsewhere = best_slot(other, [slot for slot in by_id.values() if slot is not here], now, say_day)
            if elsewhere is not None:
                elsewhere.booked.append(other.category)
                taken[other.campaign_id], taken[wish.campaign_id] = elsewhere.id, here.id
                return
            here.booked.remove(wish.category)
        here.booked.append(other.category)


def _assignment(
    wish: Wish, slot_id: int | None, slots: Sequence[SlotFacts], now: datetime, say_day: SayDay
) -> Assignment:
    others = [slot for slot in slots if slot.id != slot_id]
    refused = {slot.id: why for slot in others if (why := why_not_slot(wish, slot, now, say_day))}
    if slot_id is None:
        reason = _("No slot fits.") if slots else _("There are no slots yet.")
        return Assignment(wish.campaign_id, None, reason, refused)
    slot = next(slot for slot in slots if slot.id == slot_id)
    if len(slot.booked) == 1:
        reason = _("The earliest slot that is empty.")
    elif slot.of(wish.category) == 1:
        reason = _("The only launch of its category there, among %(count)s.", count=len(slot.booked))
    else:
        reason = _("The emptiest slot that fits, with %(count)s launches.", count=len(slot.booked))
    return Assignment(wish.campaign_id, slot_id, reason, refused)
