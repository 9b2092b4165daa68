"""May I say this? Pure answers, each a sentence for the person or None."""

from typing import Any

from c2b.core.text import gettext as _

LONGEST_COMMENT = 2000
LONGEST_NEWS = 6000


def why_not_speak(*, confirmed: bool) -> str | None:
    """Why this person may not ask or comment: only who has confirmed an address is heard."""
    if not confirmed:
        return _("Confirm your e-mail address first: we sent you a link.")
    return None


def why_not_reply(parent: Any, campaign_id: int) -> str | None:
    """Why nobody can reply to this comment: replies are one level deep."""
    if parent is None or parent.campaign_id != campaign_id:
        return _("This comment is not here any more.")
    if parent.hidden_at is not None or parent.removed_at is not None:
        return _("This comment was taken down, so nobody can reply to it.")
    if parent.parent_id is not None:
        return _("Reply to the first comment of this thread.")
    return None


def why_not_answer(question: Any) -> str | None:
    """Why a question cannot be answered, or its answer changed."""
    if question.hidden_at is not None:
        return _("This question was taken down.")
    return None


def why_not_take_back(comment: Any, user_id: int) -> str | None:
    """Why a comment cannot be taken back by this person."""
    if comment.author_id != user_id:
        return _("Only its writer can delete a comment.")
    return None
