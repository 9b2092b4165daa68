"""Load: wrk for rates, a small client of our own where every answer is wanted, pgbench for the database alone."""

import asyncio
import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bench.database import Server, dsn
from bench.rows import Missing

HERE = Path(__file__).parent
AGENT = "bench"  # what sessions are signed for, see people.py
PATIENCE = "20s"  # that wrk waits for one answer


@dataclass(frozen=True)
class Load:
    """What one run of a load generator saw. Times are milliseconds; `sent` counts those not answered at the end too."""

    answered: int
    seconds: float
    p50: float
    p95: float
    p99: float
    most: float
    broken: int = 0
    timeouts: int = 0
    wrong: int = 0
    sent: int = 0
    statuses: dict[str, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Answers in a second."""
        return self.answered / self.seconds if self.seconds else 0.0

    def of(self, *statuses: int) -> int:
        """How many answers had one of these."""
        return sum(self.statuses.get(str(status), 0) for status in statuses)


def get(
    url: str, *, connections: int = 64, seconds: float, cookie: str = "", headers: Sequence[str] = ()
) -> Load:
    """One page again and again; every answer must be 200 (or 304), see `wrong`."""
    more = [*(("Cookie: " + cookie,) if cookie else ()), *headers]
    words = [word for header in (f"User-Agent: {AGENT}", *more) for word in ("-H", header)]
    return _wrk(["-s", str(HERE / "get.lua"), *words, url], connections, seconds)


def send(url: str, requests: Iterable[bytes], *, connections: int, seconds: float) -> Load:
    """These requests, each at most once, over so many connections, until they or the seconds are used up."""
    with tempfile.NamedTemporaryFile(prefix="requests", buffering=1 << 20) as file:
        for request in requests:
            file.write(b"%d\n" % len(request) + request)
        file.flush()
        return _wrk(["-s", str(HERE / "load.lua"), url, "--", file.name, "2"], connections, seconds)


def _wrk(words: list[str], connections: int, seconds: float) -> Load:
    wrk = shutil.which("wrk")
    if wrk is None:
        raise Missing("wrk is missing: apt-get install wrk")
    command = [wrk, "-t2", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", PATIENCE, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"^JSON (.*)$", done.stdout, re.MULTILINE)
    if done.returncode or found is None:
        raise RuntimeError(f"wrk failed:\n{done.stdout[-1000:]}{done.stderr[-1000:]}")
    return Load(**json.loads(found[1].replace("-nan", "0").replace("nan", "0")))


def raw(method: str, url: str, *, cookie: str = "", body: bytes = b"") -> bytes:
    """A request as the bytes that go over the line, for `send` and `Client`."""
    parts = urlsplit(url)
    head = [
        f"{method} {parts.path}{'?' + parts.query if parts.query else ''} HTTP/1.1",
        f"Host: {parts.netloc}", f"User-Agent: {AGENT}",
    ]  # fmt: skip
    if cookie:
        head.append(f"Cookie: {cookie}")
    if method == "POST":
        head += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
    return "\r\n".join([*head, "", ""]).encode() + body


@dataclass
class Answer:
    """What one request got; `tries` more than one where the line broke or it was told to come again."""

    status: int = 0
    location: str = ""
    tries: int = 0
    seconds: float = 0.0


def each(
    address: str, requests: Sequence[bytes], *, connections: int, retry: bool = True, seconds: float = 60.0,
    then: Callable[[int], None] | None = None,
) -> list[Answer]:  # fmt: skip
    """Send every request until it is answered, also over broken lines and 503; the answers in the same order.

    `then(n)` is called in a thread of its own after the n-th answer: the place to kill something.
    """
    return asyncio.run(_each(address, requests, connections, retry, time.monotonic() + seconds, then))


async def _each(
    address: str, requests: Sequence[bytes], connections: int, retry: bool, end: float,
    then: Callable[[int], None] | None,
) -> list[Answer]:  # fmt: skip
    parts = urlsplit(address)
    answers = [Answer() for _ in requests]
    queue = iter(range(len(requests)))
    done = 0

    async def worker() -> None:
        nonlocal done
        line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        for number in queue:
            answer, began = answers[number], time.monotonic()
            while time.monotonic() < end:
                answer.tries += 1
                try:
                    line = line or await asyncio.open_connection(parts.hostname, parts.port)
                    answer.status, answer.location = await _ask(line, requests[number])
                    if answer.status != 503 or not retry:
                        break
                    await asyncio.sleep(0.1)
                except (OSError, EOFError, asyncio.IncompleteReadError):
                    line = None
                    if not retry:
                        break
                    await asyncio.sleep(0.05)
            answer.seconds = time.monotonic() - began
            done += 1
            if then is not None:
                await asyncio.to_thread(then, done)
        if line is not None:
            line[1].close()

    await asyncio.gather(*(worker() for _ in range(connections)))
    return answers


async def _ask(line: tuple[asyncio.StreamReader, asyncio.StreamWriter], request: bytes) -> tuple[int, str]:
    reader, writer = line
    writer.write(request)
    await writer.drain()
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status = int(head.split(" ", 2)[1])
    headers = {
        name.lower(): value.strip()
        for name, _colon, value in (row.partition(":") for row in head.split("\r\n")[1:])
    }
    await reader.readexactly(int(headers.get("content-length", 0)))
    return status, headers.get("location", "")


def pgbench(server: Server, url: str, script: str, *, clients: int, seconds: float, **values: int) -> Load:
    """A script of pgbench in prepared mode; `answered` are its transactions."""
    if not server.pgbench.exists():
        raise Missing(f"pgbench is missing beside {server.binaries}: apt-get install postgresql-contrib")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "script.sql"
        path.write_text(script)
        command = [
            server.pgbench, "--no-vacuum", "-M", "prepared", "-f", path, "-c", str(clients), "-j", "2",
            "-T", str(max(1, round(seconds))), "-l", "--log-prefix", f"{folder}/log",
            *(word for name, value in values.items() for word in ("-D", f"{name}={value}")), dsn(url),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        times = sorted(
            int(line.split(" ")[2])
            for log in Path(folder).glob("log*")
            for line in log.read_text().splitlines()
        )
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if done.returncode or found is None or not times:
        raise RuntimeError(f"pgbench failed:\n{done.stdout[-500:]}{done.stderr[-2000:]}")
    at = [times[min(len(times) - 1, len(times) * percent // 100)] / 1000 for percent in (50, 95, 99, 100)]
    return Load(len(times), len(times) / float(found[1]), *at)
