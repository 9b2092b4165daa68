"""Every notice can be put into words, in English and in Chinese, and no word of a person becomes markup."""

import ast
import re

import html5lib
import pytest

from c2b import create_app
from c2b.accounts import tokens
from c2b.config import ROOT
from c2b.core.db import db
from c2b.core.outbox import Notice
from c2b.mailing.render import Reader, kinds, moment, put_into_words, translated
from tests.conftest import config_for
from tests.mailing.samples import SAMPLES

ALICE = Reader(7, "alice@example.org", "Alice <b>Wong</b>", "en")
MING = Reader(8, "ming@example.org", "小明", "zh-Hans")
CASES = [(kind, data) for kind, variants in SAMPLES.items() for data in variants]
CALLS = {"notify", "notify_many", "tell", "_tell", "_tell_starter", "_tell_role", "tell_merchant"}
PLACES = re.compile(r"%\((\w+)\)s")


def notice(kind, data, now, key="1"):
    return Notice(id=1, key=f"{kind}:{key}", kind=kind, user_id=7, data=data, created_at=now, due_at=now)


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """Words need no database."""
    folder = tmp_path_factory.mktemp("words")
    app = create_app(config_for(f"sqlite:///{folder}/none.sqlite3", folder))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def test_every_kind_is_written_in_english(app, now):
    for kind, data in CASES:
        mail = put_into_words(notice(kind, data, now), ALICE)
        assert mail.to == "alice@example.org"
        assert 4 < len(mail.subject) < 160
        assert "\n" not in mail.subject
        for written in (mail.subject, mail.text, mail.html):
            assert "%(" not in written, kind
            assert "None" not in written, kind
        assert "http://localhost/" in mail.text
        assert "http://localhost/" in mail.html


def test_every_kind_is_written_in_chinese(app, now):
    for kind, data in CASES:
        mail = put_into_words(notice(kind, data, now), MING)
        assert re.search("[一-鿿]", mail.subject), kind
        assert 'lang="zh-Hans"' in mail.html
        paragraphs = mail.text.split("\n\n")
        theirs = {str(value) for value in data.values()}
        for paragraph in paragraphs[:-2]:
            assert re.search("[一-鿿]", paragraph) or paragraph.strip() in theirs, (kind, paragraph)


def test_what_people_wrote_never_becomes_markup(app, now):
    for kind, data in CASES:
        mail = put_into_words(notice(kind, data, now), ALICE)
        assert "<b>" not in mail.html, kind
        document = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(mail.html)
        assert document.findall(".//b") == []
        assert len(document.findall(".//h1")) == 1


def test_there_is_a_sample_for_every_kind_and_a_kind_for_every_sample():
    assert set(SAMPLES) == kinds()


def test_every_kind_that_the_code_speaks_of_has_its_templates():
    """Kinds are literals in calls that tell somebody something, or in a variable named kind."""
    spoken = {}
    for path in (ROOT / "c2b").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                for value in node.args if name in CALLS else []:
                    if isinstance(value, ast.Constant) and isinstance(value.value, str):
                        spoken[value.value] = path.name
    said = {kind for kind in spoken if re.fullmatch(r"[a-z]+(_[a-z]+)+", kind)}
    assert {"pledge_placed", "card_failed", "offer_verdict", "account_reset"} <= said
    assert said - kinds() == set()


def test_every_kind_has_both_of_its_templates():
    folder = ROOT / "templates" / "emails"
    for kind in kinds():
        assert (folder / f"{kind}.txt").exists()


def test_money_is_written_exactly(app, now):
    mail = put_into_words(notice("campaign_launched", SAMPLES["campaign_launched"][0], now), ALICE)
    assert mail.subject == "Launched at ¥219: Enamel <b>pot</b> & lid"
    assert "¥438" in mail.text
    odd = {**SAMPLES["pledge_placed"][0], "ceiling": 25950}
    assert "¥259.50" in put_into_words(notice("pledge_placed", odd, now), ALICE).text


SHOPPERS = (
     "pledge_placed", "pledge_released", "pledge_unfilled", "pledge_dropped", "campaign_expired", "campaign_failed",
     "campaign_cancelled", "campaign_tipped", "campaign_closing_soon", "campaign_awarded", "campaign_scheduled",
     "campaign_launched", "campaign_next_batch", "card_failed", "card_reminder", "order_placed", "order_shipped",
)  # fmt: skip


def test_every_mail_to_shoppers_says_what_happens_to_the_money(app, now):
    for kind, data in CASES:
        if kind in SHOPPERS:
            text = put_into_words(notice(kind, data, now), ALICE).text
            assert re.search("charged|pays? nothing|nobody pays|It is paid", text), kind


def test_tone_is_calm(app, now):
    for kind, variants in SAMPLES.items():
        for data in variants:
            text = put_into_words(notice(kind, data, now), ALICE).text
            assert "!" not in text, kind
            assert "hurry" not in text.lower(), kind


def test_times_are_in_the_zone_of_the_site(app, now):
    mail = put_into_words(notice("campaign_scheduled", SAMPLES["campaign_scheduled"][0], now), ALICE)
    assert "Thu, May 22, 20:00" in mail.text
    assert (
        "5月22日周四 20:00"
        in put_into_words(notice("campaign_scheduled", SAMPLES["campaign_scheduled"][0], now), MING).text
    )


def test_links_are_signed_when_the_mail_is_written_and_stay_the_same(app, now):
    row = notice("account_confirm", SAMPLES["account_confirm"][0], now)
    one, two = put_into_words(row, ALICE), put_into_words(row, ALICE)
    assert one == two
    [token] = re.findall(r"http://localhost/confirm/(\S+)", one.text)
    data = tokens.read(tokens.CONFIRM, token, tokens.CONFIRM_AGE, now=now)
    assert data == [7, "0123456789abcdef", "/c/pot"]


def test_the_same_notice_keeps_its_message_id_and_another_has_another(app, now):
    first = put_into_words(notice("account_exists", {}, now), ALICE).message_id
    assert first == put_into_words(notice("account_exists", {}, now), MING).message_id
    assert first != put_into_words(notice("account_exists", {}, now, key="2"), ALICE).message_id
    assert re.fullmatch(r"<[0-9a-f]{32}@muster\.example>", first)


def test_sentences_of_our_rules_are_translated_and_those_of_people_are_not(app, now):
    ours = {**SAMPLES["campaign_failed"][0], "reason": "Nothing is charged before the launch."}
    assert "上线之前不会扣款。" in put_into_words(notice("campaign_failed", ours, now), MING).text
    assert translated("100% (%s) theirs %(x)s") == "100% (%s) theirs %(x)s"
    assert moment("2025-05-22T12:00:00+00:00").tzinfo is not None


def test_a_line_break_in_a_title_does_not_reach_the_head_of_a_mail(app, now):
    data = {**SAMPLES["campaign_expired"][0], "title": "Pot\r\nBcc: everyone@example.org"}
    assert put_into_words(notice("campaign_expired", data, now), ALICE).subject == (
        "Ended without a deal: Pot Bcc: everyone@example.org"
    )
