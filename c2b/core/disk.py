"""Whether there is room to write: where the disk is full, pages are still read and health says so."""

import shutil
from pathlib import Path

from sqlalchemy import text

from c2b.core.db import begin_read_only, db, is_sqlite

LEAST = 16 * 1024 * 1024  # bytes that must be free on the disk of the embedded database
PAGES = 16  # and so many pages in it


def is_full() -> bool:
    """Whether the embedded database can grow no more; a PostgreSQL server watches its own disk."""
    if not is_sqlite():
        return False
    if not db.session().in_transaction():
        begin_read_only()  # who asks this must not wait for a writer
    free = [int(db.session.scalar(text(f"PRAGMA {name}")) or 0) for name in ("freelist_count", "page_count")]
    most = int(db.session.scalar(text("PRAGMA max_page_count")) or 0)
    file = db.engine.url.database
    room = shutil.disk_usage(Path(file).parent).free if file else LEAST
    return room < LEAST or most - free[1] + free[0] < PAGES
