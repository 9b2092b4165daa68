"""What people type. Shape only."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms.validators import DataRequired

from c2b.community.rules import LONGEST_COMMENT, LONGEST_NEWS
from c2b.core.forms import AreaField, LineField, QuantityField


class NewsForm(FlaskForm):
    """An update by the maker."""

    title = LineField(_l("Headline"), [DataRequired(_l("Enter a headline."))], longest=100, shortest=3)
    words = AreaField(
        _l("What is new"), [DataRequired(_l("Write what is new."))], longest=LONGEST_NEWS, shortest=3
    )


class QuestionForm(FlaskForm):
    """A question to the maker."""

    words = AreaField(
        _l("Your question"), [DataRequired(_l("Write your question."))], longest=LONGEST_COMMENT, shortest=3
    )


class AnswerForm(FlaskForm):
    """The maker's answer."""

    answer = AreaField(
        _l("Your answer"), [DataRequired(_l("Write your answer."))], longest=LONGEST_COMMENT, shortest=2
    )


class CommentForm(FlaskForm):
    """A comment, or a reply where `parent` names one."""

    words = AreaField(
        _l("Your comment"), [DataRequired(_l("Write your comment."))], longest=LONGEST_COMMENT, shortest=2
    )
    parent = QuantityField()
