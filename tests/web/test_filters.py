from datetime import UTC, datetime, timedelta

import pytest
from babel import Locale
from flask import Flask
from flask_babel import force_locale
from hypothesis import given
from hypothesis import strategies as st

from c2b.core.money import CURRENCIES, digits
from c2b.web import filters
from c2b.web.filters import compact, format_money, split_money

NOW = datetime(2025, 5, 20, 6, 0, tzinfo=UTC)  # 14:00 in Shanghai

MONEY = [
    ("en", 25900, "CNY", "¥259"),
    ("en", 125900, "CNY", "¥1,259"),
    ("en", 125950, "CNY", "¥1,259.50"),
    ("zh_Hans", 125900, "CNY", "¥1,259"),
    ("zh_Hant", 125900, "CNY", "¥1,259"),
    ("es", 125900, "CNY", "1.259\xa0¥"),
    ("id", 12590000, "IDR", "Rp125.900"),
    ("en", 1500, "JPY", "JP¥1,500"),
    ("zh_Hant", 129900, "TWD", "NT$1,299"),
    ("es", 1999, "EUR", "19,99\xa0€"),
    ("en", 2000, "EUR", "€20.00"),
    ("en", 2000, "USD", "US$20.00"),
    ("en", -2550, "CNY", "-¥25.50"),
    ("es", 0, "CNY", "0\xa0¥"),
]


@pytest.mark.parametrize(("locale", "amount", "currency", "written"), MONEY)
def test_money_is_written_as_each_language_does(
    locale: str, amount: int, currency: str, written: str
) -> None:
    assert format_money(amount, currency, Locale.parse(locale)) == written


@given(
    amount=st.integers(-(10**13), 10**13),
    currency=st.sampled_from(CURRENCIES),
    locale=st.sampled_from(["en", "zh_Hans", "zh_Hant", "es", "id"]),
)
def test_written_money_can_be_read_back_to_the_same_amount(amount: int, currency: str, locale: str) -> None:
    parts = split_money(amount, currency, Locale.parse(locale))
    comma = locale in ("es", "id")
    plain = parts.number.translate({ord("."): None if comma else ".", ord(","): "." if comma else None})
    whole, _point, rest = plain.partition(".")
    read = int(whole + rest.ljust(digits(currency), "0"))

    assert read == abs(amount)
    assert parts.before.startswith("-") == (amount < 0)


@pytest.mark.parametrize(
    ("locale", "n", "written"),
    [
        ("en", 9999, "9,999"),
        ("en", 12840, "12.8K"),
        ("zh_Hans", 12840, "1.3万"),
        ("zh_Hant", 12840, "1.3萬"),
        ("es", 12840, "12,8\xa0mil"),
        ("id", 12840, "12,8\xa0rb"),
        ("es", 1284, "1.284"),
    ],
)
def test_counts_are_full_below_ten_thousand_and_short_above(locale: str, n: int, written: str) -> None:
    assert compact(n, Locale.parse(locale)) == written


def test_a_shortened_count_carries_the_full_number_for_everyone(frame_app: Flask) -> None:
    with frame_app.test_request_context():
        short = filters.count(12840)

    assert 'title="12,840"' in short
    assert '<span class="vh">12,840</span>' in short
    assert '<span aria-hidden="true">12.8K</span>' in short


@pytest.mark.parametrize(
    ("rest", "long", "short"),
    [
        (timedelta(days=5, hours=6), "5 d 06 h left", "5 days left"),
        (timedelta(hours=48), "2 d 00 h left", "2 days left"),
        (timedelta(hours=47, minutes=59), "47 h 59 min left", "47 hours left"),
        (timedelta(hours=1), "1 h 00 min left", "1 hour left"),
        (timedelta(minutes=59, seconds=7), "59 min 07 s left", "59 minutes left"),
        (timedelta(0), "closed", "closed"),
        (timedelta(days=-3), "closed", "closed"),
    ],
)
def test_what_is_left_gets_finer_as_the_end_comes_near(
    frame_app: Flask, rest: timedelta, long: str, short: str
) -> None:
    with frame_app.test_request_context():
        assert filters.left(NOW + rest, NOW) == long
        assert filters.left_short(NOW + rest, NOW) == short


@pytest.mark.parametrize(
    ("locale", "written"),
    [
        ("en", "Thu, May 22, 20:00"),
        ("zh_Hans", "5月22日周四 20:00"),
        ("zh_Hant", "5月22日 週四 20:00"),
        ("es", "jue, 22 may, 20:00"),
        ("id", "Kam, 22 Mei 20.00"),
    ],
)
def test_times_are_told_in_the_site_zone_and_the_readers_language(
    frame_app: Flask, locale: str, written: str
) -> None:
    closing = datetime(2025, 5, 22, 12, 0, tzinfo=UTC)
    with frame_app.test_request_context(), force_locale(locale):
        assert filters.day_time(closing) == written


def test_a_time_element_names_the_exact_moment(frame_app: Flask) -> None:
    with frame_app.test_request_context():
        tag = filters.timetag(NOW - timedelta(minutes=3), "ago", NOW)

    assert tag.startswith('<time datetime="2025-05-20T05:57:00+00:00"')
    assert tag.endswith(">3 minutes ago</time>")


def test_pictures_come_in_the_smallest_size_that_is_large_enough(frame_app: Flask) -> None:
    with frame_app.test_request_context():
        assert "/static/img/demo/pot-320.webp?v=" in filters.picture_url("demo/pot", 200)
        assert "/static/img/demo/pot-480.webp?v=" in filters.picture_url("demo/pot", 480)
        assert "/static/img/demo/pot.webp?v=" in filters.picture_url("demo/pot", 760)
        assert "/static/img/no-picture.svg?v=" in filters.picture_url(None)
        assert filters.picture_url("/files/7") == "/files/7"
