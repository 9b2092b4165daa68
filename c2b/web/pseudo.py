"""Stretched text for tests: every sentence that goes through gettext is 40 % longer and accented, so that what
overflows and what was never translated can be seen. It is switched on by C2B_PSEUDO alone."""

import re
from math import ceil
from typing import Any

from flask_babel import Babel, Domain

ACCENTS = str.maketrans("aceinosuyzACEINOSUYZ", "áçéíñóšúýžÁÇÉÍÑÓŠÚÝŽ")
KEPT = re.compile(r"(%\(\w+\)[sd]|%%|<[^>]*>|&\w+;|\{\w+\})")  # places and markup stay as they are


def stretched(message: str) -> str:
    """The sentence with accents, longer by two fifths."""
    parts = KEPT.split(message)
    plain = "".join(parts[::2])
    if not plain.strip():
        return message
    accented = (part if at % 2 else part.translate(ACCENTS) for at, part in enumerate(parts))
    more = ceil(len(plain) * 0.4)
    return "".join(accented) + ("é" * more if len(plain) <= 12 else (" ñéw" * more)[:more])


class _Stretching:
    """A catalogue that knows every sentence."""

    def __init__(self, catalogue: Any) -> None:
        self.catalogue = catalogue

    def __getattr__(self, name: str) -> Any:
        return getattr(self.catalogue, name)

    def ugettext(self, message: str) -> str:
        return stretched(self.catalogue.ugettext(message))

    gettext = ugettext

    def ungettext(self, one: str, many: str, n: int) -> str:
        return stretched(self.catalogue.ungettext(one, many, n))

    ngettext = ungettext

    def upgettext(self, context: str, message: str) -> str:
        return stretched(self.catalogue.upgettext(context, message))

    pgettext = upgettext


class _Domain(Domain):
    def get_translations(self) -> Any:
        return _Stretching(super().get_translations())


def install(babel: Babel) -> None:
    """Let every catalogue of this application stretch what it says."""
    babel.domain_instance = _Domain(domain=babel.domain)
