"""How much of the faults is played: a slice on the embedded database, or with `--faults all` the whole on both."""

import pytest

from tests.aftersale.conftest import sold  # noqa: F401  # fixtures
from tests.conftest import DATABASES
from tests.orders.conftest import eve, launch  # noqa: F401
from tests.settlement.conftest import delivered  # noqa: F401


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make faults` plays all of them."""
    parser.addoption("--faults", default="sample", choices=("sample", "all"), help="how many faults to play")


def plays_all(config: pytest.Config) -> bool:
    """Whether this run is the whole."""
    return bool(config.getoption("--faults", "sample") == "all")


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """Which database this test runs on."""
    return str(request.param)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """PostgreSQL's own faults are in a file of their own; the others run on it in the whole alone."""
    if "database" in metafunc.fixturenames and "only_here" not in metafunc.fixturenames:
        both = plays_all(metafunc.config)
        metafunc.parametrize("database", DATABASES if both else DATABASES[:1], indirect=True)
