"""The procedure: play a scenario once and count its points, then once for each point with a death there.

After every death the state that is left behind is looked at from outside. A state that was not seen before is
recovered from by a new process and judged; one that was (rows and books the same to the letter) needs no second
trial. Each death is then followed by another one, in the middle of the recovery.
"""

import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

from flask import Flask
from sqlalchemy import DateTime

from c2b.core.checks import broken_promises
from c2b.core.db import UtcDateTime, db
from c2b.payments.accounts import account_of
from tests.conftest import Work, config_for
from tests.crash.books import discrepancies
from tests.crash.children import in_child
from tests.crash.foreign import calls
from tests.crash.ground import Ground, Snapshot
from tests.crash.points import DONE, FOREIGN, Points, watching
from tests.crash.world import Scenario, World, at_moment, drain
from tests.factories import Make

Twin = Callable[[], AbstractContextManager[Any]]
NOT_COMPARED = (  # leases, records of runs, how often something was tried, what was told twice
    "claim", "run", "alembic_version", "provider_pace", "inbox_event", "book.tries", "book.event",
)  # fmt: skip
WAYS = ("attempt", "launch")  # their diaries say whether an answer came at once or was looked up
THE_WAY_THERE = ("look_ups", "epoch", "look_up_at", "tries")  # columns that say how often something was tried
BY_CHANCE = (
    "id",
    "reference",
    "asked",
    "payment",
)  # columns that hold a number of ours or a name drawn by lot
WORDS_BY_CHANCE = re.compile(  # signed links, moments, codes
    r"/pay/[\w.\-]+|\d{4}-\d\d-\d\d[T ][\d:.]+(?:\+[\d:]+)?|\b[2-9A-Z]{4}(?:-[2-9A-Z]{4}){2}\b"
)


@dataclass
class Result:
    """What one scenario on one database came to."""

    scenario: str
    database: str
    labels: list[str] = field(default_factory=list)
    chosen: int = 0  # points at which a process was to be killed
    killed: int = 0  # and was
    states: int = 0  # different states that the dead left behind
    again: int = 0  # deaths in the middle of a recovery
    recovered: int = 0  # recoveries that were carried to their end and judged
    violations: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def calls(self) -> int:
        """Points beside a foreign call."""
        return sum(label[0] in (FOREIGN, DONE) for label in self.labels)

    @property
    def commits(self) -> int:
        """Commits that the act makes."""
        return self.labels.count("COMMIT")

    def row(self) -> tuple[str | int | float, ...]:
        """The line of the table."""
        return (
            self.scenario, self.database, len(self.labels), self.commits, self.calls, self.killed, self.again,
            self.states, self.recovered, len(self.violations), round(self.seconds, 1),
        )  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """Which points: all, or a sample by lot; with it every foreign call of the scenarios that want it so."""

    every: int = 1
    most: int = 10**9
    again: int = 1  # second deaths for each state that the first ones left behind

    def of(self, labels: list[str], lots: random.Random, every_call: bool) -> list[int]:
        """The points to die at, counted from one."""
        if self.every == 1:
            return list(range(1, len(labels) + 1))
        some = list(range(1 + lots.randrange(min(self.every, len(labels))), len(labels) + 1, self.every))
        chosen = set(lots.sample(some, min(self.most, len(some))))
        if every_call:
            chosen |= {n for n, label in enumerate(labels, 1) if label[0] in (FOREIGN, DONE)}
        return sorted(chosen)


class Matrix:
    """One scenario on one database."""

    def __init__(
        self, scenario: Scenario, work: Work, folder: Path, now: datetime, twin: Twin = nullcontext
    ) -> None:
        self.scenario, self.work, self.folder, self.twin = scenario, work, folder, twin
        self.book, self.post = folder / "book.sqlite3", folder / "post.sqlite3"
        self.ground = Ground(work, (self.book, self.post))
        self.world = World(work.app, now, {}, self.post)
        self.app: Flask = work.app
        self.result = Result(scenario.name, work.kind)
        self.lots = random.Random(crc32(f"{scenario.name} {work.kind}".encode()))
        self.judged: dict[str, Points] = {}  # by the state recovered from: the points of its recovery
        self.second_deaths: Counter[str] = Counter()  # by the same
        self.judged_again: set[tuple[str, bool, timedelta]] = set()  # state, without the act, since when
        self.sound: dict[str, list[str]] = {}  # what is wrong, by the state at the end
        self.ends: dict[str, dict[str, list[str]]] = {}

    def run(self, choice: Choice) -> Result:
        """Build, play, die at every chosen point, recover, judge."""
        since = time.monotonic()
        self._configure()
        self._build()
        self.start = self.ground.look()
        self._play_undisturbed()
        chosen = choice.of(self.result.labels, self.lots, self.scenario.every_call)
        self.result.chosen = len(chosen)
        for n in chosen:
            self._die_at(n, choice.again)
        self.result.seconds = time.monotonic() - since
        return self.result

    # the undisturbed runs ---------------------------------------------------------------------------

    def _configure(self) -> None:
        config = replace(
            config_for(self.work.url, self.folder), sandbox_book=str(self.book), **self.scenario.settings
        )
        self.app.config["C2B"] = config
        self.app.config["WTF_CSRF_ENABLED"] = False

    def _build(self) -> None:
        with self.app.app_context(), at_moment(self.world.now, 7):
            account_of("sandbox")
            ids = self.scenario.build(Make(self.world.now))
            db.session.commit()
            for engine in db.engines.values():
                engine.connect().close()  # the very first connection says more, and children are not the first
        self.world = replace(self.world, ids=ids)
        self._let_go()

    def _play_undisturbed(self) -> None:
        """In this process, so that what is compiled once is compiled for all the children."""
        points = Points()
        self._act(points)
        self.result.labels = points.labels
        self._let_go()

    def _end_of(self, end: str) -> dict[str, list[str]]:
        """How it ends with the act whole, or without it, when nobody dies."""
        if end not in self.ends:
            now = self.ground.look()
            self.ground.put_back(self.start)
            if end == "whole":
                self._act(Points())
            problems = self._recover(Points(), 300)
            self._let_go()
            self.ends[end] = self._judge(problems, f"nobody was killed, and the act was {end}")
            self.ground.put_back(now)
        return self.ends[end]

    def _let_go(self) -> None:
        """No connection and no book is open: the next thing may be a fork."""
        with self.app.app_context():
            db.session.remove()
            for engine in db.engines.values():
                engine.dispose()
        for kept in ("sandbox_books", "c2b.people", "c2b.quick"):
            self.app.extensions.pop(kept, None)

    def _act(self, points: Points) -> None:
        with self._circumstances(), at_moment(self.world.now, 100):
            with watching(db.engines.values(), points, calls(self.world)):
                self.scenario.act(self.world)
            db.session.remove()

    @contextmanager
    def _circumstances(self) -> Iterator[None]:
        """The application and whatever else the scenario needs around it."""
        with ExitStack() as stack:
            stack.enter_context(self.app.app_context())
            if self.scenario.within:
                stack.enter_context(self.scenario.within(self.world))
            stack.enter_context(self.twin())
            yield

    def _recover(self, points: Points, chance: int, since: timedelta = timedelta.min) -> list[str]:
        with self._circumstances():
            with watching(db.engines.values(), points, calls(self.world)):
                moments = tuple(moment for moment in self.scenario.moments if moment >= since)
                problems = drain(self.world, moments, self.scenario.jobs, chance, points)
            db.session.remove()
            return problems

    # the deaths -------------------------------------------------------------------------------------

    def _die_at(self, n: int, again: int) -> None:
        where = f"killed at {n} of {len(self.result.labels)} ({self.result.labels[n - 1]})"
        self.ground.put_back(self.start)
        left = self._kill(lambda: self._act(Points(n)), where)
        if left is None:
            return
        self.result.killed += 1
        digest = left.digest
        if digest not in self.judged:
            self.judged[digest] = self._carry_through(digest == self.start.digest, where, 300)
        if self.second_deaths[digest] < again and self.judged[digest].labels:
            self.second_deaths[digest] += 1
            self._die_again(left, self.judged[digest], where)

    def _kill(self, work: Callable[[], Any], where: str) -> Snapshot | None:
        """What the dead left behind; None (and a violation) where it did not die as it should."""
        ended = in_child(work, self.folder / "child.log")
        if not ended.killed:
            self._violated(where, ended.error or "the process came to its end without reaching this point")
            return None
        self.ground.forget_lost_numbers()
        return self.ground.look()

    def _carry_through(
        self, absent: bool, where: str, chance: int, since: timedelta = timedelta.min
    ) -> Points:
        """A recovery that nobody disturbs, and its judgement."""
        self.result.states += 1
        points = Points()
        try:
            problems = self._recover(points, chance, since)
            if self.scenario.repeat:  # whoever had no answer asks again, and gets the first one
                self._act(Points())
                problems += self._recover(Points(), chance)
        except Exception as error:
            problems = [f"the recovery failed with {type(error).__name__}: {error}"]
        else:
            self.result.recovered += 1
        self._let_go()
        found = self._judge(problems, where)
        end = "absent" if absent and not self.scenario.repeat else "whole"
        if end == "absent":
            self.ends.setdefault(end, found)  # the first one began where nothing had been done
        for difference in _differences(self._end_of(end), found):
            self._violated(where, f"the end is not that of {end}: {difference}")
        return points

    def _die_again(self, left: Snapshot, recovery: Points, where: str) -> None:
        """Another death, in the middle of the recovery; by lot, but rather where something is written."""
        labels = recovery.labels
        telling = [
            n for n, label in enumerate(labels, 1) if not label.startswith(("SELECT", "BEGIN", "ROLLBACK"))
        ]
        n = self.lots.choice(telling or range(1, len(labels) + 1))
        where = f"{where}, and again at {n} of {len(labels)} ({labels[n - 1]}) of the recovery"
        self.ground.put_back(left)
        second = self._kill(lambda: self._recover(Points(n), 300), where)
        if second is None:
            return
        self.result.again += 1
        absent, since = left.digest == self.start.digest, recovery.moment_of(n)
        state = (second.digest, absent, since)
        if state not in self.judged_again:
            self.judged_again.add(state)
            self._carry_through(absent, where, 600, since)  # time does not go back

    # the judgement ----------------------------------------------------------------------------------

    def _judge(self, problems: list[str], where: str) -> dict[str, list[str]]:
        """Whether all is well now; returns what can be compared of it."""
        found = self.ground.look()
        digest = found.digest
        if digest not in self.sound:
            self.sound[digest] = [*self._broken(), *discrepancies(found)]
        for problem in (*problems, *self.sound[digest]):
            self._violated(where, problem)
        return self._comparable(found)

    def _broken(self) -> list[str]:
        with self._circumstances(), at_moment(self.world.now + self.scenario.moments[-1], 900):
            problems = broken_promises()
            if self.scenario.check:
                problems += self.scenario.check(self.world)
        self._let_go()
        return problems

    def _violated(self, where: str, problem: str) -> None:
        self.result.violations.append(f"{self.scenario.name} on {self.work.kind}, {where}: {problem}")

    def _comparable(self, found: Snapshot) -> dict[str, list[str]]:
        """The end as words, without what hangs on the hour and on chance."""
        return {
            name: sorted(
                WORDS_BY_CHANCE.sub("…", " ".join(row))
                for row in table.without(*_by_chance(name), *table.floats, *self._unlike(name))
                if not (name == "event" and row[0] in WAYS)
            )
            for name, table in found.tables.items()
            if name not in (*NOT_COMPARED, *self.scenario.unlike)
        }

    def _unlike(self, table: str) -> Iterator[str]:
        for name in self.scenario.unlike:
            if name.rpartition(".")[0] == table:
                yield name.rpartition(".")[2]


def _by_chance(table: str) -> list[str]:
    """The columns of a table that hold a moment, a name drawn by lot, or (at the provider) a row's place."""
    known = db.metadata.tables.get(table)
    if known is None:
        return [*BY_CHANCE, "number"]
    return [
        *BY_CHANCE,
        *THE_WAY_THERE,
        *(c.name for c in known.columns if isinstance(c.type, UtcDateTime | DateTime)),
    ]


def _differences(wanted: dict[str, list[str]], found: dict[str, list[str]]) -> Iterator[str]:
    for name in sorted(wanted.keys() | found.keys()):
        mine, theirs = list(wanted.get(name, [])), list(found.get(name, []))
        for row in list(mine):
            if row in theirs:
                mine.remove(row)
                theirs.remove(row)
        for row in mine:
            yield f"{name} has not {row}"
        for row in theirs:
            yield f"{name} has {row}"
