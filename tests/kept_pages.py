"""Pages that are kept for many, in a test: switched on and off, and whether an answer came from what is kept."""

import gzip
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from c2b.core.clock import utcnow
from c2b.core.db import db

A_TEST = 600.0  # seconds
ONES = re.compile(rb'name="(?:csrf_token|request_key)"[^>]*>|Reference \w+')  # different for each answer


def without_ones(page: bytes) -> bytes:
    """A page without what is never the same twice."""
    return ONES.sub(b"", page)


@dataclass
class Seen:
    """An answer, and whether it came from what is kept."""

    answer: Any
    quick: bool

    def __getattr__(self, name: str) -> Any:
        return getattr(self.answer, name)

    @property
    def unpacked(self) -> bytes:
        """The page, decompressed."""
        return gzip.decompress(self.answer.data)


class Quick:
    """Pages are kept for as long as the test takes; afterwards nothing is left of them."""

    def __init__(self, app: Flask) -> None:
        self.pages, self.front = app.extensions["pages"], app.extensions["front"]
        self.readers = self.front.readers.kept
        self.inner = self.front.inner
        self.asked = 0
        self.served: set[str] = set()

    def __enter__(self) -> "Quick":
        self.front.inner = self._count
        self._keep_for(A_TEST)
        return self

    def __exit__(self, *_raised: object) -> None:
        self.front.inner = self.inner
        self._keep_for(0.0)
        for kept in (self.pages, self.readers, self.front.abouts, self.front.words):
            kept.clear()

    def _keep_for(self, seconds: float) -> None:
        self.pages.seconds = self.readers.seconds = seconds

    def _count(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.asked += 1
        return self.inner(environ, start_response)

    @contextmanager
    def off(self) -> Iterator[None]:
        """Meanwhile every page is written for its reader."""
        self._keep_for(0.0)
        yield
        self._keep_for(A_TEST)

    def get(self, browser: FlaskClient, path: str, **more: Any) -> Seen:
        """One page."""
        before = self.asked
        answer = browser.get(path, **more)
        db.session.remove()
        return Seen(answer, self.asked == before)

    def differing(self, browsers: Mapping[str, FlaskClient], path: str) -> list[str]:
        """Who is shown something else than what they would see alone; those who are served quickly are noted."""
        with self.off():
            plain = {name: self.get(browser, path) for name, browser in browsers.items()}
        for _turn in range(2):
            shown = {name: self.get(browser, path) for name, browser in browsers.items()}
        self.served |= {name for name, page in shown.items() if page.quick}
        return [
            name
            for name, page in shown.items()
            if page.status_code != plain[name].status_code
            or without_ones(page.data) != without_ones(plain[name].data)
        ]

    @property
    def now(self) -> datetime:
        """What time it is."""
        return utcnow()
