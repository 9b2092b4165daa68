"""Feeds in Atom: whole, escaped, and not sent twice."""

from datetime import datetime
from xml.etree import ElementTree

from flask.testing import FlaskClient

from c2b.community import operations
from tests.factories import Make

ATOM = "{http://www.w3.org/2005/Atom}"


def test_feeds_are_valid_atom_with_everything_written(make: Make, client: FlaskClient, now: datetime) -> None:
    firm = make.merchant(name="Trees & <Sons>")
    campaign = make.campaign(merchant_id=firm.id, title="Pot <b>& lid", summary="A & B", category="home")
    words = "First line\n<script>x</script> & more " + "so " * 500 + "long"
    operations.publish_news(campaign.id, "News <1>", words, by=firm.staff[0].user_id, now=now)
    for path, titles in (
        (f"/c/{campaign.slug}/feed.atom", ["News <1>"]),
        ("/k/home/feed.atom", ["Pot <b>& lid"]),
        (f"/m/{firm.slug}/feed.atom", ["Pot <b>& lid"]),
        ("/k/food/feed.atom", []),
    ):
        answer = client.get(path)
        assert answer.mimetype == "application/atom+xml"
        feed = ElementTree.fromstring(answer.text)
        assert [e.findtext(f"{ATOM}title") for e in feed.findall(f"{ATOM}entry")] == titles
        for needed in ("id", "title", "updated"):
            assert feed.findtext(f"{ATOM}{needed}")
            assert all(entry.findtext(f"{ATOM}{needed}") for entry in feed.findall(f"{ATOM}entry"))
        again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
    content = ElementTree.fromstring(client.get(f"/c/{campaign.slug}/feed.atom").text)
    assert content.findtext(f"{ATOM}entry/{ATOM}content") == words
    for path in ("/k/nothing/feed.atom", "/m/nothing/feed.atom", "/c/nothing/feed.atom"):
        assert client.get(path).status_code == 404
