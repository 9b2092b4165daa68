"""The contract suite is played once for each provider that there is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.orders.conftest import eve, launch  # noqa: F401  # fixtures
from tests.payments.peers import EXCEPTIONS, PEERS, Peer


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A provider plays every test of the contract but its named exceptions."""
    if "peer" in metafunc.fixturenames:
        name = metafunc.function.__name__
        players = [peer for peer in PEERS if name not in EXCEPTIONS.get(peer, {})]
        metafunc.parametrize("peer", players, indirect=True)


@pytest.fixture
def peer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Peer]:
    """One provider, with an empty book."""
    with PEERS[request.param](tmp_path) as found:
        yield found
