"""Where goods can go, by ISO country; the names come from the reader's language."""

from babel import Locale
from babel.lists import format_list
from flask_babel import get_locale
from flask_babel import gettext as _
from wtforms.fields.choices import SelectChoice

REGIONS = (
    "CN",
    "HK",
    "MO",
    "TW",
    "SG",
    "MY",
    "ID",
    "TH",
    "VN",
    "JP",
    "KR",
    "US",
    "CA",
    "AU",
    "NZ",
    "GB",
    "DE",
    "ES",
    "FR",
    "MX",
)


def region_name(code: str) -> str:
    """The country's name for the reader; the code itself where there is none."""
    locale = get_locale() or Locale("en")
    return str(locale.territories.get(code, code))


def region_choices(allowed: list[str] | None = None) -> list[SelectChoice]:
    """Choices for a form; `allowed` narrows them, and nothing given means everywhere."""
    codes = [code for code in REGIONS if code in allowed] if allowed else list(REGIONS)
    return [SelectChoice(code, region_name(code)) for code in codes]


def region_names(codes: list[str]) -> str:
    """Countries as one text; none means everywhere."""
    if not codes:
        return str(_("everywhere"))
    return str(format_list([region_name(code) for code in codes], locale=get_locale() or Locale("en")))
