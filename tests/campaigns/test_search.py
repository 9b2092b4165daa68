"""Search finds Chinese in either script, single characters, and words with or without accents; on both databases."""

import pytest
from sqlalchemy import update

from c2b.campaigns.models import Campaign
from c2b.campaigns.queries import cards
from c2b.campaigns.search import asked, search, search_text
from c2b.core.db import db

TITLES = {
    "hans": "家用全自动咖啡机",
    "hant": "義式咖啡機",
    "bed": "折叠床",
    "cafe": "Café crème cups",
    "plain": "Cafe racer jacket, size XL",
    "usb": "USB-C charger 65W 100% copper",
    "sly": "It's 'quoted' & | ! :* (odd)",
}


@pytest.fixture
def found(make):
    """Ask, and get the names of what was found."""
    names = {}
    for name, title in TITLES.items():
        names[make.campaign(title=title, search_text=search_text(title)).id] = name
    db.session.commit()
    return lambda q: {names[id_] for id_ in search(q)}


ASKED = {
    "咖啡": {"hans", "hant"},
    "咖啡機": {"hans", "hant"},
    "咖啡机": {"hans", "hant"},
    "床": {"bed"},
    "啡": {"hans", "hant"},
    "家用 咖啡": {"hans"},
    "机咖": set(),
    "cafe": {"cafe", "plain"},
    "CAFÉ": {"cafe", "plain"},
    "caf": {"cafe", "plain"},
    "creme": {"cafe"},
    "afe": set(),
    "cafe jacket": {"plain"},
    "ＸＬ": {"plain"},
    "usb": {"usb"},
    "65w": {"usb"},
    "usb咖啡": set(),
    "quoted": {"sly"},
    "": set(),
    "  !!  ": set(),
    "'": set(),
    '" OR "': set(),
    "cafe*": {"cafe", "plain"},
    "'quoted' & !": {"sly"},
    "\\": set(),
}


def test_the_same_is_found_on_both_databases(found):
    assert {q: found(q) for q in ASKED} == ASKED


def test_what_is_changed_is_found_by_its_new_words_only(found, make):
    campaign = make.campaign(title="Tent", search_text=search_text("Tent"))
    db.session.execute(
        update(Campaign).where(Campaign.id == campaign.id).values(search_text=search_text("帐篷"))
    )
    db.session.commit()
    assert search("tent") == []
    assert search("帳篷") == [campaign.id]
    db.session.delete(campaign)
    db.session.commit()
    assert search("帐篷") == []


def test_a_list_of_cards_can_be_searched(make, now):
    for number in range(3):
        make.campaign(title=f"Lamp {number}", search_text=search_text(f"Lamp {number}"))
    make.campaign(title="Lamp of others", state="draft", search_text=search_text("Lamp of others"))
    page = cards(now=now, q="lamp", per_page=2)
    assert ([card.title for card in page.cards], page.has_next) == (["Lamp 2", "Lamp 1"], True)
    assert [card.title for card in cards(now=now, q="lamp", per_page=2, page=2).cards] == ["Lamp 0"]
    assert cards(now=now, q="!!").cards == []


def test_chinese_becomes_single_and_double_characters_and_words_stay_whole():
    assert search_text("咖啡機 Café") == "咖 啡 机 咖啡 啡机 cafe"
    assert asked("咖啡機 Café 床") == [("咖啡", False), ("啡机", False), ("cafe", True), ("床", False)]


def test_a_very_long_query_is_cut():
    assert len(asked(" ".join(f"word{n}" for n in range(500)))) == 40
