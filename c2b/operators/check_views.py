"""The promises that the data must keep, and whether it does."""

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from c2b.core.access import Role, requires
from c2b.core.checks import CHECKS, broken_promises
from c2b.core.clock import utcnow
from c2b.core.db import db
from c2b.core.runs import Run
from c2b.operators.blueprint import bp


@bp.get("/checks")
@requires(Role.OPERATOR)
def checks() -> ResponseReturnValue:
    """Every promise, and what the job found when it looked last."""
    return _page(None)


@bp.post("/checks")
@requires(Role.OPERATOR)
def check_now() -> ResponseReturnValue:
    """Look now; nothing is changed, so the answer is the page itself."""
    return _page(broken_promises())


def _page(problems: list[str] | None) -> str:
    run = db.session.scalar(
        select(Run)
        .where(Run.name == "check_promises", Run.finished_at.is_not(None))
        .order_by(Run.id.desc())
        .limit(1)
    )
    broken = {promise for promise in CHECKS if any(line.startswith(f"{promise}:") for line in problems or ())}
    promises = [(*promise.split(" ", 1), promise in broken) for promise in CHECKS]
    return render_template(
        "operators/checks.html",
        promises=sorted(promises, key=lambda promise: _order(str(promise[0]))),
        problems=problems,
        known=problems is not None or (run is not None and not run.failed),
        run=run,
        now=utcnow(),
    )


def _order(number: str) -> tuple[str, int]:
    letter, _, digits = number.partition("-")
    return letter, int(digits) if digits.isdigit() else 0
