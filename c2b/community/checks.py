"""Promises about what is said and who brought whom."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import aliased

from c2b.campaigns.models import Pledge
from c2b.community.models import Comment
from c2b.core.checks import check
from c2b.core.db import db


@check("I-61 Replies hang on a first comment of the same campaign")
def replies_are_one_deep() -> Iterator[str]:
    """The page shows one level, so deeper ones would be lost."""
    first = aliased(Comment)
    wrong = select(Comment.id).join(first, first.id == Comment.parent_id)
    wrong = wrong.where((first.campaign_id != Comment.campaign_id) | first.parent_id.is_not(None))
    for id_ in db.session.scalars(wrong.order_by(Comment.id)):
        yield f"comment {id_} replies to what it cannot"


@check("I-62 What a writer took back is gone")
def taken_back_is_gone() -> Iterator[str]:
    """Deleted means deleted, not hidden."""
    kept = select(Comment.id).where(Comment.removed_at.is_not(None), Comment.words != "")
    for id_ in db.session.scalars(kept.order_by(Comment.id)):
        yield f"comment {id_} was taken back and still has its words"


@check("I-63 Nobody brings oneself")
def nobody_brings_oneself() -> Iterator[str]:
    """A pledge names whose link led to it; the count of those brought is honest."""
    own = select(Pledge.id).where(Pledge.brought_by == Pledge.shopper_id)
    for id_ in db.session.scalars(own.order_by(Pledge.id)):
        yield f"pledge {id_} was brought by its own shopper"
