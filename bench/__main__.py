"""`make bench`: how fast the hot paths are, as ratios to yardsticks of the same minutes (docs/performance.md).

Every measure of a group runs in turn, on both databases, round after round; the table shows medians. Books that are
wrong or answers that must not be end the run with 1; a ratio below its mark is shown and changes nothing.
"""

import argparse
import shutil
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

from bench import report
from bench.database import Databases, Server
from bench.rows import KINDS, MEASURES, Failed, Measure, Missing
from bench.stage import Stage
from tests.postgres import NoPostgres

PARTS = ("bench.hello", "bench.pledging", "bench.sizes", "bench.browsing", "bench.bulk")
PLACE = "/var/tmp"  # on disk, where /tmp may be memory
PHONE = "phone"


def main() -> int:
    """The command line."""
    asked = _arguments()
    for part in PARTS:
        import_module(part)
    try:
        return run(asked)
    except (Missing, NoPostgres) as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 2
    except Failed as problem:
        print(f"bench: the run failed: {problem}", file=sys.stderr)
        return 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="how long each measure loads in a round")
    parser.add_argument(
        "--only", action="append", default=[], help="a group (pledge, pages, bulk, phone) or a measure"
    )
    parser.add_argument("--kind", action="append", choices=KINDS, help="only this database")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    return parser.parse_args()


def run(asked: argparse.Namespace) -> int:
    """Measure, print the table and the line of JSON."""
    wanted = [one for one in MEASURES.values() if _is_wanted(one, asked.only)]
    kinds = tuple(asked.kind or KINDS)
    found = report.Found()
    tempfile.tempdir = PLACE
    folder = Path(tempfile.mkdtemp(prefix="c2b-bench"))
    try:
        server = Server() if wanted and "postgresql" in kinds else None
        databases = [_databases(kind, folder, server) for kind in kinds]
        for group in dict.fromkeys(one.group for one in wanted):
            _group(group, [one for one in wanted if one.group == group], databases, asked, found)
    except Failed:
        print(report.table(found, kinds), "(until it failed)", sep="\n\n", flush=True)
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    table = report.table(found, kinds)
    print(table, report.line(found, kinds, rounds=asked.rounds), sep="\n\n", flush=True)
    if asked.write:
        report.write(table, rounds=asked.rounds)
    if not asked.only or PHONE in asked.only:
        report.phone()
    return 0


def _is_wanted(one: Measure, only: list[str]) -> bool:
    return not only or one.group in only or one.name in only


def _databases(kind: str, folder: Path, server: Server | None) -> Databases:
    own = folder / kind
    own.mkdir()
    return Databases(kind, own, server if kind == "postgresql" else None)


def _group(
    group: str,
    measures: list[Measure],
    databases: list[Databases],
    asked: argparse.Namespace,
    found: report.Found,
) -> None:
    stages = [Stage(one, asked.seconds) for one in databases]
    try:
        for number in range(asked.rounds):
            for stage in stages:
                stage.round = number
                for one in measures:
                    if stage.kind in one.kinds and not (one.once and number):
                        _one(one, stage, found)
        for stage in stages:
            stage.end()
    finally:
        for stage in stages:
            stage.stop()


def _one(one: Measure, stage: Stage, found: report.Found) -> None:
    began = time.monotonic()
    figures = one.run(stage)
    found.add(one.name, stage.kind, stage.round, figures)
    words = "  ".join(f"{key} {value:,.3g}" for key, value in figures.items())
    print(
        f"{one.group} {stage.round + 1} {stage.kind:<10} {one.name:<24} {words}  ({time.monotonic() - began:.1f} s)",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
