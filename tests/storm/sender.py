"""One sender of a storm: `python -m tests.storm.sender DATABASE_URL BOOK NOW` hands over the letters that it reads.

Each line of its input is a webhook as JSON (`[body, headers]`); it answers with one line when all are kept.
"""

import json
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from c2b import create_app
from c2b.payments.inbox import receive
from tests.conftest import config_for


def main() -> None:
    """Hand over everything."""
    url, book, now = sys.argv[1], sys.argv[2], datetime.fromisoformat(sys.argv[3])
    app = create_app(replace(config_for(url, Path(book).parent), sandbox_book=book))
    kept = 0
    with app.app_context():
        for line in sys.stdin:
            kept += 1
            body, headers = json.loads(line)
            receive("sandbox", body.encode(), headers, now)
    print(kept)


if __name__ == "__main__":
    main()
