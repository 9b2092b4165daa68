"""The languages that pages and mails speak."""

LANGUAGES = {"en": "English", "zh-Hans": "简体中文"}  # each in its own words
CATALOGUES = {"en": "en", "zh-Hans": "zh_Hans"}  # the names of their catalogues
