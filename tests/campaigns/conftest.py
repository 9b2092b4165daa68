"""For the tests of pages: the site's clock stands at the moment of the test."""

from collections.abc import Iterator
from datetime import datetime

import pytest
import time_machine


@pytest.fixture
def frozen(now: datetime) -> Iterator[None]:
    """The views see `now` as the time."""
    with time_machine.travel(now, tick=False):
        yield
