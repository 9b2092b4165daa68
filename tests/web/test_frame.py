"""What stands around every page: help, status, legal, errors, theme, and what machines and home screens read."""

import json
import re
import xml.etree.ElementTree as ET

from flask.testing import FlaskClient

from c2b.campaigns.states import CampaignState
from c2b.core.languages import PREFIXES
from c2b.web.help_texts import TOPICS
from c2b.web.structured import product_ld
from tests.factories import Make


def test_help_is_found_by_its_words_and_every_topic_has_a_page(client: FlaskClient) -> None:
    page = client.get("/help?q=DEMAND curve").text
    assert "What others see of you" in page
    assert "Delivery" not in page.split("<main")[1].split("</main>")[0]
    assert "Nothing here about" in client.get("/help?q=unicorn").text
    for topic in TOPICS:
        page = client.get(f"/help/{topic.key}").text
        assert page.count("<h1") == 1
        assert '"BreadcrumbList"' in page
    for wrong in ("/help/x", "/help/%00", "/legal/x"):
        assert client.get(wrong).status_code == 404
    assert client.get("/help?q=%00%E2%80%AE").status_code == 200


def test_the_status_page_says_what_works(make: Make, client: FlaskClient, sign_in, monkeypatch) -> None:
    sign_in(client, make.user(locale="es"))
    assert "Everything works." in client.get("/status").text
    monkeypatch.setattr("c2b.web.help_views.is_full", lambda: True)
    assert "nothing can be saved" in client.get("/status").text
    monkeypatch.setattr("c2b.web.help_views.why_not_ready", lambda: "gone")
    answer = client.get("/status")
    assert (answer.status_code, "cannot do its work" in answer.text) == (503, True)


def test_an_error_page_has_a_way_back_a_search_and_a_reference(client: FlaskClient) -> None:
    answer = client.get("/es/no-such-page")
    assert answer.status_code == 404
    assert re.search(r"[0-9a-f]{8}", answer.text.split('class="code"')[1])
    assert 'action="/es/search"' in answer.text
    assert 'href="/es/"' in answer.text
    assert '<link rel="alternate" hreflang' not in answer.text


def test_a_theme_is_chosen_by_a_form_and_stands_on_the_page_at_once(client: FlaskClient) -> None:
    assert "data-theme" not in client.get("/appearance").text
    answer = client.post("/es/appearance", data={"theme": "dark", "next": "/help"})
    assert answer.headers["Location"] == "/es/help"
    page = client.get("/help").text
    assert 'data-theme="dark"' in page
    assert 'data-keys="off"' in page  # the box was not ticked
    client.post("/appearance", data={"theme": "system", "keys": "y"})
    page = client.get("/help").text
    assert "data-theme" not in page and "data-keys" not in page
    assert client.post("/appearance", data={"theme": "pink"}).status_code == 422
    client.set_cookie("theme", '"><script>')
    assert client.get("/help").status_code == 200


def test_robots_and_sitemaps_lead_to_what_is_public_alone(make: Make, client: FlaskClient) -> None:
    open_, draft = make.campaign(title="Iron pot"), make.campaign(CampaignState.DRAFT, title="Secret vase")
    assert "Disallow: /zh-hant/me" in client.get("/robots.txt").text
    name = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    index = ET.fromstring(client.get("/sitemap.xml").data)
    found = []
    for entry in index.iter(f"{name}loc"):
        sitemap = ET.fromstring(client.get(str(entry.text).removeprefix("http://localhost")).data)
        found += [str(place.text).removeprefix("http://localhost") for place in sitemap.iter(f"{name}loc")]
    for prefix in PREFIXES.values():
        assert {f"{prefix}/", f"{prefix}/help/joining", f"{prefix}/c/{open_.slug}"} <= set(found)
    assert f"/c/{draft.slug}" not in found
    for wrong in ("x", "campaigns-0", "campaigns-x", "campaigns-99999", "pages-1"):
        assert client.get(f"/sitemap-{wrong}.xml").status_code == 404


def test_the_site_can_be_put_on_a_home_screen_and_says_so_offline(client: FlaskClient) -> None:
    page = client.get("/es/help").text
    assert 'rel="manifest" href="/es/manifest.webmanifest"' in page
    manifest = json.loads(client.get("/es/manifest.webmanifest").data)
    assert (manifest["start_url"], manifest["scope"], manifest["lang"]) == ("/es/", "/", "es")
    for each in manifest["icons"]:
        with client.get(each["src"]) as picture:
            assert picture.mimetype == "image/png"
    worker, english = (re.search(r'data-worker="([^"]+)"', each) for each in (page, client.get("/help").text))
    assert worker and worker[1].startswith("/sw.js?") and "offline=%2Fes%2Foffline" in worker[1]
    assert english and english[1] == worker[1]  # one worker, whatever language one reads
    assert client.get("/sw.js").mimetype == "text/javascript"
    assert "csrf" not in client.get("/offline").text  # nobody's page
    assert client.get("/favicon.ico").status_code == 301


def test_a_page_announces_its_stylesheet_and_its_picture(client: FlaskClient) -> None:
    answer = client.get("/help")
    assert re.search(r"</static/app\.\w+\.css>; rel=preload; as=style", answer.headers["Link"])
    assert 'property="og:image" content="http://localhost/static/img/icon-512.png' in answer.text
    assert 'property="og:title" content="Help"' in answer.text


def test_what_was_looked_at_last_is_offered_again(make: Make, client: FlaskClient) -> None:
    assert "Recently seen" not in client.get("/").text
    campaigns = [make.campaign(title=f"Pot {number}") for number in range(8)]
    for campaign in campaigns:
        client.get(f"/c/{campaign.slug}")
    seen = client.get("/").text.split("Recently seen")[1].split("</section>")[0]
    assert [n for n in range(8) if f"Pot {n}" in seen] == [2, 3, 4, 5, 6, 7]
    assert seen.index("Pot 7") < seen.index("Pot 2")
    client.set_cookie("seen", "%00.'x." + "y" * 500)
    assert client.get("/").status_code == 200


def test_facts_for_search_engines_cannot_end_their_block(client: FlaskClient) -> None:
    with client.application.test_request_context("/c/pot"):
        block = product_ld("</script><b>Pot", 25900, "CNY", picture="demo/pot")
    facts = json.loads(block.removeprefix('<script type="application/ld+json">').removesuffix("</script>"))
    assert (facts["name"], facts["offers"]["price"]) == ("</script><b>Pot", "259.00")
    assert block.count("<") == 2
