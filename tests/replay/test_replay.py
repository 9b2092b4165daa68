"""Real records are read as they are, and one seed tells one story on both databases."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from c2b.core.db import db
from c2b.replay.command import command
from c2b.replay.invention import invent
from c2b.replay.records import BadRecords, Item, read_items
from c2b.replay.run import NotEmpty, replay
from tests.conftest import DATABASES, config_for


def test_each_item_is_everyone_who_wanted_it_the_most_wanted_first(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.txt", tmp_path / "b.txt.gz"
    plain.write_text("1\t10\t2\t3\n4\t20\n")
    packed.write_bytes(gzip.compress(b"5\t20\n6\t20\t1\n1\t30\n"))
    items = read_items([plain, packed])
    assert items == [Item(20, (4, 5, 6, 1)), Item(10, (1, 2, 3)), Item(30, (1,))]
    assert read_items([plain, packed], 1) == items[:1]


@pytest.mark.parametrize("line", ["1", "a\tb", "1\t\t2", "1,2", "１\t2"])
def test_a_line_that_is_no_record_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "records.txt"
    file.write_text(f"1\t10\n{line}\n")
    with pytest.raises(BadRecords, match=r"records\.txt"):
        read_items([file])


def test_a_file_that_is_broken_off_is_named(tmp_path: Path) -> None:
    file = tmp_path / "records.txt.gz"
    file.write_bytes(gzip.compress(b"1\t10\n" * 1000)[:-20])
    with pytest.raises(BadRecords, match=r"records\.txt\.gz"):
        read_items([file])


def test_an_item_has_the_same_story_whatever_else_is_told() -> None:
    item = Item(7, tuple(range(30)))
    assert invent(item, seed=3, threshold=None) == invent(item, seed=3, threshold=None)
    assert invent(item, seed=3, threshold=None) != invent(item, seed=4, threshold=None)
    assert invent(item, seed=3, threshold=11).draft.threshold == 11


def test_what_is_wrong_with_a_call_is_one_line(tmp_path: Path) -> None:
    answer = CliRunner().invoke(command, [str(tmp_path / "nowhere.txt")])
    assert answer.exit_code == 2
    assert "does not exist" in answer.output


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """Five things that many wanted, and one that two did."""
    file = tmp_path / "records.txt"
    lines = [
        f"{person}\t{item}\t{person + 1}" for item in range(1, 6) for person in range(item, 40 + item, 2)
    ]
    file.write_text("\n".join([*lines, "1\t99\t2"]))
    return file


def _played(work: Any, records: Path, folder: Path) -> dict[str, Any]:
    work.empty()
    work.app.config["C2B"] = replace(config_for(work.url, folder), mail="discard")
    with work.app.app_context():
        summary = replay([records], items=None, seed=5, threshold=12, progress=lambda *_said: None)
        with pytest.raises(NotEmpty):
            replay([records], items=None, seed=5, threshold=12, progress=lambda *_said: None)
        db.session.remove()
        db.engine.dispose()
    return summary


def test_the_same_seed_gives_the_same_line_on_both_databases(
    works: Callable[[str, str], Any], postgres_server: str, records: Path, tmp_path: Path
) -> None:
    one, other = (_played(works(kind, postgres_server), records, tmp_path) for kind in DATABASES)
    assert one.pop("seconds") >= 0 <= other.pop("seconds")
    assert one == other
    assert one["broken_promises"] == 0
    assert one["campaigns"] == 6
    assert one["expired"] >= 1
    assert one["launched"] >= 1
    assert one["orders"] >= 1
    assert one["amount_charged"] > 0
