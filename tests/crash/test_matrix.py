"""A process is killed at every point of every saga; then it is started again, and nothing is lost or done twice."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from tests.conftest import Work
from tests.crash.matrix import Choice, Matrix
from tests.crash.world import SCENARIOS


def test_whoever_is_killed_anywhere_leaves_a_state_from_which_the_clock_recovers(
    name: str,
    where: str,
    works: Callable[[str, str], Work],
    request: pytest.FixtureRequest,
    now: datetime,
    choice: Choice,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    work = works(where, request.getfixturevalue("postgres_server") if where == "postgresql" else "")
    work.empty()
    found = Matrix(SCENARIOS[name], work, tmp_path, now).run(choice)
    record_property("crash", [found.row()])
    assert found.violations == []
    assert found.killed == found.chosen >= min(len(found.labels), 1)
    if choice.every == 1:
        assert found.chosen == len(found.labels)
