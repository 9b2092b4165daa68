"""A throw-away Redis (or Valkey) for the tests and for `make cluster`; it keeps nothing, so a kill loses all of it."""

import atexit
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

BINARIES = ("redis-server", "valkey-server")


class NoBroker(Exception):
    """There is no such server to be had here; the message says why."""


class Broker:
    """A server of its own on a socket in a temporary folder, which a test may also kill and start again."""

    def __init__(self) -> None:
        found = next(filter(None, map(shutil.which, BINARIES)), None)
        if found is None:
            raise NoBroker("no redis-server was found (apt-get install redis-server)")
        self.binary = found
        self.folder = Path(tempfile.mkdtemp(prefix="c2bredis"))
        self.socket = self.folder / "redis.sock"
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        self.start()
        atexit.register(self.stop)

    @property
    def url(self) -> str:
        """Its address, as C2B_BROKER_URL takes it."""
        return f"redis+socket://{self.socket}"

    def start(self) -> None:
        """Start it, also after a kill, and wait until it answers."""
        self.process = subprocess.Popen(
            [self.binary, "--port", "0", "--unixsocket", self.socket, "--save", "", "--dir", self.folder],
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for _ in range(300):
            if self.process.poll() is not None:
                raise NoBroker(f"{self.binary} ended with {self.process.returncode} at its start")
            if self._answers():
                return
            time.sleep(0.1)
        raise NoBroker(f"{self.binary} did not answer within 30 seconds")

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                probe.settimeout(1)
                probe.connect(str(self.socket))
                probe.sendall(b"PING\r\n")
                return probe.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def kill(self) -> None:
        """End it as kill -9 does: every message in it is lost."""
        self.process.kill()
        self.process.wait()
        self.socket.unlink(missing_ok=True)

    def stop(self) -> None:
        """End it; nothing happens where it has ended already."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
