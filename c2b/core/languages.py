"""The languages that pages and mails speak, and under which addresses."""

from babel import Locale, UnknownLocaleError

LANGUAGES = {  # each in its own words
    "en": "English",
    "zh-Hans": "简体中文",
    "zh-Hant": "繁體中文",
    "es": "Español",
    "id": "Bahasa Indonesia",
}
CATALOGUES = {code: code.replace("-", "_") for code in LANGUAGES}  # the names of their catalogues
PREFIXES = {
    code: "" if code == "en" else f"/{code.lower()}" for code in LANGUAGES
}  # how their addresses begin
TRADITIONAL = frozenset({"TW", "HK", "MO"})


def closest(wanted: str) -> str | None:
    """Which of our languages a tag such as `zh-TW` or `es-MX` asks for; Chinese is told apart by its script."""
    try:
        locale = Locale.parse(wanted.strip().replace("_", "-"), sep="-")
    except (ValueError, TypeError, UnknownLocaleError):
        return None
    if locale.language != "zh":
        return locale.language if locale.language in LANGUAGES else None
    traditional = locale.script == "Hant" or (locale.script is None and locale.territory in TRADITIONAL)
    return "zh-Hant" if traditional else "zh-Hans"


def prefixed(path: str, code: str) -> str:
    """The address of a page of ours in this language; `path` is its English address."""
    return PREFIXES.get(code, "") + path
