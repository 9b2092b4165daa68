"""Translations that are compiled, and transports that do what a test says."""

import os
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from c2b.config import ROOT
from c2b.mailing.mail import Mail


@pytest.fixture(scope="session", autouse=True)
def compiled_translations():
    """The catalogues as the application reads them."""
    for po in (ROOT / "c2b" / "translations").glob("*/LC_MESSAGES/messages.po"):
        mo = po.with_suffix(".mo")
        if not mo.exists() or mo.stat().st_mtime < po.stat().st_mtime:
            with po.open("rb") as source:
                catalogue = read_po(source, locale=po.parts[-3])
            new = Path(f"{mo}.{os.getpid()}")
            with new.open("wb") as target:
                write_mo(target, catalogue)
            new.replace(mo)


class Script:
    """A transport that answers as it is told, and remembers what it was given."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.got: list[Mail] = []

    def send(self, mail):
        self.got.append(mail)
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer


@pytest.fixture
def script():
    return Script
