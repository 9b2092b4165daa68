"""Forget old runs, files of long work, claims of dead processes, and whom the last mail of an account went to."""

from datetime import datetime, timedelta

from c2b.core.claims import forget_dead
from c2b.core.db import transaction
from c2b.core.runs import prune
from c2b.core.storage import remove
from c2b.core.work import files_to_prune
from c2b.privacy.erasing import forget_last_words

EVERY = timedelta(hours=1)


def run(now: datetime) -> dict[str, int]:
    """How many records were forgotten."""
    with transaction():
        names = files_to_prune(now)
        gone = prune(now) + forget_dead(older_than=86_400.0) + len(names) + forget_last_words()
    for name in names:
        remove(name)
    return {"done": gone}
