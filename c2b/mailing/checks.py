"""Promises about notices."""

from collections.abc import Iterator

from sqlalchemy import func, or_, select

from c2b.core.checks import check
from c2b.core.db import db
from c2b.core.outbox import Delivery, Notice
from c2b.mailing.queries import readers_of
from c2b.mailing.render import Reader, kinds, put_into_words


@check("I-36 A notice that ended says when or why, and is for somebody")
def notices_end_well() -> Iterator[str]:
    """Sent ones have a time, given-up ones an error."""
    wrong = or_(
        (Notice.delivery == Delivery.SENT) & Notice.sent_at.is_(None),
        (Notice.delivery == Delivery.DEAD) & Notice.error.is_(None),
        Notice.user_id.is_(None) & Notice.address.is_(None),
    )
    for id_, delivery in db.session.execute(select(Notice.id, Notice.delivery).where(wrong)):
        yield f"notice {id_} is {delivery} and says no more"


@check("M-1 Every kind of notice can be put into words, in every language")
def notices_have_words() -> Iterator[str]:
    """The newest of each kind is written as a mail; what a template needs and the row lacks shows here."""
    newest = select(func.max(Notice.id)).group_by(Notice.kind)
    notices = db.session.scalars(select(Notice).where(Notice.id.in_(newest)).order_by(Notice.kind)).all()
    readers = readers_of(notices)
    for notice in notices:
        if notice.kind not in kinds():
            yield f"there are no words for {notice.kind}"
            continue
        reader = readers.get(notice.id, Reader(0, "nobody@example.org", "Nobody", "en"))
        for locale in ("en", "zh-Hans"):
            try:
                put_into_words(notice, Reader(reader.id, reader.email, reader.name, locale))
            except Exception as problem:  # whatever it is, the mail would not go out
                yield f"{notice.kind} (notice {notice.id}): {type(problem).__name__}: {problem}"
                break
