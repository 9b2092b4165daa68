"""A fake Stripe for each test, and the gateway that talks to it."""

from collections.abc import Iterator

import pytest

from c2b.payments.gateways.stripe import Stripe
from tests.orders.conftest import eve, launch  # noqa: F401 — fixtures
from tests.payments.stripe.fake import Fake, serve
from tests.payments.stripe.peers import FakePeer


@pytest.fixture
def far() -> Iterator[FakePeer]:
    """The gateway with its far side."""
    with serve() as fake:
        yield FakePeer(fake)


@pytest.fixture
def fake(far: FakePeer) -> Fake:
    """The far side alone: its book, its levers, what it has seen."""
    return far.fake


@pytest.fixture
def gateway(far: FakePeer) -> Stripe:
    """The gateway alone."""
    return far.gateway
