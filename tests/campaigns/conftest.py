"""For the tests of pages: the site's clock stands at the moment of the test."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine

from c2b.core import clock


@pytest.fixture
def frozen(now: datetime, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The views see `now` as the time, whatever demo clock an earlier test has set."""
    monkeypatch.setattr(clock, "_ahead", timedelta())
    with time_machine.travel(now, tick=False):
        yield
