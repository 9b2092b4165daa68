"""A sentence that operators show on every page, such as that the site is closed for an hour tonight."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import get_locale
from sqlalchemy import ForeignKey, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from c2b.core.clock import utcnow
from c2b.core.db import Model, db
from c2b.core.events import record
from c2b.core.kept import shared

LONGEST = 300


class Banner(Model):
    """What was last shown to all; no text means that nothing is shown."""

    __tablename__ = "banner"

    text: Mapped[str]  # for every language without words of its own
    texts: Mapped[dict[str, Any]] = mapped_column(default=dict)  # by locale
    until: Mapped[datetime | None]
    by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[datetime]

    def shown(self, now: datetime) -> bool:
        """Whether people see it."""
        return bool(self.text) and (self.until is None or now < self.until)


def last_banner() -> Banner | None:
    """The newest one, shown or not."""
    return db.session.scalar(select(Banner).order_by(Banner.id.desc()).limit(1))


def set_banner(
    text: str, texts: Mapping[str, str], until: datetime | None, *, by: int, now: datetime
) -> Banner:
    """Show these words from now on; an empty text takes the banner away."""
    banner = Banner(text=text, texts={k: v for k, v in texts.items() if v}, until=until, by=by, at=now)
    db.session.add(banner)
    db.session.flush()
    record(banner, "banner.set" if text else "banner.taken_away", by=by, at=now, text=text)
    return banner


def banner_text(*, fresh: bool = False) -> str:
    """What the reader of this page is told, in their language; empty for nothing, and while the database is away.

    A change is seen after half a second; at once where it must be `fresh`.
    """
    try:
        text, texts, until = _last_words() if fresh else shared("banner", _last_words)
    except SQLAlchemyError:
        return ""
    if not text or (until is not None and utcnow() >= until):
        return ""
    return str(texts.get(str(get_locale() or "en")) or text)


def _last_words() -> tuple[str, dict[str, Any], datetime | None]:
    banner = last_banner()
    return (banner.text, dict(banner.texts), banner.until) if banner else ("", {}, None)
