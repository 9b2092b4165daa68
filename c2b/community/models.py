"""News, questions and comments of a campaign, reports of them, and who follows a merchant."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from c2b.community.states import Badge, Spoken
from c2b.core.db import Model
from c2b.core.labels import one_of


class News(Model):
    """An update by a campaign's maker; a job tells those who follow or joined."""

    __tablename__ = "campaign_news"
    __table_args__ = (Index("ix_campaign_news_campaign_id_id", "campaign_id", "id"),)

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id", ondelete="CASCADE"))
    author_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    badge: Mapped[Badge] = mapped_column(one_of(Badge))
    title: Mapped[str]
    words: Mapped[str]
    at: Mapped[datetime]
    told_at: Mapped[datetime | None]  # when its readers were told
    hidden_at: Mapped[datetime | None]


class Question(Model):
    """Something asked of a campaign's maker; everybody sees it once it is answered."""

    __tablename__ = "question"
    __table_args__ = (
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answer_has_a_time"),
        Index("ix_question_campaign_id_id", "campaign_id", "id"),
    )

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id", ondelete="CASCADE"))
    asker_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    words: Mapped[str]
    at: Mapped[datetime]
    answer: Mapped[str | None]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    answered_at: Mapped[datetime | None]
    badge: Mapped[Badge] = mapped_column(one_of(Badge), default=Badge.NONE)  # of the answer
    hidden_at: Mapped[datetime | None]


class Comment(Model):
    """What somebody says about a campaign, or in reply to a comment; replies have none of their own."""

    __tablename__ = "comment"
    __table_args__ = (Index("ix_comment_campaign_id_id", "campaign_id", "id"),)

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id", ondelete="CASCADE"))
    author_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("comment.id"), index=True)
    badge: Mapped[Badge] = mapped_column(one_of(Badge), default=Badge.NONE)
    words: Mapped[str]  # empty once its author has taken it back
    at: Mapped[datetime]
    removed_at: Mapped[datetime | None]  # by its author
    hidden_at: Mapped[datetime | None]  # by an operator; the reason is in the diary


class Report(Model):
    """Somebody thinks that something said should not stand; an operator settles it."""

    __tablename__ = "report"
    __table_args__ = (
        UniqueConstraint("subject", "subject_id", "by"),
        Index("ix_report_open", "settled_at", "id"),
    )

    subject: Mapped[Spoken] = mapped_column(one_of(Spoken))
    subject_id: Mapped[int]
    by: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class MerchantFollow(Model):
    """Somebody wants to hear when a merchant starts a campaign."""

    __tablename__ = "merchant_follow"
    __table_args__ = (UniqueConstraint("merchant_id", "user_id"),)

    merchant_id: Mapped[int] = mapped_column(ForeignKey("merchant.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
