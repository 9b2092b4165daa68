"""How the words of the door look as JSON, on the way to a sandbox in another process and back."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from sqlite3 import Row
from types import UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


def pack(value: Any) -> Any:
    """A value as JSON can hold it."""
    if value is None or type(value) in (str, int, float, bool):
        return value
    if is_dataclass(value):
        return {name: pack(getattr(value, name)) for name in _names(cast(Any, type(value)))}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Row):
        return pack(dict(value))
    if isinstance(value, Mapping):
        return {str(key): pack(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [pack(item) for item in value]
    if isinstance(value, set):
        return sorted(value)
    return value


def unpack(kind: type[T], value: Any) -> T:
    """The dataclass that was packed; ValueError, KeyError or TypeError where it was something else."""
    return kind(**{name: read(value[name]) for name, read in _readers(cast(Any, kind))})


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


@cache
def _readers(kind: Any) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    """How each field of a dataclass is read; found out once."""
    hints = get_type_hints(kind)
    return tuple((name, _reader(hints[name])) for name in _names(kind))


def _reader(hint: Any) -> Callable[[Any], Any]:
    options = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    plain = tuple(get_origin(option) or option for option in options)
    made: Callable[[Any], Any] | None = None
    for option in options:
        if option is datetime:
            made = datetime.fromisoformat
        elif isinstance(option, type) and issubclass(option, Enum):
            made = option

    def read(value: Any) -> Any:
        if value is None:
            return None
        if made is not None:
            return made(value)
        if not isinstance(value, plain) or (isinstance(value, bool) and bool not in plain):
            raise TypeError(f"{value!r} is not {hint}")
        return value

    return read
