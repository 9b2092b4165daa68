"""Saved views: the filters of a table under a name, kept by a person and, in the office, shared with colleagues."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

from flask import url_for
from sqlalchemy import ForeignKey, UniqueConstraint, delete, func, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from c2b.core.db import Model, db
from c2b.core.errors import NotFound, Refused
from c2b.core.text import gettext as _

MOST = 30  # of one person on one page
LONGEST_QUERY = 500
NOT_KEPT = ("after", "before", "page", "format", "print", "csrf_token")


class SavedView(Model):
    """One view: the page by its endpoint, and what stood after the question mark."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("user_id", "page", "name"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    page: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    query: Mapped[str]
    shared: Mapped[bool] = mapped_column(default=False, server_default="0")
    created_at: Mapped[datetime]

    @property
    def url(self) -> str:
        """Where it leads."""
        return url_for(self.page) + (f"?{self.query}" if self.query else "")


def views_of(user_id: int, page: str) -> Sequence[SavedView]:
    """A person's own views of a page and those that others share, by name."""
    seen = or_(SavedView.user_id == user_id, SavedView.shared)
    return db.session.scalars(
        select(SavedView).where(SavedView.page == page, seen).order_by(SavedView.name, SavedView.id)
    ).all()


def keep_view(page: str, name: str, query: str, *, shared: bool, by: int, now: datetime) -> SavedView:
    """Keep what an address asks for under a name; the same name again replaces it."""
    pairs = [(k, v) for k, v in parse_qsl(query, keep_blank_values=False) if k not in NOT_KEPT]
    kept = urlencode(pairs)
    if len(kept) > LONGEST_QUERY:
        raise Refused(_("These filters are too long to be kept."))
    mine = (SavedView.user_id == by, SavedView.page == page)
    view = db.session.scalar(select(SavedView).where(*mine, SavedView.name == name))
    if view is None:
        if (db.session.scalar(select(func.count()).select_from(SavedView).where(*mine)) or 0) >= MOST:
            raise Refused(_("You keep %(count)s views of this page already; remove one first.", count=MOST))
        view = SavedView(user_id=by, page=page, name=name, created_at=now)
        db.session.add(view)
    view.query, view.shared = kept, shared
    db.session.flush()
    return view


def forget_view(view_id: int, *, by: int) -> str:
    """Remove one's own view; its page."""
    gone: str | None = db.session.scalar(
        delete(SavedView).where(SavedView.id == view_id, SavedView.user_id == by).returning(SavedView.page)
    )
    if gone is None:
        raise NotFound
    return gone
