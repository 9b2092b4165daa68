"""Every language says every sentence: nothing missing, guessed or left over, with the same places and markup."""

import re
from functools import cache
from gettext import c2py

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

from c2b.config import ROOT
from c2b.core.languages import CATALOGUES

# How many forms a count takes, as the CLDR says. Babel's own table knows no Indonesian and no millions in Spanish.
COUNTS = (0, 1, 2, 1_000_000)
PLURALS = {"zh_Hans": [0, 0, 0, 0], "zh_Hant": [0, 0, 0, 0], "id": [0, 0, 0, 0], "es": [2, 0, 2, 1]}
FORMS = {"zh_Hans": 1, "zh_Hant": 1, "id": 1, "es": 3}
SOURCES = (("c2b", "**.py", "python"), ("jobs", "**.py", "python"), ("templates", "**.html", "jinja2"),
           ("templates", "**.txt", "jinja2"))  # fmt: skip
KEYWORDS = {**DEFAULT_KEYWORDS, "_l": None, "mark": None, "lazy_gettext": None}  # as `make messages` has them
OTHERS = sorted(name for code, name in CATALOGUES.items() if code != "en")


@cache
def sentences() -> frozenset[str | tuple[str, ...]]:
    """What the program and its pages say, as they stand in the code."""
    return frozenset(
        message
        for folder, pattern, method in SOURCES
        for _file, _line, message, _comments, _context in extract_from_dir(
            ROOT / folder, method_map=[(pattern, method)], keywords=KEYWORDS
        )
    )


@cache
def catalogue(name: str) -> Catalog:
    path = ROOT / "c2b" / "translations" / name / "LC_MESSAGES" / "messages.po"
    assert path.is_file(), f"there is no catalogue {name}"
    with path.open("rb") as source:
        return read_po(source, locale=name)


def entries(name: str) -> list[Message]:
    return [entry for entry in catalogue(name) if entry.id]


@pytest.mark.parametrize("name", OTHERS)
def test_every_sentence_is_translated_and_nothing_is_left_over(name: str) -> None:
    said = {message if isinstance(message, str) else message[0] for message in sentences()}
    known = {entry.id if isinstance(entry.id, str) else entry.id[0]: entry for entry in entries(name)}
    assert sorted(said - known.keys()) == [], "missing: run `make messages` and translate them"
    assert sorted(known.keys() - said) == [], "nothing says these any more: run `make messages`"
    assert [entry.id for entry in known.values() if not _is_whole(entry, FORMS[name])] == [], "not translated"
    assert [entry.id for entry in known.values() if entry.fuzzy] == []
    assert list(catalogue(name).obsolete) == []
    assert not catalogue(name).fuzzy, "the head of the file is marked fuzzy"


def _is_whole(entry: Message, forms: int) -> bool:
    strings = entry.string if isinstance(entry.string, (tuple, list)) else (entry.string,)
    return all(strings) and len(strings) == (forms if isinstance(entry.id, tuple) else 1)


@pytest.mark.parametrize("name", OTHERS)
def test_places_and_markup_are_those_of_the_sentence(name: str) -> None:
    wrong = [
        (entry.id, string)
        for entry in entries(name)
        for string in (entry.string if isinstance(entry.string, (tuple, list)) else (entry.string,))
        if string and _shape(string) != _shape(entry.id[-1] if isinstance(entry.id, tuple) else entry.id)
    ]
    assert wrong == []


def _shape(sentence: str) -> tuple[list[str], list[str], int]:
    """The places, the tags and the percent signs of a sentence, in no order."""
    places = set(re.findall(r"%\(\w+\)[sd]", sentence)) | set(re.findall(r"\{\w+\}", sentence))
    return sorted(places), sorted(re.findall(r"</?\w+", sentence)), sentence.count("%%")


@pytest.mark.parametrize("name", OTHERS)
def test_counts_take_the_forms_that_the_language_has(name: str) -> None:
    header = catalogue(name).plural_forms
    found = re.fullmatch(r"nplurals=(\d+); plural=(.+?);?", header)
    assert found, header
    assert int(found[1]) == FORMS[name]
    rule = c2py(found[2])
    assert [rule(n) for n in COUNTS] == PLURALS[name]


@pytest.mark.parametrize("name", OTHERS)
def test_nothing_is_said_in_a_loud_voice(name: str) -> None:
    """No exclamation marks, in any script."""
    loud = [
        string
        for entry in entries(name)
        for string in (entry.string if isinstance(entry.string, (tuple, list)) else (entry.string,))
        if string and re.search(r"[!！¡]", string)
    ]
    assert loud == []


def test_every_sentence_can_be_filled_in() -> None:
    """`%` stands in a sentence only as a named place or doubled where there are places; nothing by position."""
    for message in sentences():
        for sentence in [message] if isinstance(message, str) else message:
            if isinstance(sentence, str) and "%(" in sentence:
                assert "%" not in re.sub(r"%\(\w+\)[sd]|%%", "", sentence), sentence
