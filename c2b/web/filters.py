"""How money, counts, times and pictures are written on a page, in the reader's language."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from babel import Locale
from babel.dates import format_skeleton, format_timedelta, get_datetime_format
from babel.numbers import (
    format_compact_decimal,
    format_decimal,
    format_percent,
    get_currency_symbol,
    parse_pattern,
)
from flask import Flask, url_for
from flask_babel import get_locale, get_timezone, ngettext
from flask_babel import gettext as _
from jinja2 import StrictUndefined
from markupsafe import Markup, escape

from c2b.core.clock import utcnow
from c2b.core.labels import as_words
from c2b.core.money import digits, major
from c2b.core.text import public_name
from c2b.web.assets import asset_url
from c2b.web.language import without_prefix

# One symbol per currency in every language, so that a price looks the same to everybody.
SYMBOLS = {"CNY": "¥", "TWD": "NT$", "JPY": "JP¥", "IDR": "Rp", "USD": "US$", "EUR": "€"}
# Whole amounts of these are written without decimals.
NO_EMPTY_DECIMALS = frozenset({"CNY", "TWD", "JPY", "IDR"})
COMPACT_FROM = 10_000
PICTURE_WIDTHS = (320, 480)
_HOLE = "\ue000"  # a private character: stands where the symbol goes in a formatted number


@dataclass(frozen=True)
class MoneyParts:
    """An amount taken apart, so that a page can write the symbol smaller than the number."""

    before: str
    number: str
    after: str


@lru_cache(maxsize=512)
def _currency_pattern(locale: Locale, decimals: int) -> str:
    pattern = locale.currency_formats["standard"].pattern.split(";")[0]
    plain = parse_pattern(pattern.replace("¤", _HOLE)).pattern
    return plain.replace("0.00", "0." + "0" * decimals if decimals else "0")


def format_money(amount: int, currency: str, locale: Locale) -> str:
    """The amount in minor units as the locale writes it, with our own symbol for the currency."""
    parts = split_money(amount, currency, locale)
    return parts.before + parts.number + parts.after


@lru_cache(maxsize=8192)
def split_money(amount: int, currency: str, locale: Locale) -> MoneyParts:
    """Like `format_money`, in three parts; a minus sign stands before everything."""
    places = digits(currency)
    whole = amount % 10**places == 0
    shown = 0 if whole and currency in NO_EMPTY_DECIMALS else places
    value = major(abs(amount), currency)
    text = format_decimal(value, format=_currency_pattern(locale, shown), locale=locale)
    symbol = SYMBOLS.get(currency) or get_currency_symbol(currency, locale=locale)
    left, _hole, right = text.partition(_HOLE)
    sign = "-" if amount < 0 else ""
    if right.strip():
        return MoneyParts(f"{sign}{symbol}", right, "")
    return MoneyParts(sign, left.rstrip("\xa0 "), f"\xa0{symbol}" if left[-1:] in "\xa0 " else symbol)


def money(amount: int, currency: str) -> str:
    """An amount in minor units, written for the reader: ¥259, ¥1,259.50, 1.259 ¥."""
    return format_money(amount, currency, _locale())


def money_parts(amount: int, currency: str) -> MoneyParts:
    """The same amount taken apart."""
    return split_money(amount, currency, _locale())


def money_symbol(currency: str) -> str:
    """The symbol alone, for the front of a field."""
    return SYMBOLS.get(currency) or str(get_currency_symbol(currency, locale=_locale()))


def number(n: float) -> str:
    """A number in full: for thresholds, for "N more", for attributes."""
    return str(format_decimal(n, locale=_locale()))


def compact(n: int, locale: Locale) -> str:
    """In full below ten thousand, then short: 9,999 and 12.8K."""
    if abs(n) < COMPACT_FROM:
        return str(format_decimal(n, locale=locale))
    return str(format_compact_decimal(n, locale=locale, fraction_digits=1))


def count(n: int) -> Markup:
    """A count for reading; a shortened one carries the full number for the pointer and the screen reader."""
    short = compact(n, _locale())
    if abs(n) < COMPACT_FROM:
        return escape(short)
    both = Markup('<span title="{0}"><span aria-hidden="true">{1}</span><span class="vh">{0}</span></span>')
    return both.format(number(n), short)


def count_text(n: int) -> str:
    """The same count as plain text, for attributes and mail."""
    return compact(n, _locale())


def percent(value: float) -> str:
    """A percentage from 0 to 100."""
    return str(format_percent(value / 100, locale=_locale()))


def day(when: datetime) -> str:
    """Thu, May 22."""
    return _skeleton("MMMEd", when)


def date(when: datetime) -> str:
    """May 22, 2025."""
    return _skeleton("yMMMd", when)


def clock(when: datetime) -> str:
    """20:00."""
    return _skeleton("Hm", when)


def day_time(when: datetime) -> str:
    """Thu, May 22, 20:00."""
    return _joined(day(when), clock(when))


def date_time(when: datetime) -> str:
    """May 22, 2025, 20:00."""
    return _joined(date(when), clock(when))


def timetag(when: datetime, style: str = "day_time", now: datetime | None = None) -> Markup:
    """The moment as a <time> element; `style` names one of the filters above, or `ago`."""
    text = ago(when, now) if style == "ago" else MOMENTS[style](when)
    return Markup('<time datetime="{}"{}>{}</time>').format(
        when.isoformat(timespec="seconds"),
        Markup(' title="{}"').format(date_time(when)) if style == "ago" else "",
        text,
    )


def ago(when: datetime, now: datetime | None = None) -> str:
    """3 minutes ago."""
    return str(format_timedelta(when - (now or utcnow()), add_direction=True, locale=_locale()))


def left(closes_at: datetime, now: datetime | None = None) -> str:
    """What is left: days and hours above two days, then hours and minutes, then minutes and seconds."""
    seconds = int(max((closes_at - (now or utcnow())).total_seconds(), 0))
    if seconds == 0:
        return str(_("closed"))
    days, hours = seconds // 86400, seconds // 3600
    minutes = seconds // 60
    if seconds >= 48 * 3600:
        return str(_("%(days)s d %(hours)s h left", days=days, hours=f"{hours % 24:02d}"))
    if seconds >= 3600:
        return str(_("%(hours)s h %(minutes)s min left", hours=hours, minutes=f"{minutes % 60:02d}"))
    return str(_("%(minutes)s min %(seconds)s s left", minutes=minutes, seconds=f"{seconds % 60:02d}"))


def left_short(closes_at: datetime, now: datetime | None = None) -> str:
    """What is left in one unit, for a badge: 5 days left."""
    rest = max(closes_at - (now or utcnow()), timedelta())
    hours = int(rest.total_seconds() // 3600)
    if hours >= 48:
        return str(ngettext("%(num)s day left", "%(num)s days left", hours // 24))
    if hours >= 1:
        return str(ngettext("%(num)s hour left", "%(num)s hours left", hours))
    minutes = int(rest.total_seconds() // 60)
    if not rest:
        return str(_("closed"))
    return str(ngettext("%(num)s minute left", "%(num)s minutes left", minutes))


def picture_url(ref: str | None, width: int = 480) -> str:
    """The address of a picture: `demo/pot` is ours; what begins with a slash is an address already."""
    if not ref:
        return asset_url("img/no-picture.svg")
    if ref.startswith(("/", "https://", "http://")):
        return ref
    if ref.startswith("demo/"):
        fits = next((w for w in PICTURE_WIDTHS if w >= width), None)
        return asset_url(f"img/{ref}-{fits}.webp" if fits else f"img/{ref}.webp")
    return without_prefix(url_for("web.picture", ref=ref, width=width))


MOMENTS = {"day": day, "date": date, "clock": clock, "day_time": day_time, "date_time": date_time}


def _locale() -> Locale:
    return get_locale() or Locale("en")


def _skeleton(skeleton: str, when: datetime) -> str:
    local = when.astimezone(get_timezone())
    return str(format_skeleton(skeleton, local, tzinfo=local.tzinfo, locale=_locale()))


def month(name: str) -> str:
    """A month that is called 2025-05 in an address: May 2025."""
    year, number = name.split("-")
    return str(format_skeleton("yMMMM", datetime(int(year), int(number), 1, tzinfo=UTC), locale=_locale()))


def _joined(left_part: str, right_part: str) -> str:
    pattern = str(get_datetime_format("medium", locale=_locale()))
    return pattern.replace("{1}", left_part).replace("{0}", right_part)


def lang(locale: Locale | None = None) -> str:
    """The language tag for `lang` attributes: zh-Hans."""
    return str(locale or _locale()).replace("_", "-")


def register(app: Flask) -> None:
    """Give templates these filters and functions, and let an unknown name be an error rather than nothing."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        money=money,
        money_parts=money_parts,
        number=number,
        count=count,
        count_text=count_text,
        percent=percent,
        day=day,
        date=date,
        clock=clock,
        day_time=day_time,
        datetime=date_time,
        timetag=timetag,
        month=month,
        ago=ago,
        left=left,
        left_short=left_short,
        picture_url=picture_url,
        public_name=public_name,
    )
    app.jinja_env.globals.update(
        picture_url=picture_url,
        money_symbol=money_symbol,
        money_parts=money_parts,
        lang=lang,
        as_words=as_words,
    )
