"""localstripe on a free port, started by local.py as a process of its own. It ends when its standard input does.

SHIMS is what stands between our requests and it, each with its reason; everything else is localstripe's own.
"""

import asyncio
import os
import socket
import sys
import threading
from types import SimpleNamespace
from typing import Any

SHIMS = {
    "memory": "it writes its whole book to one file in /tmp after each request, which two runs would share",
    "loopback": "it listens on every IPv6 address, and some machines have none",
    "webhooks": "it waits a second before it sends one",
    "card_only": "it does not know the parameter allowed_payment_method_types, which is younger than it",
    "capture_metadata": "it refuses metadata on a capture",
    "lists": "it refuses to list payments by customer or the book by time, and gives the oldest first",
}


def apply_shims() -> None:
    """Teach localstripe the little that it lacks for our requests to reach it."""
    from localstripe import resources, webhooks

    resources.Store.dump_to_disk = lambda self: None
    quick = SimpleNamespace(sleep=lambda seconds: asyncio.sleep(0.02), ensure_future=asyncio.ensure_future)
    webhooks.asyncio = quick
    intent = resources.PaymentIntent
    create, capture, listed = intent._api_create.__func__, intent._api_capture, intent._api_list_all

    def create_card_only(cls: Any, allowed_payment_method_types: Any = None, **data: Any) -> Any:
        return create(cls, **data)

    def capture_with_metadata(id: str, metadata: Any = None, **data: Any) -> Any:  # noqa: A002
        intent._api_retrieve(id).metadata.update(metadata or {})
        return capture(id, **data)

    def list_of_customer(url: str, customer: Any = None, created: Any = None, **data: Any) -> Any:
        found = listed(url, **data)
        found._list = [one for one in reversed(found._list) if customer in (None, one.customer)]
        return found

    def newest_first(url: str, created: Any = None, **data: Any) -> Any:
        found = book(url, **data)
        since = int((created or {}).get("gte", 0))
        found._list = [one for one in reversed(written(found._list)) if one.created >= since]
        return found

    lines = resources.BalanceTransaction
    book, written = lines._api_list_all, lambda rows: sorted(rows, key=list(resources.store.values()).index)
    lines._api_list_all = newest_first
    intent._api_create = classmethod(create_card_only)
    intent._api_list_all = list_of_customer
    for at, (method, path, function) in enumerate(resources.extra_apis):
        if function == capture:
            resources.extra_apis[at] = (method, path, capture_with_metadata)


def main() -> None:
    """Serve until the parent is gone."""
    apply_shims()
    from aiohttp import web
    from localstripe.server import app

    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    place = socket.socket()
    place.bind(("127.0.0.1", 0))
    place.listen()
    print(place.getsockname()[1], flush=True)
    web.run_app(app, sock=place, print=None, access_log=None)


if __name__ == "__main__":
    main()
