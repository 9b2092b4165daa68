"""How people want to be told."""

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from c2b.core.db import Model
from c2b.core.labels import one_of
from c2b.mailing.topics import Way


class NoticePreference(Model):
    """What one person chose for one topic; who chose nothing gets every mail at once."""

    __tablename__ = "notice_preference"
    __table_args__ = (UniqueConstraint("user_id", "topic"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    topic: Mapped[str]
    way: Mapped[Way] = mapped_column(one_of(Way))
