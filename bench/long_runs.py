"""Rows of the long runs: the memory of a worker in a storm, and a replay of four times as many pledges."""

import json
import os
import random
import tempfile
from pathlib import Path

import structlog

from bench.database import command
from bench.rows import Failed, Figures, measure, row
from bench.stage import Stage
from tests.storm import storm

FULL = int(os.environ.get("BULK", "0"))  # pledges, where the full size is asked for


def _storm(stage: Stage, pledges: int) -> float:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory(dir=stage.folder) as folder:
        seen = storm.start(stage.kind, Path(folder), pledges=pledges, workers=1, kills=0, seed=1)
    if seen["broken"]:
        raise Failed(f"after the storm: {seen['first']}")
    return float(seen["memory_mb"])


@measure("bulk", once=True)
def storm_memory(stage: Stage) -> Figures:
    """The most that a worker has held, in a storm and in one of four times as many pledges."""
    pledges = FULL or 800
    small, large = _storm(stage, pledges // 4), _storm(stage, pledges)
    return {"mb": large, "growth": large / small}


def _records(path: Path, items: int) -> None:
    dice = random.Random(1)
    lines = [
        "\t".join(map(str, (dice.randrange(5000), item, *(dice.randrange(5000) for _ in range(119)))))
        for item in range(items)
    ]
    path.write_text("\n".join(lines) + "\n")


def _replayed(stage: Stage, items: int) -> float:
    """Milliseconds for each pledge, through the whole pipeline."""
    records = stage.folder / f"records_{items}.txt"
    _records(records, items)
    stage.databases.filled_with("nothing")
    url = stage.databases.copy_of("nothing", f"replay_{items}")
    said = command(url, stage.folder, "replay", str(records)).strip().splitlines()[-1]
    found = json.loads(said)
    if found["broken_promises"]:
        raise Failed(f"the replay says {said}")
    return float(found["seconds"] / found["pledges"] * 1000)


@measure("bulk", once=True)
def replay_small(stage: Stage) -> Figures:
    """Invented records on a fast clock."""
    return {"ms": _replayed(stage, (FULL or 2400) // 480)}


@measure("bulk", once=True)
def replay_large(stage: Stage) -> Figures:
    """Four times as many."""
    return {"ms": _replayed(stage, (FULL or 2400) // 120)}


row("bulk", "memory of a worker in a storm, MB", "storm_memory.mb", at_most=300, stretch=100)
row("bulk", "the same, four times as many pledges : as many", "storm_memory.growth", at_most=1.2)
row(
    "bulk",
    "replay, for each pledge: four times as many : as many",
    "replay_large.ms",
    "replay_small.ms",
    at_most=1.2,
)
