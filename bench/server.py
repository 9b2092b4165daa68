"""A web server of the benchmarks: granian as the product starts it, with an application of one's choice behind it."""

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from bench.database import environment
from c2b.config import ROOT, load
from c2b.serving import web_command

PATIENCE = 240.0  # seconds that it may take to answer


class WebServer:
    """A running server; `app` is "wsgi:app", the product itself, or an application of the benchmarks."""

    def __init__(
        self, app: str, url: str, folder: Path, *, workers: int, threads: int, settings: dict[str, str]
    ) -> None:
        self.port = _free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        env = environment(url, folder, C2B_PORT=str(self.port), C2B_BASE_URL=self.address, **settings)
        own = {key: value for key, value in env.items() if key.startswith("C2B_")}
        words = web_command(load(own))
        words[words.index("wsgi:app")] = app
        _set(words, "--workers", workers)
        _set(words, "--blocking-threads", threads)
        self.log_path = folder / f"server-{self.port}.log"
        self.log = self.log_path.open("wb")
        self.process = subprocess.Popen(
            words, cwd=ROOT, env=env, stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True
        )
        self._wait()

    def _wait(self) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.address}/healthz", timeout=5):
                    return
            except urllib.error.HTTPError:
                return  # it has no such page, but it answers
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        self.end()
        raise RuntimeError(f"the server does not answer:\n{self.said()}")

    def url(self, path: str) -> str:
        """The address of a page."""
        return self.address + path

    def said(self) -> str:
        """What it wrote, for the message of a failure."""
        return self.log_path.read_text(errors="replace")[-3000:]

    def workers(self) -> list[int]:
        """The process numbers of its workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(pid) for pid in children if _is_worker(int(pid))]

    def memory(self) -> float:
        """What the largest worker holds, in MB; pages shared with others count in parts."""
        return max(_megabytes(pid) for pid in self.workers())

    def kill_worker(self) -> None:
        """End one of its workers as kill -9 does; granian starts another."""
        os.kill(self.workers()[0], signal.SIGKILL)

    def end(self) -> None:
        """Stop it and all its workers."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.log.close()


def _set(words: list[str], option: str, value: int) -> None:
    words[words.index(option) + 1] = str(value)


def _is_worker(pid: int) -> bool:
    try:
        return b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _megabytes(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {pid} has no memory")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
