"""The group-buying records: one line a group, `initiator \\t item [\\t participant …]`."""

import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


class BadRecords(Exception):
    """A file is not what it should be; the message names it, and the line."""


@dataclass(frozen=True, slots=True)
class Item:
    """A thing that people wanted: everyone who started or joined a group for it, in the order of the files."""

    number: int
    people: tuple[int, ...]  # a person who joined twice is named twice


def read_items(files: Iterable[Path], largest: int | None = None) -> list[Item]:
    """The items of all files, the most wanted first (by number among equals); only the `largest`, if given."""
    wanted: dict[int, list[int]] = {}
    for file in files:
        for line_number, line in enumerate(_lines(file), 1):
            try:
                starter, item, *joined = (int(field) for field in line.split("\t"))
            except ValueError:
                raise BadRecords(
                    f"{file.name}, line {line_number}: expected whole numbers, tab-separated"
                ) from None
            wanted.setdefault(item, []).extend((starter, *joined))
    items = [Item(number, tuple(people)) for number, people in wanted.items()]
    items.sort(key=lambda item: (-len(item.people), item.number))
    return items[:largest]


def _lines(file: Path) -> Iterable[str]:
    try:
        with (
            gzip.open(file, "rt", encoding="ascii")
            if file.suffix == ".gz"
            else file.open(encoding="ascii") as lines
        ):
            for line in lines:
                if line.strip():
                    yield line.rstrip("\n")
    except (OSError, UnicodeDecodeError, EOFError) as problem:
        raise BadRecords(f"{file.name}: cannot be read ({problem})") from None
