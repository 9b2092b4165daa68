"""The one door through which a state changes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, cast

from sqlalchemy import ColumnElement, Table, event, insert, literal, select, true, update
from sqlalchemy.orm import Mapped, Mapper, configure_mappers, mapped_column
from sqlalchemy.orm.attributes import set_committed_value

from c2b.core.db import db
from c2b.core.errors import Stale, refuse
from c2b.core.events import Event, record, record_many
from c2b.core.machine import Machine
from c2b.core.rows import among
from c2b.core.text import gettext as _

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
    cls: Any, ids: Sequence[int], old: str, new: str, *, by: int | None, now: datetime,
    guard: ColumnElement[bool] | None = None, notes: Mapping[int, Mapping[str, Any]] | None = None, **values: Any,
) -> list[int]:  # fmt: skip
    """Take many records of one state to the next in one statement; returns the ids that moved.

    A state with a guard needs it here as a condition of the database. `values` are set with the state, `notes` are
    further words of the diary, by id. Records that another process moved first are left alone. Loaded copies are
    made to be read again.
    """
    _must_be_an_arrow(cls, old, new, guard)
    db.session.flush()
    if not ids:
        return []
    moved = db.session.scalars(
        update(cls)
        .where(among(cls.id, ids), cls.state == old, true() if guard is None else guard)
        .values(state=new, state_since=now, **values)
        .returning(cls.id)
        .execution_options(synchronize_session=False)
    ).all()
    gone = set(moved)
    for thing in db.session.identity_map.values():
        if isinstance(thing, cls) and thing.__dict__.get("id") in gone:
            db.session.expire(thing)
    name, before = cls.__tablename__, {"old": str(old)}
    said = {id_: {**before, **note} for id_, note in (notes or {}).items()}
    record_many(
        [
            {"subject": name, "subject_id": id_, "kind": f"{name}.{new}", "by": by, "at": now,
             "data": said.get(id_, before)}
            for id_ in moved
        ]
    )  # fmt: skip
    return list(moved)


def move_all(
    cls: Any, which: ColumnElement[bool], old: str, new: str, *, by: int | None, now: datetime, **values: Any
) -> int:
    """Take all records of one state that a condition finds to the next, within the database; how many moved.

    The caller holds the lock under which alone they change; the diary and the change must find equally many.
    Loaded copies are made to be read again.
    """
    _must_be_an_arrow(cls, old, new, None)
    db.session.flush()
    name, found = cls.__tablename__, (which, cls.state == old)
    lines = select(
        literal(name), cls.id, literal(f"{name}.{new}"), literal(by, Event.by.type), literal(now, Event.at.type),
        literal({"old": str(old)}, Event.data.type),
    ).where(*found).order_by(cls.id)  # fmt: skip
    into = ["subject", "subject_id", "kind", "by", "at", "data"]
    written: Any = db.session.execute(
        insert(cast(Table, Event.__table__)).from_select(into, lines, include_defaults=False),
        execution_options={"preserve_rowcount": True},
    )
    moved: Any = db.session.execute(
        update(cls)
        .where(*found)
        .values(state=new, state_since=now, **values)
        .execution_options(synchronize_session=False)
    )
    if written.rowcount != moved.rowcount:
        raise Stale(_("This has changed since you looked. Please look again."))
    for thing in db.session.identity_map.values():
        if isinstance(thing, cls):
            db.session.expire(thing)
    return int(moved.rowcount)


def _must_be_an_arrow(cls: Any, old: str, new: str, guard: ColumnElement[bool] | None) -> None:
    if new not in cls.machine.arrows.get(old, ()):
        raise ValueError(f"no arrow leads from {old} to {new}")
    if cls.machine.guards.get(new) and guard is None:
        raise ValueError(f"{new} has a guard: move one by one, or give it as a condition")


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
