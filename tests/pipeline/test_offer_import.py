"""Offers by file: columns in any language, a trial first, a result for each row, and never an error page."""

import csv
import io
import re

import pytest
from flask_babel import force_locale
from sqlalchemy import select

from c2b.accounts.models import User
from c2b.core import storage
from c2b.core.db import db
from c2b.core.languages import CATALOGUES
from c2b.core.work import TRIED_KEPT, TriedFile, Work
from c2b.pipeline import offer_sheet
from c2b.pipeline.models import Offer
from c2b.pipeline.offer_sheet import heading, keys, read_table
from jobs import do_work, prune_runs
from tests.pipeline.offers_kit import wanted

VIEWS = ("offer_views", "opportunity_views", "offer_sheet_views")


@pytest.fixture(autouse=True)
def at_that_time(monkeypatch, now):
    for module in VIEWS:
        monkeypatch.setattr(f"c2b.pipeline.{module}.utcnow", lambda: now)
    monkeypatch.setattr(do_work, "AT_WORK", {})


@pytest.fixture
def merchant(make, client, sign_in):
    firm = make.merchant()
    sign_in(client, db.session.get(User, firm.staff[0].user_id))
    return firm


def send(client, content, name="offers.csv", **more):
    file = {"file": (io.BytesIO(content if isinstance(content, bytes) else content.encode()), name)}
    return client.post("/sell/a/import", data={**file, **more}, content_type="multipart/form-data")


def kept_in(page):
    return re.search(r'name="kept" value="([^"]+)"', page)[1]


def rows_of(answer):
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_a_table_is_tried_then_imported_row_by_row_and_exported_again(client, make, merchant, now):
    first, second = wanted(make), wanted(make)
    template = rows_of(client.get("/sell/a/template.csv"))
    assert template[0][0] == "Campaign"
    assert {row[0] for row in template[1:]} == {first.slug, second.slug}
    text = (
        "Campaign;title;List price;From units 1;Price each 1;From units 2;Price each 2;Colour of the box;"
        "Where you ship\r\n"
        f"{first.slug};Iron pot;¥1.399,00;10;259;1,200;239,50;red;cn, hk\r\n"
        f"http://localhost/c/{second.slug}?x=1;Steel pot;399;10;259;5;239;;\r\n"
        "nothing like this;A;1;;;;;;\r\n"
        f"{second.slug};=HYPERLINK(1);399;;;;;;\r\n"
    )
    trial = send(client, text)
    assert trial.status_code == 200
    for words in (
        "3 rows are not in order",
        "Colour of the box: not used",
        "No campaign of this name",
        "holds a formula",
    ):
        assert words in trial.text, words
    assert "start at more units" in trial.text
    assert db.session.scalars(select(Offer)).all() == []
    kept = kept_in(trial.text)
    bad = rows_of(client.post("/sell/a/import", data={"kept": kept, "do": "errors"}))
    assert [row[0] for row in bad] == ["Row", "3", "4", "5"]
    assert bad[3][3] == "'=HYPERLINK(1)"
    asked = client.post("/sell/a/import", data={"kept": kept, "do": "import"})
    work = db.session.scalar(select(Work))
    assert asked.location.endswith(f"/work/{work.id}")
    do_work.run(now)
    db.session.expire_all()
    assert (work.state, work.done, work.failed) == ("done", 4, 3)
    offer = db.session.scalar(select(Offer))
    assert (offer.title, offer.list_price, offer.regions) == ("Iron pot", 139900, ["CN", "HK"])
    assert [(t.from_quantity, t.unit_price) for t in offer.tiers] == [(10, 25900), (1200, 23950)]
    assert "Download the rows that failed" in client.get(f"/work/{work.id}").text
    table = client.get("/sell/a/offers.csv")
    assert rows_of(table)[1][:2] == [first.slug, "Iron pot"]
    changed = send(client, table.data.replace(b"Iron pot", b"Copper pot"))
    assert "changes your draft" in changed.text
    client.post("/sell/a/import", data={"kept": kept_in(changed.text), "do": "import"})
    do_work.run(now)
    db.session.expire_all()
    assert [o.title for o in db.session.scalars(select(Offer))] == ["Copper pot"]


BAD = (
    (b"", "Choose a file"),
    (b"\xff\xfe\x00a", "cannot read"),
    (b"a\x00b", "cannot read"),
    ("campaign\n", "no rows"),
    ("title,list price\nA,1\n", "no column “Campaign”"),
    ("campaign,Campaign\na,b\n", "there twice"),
    ("campaign\n" + "a\n" * 501, "at most 500 rows"),
    ("campaign\n" + "a" * 300_000, "larger than 1 MB"),
    ('campaign\n"' + "a" * 200_000, "no rows"),
)


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_file_that_was_tried_and_not_imported_is_gone_after_a_day(client, make, merchant, now):
    table = f"Campaign;title;List price;From units 1;Price each 1\n{wanted(make).slug};Iron pot;399;10;259\n"
    send(client, table)
    [tried] = db.session.scalars(select(TriedFile.name))
    used = kept_in(send(client, table).text)
    client.post("/sell/a/import", data={"kept": used, "do": "import"})
    asked = db.session.scalar(select(Work)).args["file"]
    prune_runs.run(now + TRIED_KEPT)
    assert storage.exists(tried)
    prune_runs.run(now + 2 * TRIED_KEPT)
    assert (storage.exists(tried), storage.exists(asked)) == (False, True)
    assert db.session.scalars(select(TriedFile)).all() == []


def test_a_file_that_cannot_be_understood_gets_a_sentence(client, make, merchant, monkeypatch):
    monkeypatch.setattr(offer_sheet, "MOST_BYTES", 250_000)  # the test's client never closes larger files
    for content, words in BAD:
        answer = send(client, content)
        assert answer.status_code == 422, words
        assert words in answer.text
    assert client.post("/sell/a/import", data={"kept": "made up", "do": "import"}).status_code == 422
    assert client.post("/sell/a/import", data={"text": "campaign\nx"}).status_code == 200
    wide = send(client, "campaign,list price,lead days\nx,lots,1.5,one,too,many\n")
    assert (wide.status_code, "No campaign of this name" in wide.text) == (200, True)


def test_wrong_cells_are_told_by_their_column(client, make, merchant):
    campaign = wanted(make)
    head = "campaign,title,list price,lead_days,hs_code,regions,made in,launch from\n"
    for cells, words in (
        ("Pot,lots,20,,,CN,", "List price: Enter an amount"),
        ("Pot,399,1.5,,,CN,", "Days from launch to dispatch: Enter a whole number"),
        (f"{'x' * 27},399,20,,,CN,", "at most 26"),
        ("Pot,399,20,12ab,,CN,", "6 to 10 digits"),
        ("Pot,399,20,,XX,CN,", "valid choice"),
        ("Pot,399,20,,,CN,soon", "Launch from: Not a valid date"),
        ("a\u202eb,399,20,,,CN,", "cannot be shown"),
    ):
        answer = send(client, f"{head}{campaign.slug},{cells}\n")
        assert answer.status_code == 200
        assert words in answer.text, cells


def test_the_columns_are_known_in_every_language(app):
    for locale in CATALOGUES.values():
        with force_locale(locale):
            names = [heading(key) for key in keys()]
        table = read_table((",".join(f'"{name}"' for name in names) + "\nx\n").encode())
        assert table.columns == keys(), locale


def test_a_firm_that_is_not_certified_imports_nothing(client, make, sign_in):
    firm = make.merchant("applied")
    sign_in(client, db.session.get(User, firm.staff[0].user_id))
    assert client.get("/sell/a/import").status_code == 409
