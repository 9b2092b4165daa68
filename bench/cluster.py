"""A whole site in several processes on this machine, to look at and to kill parts of: `make cluster`.

A throw-away PostgreSQL, a throw-away Redis where there is one, a web server with two workers, two job workers and two
clocks. Ctrl-C ends all of it and leaves nothing behind. `--empty` goes without the demo data, `--port` elsewhere.
"""

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from bench.database import environment
from bench.rows import Failed
from c2b.config import ROOT
from tests import postgres
from tests.broker import Broker, NoBroker

PARTS = {
    "web": ("web",),
    "worker 1": ("worker",),
    "worker 2": ("worker",),
    "clock 1": ("jobs",),
    "clock 2": ("jobs",),
}
PATIENCE = 40.0  # seconds that a part may take to end


class Cluster:
    """The parts and their settings; `url` is the database's address and `broker` the broker's, or empty."""

    def __init__(self, folder: Path, url: str, broker: str, port: int) -> None:
        plain = {key: value for key, value in os.environ.items() if not key.startswith("C2B_")}
        self.address = f"http://127.0.0.1:{port}"
        self.env = plain | {
            "C2B_DATABASE_URL": url,
            "C2B_BROKER_URL": broker,
            "C2B_DEMO": "1",
            "C2B_PORT": str(port),
            "C2B_WEB_WORKERS": "2",
            "C2B_SECRET_KEY": "a key for a site that lives for an hour, long enough",
            "C2B_FILES_DIR": str(folder / "files"),
            "C2B_SANDBOX_BOOK": str(folder / "sandbox.sqlite3"),
        }
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def command(self, *words: str) -> None:
        """Run one command of the product to its end."""
        subprocess.run(_words(words), cwd=ROOT, env=self.env, check=True)

    def start(self) -> None:
        """Start every part, each in a session of its own, so that Ctrl-C reaches us alone."""
        for name, words in PARTS.items():
            self.running[name] = subprocess.Popen(
                _words(words), cwd=ROOT, env=self.env, start_new_session=True
            )

    def answers(self) -> bool:
        """Whether the site answers."""
        try:
            with urllib.request.urlopen(f"{self.address}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def end(self) -> None:
        """End every part: it finishes what it has in hand; one that does not is killed with all it has started."""
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                pass
            finally:
                with contextlib.suppress(ProcessLookupError):  # what a killed server has left running
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _words(words: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-c", "from c2b.cli import main; main()", *words]


@contextlib.contextmanager
def job_processes(url: str, folder: Path) -> Iterator[None]:
    """Two job workers and two clocks on a database that others serve and fill; all must live to the end."""
    env = environment(url, folder)
    started = [
        subprocess.Popen(
            _words(words), cwd=ROOT, env=env, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for name, words in PARTS.items() if name != "web"
    ]  # fmt: skip
    try:
        yield
        died = [process.args for process in started if process.poll() is not None]
        if died:
            raise Failed(f"ended before its time: {died}")
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(PATIENCE)


def _broker() -> Broker | None:
    try:
        return Broker()
    except NoBroker as reason:
        print(f"Without a broker: {reason}. The workers look for their work by themselves.", flush=True)
        return None


def _wait(cluster: Cluster, stop: threading.Event) -> None:
    """Until Ctrl-C; say where it is once it answers, and which part has ended."""
    greeted, gone = False, set[str]()
    while not stop.wait(0.5):
        if not greeted and cluster.answers():
            greeted = True
            parts = ", ".join(f"{name} {process.pid}" for name, process in cluster.running.items())
            print(
                f"\nThe site is up: {cluster.address}\n  {parts}\nKill any of them; Ctrl-C ends all.",
                flush=True,
            )
        for name, process in cluster.running.items():
            if process.poll() is not None and name not in gone:
                gone.add(name)
                print(f"{name} has ended with {process.returncode}", flush=True)


def main() -> int:
    """Start it, wait, end it."""
    parser = argparse.ArgumentParser(description=__doc__, prog="make cluster")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--empty", action="store_true", help="no demo data")
    asked = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    server, broker = postgres.Server("shared_buffers=256MB"), _broker()
    folder = Path(tempfile.mkdtemp(prefix="c2bcluster"))
    cluster = Cluster(folder, server.url, broker.url if broker else "", asked.port)
    try:
        cluster.command("migrate")
        if not asked.empty:
            cluster.command("seed")
        if not stop.is_set():
            cluster.start()
            _wait(cluster, stop)
    except subprocess.CalledProcessError as failure:
        return 0 if stop.is_set() else failure.returncode
    finally:
        cluster.end()
        if broker:
            broker.stop()
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print("All of it has ended.", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
