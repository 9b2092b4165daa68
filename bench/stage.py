"""What a measure is given: databases of one kind, servers that live through all rounds, and what it wants to keep."""

from collections.abc import Callable
from typing import Any, TypeVar

from bench import books
from bench.database import Databases, Fill, Server, with_app
from bench.server import WebServer

T = TypeVar("T")
WORKERS = 2  # one for each core
THREADS = 64


class Stage:
    """One kind of database while one group is measured."""

    def __init__(self, databases: Databases, seconds: float) -> None:
        self.databases, self.kind, self.folder = databases, databases.kind, databases.folder
        self.seconds = seconds
        self.round = 0
        self._servers: dict[tuple[Any, ...], WebServer] = {}
        self._kept: dict[str, Any] = {}
        self._used: set[str] = set()

    @property
    def postgres(self) -> Server:
        """The PostgreSQL server itself, for pgbench."""
        assert isinstance(self.databases.server, Server)
        return self.databases.server

    def database(self, name: str, fill: Fill | None = None) -> str:
        """The address of a database, made and filled once for the whole run; `c2b check` looks at it at the end."""
        url = self.databases.filled_with(name, fill)
        self._used.add(url)
        return url

    def server(
        self,
        url: str,
        app: str = "wsgi:app",
        *,
        workers: int = WORKERS,
        threads: int = THREADS,
        **settings: str,
    ) -> WebServer:
        """A server on this database with these settings, started once for all rounds of the group."""
        key = (url, app, workers, threads, *sorted(settings.items()))
        if key not in self._servers:
            self._servers[key] = WebServer(
                app, url, self.folder, workers=workers, threads=threads, settings=settings
            )
        return self._servers[key]

    def end_server(self, server: WebServer) -> None:
        """Stop one before the group ends, so that the next one asked for is new."""
        server.end()
        self._servers = {key: one for key, one in self._servers.items() if one is not server}

    def keep(self, key: str, make: Callable[[], T]) -> T:
        """What was made under this key in an earlier round, or by `make` now."""
        if key not in self._kept:
            self._kept[key] = make()
        found: T = self._kept[key]
        return found

    def ask(self, url: str, act: Fill) -> Any:
        """The answer of a function of the application, called in its context on this database."""
        return with_app(url, self.folder, act)

    def end(self) -> None:
        """Stop all servers, then let the product itself check every database that was used."""
        self.stop()
        for url in sorted(self._used):
            books.must_keep_promises(url, self.folder)

    def stop(self) -> None:
        """Stop all servers."""
        for server in self._servers.values():
            server.end()
        self._servers.clear()
