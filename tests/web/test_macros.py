# ruff: noqa: E501 - a line of template stays on one line
from datetime import UTC, datetime, timedelta
from typing import Any

import html5lib
import pytest
from flask_wtf import FlaskForm
from wtforms import BooleanField, FileField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from c2b.campaigns.states import Basis
from tests.web.conftest import Page

NOW = datetime.now(UTC)


class OfferForm(FlaskForm):
    name = StringField("Product name", validators=[InputRequired("Enter a name")])
    price = StringField("Price", validators=[InputRequired("Enter a price")])
    words = TextAreaField("Words", validators=[Optional()])
    category = SelectField("Category", choices=[SelectChoice("home", "Home"), SelectChoice("food", "Food")])
    rule = RadioField(
        "It closes", choices=[SelectChoice("day", "On the day"), SelectChoice("full", "When full")]
    )
    agreed = BooleanField("I agree")
    papers = FileField("Papers")


def campaign(**changes: Any) -> dict[str, Any]:
    usual = {
        "slug": "pot",
        "title": "Pot <22 cm>",
        "picture": "demo/pot",
        "expected_price": 23900,
        "list_price": 39900,
        "currency": "CNY",
        "want_count": 1284,
        "heat": 5,
        "percent": 92,
        "state_label": "open",
        "closes_at": NOW + timedelta(days=5, hours=1),
        "next_missing": 116,
        "next_price": 23900,
        "joined": False,
        "counts": Basis.UNITS,
    }
    return usual | changes


def well_formed(html: str) -> str:
    parser = html5lib.HTMLParser(strict=True)
    parser.parseFragment(html)
    return html


CARD = "{% from 'macros/campaigns.html' import card %}{{ card(c) }}"


def test_a_card_says_the_same_with_words_as_with_its_bar(page: Page) -> None:
    html = page(CARD, c=campaign())

    assert "Pot &lt;22 cm&gt;" in html
    assert "<b>1,284</b> want it" in html
    assert "<b>116 units more</b> for ¥239" in html
    assert 'list&nbsp;<s class="was">¥399</s>' in html
    assert "5 days left" in html
    assert 'style="--v:92%"' in html
    assert 'aria-label="Heat 5 of 5"' in html


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state_label": "on", "next_missing": 0, "next_price": None}, "still open"),
        ({"state_label": "near"}, "Nearly there"),
        ({"state_label": "closed"}, "Closed"),
        ({"state_label": "scheduled"}, "Scheduled"),
        ({"joined": True}, "Joined"),
        ({"want_count": 1}, "<b>1</b> wants it"),
        (
            {"expected_price": None, "list_price": None, "next_price": None},
            "<b>116 units more</b> and it is on",
        ),
        ({"counts": Basis.PEOPLE}, "<b>116 people more</b> for"),
        ({"next_missing": 1}, "<b>1 more</b> for"),
    ],
)
def test_a_card_tells_its_state(page: Page, changes: dict[str, Any], words: str) -> None:
    assert words in page(CARD, c=campaign(**changes))


def test_a_card_stays_within_its_share_of_the_page(page: Page) -> None:
    fragment = html5lib.parseFragment(page(CARD, c=campaign()))

    assert sum(1 for _node in fragment.iter()) - 1 <= 27


def test_the_symbol_stands_where_the_language_puts_it(page: Page) -> None:
    source = "{% from 'macros/campaigns.html' import price %}{{ price(125900, 'CNY') }}"

    assert page(source) == '<span class="price"><span class="c">¥</span>1,259</span>'
    assert page(source, "es") == '<span class="price">1.259<span class="c">\xa0¥</span></span>'


def test_a_refused_field_is_announced_linked_and_keeps_what_was_typed(page: Page) -> None:
    with page.app.test_request_context(method="POST", data={"name": "", "price": "<1>", "category": "x"}):
        form = OfferForm(meta={"csrf": False})
        form.validate()
    source = (
        "{% import 'macros/forms.html' as f %}{{ f.error_summary(form) }}{{ f.field(form.name, 'What it is') }}"
        "{{ f.money_field(form.price, 'CNY') }}{{ f.select(form.category) }}"
    )
    html = well_formed(page(source, form=form))

    assert "There is a problem" in html
    assert '<a href="#name">Enter a name</a>' in html
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="name-hint name-error"' in html
    assert 'value="&lt;1&gt;"' in html


def test_every_kind_of_field_has_a_label(page: Page) -> None:
    with page.app.test_request_context():
        form = OfferForm(meta={"csrf": False})
        source = (
            "{% import 'macros/forms.html' as f %}{{ f.textarea(form.words) }}{{ f.checkbox(form.agreed, 'Really') }}"
            "{{ f.choice_cards(form.rule, notes={'day': 'at eight'}) }}{{ f.file_field(form.papers, accept='.pdf') }}"
            "{{ f.submit('Save') }}{{ f.error_summary(form) }}"
        )
        html = well_formed(page(source, form=form))

    assert '<label for="words">Words <span class="mut sm">(optional)</span></label>' in html
    assert "<legend>It closes</legend>" in html
    assert "at eight" in html
    assert 'accept=".pdf"' in html
    assert "There is a problem" not in html


def test_a_button_form_is_protected_and_escapes_what_it_carries(page: Page) -> None:
    source = "{% from 'macros/forms.html' import post_button %}{{ post_button('/x', 'Do it', hidden={'a': '\">'}) }}"
    html = well_formed(page(source))

    assert 'name="csrf_token"' in html
    assert 'value="&#34;&gt;"' in html


def test_the_office_parts_render_well_formed(page: Page) -> None:
    html = page(
        """{% import 'macros/office.html' as o %}{{ o.kpi('People', '18', 'up', 'ok') }}{{ o.tag('x', 'ok', 'check') }}
        {{ o.stepper([{'label': 'Sign in', 'state': 'done'}, {'label': 'Sample', 'note': 'by Friday', 'state': 'cur'}]) }}
        {{ o.tasks([{'title': 'Photos', 'url': '/p', 'hint': 'h', 'status': 'Done', 'kind': 'ok'}]) }}
        {{ o.note('warn', 'Look') }}{% call o.note('bad', title='T') %}inside{% endcall %}
        {% call o.table('Offers', ['Offer', ('Price', 'r'), '']) %}<tr><td>1</td><td>2</td><td>3</td></tr>{% endcall %}
        {{ o.checks(['pass', 'warn', 'fail', 'pass']) }}{{ o.empty('Nothing', 'yet', '/w', 'Start') }}
        {{ o.pager(none, '?page=2') }}{{ o.crumbs([('A', '/a'), ('B', none)]) }}{{ o.progress('P', 1, 0) }}
        {{ o.spec([('Size', '22')]) }}{{ o.seg([('W', '?', true)], 'View') }}{{ o.chips([('Open', '?', 14, true)], 'F') }}"""
    )
    well_formed(html)

    assert "2 passed, 1 warnings, 1 failed" in html
    assert 'aria-current="step"' in html
    assert '<caption class="vh">Offers</caption>' in html
    assert "inside" in html


def test_the_campaign_parts_render_well_formed(page: Page) -> None:
    html = page(
        """{% import 'macros/campaigns.html' as c %}{{ c.heat_bar(120, 3, true, [50, 80]) }}
        {{ c.ladder([{'from_quantity': 300, 'price': 31900, 'currency': 'CNY', 'state': 'done'},
                     {'from_quantity': 700, 'price': 27900, 'currency': 'CNY', 'state': 'cur', 'note': 'since May'}]) }}
        {{ c.countdown(end, now) }}{{ c.facts(['a', ('truck', 'b')]) }}{{ c.avatar('alice', 1) }}
        {{ c.timeline([{'title': 'Asked', 'at': now, 'by': 'Wen', 'kind': 'cur', 'icon': 'box'}, {'title': 'Done'}]) }}
        {{ c.prices(none, 23900, 39900, 'CNY') }}{{ c.prices(25900, 23900, none, 'CNY') }}""",
        now=NOW,
        end=NOW + timedelta(hours=50),
    )
    well_formed(html)

    assert 'style="--v:100%"' in html
    assert "2 d 02 h left" in html
    assert "from 300 pieces" in html


def test_the_frames_render_without_any_feature(page: Page) -> None:
    for frame in ("base.html", "office.html"):
        html = page(
            "{% extends '"
            + frame
            + "' %}{% block title %}T{% endblock %}{% block main %}<h1>H</h1>{% endblock %}"
        )
        html5lib.HTMLParser(strict=True).parse(html)
        assert "<title>T · Muster</title>" in html
        assert '<html lang="en">' in html
        assert 'href="#main"' in html


def test_the_frame_speaks_the_readers_language_tag(page: Page) -> None:
    assert '<html lang="zh-Hans">' in page("{% extends 'base.html' %}", "zh_Hans")


@pytest.mark.parametrize("status", [404, 409, 500])
def test_error_pages_name_a_way_back_and_a_reference(page: Page, status: int) -> None:
    html = page(
        "{% include 'errors/error.html' %}",
        status=status,
        title="Gone",
        sentence="It ended.",
        reference="ab12",
    )

    assert "<title>Error: Gone · Muster</title>" in html
    assert "ab12" in html
    assert 'href="/"' in html


def test_mails_have_a_button_and_a_way_out(page: Page) -> None:
    around = {"url": str, "topic": "Orders", "preferences_url": ""}
    html = page(
        "{% extends 'emails/_layout.html' %}{% from 'macros/mail.html' import button, facts %}"
        "{% block subject %}S{% endblock %}{% block body %}{{ button('https://x.example/a', 'Open') }}"
        "{{ facts([('Price', '¥259')]) }}{% endblock %}",
        unsubscribe_url="https://x.example/u/1",
        **around,
    )
    text = page(
        "{% extends 'emails/_layout.txt' %}{% block body %}Hello{% endblock %}",
        unsubscribe_url="https://u",
        **around,
    )

    assert 'href="https://x.example/a"' in html
    assert "https://x.example/u/1" in html
    assert text.startswith("Hello")
    assert "https://u" in text
