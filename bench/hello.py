"""The common yardstick of every page: an application that does nothing but say hello, on the product's own server."""

from bench.load import get
from bench.rows import Failed, Figures, measure
from bench.stage import Stage


def hello(stage: Stage) -> Figures:
    """Requests a second for the smallest answer there is."""
    server = stage.server(f"sqlite:///{stage.folder}/unused.sqlite3", "bench.hello_app:app", threads=1)
    seen = get(server.url("/"), seconds=stage.seconds)
    if seen.wrong or seen.broken:
        raise Failed(f"hello: {seen.wrong} wrong answers, {seen.broken} broken connections")
    return {"rate": seen.rate, "p50": seen.p50, "p95": seen.p95, "p99": seen.p99}


measure("pages")(hello)
