"""How much of the matrix is played (`--crash all` is the whole of it), and the table at the end."""

from typing import Any

import pytest

import tests.crash.scenarios  # noqa: F401  # registers them
from tests.conftest import DATABASES
from tests.crash.matrix import Choice
from tests.crash.world import SCENARIOS

SAMPLE = Choice(every=7, most=1, again=0)
CALLS = Choice(every=7, most=1, again=1)  # of the scenarios whose foreign calls are all in the sample


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--crash all` kills at every point; without it a sample is taken."""
    parser.addoption(
        "--crash", default="sample", choices=("sample", "all"), help="how many points to kill at"
    )


def is_whole(config: pytest.Config) -> bool:
    """Whether the whole matrix is to be played."""
    return bool(config.getoption("--crash", "sample") == "all")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every scenario, whole on both databases; a sample takes turns, but for those with all their foreign calls."""
    if "where" not in metafunc.fixturenames:
        return
    every = is_whole(metafunc.config)
    chosen = [
        (name, database)
        for n, name in enumerate(sorted(SCENARIOS))
        for turn, database in enumerate(DATABASES)
        if every or SCENARIOS[name].every_call or n % 2 == turn
    ]
    metafunc.parametrize(("name", "where"), chosen)


@pytest.fixture
def choice(request: pytest.FixtureRequest) -> Choice:
    """Which points this run kills at."""
    if is_whole(request.config):
        return Choice()
    name = getattr(request.node, "callspec", None) and request.node.callspec.params.get("name")
    return CALLS if name and SCENARIOS[name].every_call else SAMPLE


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One line for each scenario and database, in order, and the sums."""
    rows = [
        row
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for row in dict(getattr(report, "user_properties", ())).get("crash", ())
    ]
    if not rows or not is_whole(terminalreporter.config):
        return
    heads = ("scenario", "database", "points", "commits", "calls", "killed", "again", "states", "recovered", "wrong",
             "s")  # fmt: skip
    write = terminalreporter.write_line
    write("")
    write("{:<44}{:<11}".format(*heads[:2]) + "".join(f"{head:>10}" for head in heads[2:]))
    for row in sorted(rows):
        write("{:<44}{:<11}".format(*row[:2]) + "".join(f"{value:>10}" for value in row[2:]))
    sums = [sum(row[n] for row in rows) for n in range(2, len(heads))]
    write("{:<44}{:<11}".format("all", f"{len(rows)} runs") + "".join(f"{value:>10.0f}" for value in sums))
