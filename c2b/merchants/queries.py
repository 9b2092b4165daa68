"""Reading about firms; each in a fixed number of statements."""

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select

from c2b.core.db import db
from c2b.core.errors import NotFound
from c2b.core.rows import among
from c2b.merchants.models import Merchant, MerchantDocument, MerchantStaff
from c2b.merchants.states import MerchantState, Post


def firm_of(user_id: int) -> Merchant | None:
    """The firm in which this person has a post, or None."""
    return db.session.scalar(
        select(Merchant)
        .join(MerchantStaff)
        .where(MerchantStaff.user_id == user_id)
        .order_by(MerchantStaff.id)
        .limit(1)
    )


def post_of(merchant: Merchant, user_id: int) -> Post | None:
    """This person's post in the firm, or None."""
    return next((row.post for row in merchant.staff if row.user_id == user_id), None)


def staff_ids(merchant_id: int) -> list[int]:
    """The people of a firm, owners first."""
    rows = db.session.execute(
        select(MerchantStaff.user_id, MerchantStaff.post)
        .where(MerchantStaff.merchant_id == merchant_id)
        .order_by(MerchantStaff.id)
    )
    return [user for user, _post in sorted(rows, key=lambda row: row[1] != Post.OWNER)]


def names_of_firms(ids: Iterable[int]) -> dict[int, str]:
    """The names of these firms, by id."""
    rows = db.session.execute(select(Merchant.id, Merchant.name).where(among(Merchant.id, ids)))
    return {row.id: row.name for row in rows}


def firm_by_slug(slug: str) -> Merchant:
    """A firm that has been certified at some time; NotFound for all others."""
    firm = db.session.scalar(select(Merchant).where(Merchant.slug == slug))
    if firm is None or firm.certified_at is None:
        raise NotFound
    return firm


def documents_of(merchant_id: int) -> Sequence[MerchantDocument]:
    """The firm's papers, newest first."""
    return db.session.scalars(
        select(MerchantDocument)
        .where(MerchantDocument.merchant_id == merchant_id)
        .order_by(MerchantDocument.id.desc())
    ).all()


def counts_by_state() -> dict[MerchantState, int]:
    """How many firms are in each state; every state is a key."""
    rows = db.session.execute(select(Merchant.state, func.count()).group_by(Merchant.state))
    return dict.fromkeys(MerchantState, 0) | {MerchantState(state): n for state, n in rows}
