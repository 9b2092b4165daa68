"""The one thing this feature must know of merchants, which stand beside it: for which firm a person works."""

from sqlalchemy import select

from c2b.core.db import db


def firm_id_of(user_id: int) -> int | None:
    """The certified firm that this person works for, or None."""
    firm, staff = db.metadata.tables["merchant"], db.metadata.tables["merchant_staff"]
    return db.session.scalar(
        select(firm.c.id)
        .join(staff, staff.c.merchant_id == firm.c.id)
        .where(staff.c.user_id == user_id, firm.c.state == "certified")
        .order_by(firm.c.id)
        .limit(1)
    )
