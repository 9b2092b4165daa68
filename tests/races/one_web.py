"""One web process under load: `python -m tests.races.one_web DATABASE_URL NOW`.

Its input is one line, a list of pledges. Some threads place them as requests do; each answer is a line of its output.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

from c2b import create_app
from c2b.campaigns.placing import place
from c2b.campaigns.requests import PledgeRequest
from tests.conftest import config_for

THREADS = 8


def main() -> None:
    app = create_app(config_for(sys.argv[1], Path()))
    now = datetime.fromisoformat(sys.argv[2])
    wanted: list[dict[str, Any]] = json.loads(sys.stdin.readline())

    one_line_at_a_time = Lock()

    def one(what: dict[str, Any]) -> None:
        with app.app_context():
            answer = place(what.pop("campaign"), PledgeRequest(**what), now=now)
        with one_line_at_a_time:
            print(json.dumps([what["request_key"], answer.pledge_id, answer.code]), flush=True)

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(one, wanted))


if __name__ == "__main__":
    main()
