"""The shared fields: every bad input has a sentence, and what was typed is kept."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask_babel import Babel
from werkzeug.datastructures import MultiDict
from wtforms import Form
from wtforms.validators import DataRequired, InputRequired, Optional

from c2b.core.forms import (
    AmountField,
    AreaField,
    LineField,
    QuantityField,
    is_plain,
    query_text,
    tidy,
    typed_amount,
)


class Wish(Form):
    """A form with one field of each kind."""

    count = QuantityField("Count", [InputRequired("How many?")], most=10)
    more = QuantityField("More", [Optional()], least=0)
    price = AmountField("Price", [InputRequired("How much?")])
    title = LineField("Title", [DataRequired("What?")], longest=10)
    text = AreaField("Text", [Optional()], longest=20)


GOOD = {"count": "1", "price": "259", "title": "A pot"}


def filled(**more: str) -> Any:
    return Wish(MultiDict({**GOOD, **more}))


@pytest.fixture(scope="module")
def bare_app() -> Flask:
    """An application that only knows how to speak; nothing here asks a database."""
    app = Flask("forms")
    Babel(app)
    return app


@pytest.fixture(autouse=True)
def request_context(bare_app: Flask) -> Iterator[None]:
    with bare_app.test_request_context():
        yield


@pytest.mark.parametrize(("typed", "value"), [("1", 1), (" 3 ", 3), ("007", 7), ("１０", 10), ("10", 10)])
def test_a_quantity_is_a_whole_number_in_any_width(typed: str, value: int) -> None:
    form = filled(count=typed)
    assert form.validate(), form.errors
    assert form.count.data == value


@pytest.mark.parametrize(
    "typed",
    ["", " ", "0", "-1", "1.5", "1e3", "11", "٣", "one", "1\x002", str(2**63), "9" * 5000, "1 000", "1²"],
)
def test_a_bad_quantity_is_refused_with_a_sentence_and_kept_as_typed(typed: str) -> None:
    form = filled(count=typed)
    assert not form.validate()
    assert form.count.errors
    assert all(error.endswith((".", "?")) for error in form.count.errors)
    assert form.count.data is None
    assert form.count._value() == typed.replace("\x00", "\ufffd")


@pytest.mark.parametrize(
    ("typed", "minor"), [("259", 25900), ("259.5", 25950), ("0.01", 1), ("２５９", 25900), (" 259 ", 25900)]
)
def test_an_amount_becomes_minor_units(typed: str, minor: int) -> None:
    form = filled(price=typed)
    assert form.validate(), form.errors
    assert form.price.data == minor


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "  ",
        "0",
        "-5",
        "9.999",
        "1,000",
        "¥",
        "¥259",
        "1e3",
        "nan",
        "٢٥٩",
        "9" * 13,
        "2\x0059",
        "1.2.3",
        "1²",
    ],
)
def test_a_bad_amount_is_refused_with_a_sentence(typed: str) -> None:
    form = filled(price=typed)
    assert not form.validate()
    assert form.price.errors
    assert form.price.data is None


def test_a_currency_without_decimals_takes_whole_amounts_only() -> None:
    form = filled(price="259.5")
    form.price.currency = "JPY"
    form.price.process(MultiDict({"price": "259.5"}))
    assert not form.price.validate(form)
    form.price.process(MultiDict({"price": "259"}))
    assert form.price.validate(form)
    assert form.price.data == 259


@pytest.mark.parametrize("typed", ["a\x00b", "\u202eevil", "x\u2066y", "\x07", "a\nb", "\ud800"])
def test_text_that_hides_turns_or_breaks_is_refused(typed: str) -> None:
    form = filled(title=typed)
    assert not form.validate()
    assert form.title.errors


def test_text_is_tidied_and_keeps_its_lines_where_it_may_have_some() -> None:
    form = filled(title=" cafe\u0301 ", text="one\r\ntwo\r\n")
    assert form.validate(), form.errors
    assert form.title.data == "café"
    assert form.text.data == "one\ntwo"


def test_blanks_alone_are_nothing() -> None:
    form = filled(title="  \u3000 ", more=" ")
    assert not form.validate()
    assert form.title.errors == ["What?"]
    assert form.more.data is None
    assert not form.more.errors


def test_a_text_that_is_too_long_says_how_long_it_may_be() -> None:
    form = filled(title="x" * 11)
    assert not form.validate()
    assert "10" in form.title.errors[0]


def test_emoji_and_chinese_are_plain_text() -> None:
    assert is_plain("一家人 👨‍👩‍👧 pot")
    assert tidy("\ufeffpot") == "pot"


def test_what_cannot_be_searched_for_is_left_out_of_a_query() -> None:
    assert query_text("po\x00t\u202e ") == "pot"
    assert query_text(None) == ""
    assert len(query_text("x" * 500)) == 100


def test_an_amount_is_shown_as_people_type_it() -> None:
    assert typed_amount(25900, "CNY") == "259"
    assert typed_amount(25950, "CNY") == "259.50"
    assert typed_amount(259, "JPY") == "259"
