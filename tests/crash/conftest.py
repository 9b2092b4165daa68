"""How much of the matrix is played (`--crash all` is the whole of it), and the table at the end."""

from typing import Any

import pytest

from tests.crash.matrix import Choice

SAMPLE = 7


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--crash all` kills at every point; without it a sample is taken."""
    parser.addoption(
        "--crash", default="sample", choices=("sample", "all"), help="how many points to kill at"
    )


@pytest.fixture
def choice(request: pytest.FixtureRequest) -> Choice:
    """Which points this run kills at."""
    whole = request.config.getoption("--crash", "sample") == "all"
    return Choice() if whole else Choice(every=SAMPLE, most=2, again=1)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One line for each scenario and database, in order, and the sums."""
    rows = [
        row
        for reports in terminalreporter.stats.values()
        for report in reports
        for row in dict(getattr(report, "user_properties", ())).get("crash", ())
    ]
    if not rows or terminalreporter.config.getoption("--crash", "sample") != "all":
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
