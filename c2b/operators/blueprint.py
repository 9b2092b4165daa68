"""The blueprint that the console's pages share, and the counts beside its navigation."""

from typing import Any

from flask import Blueprint
from flask_login import current_user

from c2b.core.access import Role
from c2b.core.clock import utcnow
from c2b.operators.worklist import nav_counts

bp = Blueprint("operators", __name__, url_prefix="/ops")


@bp.context_processor
def _waiting() -> dict[str, Any]:
    if not current_user.is_authenticated or not current_user.has_role(Role.OPERATOR):
        return {}
    return {"office_counts": nav_counts(utcnow())}
