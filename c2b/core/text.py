"""Words for people, from modules that know nothing of the web.

Rules and lives return finished sentences, yet may not import Flask. They call `gettext` here, and the web
frame installs the real translator when the application starts; without one, sentences stay English.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

Translate = Callable[..., str]


def _plain(message: str, **values: Any) -> str:
    return message % values if values else message


def _plain_plural(one: str, many: str, num: int, **values: Any) -> str:
    return (one if num == 1 else many) % {"num": num, **values}


_translate: Translate = _plain
_translate_plural: Translate = _plain_plural
_speaking: Callable[[str], AbstractContextManager[None]] = nullcontext  # type: ignore[assignment]  # takes anything


def install(
    translate: Translate,
    translate_plural: Translate,
    in_language: Callable[[str], AbstractContextManager[None]],
) -> None:
    """Use these translators from now on."""
    global _translate, _translate_plural, _speaking
    _translate, _translate_plural, _speaking = translate, translate_plural, in_language


def speaking(locale: str) -> AbstractContextManager[None]:
    """What is said inside is said in this language, whoever's request it is."""
    return _speaking(locale)


def gettext(message: str, **values: Any) -> str:
    """The sentence in the reader's language, with its named places filled."""
    return _translate(message, **values)


def ngettext(one: str, many: str, num: int, **values: Any) -> str:
    """Like gettext, for a sentence that depends on a count; `%(num)s` is the count."""
    return _translate_plural(one, many, num, **values)


def mark(message: str) -> str:
    """Mark a sentence for the translators; it is translated where it is shown."""
    return message


def public_name(name: str) -> str:
    """A name as strangers may see it: the first of several words; of a name in one word the first character."""
    words = name.split()
    if len(words) > 1:
        return words[0]
    return f"{name.strip()[:1]}**" if words and not words[0].isascii() else "".join(words)
