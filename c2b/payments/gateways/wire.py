"""How the words of the door look as JSON, on the way to a sandbox in another process and back."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from sqlite3 import Row
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


def pack(value: Any) -> Any:
    """A value as JSON can hold it."""
    if is_dataclass(value):
        return {field.name: pack(getattr(value, field.name)) for field in fields(value)}
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
    hints = get_type_hints(kind)
    return kind(**{field.name: _as(hints[field.name], value[field.name]) for field in fields(kind)})  # type: ignore[arg-type]


def _as(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    options = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    for option in options:
        if option is datetime:
            return datetime.fromisoformat(value)
        if isinstance(option, type) and issubclass(option, Enum):
            return option(value)
    plain = tuple(get_origin(option) or option for option in options)
    if not isinstance(value, plain) or (isinstance(value, bool) and bool not in plain):
        raise TypeError(f"{value!r} is not {hint}")
    return value
