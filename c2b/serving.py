"""Starting the web server, keeping it and the clock together in one command, and what is said about it."""

import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from flask import Flask
from sqlalchemy.engine import make_url
from werkzeug.middleware.proxy_fix import ProxyFix

from c2b.config import ROOT, BadConfig, Config

# The server gives each connection a place, not each request: with too few places the connections that browsers and
# proxies keep open would shut everybody else out. Who comes waits for a thread in the order of coming.
PLACES = 2048
SECRETS = (
    "secret_key",
    "sendgrid_api_key",
    "smtp_url",
    "sandbox_secrets",
    "stripe_key",
    "stripe_webhook_secrets",
)
ADDRESSES = ("database_url", "broker_url")  # which may hold a password
COLLECT_AFTER = 50_000, 50, 100  # new objects; then rounds of the young, and of those that were kept once
PATIENCE = 120.0  # seconds that the first answer may take


def web_command(config: Config) -> list[str]:
    """The command line of the web server."""
    return [
        sys.executable, "-m", "granian", "wsgi:app", "--interface", "wsgi",
        "--host", config.host, "--port", str(config.port),
        "--workers", str(config.web_workers), "--blocking-threads", str(config.web_threads), "--no-ws",
        "--respawn-failed-workers", "--workers-kill-timeout", "20",
        "--backlog", str(PLACES), "--backpressure", str(PLACES),
        "--log-level", "error", "--no-access-log",
    ]  # fmt: skip


def behind_proxies(app: Flask) -> Flask:
    """Believe the proxies in front about who asks, so that limits on tries are on people and not on a proxy."""
    number = app.config["C2B"].proxies
    if number:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=number, x_proto=number)  # type: ignore[method-assign]
    return app


def collect_rarely() -> None:
    """Leave what was loaded at the start out of the search for garbage, and search less often (docs/performance.md)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def port_must_be_free(config: Config) -> None:
    """Refuse to start where another program listens already (BadConfig)."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((config.host, config.port))
        except socket.gaierror:
            raise BadConfig(
                f"C2B_HOST: {config.host} is unknown; expected an address of this machine"
            ) from None
        except OSError as problem:
            raise BadConfig(
                f"C2B_PORT: cannot listen on {config.host}:{config.port} ({problem.strerror}); expected a free port"
            ) from None


def start_web(config: Config) -> subprocess.Popen[bytes]:
    """Start the web server in a session of its own, so that signals reach it through us alone."""
    port_must_be_free(config)
    return subprocess.Popen(web_command(config), cwd=ROOT, start_new_session=True)  # noqa: S603  # a fixed command


def become_web(config: Config) -> None:
    """Turn this process into the web server."""
    port_must_be_free(config)
    os.chdir(ROOT)
    command = web_command(config)
    os.execv(command[0], command)  # noqa: S606  # no shell: the same Python, a fixed command


def when_it_answers(config: Config, web: subprocess.Popen[bytes], then: Callable[[], None]) -> None:
    """Call `then` once the site is ready; do nothing when the server ends or stays silent."""
    host = "127.0.0.1" if config.host in ("0.0.0.0", "::") else config.host  # noqa: S104  # compared only
    url = f"http://{'[' + host + ']' if ':' in host else host}:{config.port}/healthz"
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and web.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    then()
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)


def end_web(web: subprocess.Popen[bytes]) -> int:
    """End the web server: it finishes the requests in hand. Its exit code."""
    if web.poll() is None:
        web.terminate()
    try:
        return web.wait(30)
    except subprocess.TimeoutExpired:
        web.kill()
        return web.wait()


def together(web: subprocess.Popen[bytes], clock: Callable[[], None], end: Callable[[], None]) -> int:
    """Run the clock in this process beside the web server; when one of them ends, so does the other. The exit code."""

    def watch() -> None:
        web.wait()
        end()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end())
    in_background(watch)
    try:
        clock()
    finally:
        died = web.poll()
        end_web(web)
    return 1 if died else 0


def in_background(act: Callable[[], None]) -> None:
    """Do it in a thread that keeps no process alive."""
    threading.Thread(target=act, daemon=True).start()


def welcome(config: Config) -> str:
    """What a newcomer reads when the site is up: where it is and, on a demo, as whom to sign in."""
    lines = [f"{config.site_name} {config.site_name_zh} is up: {config.base_url}"]
    lines += [f"  {line}" for line in (_sign_ins() if config.demo else ())]
    return "\n".join([*lines, "Press Ctrl-C to end it."])


def _sign_ins() -> list[str]:
    from c2b.seed import sign_ins

    return [str(line) for line in sign_ins()]


def settings(config: Config) -> list[str]:
    """The settings that are in force, one a line, without secrets."""
    shown: dict[str, Callable[[Any], str]] = {
        **dict.fromkeys(SECRETS, lambda value: "(set)" if value else "(not set)"),
        **dict.fromkeys(
            ADDRESSES, lambda value: value and make_url(value).render_as_string(hide_password=True)
        ),
    }
    names = [field.name for field in fields(config)]
    return [f"C2B_{name.upper()}={shown.get(name, str)(getattr(config, name))}" for name in names]
