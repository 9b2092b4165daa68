"""What people say, one function per verb. None commits; what they write is kept as plain text."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.dialects import postgresql, sqlite

from c2b.accounts.models import User
from c2b.campaigns.models import Campaign
from c2b.community import rules
from c2b.community.makers import badge_of, makers_of
from c2b.community.models import Comment, MerchantFollow, News, Question, Report
from c2b.community.states import Badge, Spoken
from c2b.core.db import db, get_or_404, is_sqlite, lock
from c2b.core.errors import NotFound, refuse
from c2b.core.events import record
from c2b.core.outbox import notify, notify_many

KINDS: dict[Spoken, Any] = {Spoken.COMMENT: Comment, Spoken.QUESTION: Question, Spoken.NEWS: News}


def _heard(user_id: int) -> None:
    person = get_or_404(User, user_id)
    refuse(rules.why_not_speak(confirmed=person.email_confirmed_at is not None))


def _about(campaign: Campaign, part: str) -> dict[str, str]:
    return {"title": campaign.title, "path": f"/c/{campaign.slug}/{part}"}


def publish_news(campaign_id: int, title: str, words: str, *, by: int, now: datetime) -> News:
    """An update to everybody; a job tells those who follow or joined. NotFound for who does not speak for it."""
    campaign = get_or_404(Campaign, campaign_id)
    badge = badge_of(campaign, by)
    if badge is Badge.NONE:
        raise NotFound
    news = News(campaign_id=campaign.id, author_id=by, badge=badge, title=title, words=words, at=now)
    db.session.add(news)
    record(news, "campaign_news.published", by=by, at=now)
    return news


def ask_question(campaign_id: int, words: str, *, by: int, now: datetime) -> Question:
    """Ask the maker, who hears of new questions once a day."""
    _heard(by)
    campaign = get_or_404(Campaign, campaign_id)
    question = Question(campaign_id=campaign.id, asker_id=by, words=words, at=now)
    db.session.add(question)
    record(question, "question.asked", by=by, at=now)
    day = f"{campaign.id}:{now:%Y-%m-%d}"
    about = _about(campaign, "questions")
    notify_many("question_asked", [(user, f"{day}:{user}", about) for user in makers_of(campaign)], now=now)
    return question


def answer_question(question_id: int, answer: str, *, by: int, now: datetime) -> Question:
    """Answer, or say it better; the asker hears of the first answer. NotFound for who does not speak for it."""
    question = lock(Question, question_id)
    campaign = get_or_404(Campaign, question.campaign_id)
    badge = badge_of(campaign, by)
    if badge is Badge.NONE:
        raise NotFound
    refuse(rules.why_not_answer(question))
    question.answer, question.answered_by, question.badge = answer, by, badge
    question.answered_at = now
    record(question, "question.answered", by=by, at=now)
    about = _about(campaign, "questions")
    notify("question_answered", question.asker_id, key=str(question.id), now=now, **about)
    return question


def write_comment(
    campaign_id: int, words: str, *, by: int, now: datetime, parent_id: int | None = None
) -> Comment:
    """Say something about a campaign, or in reply to a comment, whose writer hears of it."""
    _heard(by)
    campaign = get_or_404(Campaign, campaign_id)
    parent = db.session.get(Comment, parent_id) if parent_id is not None else None
    if parent_id is not None:
        refuse(rules.why_not_reply(parent, campaign.id))
    comment = Comment(
        campaign_id=campaign.id,
        author_id=by,
        parent_id=parent_id,
        badge=badge_of(campaign, by),
        words=words,
        at=now,
    )
    db.session.add(comment)
    record(comment, "comment.written", by=by, at=now)
    if parent is not None and parent.author_id != by:
        about = _about(campaign, "comments")
        notify("comment_replied", parent.author_id, key=f"{comment.id}", now=now, **about)
    return comment


def take_back_comment(comment_id: int, *, by: int, now: datetime) -> None:
    """Delete one's own words for good; the place stays where replies hang on it. Twice is once."""
    comment = lock(Comment, comment_id)
    if rules.why_not_take_back(comment, by):
        raise NotFound
    if comment.removed_at is None:
        comment.words, comment.removed_at = "", now
        record(comment, "comment.removed", by=by, at=now)


def report(subject: Spoken, subject_id: int, *, by: int, now: datetime) -> None:
    """Have an operator look at something said; twice by one person is once."""
    thing = get_or_404(KINDS[subject], subject_id)
    if thing.hidden_at is not None:
        raise NotFound
    insert: Any = (sqlite if is_sqlite() else postgresql).insert(Report.__table__)
    db.session.execute(
        insert.values(subject=subject, subject_id=subject_id, by=by, at=now).on_conflict_do_nothing()
    )


def hide(subject: Spoken, subject_id: int, reason: str, *, by: int, now: datetime) -> None:
    """Take something down with a reason, which its writer reads; the reports of it are settled."""
    thing = lock(KINDS[subject], subject_id)
    if thing.hidden_at is None:
        thing.hidden_at = now
        record(thing, f"{subject}.hidden", by=by, at=now, reason=reason)
        campaign = get_or_404(Campaign, thing.campaign_id)
        writer = thing.asker_id if subject is Spoken.QUESTION else thing.author_id
        about = {"title": campaign.title, "path": f"/c/{campaign.slug}", "reason": reason}
        notify("words_hidden", writer, key=f"{subject}:{thing.id}:{now.isoformat()}", now=now, **about)
    settle_reports(subject, subject_id, now=now)


def show(subject: Spoken, subject_id: int, *, by: int, now: datetime) -> None:
    """Put something back that was taken down."""
    thing = lock(KINDS[subject], subject_id)
    if thing.hidden_at is not None:
        thing.hidden_at = None
        record(thing, f"{subject}.shown", by=by, at=now)


def settle_reports(subject: Spoken, subject_id: int, *, now: datetime) -> None:
    """The open reports of this need no look any more."""
    db.session.execute(
        update(Report)
        .where(Report.subject == subject, Report.subject_id == subject_id, Report.settled_at.is_(None))
        .values(settled_at=now)
        .execution_options(synchronize_session=False)
    )


def follow_merchant(merchant_id: int, user_id: int, *, now: datetime) -> None:
    """Hear when this merchant starts a campaign; twice is once."""
    insert: Any = (sqlite if is_sqlite() else postgresql).insert(MerchantFollow.__table__)
    db.session.execute(
        insert.values(merchant_id=merchant_id, user_id=user_id, at=now).on_conflict_do_nothing()
    )


def unfollow_merchant(merchant_id: int, user_id: int) -> None:
    """No longer hear of this merchant."""
    db.session.execute(
        delete(MerchantFollow)
        .where(MerchantFollow.merchant_id == merchant_id, MerchantFollow.user_id == user_id)
        .execution_options(synchronize_session=False)
    )
