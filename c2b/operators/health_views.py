"""How the machinery is, on one page: clock, mail, jobs, disk, what waits for whom."""

from flask import render_template
from flask.typing import ResponseReturnValue

from c2b.core.access import Role, requires
from c2b.core.clock import utcnow
from c2b.core.runs import last_runs
from c2b.operators import health
from c2b.operators.blueprint import bp
from c2b.operators.wording import job_words


@bp.get("/health")
@requires(Role.OPERATOR)
def health_page() -> ResponseReturnValue:
    """Every part with its figure, the promises and the jobs that failed last."""
    now = utcnow()
    parts = [*health.parts(now), *health.queues(now)]
    return render_template(
        "operators/health.html",
        parts=parts,
        fine=all(part.fine for part in parts),
        failed=[run for run in last_runs() if run.error or run.failed],
        facts=health.about(),
        job_words=job_words,
        now=now,
    )
