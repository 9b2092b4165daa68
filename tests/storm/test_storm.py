"""A small storm: the whole one is `make storm`."""

from pathlib import Path
from typing import Any

import pytest

from tests.storm.storm import start


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_books_are_equal_after_a_storm(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if kind == "postgresql":
        request.getfixturevalue("postgres_server")  # says so where there is none
    figures: dict[str, Any] = start(kind, tmp_path, pledges=200, workers=2, kills=2, seed=7)

    assert figures["first"] == []
    assert figures["broken"] == 0
    assert figures["kills"] == 2
    assert figures["webhooks"] > 3 * figures["pledges"]
    assert 190 <= figures["orders"] < 200
