"""The one door through which a state changes."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import event, update
from sqlalchemy.orm import Mapped, Mapper, configure_mappers, mapped_column
from sqlalchemy.orm.attributes import set_committed_value

from c2b.core.db import db
from c2b.core.errors import Stale, refuse
from c2b.core.events import record, record_many
from c2b.core.machine import Machine
from c2b.core.text import gettext as _

CHUNK = 500  # ids in one statement

_lives: dict[str, Any] = {}


class HasState:
    """A record that lives through a machine. Its class names the machine and has a column `state`."""

    machine: ClassVar[Machine]
    if TYPE_CHECKING:
        state: Mapped[Any]
    state_since: Mapped[datetime] = mapped_column()


def lives() -> dict[str, Any]:
    """The classes that have a life, by table name; docs/states.md is drawn from it."""
    configure_mappers()
    return dict(_lives)


def move(thing: Any, new: str, *, by: int | None, now: datetime, **data: Any) -> None:
    """Take a record to its next state: the only door through which a state changes.

    Refused where arrow or guard says no, Stale where another process was faster.
    """
    cls, old = type(thing), thing.state
    refuse(cls.machine.why_not(thing, new, now))
    db.session.flush()
    moved = db.session.scalar(
        update(cls)
        .where(cls.id == thing.id, cls.state == old)
        .values(state=new, state_since=now)
        .returning(cls.id)
        .execution_options(synchronize_session=False)
    )
    if moved is None:
        raise Stale(_("This has changed since you looked. Please look again."))
    set_committed_value(thing, "state", new)
    set_committed_value(thing, "state_since", now)
    record(thing, f"{cls.__tablename__}.{new}", by=by, at=now, old=str(old), **data)


def move_many(
    cls: Any, ids: Sequence[int], old: str, new: str, *, by: int | None, now: datetime, **values: Any
) -> list[int]:
    """Take many records of one state to the next in one statement; returns the ids that moved.

    For changes that need no guard beyond their arrow; `values` are set with the state. Records that another
    process moved first are left alone. Loaded copies are made to be read again.
    """
    if new not in cls.machine.arrows.get(old, ()):
        raise ValueError(f"no arrow leads from {old} to {new}")
    if cls.machine.guards.get(new):
        raise ValueError(f"{new} has a guard: move one by one")
    db.session.flush()
    moved: list[int] = []
    for start in range(0, len(ids), CHUNK):
        moved += db.session.scalars(
            update(cls)
            .where(cls.id.in_(ids[start : start + CHUNK]), cls.state == old)
            .values(state=new, state_since=now, **values)
            .returning(cls.id)
            .execution_options(synchronize_session=False)
        )
    gone = set(moved)
    for thing in db.session.identity_map.values():
        if isinstance(thing, cls) and thing.__dict__.get("id") in gone:
            db.session.expire(thing)
    name, before = cls.__tablename__, {"old": str(old)}
    record_many(
        [
            {"subject": name, "subject_id": id_, "kind": f"{name}.{new}", "by": by, "at": now, "data": before}
            for id_ in moved
        ]
    )
    return moved


def _state_is_not_assigned(_thing: object, _value: object, _old: object, _initiator: object) -> None:
    raise AttributeError("a state is changed by move() only")


@event.listens_for(Mapper, "mapper_configured")
def _guard_state(_mapper: Mapper[Any], cls: type) -> None:
    if not issubclass(cls, HasState):
        return
    event.listen(cls.state, "set", _state_is_not_assigned)
    event.listen(cls, "init", _begin_life, propagate=True)
    _lives[cls.__tablename__] = cls  # type: ignore[attr-defined]  # every mapped class has a table


def _begin_life(thing: Any, _args: object, values: dict[str, Any]) -> None:
    """A new record starts at the beginning of its life; nobody is born half-way."""
    if "state" in values:
        raise AttributeError("a state is changed by move() only")
    set_committed_value(thing, "state", type(thing).machine.initial)
