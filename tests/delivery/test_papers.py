"""Papers of a sale, tables that are safe to open, and tracking numbers that come back as a file."""

import csv
import io
from collections.abc import Callable
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from c2b.accounts.models import User
from c2b.core.db import db
from c2b.core.sheets import decoded, parsed, safe_cell, written
from c2b.orders.models import Order
from c2b.orders.papers import purchase_order
from c2b.orders.parcels import read_parcels
from c2b.orders.states import OrderState
from tests.delivery.conftest import Sold, again, owner, parcels

SignIn = Callable[[FlaskClient, User], None]
Clock = Callable[[datetime], None]


def slug_of(order: Order) -> str:
    from c2b.campaigns.models import Campaign

    slug = db.session.get_one(Campaign, order.campaign_id).slug
    db.session.rollback()
    return slug


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("x")', "\t=1", "\r=1"])
def test_what_a_spreadsheet_would_calculate_becomes_text(text: str) -> None:
    assert safe_cell(text) == "'" + text
    assert safe_cell("Pot, 22 cm") == "Pot, 22 cm"
    assert safe_cell(-3) == "-3"
    assert safe_cell(None) == ""


def test_a_table_is_utf8_with_a_mark_and_comes_back_as_it_was() -> None:
    rows = [["名前", 'a "b", c', "line\nbreak"], ["=1", "-x", ""]]
    content = written(rows)
    assert content.startswith(b"\xef\xbb\xbf")
    text = decoded(content)
    assert text is not None
    assert parsed(text) == rows


def test_tables_of_chinese_spreadsheets_are_read_and_others_refused() -> None:
    assert decoded("订单,顺丰".encode("gb18030")) == "订单,顺丰"
    assert decoded(b"a\x00b") is None
    assert decoded(b"\xff\xff\xff") is None
    assert parsed("a;b\n1;2") == [["a", "b"], ["1", "2"]]
    assert parsed("a\tb\n1\t2") == [["a", "b"], ["1", "2"]]
    assert parsed('"' + "x" * 200_000) == []


def test_the_purchase_order_adds_up_by_option(sold: Sold) -> None:
    orders = sold(2, 1, 3)
    for order, colour in zip(orders, ("Red", "Blue", "Red"), strict=True):
        db.session.execute(update(Order).where(Order.id == order.id).values(options={"Colour": colour}))
    db.session.commit()
    paper = purchase_order(orders[0].launch_id)
    assert [(line.options, line.orders, line.units) for line in paper.lines] == [
        ("Colour: Blue", 1, 1),
        ("Colour: Red", 2, 5),
    ]
    assert (paper.units, paper.total) == (6, 6 * orders[0].unit_price)
    assert paper.fee == sum(order.fee for order in orders)
    assert paper.payable == paper.total - paper.fee
    db.session.rollback()


def test_every_paper_of_a_sale_is_for_its_firm_alone(
    sold: Sold, client: FlaskClient, sign_in: SignIn, make: object, at: Clock
) -> None:
    orders = sold(2, 1)
    slug, number = slug_of(orders[0]), orders[1].number
    pages = (
        "", "/purchase-order", "/pick-list", "/slips", "/purchase-order.csv", "/pick-list.csv", "/orders.csv",
        "/parcels",
    )  # fmt: skip
    sign_in(client, owner(orders[0]))
    for page in pages:
        answer = client.get(f"/sell/c/{slug}{page}")
        assert answer.status_code == 200, page
        if page.endswith(".csv"):
            assert answer.mimetype == "text/csv"
            assert answer.data.startswith(b"\xef\xbb\xbf")
        if page in ("/pick-list", "/slips", "/orders.csv", "/pick-list.csv"):
            assert number in answer.text, page
    other = make.merchant()  # type: ignore[attr-defined]
    sign_in(client, db.session.get_one(User, other.staff[0].user_id))
    for page in pages:
        assert client.get(f"/sell/c/{slug}{page}").status_code == 404, page
    assert client.post(f"/sell/c/{slug}/ready", data={"where": "x"}).status_code == 404
    assert client.post(f"/sell/c/{slug}/parcels", data={"text": "x"}).status_code == 404


def test_the_downloaded_table_comes_back_with_tracking_numbers(
    sold: Sold, client: FlaskClient, sign_in: SignIn, at: Clock
) -> None:
    one, two, three = sold(1, 1, 1)
    slug = slug_of(one)
    sign_in(client, owner(one))
    rows = list(csv.reader(io.StringIO(client.get(f"/sell/c/{slug}/orders.csv").data.decode("utf-8-sig"))))
    for row in rows[1:3]:
        row[-2:] = ["SF Express", f"SF{row[0][-3:]}"]
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    content = out.getvalue().encode("gb18030")

    looked = client.post(
        f"/sell/c/{slug}/parcels", data={"file": (io.BytesIO(content), "orders.csv")},
        content_type="multipart/form-data",
    )  # fmt: skip
    assert looked.status_code == 200
    assert "2 parcels, every row is good" in looked.text
    assert again(one).state == OrderState.PLACED
    sent = client.post(f"/sell/c/{slug}/parcels", data={"text": out.getvalue(), "take": "1"})
    assert sent.status_code == 302
    assert [again(o).state for o in (one, two, three)] == ["shipped", "shipped", "placed"]
    assert parcels(one)[0].carrier == "SF Express"
    twice = client.post(f"/sell/c/{slug}/parcels", data={"text": out.getvalue(), "take": "1"})
    assert twice.status_code == 422
    assert "was sent already" in twice.text
    assert len(parcels(one)) == 1


def test_one_bad_row_and_nothing_is_imported_each_named_by_its_number(
    sold: Sold, client: FlaskClient, sign_in: SignIn, at: Clock
) -> None:
    one, two = sold(1, 1)
    slug = slug_of(one)
    sign_in(client, owner(one))
    text = "\n".join(
        [
            "order,carrier,tracking",
            f"{one.number},SF Express,SF1",
            f"{one.number},SF Express,SF2",
            "M-NOT,SF Express,SF3",
            f"{two.number},,SF4",
            f"{two.number},SF Express,号码",
            "",
            f"{two.number}",
        ]
    )
    answer = client.post(f"/sell/c/{slug}/parcels", data={"text": text, "take": "1"})
    assert answer.status_code == 422
    for row, words in ((3, "twice"), (4, "No order of this sale"), (5, "carrier"), (6, "tracking number")):
        assert words in answer.text.split(f"Row {row}</b>")[1].split("</li>")[0], row
    for row in (2, 7, 8):
        assert f"Row {row}</b>" not in answer.text
    assert [again(o).state for o in (one, two)] == ["placed", "placed"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Choose a file"),
        ("order,carrier,tracking\n", "no tracking number"),
        ("\n".join(["x,y,z"] * 5002), "At most 5000 rows"),
        ('"' + "x" * 200_000, "not a table"),
    ],
)
def test_what_is_no_table_is_refused_in_words(
    sold: Sold, client: FlaskClient, sign_in: SignIn, at: Clock, text: str, words: str
) -> None:
    [order] = sold(1)
    slug = slug_of(order)
    sign_in(client, owner(order))
    answer = client.post(f"/sell/c/{slug}/parcels", data={"text": text})
    assert answer.status_code == 422
    assert words in answer.text


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\x00\x00", b"x" * 1001, b"\xff\xfe\xff"])
def test_a_file_that_is_no_text_is_refused(
    sold: Sold,
    client: FlaskClient,
    sign_in: SignIn,
    at: Clock,
    content: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("c2b.orders.sale_views.FILE_BYTES", 1000)
    [order] = sold(1)
    slug = slug_of(order)
    sign_in(client, owner(order))
    answer = client.post(
        f"/sell/c/{slug}/parcels", data={"file": (io.BytesIO(content), "x.csv")},
        content_type="multipart/form-data",
    )  # fmt: skip
    assert answer.status_code == 422
    assert "CSV file of at most 1 MB" in answer.text


def test_a_table_of_one_sale_sends_nothing_of_another(sold: Sold) -> None:
    [order] = sold(1)
    reading = read_parcels(f"{order.number},SF,1", order.merchant_id, order.launch_id + 1)
    assert reading.parcels == []
    assert len(reading.problems) == 1
    db.session.rollback()
