"""Enumerations whose members carry the word that people read."""

from enum import Enum
from typing import Any, Self

from sqlalchemy import Enum as SqlEnum
from wtforms.fields.choices import SelectChoice

from c2b.core.text import gettext


class LabelEnum(str, Enum):
    """`DRAFT = "draft", _l("Draft")`: the value is stored, the label is shown in the reader's language."""

    msgid: str

    def __new__(cls, value: str, label: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.msgid = label
        return member

    @property
    def label(self) -> str:
        """The word for people, translated."""
        return gettext(self.msgid)

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def choices(cls) -> list[SelectChoice]:
        """The choices of a form's field, in order of definition."""
        return [SelectChoice(member.value, member.label) for member in cls]


def as_words(code: str) -> str:
    """A code for which there are no words, as words made of it: "sample.due_soon" is "Sample: due soon"."""
    return code.replace("_", " ").replace(".", ": ").capitalize()


def one_of(kind: type[LabelEnum]) -> Any:
    """A text column that the database itself limits to the members of `kind`."""
    return SqlEnum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=40,
        name=kind.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )
