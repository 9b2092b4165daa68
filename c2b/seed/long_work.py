"""Long work in every state: an import with rows to mend, one that was stopped, one that could not be done."""

from datetime import datetime

from c2b.core.db import transaction
from c2b.core.work import Work, WorkState, ask_for_work, begin, cancel_work, finish, keep_input
from c2b.pipeline.offer_import import KIND

COLUMNS = ["Campaign", "Title", "List price"]
ROWS = 12


def ask_for_imports(user_id: int, merchant_id: int, now: datetime) -> None:
    """One of each; what waits is begun when the demo's clock runs."""
    for state in (WorkState.DONE, WorkState.FAILED, WorkState.CANCELLED, WorkState.RUNNING, WorkState.QUEUED):
        with transaction():
            _in_state(state, user_id, merchant_id, now)


def _in_state(state: WorkState, user_id: int, merchant_id: int, now: datetime) -> None:
    kept = keep_input(b"Campaign,Title,List price\r\n" + b"nobody-wants-it,Pot,399\r\n" * ROWS, "csv")
    work: Work = ask_for_work(
        KIND, user_id, now=now, back="/sell/a", file=kept, merchant=merchant_id, columns=COLUMNS
    )
    if state in (WorkState.QUEUED, WorkState.CANCELLED):
        if state == WorkState.CANCELLED:
            cancel_work(work.id, by=user_id, now=now)
        return
    begin(work.id, now=now)
    work.expect(ROWS)
    work.advance(ROWS if state == WorkState.DONE else 5)
    if state == WorkState.DONE:
        work.problem(4, "No campaign of this name looks for a merchant now.", "nobody-wants-it", "Pot", "399")
        finish(work, state, now=now)
    elif state == WorkState.FAILED:
        finish(work, state, now=now, message="The file is not there any more. Choose it again.")
