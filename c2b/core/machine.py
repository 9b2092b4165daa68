"""A life as data: which state follows which, and what must be true for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from c2b.core.text import gettext as _

Guard = Callable[[Any, datetime], str | None]


@dataclass(frozen=True)
class Machine:
    """Every state of a life, its arrows and its guards. States that nothing reaches fail at import."""

    initial: str
    arrows: Mapping[str, frozenset[str] | set[str]]
    guards: Mapping[str, Guard] = field(default_factory=dict)

    def __post_init__(self) -> None:
        reached = {self.initial}
        waiting = [self.initial]
        while waiting:
            for state in self.arrows.get(waiting.pop(), ()):
                if state not in reached:
                    reached.add(state)
                    waiting.append(state)
        unreachable = (set(self.arrows) | set(self.guards)) - reached
        if unreachable:
            raise ValueError(f"nothing leads to {sorted(unreachable)}")

    @property
    def states(self) -> list[str]:
        """All states, in the order in which they are first named."""
        names = dict.fromkeys([self.initial, *self.arrows])
        for following in self.arrows.values():
            names.update(dict.fromkeys(sorted(following)))
        return list(names)

    @property
    def ends(self) -> frozenset[str]:
        """The states that nothing follows."""
        return frozenset(state for state in self.states if not self.arrows.get(state))

    def why_not(self, thing: Any, new: str, now: datetime) -> str | None:
        """The sentence that says why `thing` may not become `new` now, or None where it may."""
        if new not in self.arrows.get(thing.state, ()):
            return _("This cannot go from “%(old)s” to “%(new)s”.", old=_word(thing.state), new=_word(new))
        guard = self.guards.get(new)
        return guard(thing, now) if guard else None


def _word(state: Any) -> str:
    return str(getattr(state, "label", state))
