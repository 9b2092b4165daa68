"""What was said, as one reader may see it; each in a fixed number of statements."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, false, func, or_, select
from sqlalchemy.orm import aliased

from c2b.accounts.models import User
from c2b.accounts.queries import names_of
from c2b.campaigns.models import Campaign
from c2b.campaigns.queries import pledged_by
from c2b.community.models import Comment, MerchantFollow, News, Question, Report
from c2b.community.operations import KINDS
from c2b.community.states import Badge, Spoken
from c2b.core.db import db
from c2b.core.events import Event
from c2b.core.tables import Listing
from c2b.core.text import public_name
from c2b.merchants.models import Merchant

PER_PAGE = 20


@dataclass(frozen=True, slots=True)
class Said:
    """A comment, question or update with its writer's public name; `replies` only under comments."""

    thing: Any
    name: str
    mine: bool
    joined: bool = False
    answerer: str = ""  # who answered a question, where the merchant did
    replies: list["Said"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Counts:
    """How much was said on a campaign, as everybody sees it."""

    news: int
    questions: int
    comments: int


def _names(things: Sequence[Any], column: str = "author_id") -> dict[int, str]:
    return {id_: public_name(name) for id_, name in names_of(getattr(t, column) for t in things).items()}


def _firm_name(things: Sequence[Any]) -> str:
    """The merchant in whose name some of this was said."""
    spoken = next((thing for thing in things if thing.badge is Badge.MAKER), None)
    if spoken is None:
        return ""
    firm = select(Merchant.name).join(Campaign, Campaign.merchant_id == Merchant.id)
    return db.session.scalar(firm.where(Campaign.id == spoken.campaign_id)) or ""


def news_of(campaign_id: int) -> Listing:
    """The campaign's updates, newest first."""
    return Listing(select(News).where(News.campaign_id == campaign_id, News.hidden_at.is_(None)), News.id)


def said_news(found: Sequence[News]) -> list[Said]:
    """Updates with the names under which they stand."""
    names, firm = _names(found), _firm_name(found)

    def name(news: News) -> str:
        return firm if firm and news.badge is Badge.MAKER else names.get(news.author_id, "")

    return [Said(news, name(news), False) for news in found]


def _readable(reader_id: int | None, *, speaks: bool) -> ColumnElement[bool]:
    """Answered questions are for all; open ones for who asked and for who may answer."""
    own = Question.asker_id == reader_id if reader_id is not None else false()
    return Question.hidden_at.is_(None) & (
        Question.hidden_at.is_(None) if speaks else or_(Question.answered_at.is_not(None), own)
    )


def questions_of(campaign_id: int, reader_id: int | None, *, speaks: bool) -> Listing:
    """The questions that this person may read, unanswered ones first, then the newest."""
    seen = select(Question).where(Question.campaign_id == campaign_id, _readable(reader_id, speaks=speaks))
    return Listing(seen, Question.id, by=case((Question.answered_at.is_(None), 1), else_=0))


def said_questions(found: Sequence[Question], reader_id: int | None) -> list[Said]:
    """Questions with the names of who asked and who answered."""
    names, firm = _names(found, "asker_id"), _firm_name(found)

    def said(question: Question) -> Said:
        by = firm if question.badge is Badge.MAKER else ""
        mine = question.asker_id == reader_id
        return Said(question, names.get(question.asker_id, ""), mine, answerer=by)

    return [said(question) for question in found]


def comments_of(campaign_id: int) -> Listing:
    """First comments, newest first; what is gone stands only above replies."""
    reply = aliased(Comment)
    answered = select(reply.id).where(reply.parent_id == Comment.id, *_stands(reply)).exists()
    firsts = select(Comment).where(
        Comment.campaign_id == campaign_id,
        Comment.parent_id.is_(None),
        or_(Comment.removed_at.is_(None) & Comment.hidden_at.is_(None), answered),
    )
    return Listing(firsts, Comment.id)


def said_comments(campaign_id: int, found: Sequence[Comment], reader_id: int | None) -> list[Said]:
    """First comments with names, each with its replies, oldest first."""
    below = db.session.scalars(
        select(Comment)
        .where(Comment.parent_id.in_([c.id for c in found]), *_stands(Comment))
        .order_by(Comment.id)
    ).all()
    names, firm = _names([*found, *below]), _firm_name([*found, *below])
    joined = pledged_by(campaign_id, names.keys())

    def said(comment: Comment, replies: list[Said]) -> Said:
        by = comment.author_id
        name = firm if firm and comment.badge is Badge.MAKER else names.get(by, "")
        return Said(comment, name, by == reader_id, by in joined, replies=replies)

    return [said(c, [said(r, []) for r in below if r.parent_id == c.id]) for c in found]


def _stands(kind: Any) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return kind.removed_at.is_(None), kind.hidden_at.is_(None)


def counts_of(campaign_id: int) -> Counts:
    """How many updates, answered questions and comments stand; in one statement."""
    news = select(func.count()).where(News.campaign_id == campaign_id, News.hidden_at.is_(None))
    questions = select(func.count()).where(
        Question.campaign_id == campaign_id, Question.hidden_at.is_(None), Question.answered_at.is_not(None)
    )
    comments = select(func.count()).where(Comment.campaign_id == campaign_id, *_stands(Comment))
    row = db.session.execute(
        select(news.scalar_subquery(), questions.scalar_subquery(), comments.scalar_subquery())
    ).one()
    return Counts(*row)


def reported() -> Listing:
    """What waits for an operator's look, longest first: (subject, id, how many reported it, since when, a number)."""
    waiting = (
        select(
            Report.subject,
            Report.subject_id,
            func.count().label("reports"),
            func.min(Report.at).label("since"),
            func.min(Report.id).label("first"),
        )
        .where(Report.settled_at.is_(None))
        .group_by(Report.subject, Report.subject_id)
        .subquery()
    )
    return Listing(select(*waiting.c), waiting.c.first, down=False)


def hidden_lately(limit: int = 30) -> list[tuple[Spoken, int]]:
    """What operators have taken down, latest first."""
    kinds = [f"{kind}.hidden" for kind in Spoken]
    lines = select(Event.subject, Event.subject_id, func.max(Event.id)).where(Event.kind.in_(kinds))
    lines = lines.group_by(Event.subject, Event.subject_id).order_by(func.max(Event.id).desc()).limit(limit)
    found = [(Spoken(subject), int(id_)) for subject, id_, _last in db.session.execute(lines)]
    return [(kind, id_) for kind, id_ in found if _thing(kind, id_).hidden_at is not None]


def _thing(kind: Spoken, id_: int) -> Any:
    return db.session.get_one(KINDS[kind], id_)


@dataclass(frozen=True, slots=True)
class Case:
    """Something said as the desk sees it."""

    kind: Spoken
    thing: Any
    writer: str
    campaign: Campaign
    reports: int = 0
    since: datetime | None = None
    reason: str = ""


def case_of(kind: Spoken, id_: int, reports: int = 0, since: datetime | None = None) -> Case:
    """One thing that was said, for the desk."""
    thing = _thing(kind, id_)
    writer = thing.asker_id if kind is Spoken.QUESTION else thing.author_id
    name = db.session.scalar(select(User.name).where(User.id == writer)) or ""
    campaign = db.session.get_one(Campaign, thing.campaign_id)
    return Case(kind, thing, name, campaign, reports, since, _reason(kind, id_))


def _reason(kind: Spoken, id_: int) -> str:
    line = select(Event.data).where(
        Event.subject == kind.value, Event.subject_id == id_, Event.kind == f"{kind}.hidden"
    )
    data = db.session.scalar(line.order_by(Event.id.desc()).limit(1))
    return str((data or {}).get("reason", ""))


def open_reports() -> int:
    """How many things wait for an operator's look."""
    things = select(Report.subject, Report.subject_id).where(Report.settled_at.is_(None)).distinct()
    return db.session.scalar(select(func.count()).select_from(things.subquery())) or 0


def follows_merchant(merchant_id: int, user_id: int | None) -> bool:
    """Whether this person hears of this merchant's campaigns."""
    if user_id is None:
        return False
    found = select(MerchantFollow.id).where(
        MerchantFollow.merchant_id == merchant_id, MerchantFollow.user_id == user_id
    )
    return db.session.scalar(found) is not None


def followed_merchants(user_id: int, limit: int = 200) -> Sequence[Merchant]:
    """The merchants that this person follows, the latest first."""
    mine = select(Merchant).join(MerchantFollow).where(MerchantFollow.user_id == user_id)
    return db.session.scalars(mine.order_by(MerchantFollow.id.desc()).limit(limit)).all()


__all__ = [
    "PER_PAGE", "Badge", "Case", "Counts", "Said", "case_of", "comments_of", "counts_of", "followed_merchants",
    "follows_merchant", "hidden_lately", "news_of", "open_reports", "questions_of", "reported", "said_comments",
    "said_news", "said_questions",
]  # fmt: skip
