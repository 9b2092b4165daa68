"""Who gets how much when there is less than people want. Every rule can be recomputed by anyone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import StrEnum
from hashlib import sha256

from c2b.demand.clearing import Cleared
from c2b.demand.curve import Wanted, affording


class Rule(StrEnum):
    """How too little capacity is shared out; declared before anyone pledges."""

    FIRST_COME = "first_come"  # in order of arrival; the last one served may get a part
    WHOLE_PLEDGES = "whole_pledges"  # in order of arrival, all or nothing, skipping what no longer fits
    PRO_RATA = "pro_rata"  # everyone the same share, what is left by largest remainder
    LOTTERY = "lottery"  # in drawn order; the last one drawn may get a part


def largest_remainder(weights: Sequence[int], total: int) -> list[int]:
    """Split `total` in proportion to the weights into whole parts that sum to it exactly.

    Each part is its exact share rounded down or up; those rounded up have the largest remainders, and
    among equal ones come first in the sequence. For units as well as for minor units of money.
    """
    if total < 0 or any(weight < 0 for weight in weights):
        raise ValueError("only whole amounts of zero or more can be split")
    whole = sum(weights)
    if whole == 0:
        if total:
            raise ValueError("there is nobody to split between")
        return [0] * len(weights)
    parts = [weight * total // whole for weight in weights]
    nearest = sorted(range(len(weights)), key=lambda i: -(weights[i] * total % whole))
    for i in nearest[: total - sum(parts)]:
        parts[i] += 1
    return parts


def drawn(wanted: Iterable[Wanted], seed: str) -> list[Wanted]:
    """The pledges in drawn order: by the SHA-256 of "seed:key" in hexadecimal, smallest first.

    The order depends on the seed and the keys alone, never on who came first or how the list was sorted.
    """
    return sorted(wanted, key=lambda w: sha256(f"{seed}:{w.key}".encode()).hexdigest())


def allocate(
    rule: Rule,
    wanted_in_order_of_arrival: Sequence[Wanted],
    capacity: int,
    *,
    seed: str = "",
    floor: int = 0,
) -> dict[int, int]:
    """Units for each key (0 for those who get none), never above its quantity nor `capacity` in all.

    All of min(capacity, demand) is handed out, except by WHOLE_PLEDGES, where units may stay that fit no
    pledge still waiting. PRO_RATA breaks equal remainders in drawn order, so it and LOTTERY ignore arrival.
    `floor` first serves everybody up to so many units by the same rule, then shares out the rest;
    WHOLE_PLEDGES ignores it, as it never splits a pledge. Ceilings are for `share_out`.
    """
    _refuse_nonsense(wanted_in_order_of_arrival, capacity)
    in_turn = list(wanted_in_order_of_arrival)
    if rule in (Rule.PRO_RATA, Rule.LOTTERY):
        in_turn = drawn(in_turn, seed)
    firsts = [0 if rule is Rule.WHOLE_PLEDGES else min(floor, w.quantity) for w in in_turn]
    served = _serve(rule, firsts, capacity)
    rests = [w.quantity - first for w, first in zip(in_turn, firsts, strict=True)]
    more = _serve(rule, rests, capacity - sum(served))
    units = {w.key: one + two for w, one, two in zip(in_turn, served, more, strict=True)}
    return {w.key: units[w.key] for w in wanted_in_order_of_arrival}


def spread_tolerance(wanted: Sequence[Wanted], needed: int, *, seed: str = "") -> dict[int, int]:
    """Hand out exactly `needed` further units in proportion to tolerance, never above anyone's own.

    By largest remainder, equal remainders in drawn order: the order of the list does not matter.
    """
    if needed > sum(w.tolerance for w in wanted):
        raise ValueError("more units are needed than shoppers would also take")
    in_order = drawn(wanted, seed)
    parts = largest_remainder([w.tolerance for w in in_order], needed)
    extra = {w.key: part for w, part in zip(in_order, parts, strict=True)}
    return {w.key: extra[w.key] for w in wanted}


def share_out(
    rule: Rule,
    wanted_in_order_of_arrival: Sequence[Wanted],
    cleared: Cleared,
    capacity: int,
    *,
    seed: str = "",
    floor: int = 0,
) -> dict[int, int]:
    """Units for each pledge at the price that cleared: 0 for whoever cannot afford it.

    Only the tolerance the tier needs is used, on top of everyone's own quantity; then the rule decides.
    """
    able = affording(wanted_in_order_of_arrival, cleared.unit_price)
    extra = spread_tolerance(able, cleared.tolerance_units_needed, seed=seed)
    larger = [replace(w, quantity=w.quantity + extra[w.key]) for w in able]
    nothing = {w.key: 0 for w in wanted_in_order_of_arrival}
    return nothing | allocate(rule, larger, capacity, seed=seed, floor=floor)


def _refuse_nonsense(wanted: Sequence[Wanted], capacity: int) -> None:
    if capacity < 0:
        raise ValueError("capacity is zero or more")
    if len({w.key for w in wanted}) != len(wanted):
        raise ValueError("each pledge has a key of its own")


def _serve(rule: Rule, quantities: Sequence[int], capacity: int) -> list[int]:
    """Parts for these quantities, which are in the order that the rule serves them."""
    if rule is Rule.PRO_RATA:
        # A share of what there is never exceeds what was wanted, even rounded up.
        return largest_remainder(quantities, min(capacity, sum(quantities)))
    parts = []
    for quantity in quantities:
        part = min(quantity, capacity)
        if rule is Rule.WHOLE_PLEDGES and part < quantity:
            part = 0
        parts.append(part)
        capacity -= part
    return parts
