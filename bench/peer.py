"""A payment provider for benchmarks: `python -m bench.peer [--latency 0.02]`, reached as the sandbox server is.

It says yes to everything after its latency, answers the same key in the same way, and costs next to nothing, so that
what is measured is our side. `GET /book` tells how many charges it has made, of how much, and how many keys came twice.
"""

import argparse
import asyncio
import json
from typing import Any

HELD_UNTIL = "2999-01-01T00:00:00+00:00"


class Book:
    """Every request by its key, and the answer it got."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        self.repeated = self.charges = self.amount = 0

    def answer(self, verb: str, body: bytes) -> bytes:
        """The answer to a request; the first one where the key is known."""
        if verb == "look_up":
            return self.answers.get(json.loads(body)[0]["key"], b"null")
        asked = json.loads(body)[0]
        known = self.answers.get(asked["key"])
        if known is not None:
            self.repeated += 1
            return known
        if verb == "capture":
            self.charges += 1
            self.amount += asked["amount"]
        said = {
            "state": "succeeded",
            "reference": asked["payment"] or f"p-{len(self.answers)}",
            "code": None,
            "fee": asked["amount"] // 100 if verb == "capture" else None,
            "expires_at": HELD_UNTIL if verb == "authorise" else None,
            "amount": asked["amount"],
            "currency": asked["currency"],
            "retry_after": None,
        }
        self.answers[asked["key"]] = found = json.dumps(said).encode()
        return found

    def totals(self) -> bytes:
        """What it has done."""
        return json.dumps(
            {"charges": self.charges, "amount": self.amount, "repeated": self.repeated}
        ).encode()


class Line(asyncio.Protocol):
    """One connection, kept open; requests come one after the other."""

    def __init__(self, book: Book, latency: float) -> None:
        self.book, self.latency, self.waiting = book, latency, b""

    def connection_made(self, transport: Any) -> None:
        """Somebody is there."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """A request, or a part of one."""
        self.waiting += data
        head, gap, rest = self.waiting.partition(b"\r\n\r\n")
        if not gap:
            return
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line[15:])
        if len(rest) < length:
            return
        self.waiting = rest[length:]
        method, path, _version = head.split(b" ", 2)
        if method == b"GET":
            self._write(self.book.totals())
            return
        found = self.book.answer(path.rpartition(b"/")[2].decode(), rest[:length])
        asyncio.get_running_loop().call_later(self.latency, self._write, found)

    def _write(self, body: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
                % (len(body), body)
            )


async def serve(latency: float) -> None:
    """Serve until killed; says on which port."""
    book = Book()
    server = await asyncio.get_running_loop().create_server(lambda: Line(book, latency), "127.0.0.1", 0)
    print(f"listening on {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.02, help="seconds")
    asyncio.run(serve(parser.parse_args().latency))
