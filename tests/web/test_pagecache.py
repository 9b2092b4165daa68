"""Pages are kept for everybody, and nobody sees what is another's: not a name, a token, a message, nor a language."""

import gzip
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Event
from typing import Any

import pytest
import time_machine
from flask import Flask, flash
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder

from c2b.core.kept import Kept
from c2b.web import front, pages
from c2b.web.readers import Readers
from tests.factories import Make

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
ONCE = re.compile(r'name="request_key"[^>]*value="([^"]+)"')


@pytest.fixture(autouse=True)
def frozen(now: datetime) -> Iterator[None]:
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture(params=["sqlite"])
def database(request: pytest.FixtureRequest) -> str:
    """What is kept asks no database; what is read for it is tested on both elsewhere."""
    return str(request.param)


@pytest.fixture
def kept(app: Flask) -> Iterator[Kept[pages.Page]]:
    """The pages that are kept, for as long as the test takes."""
    found: Kept[pages.Page] = app.extensions["pages"]
    found.seconds = 60.0
    yield found
    found.seconds = 0.0
    found.clear()


@pytest.fixture
def visitor(app: Flask, client: FlaskClient) -> Any:
    """A new browser each time."""
    app.config["WTF_CSRF_ENABLED"] = True
    return app.test_client


def body(answer: Any) -> str:
    packed = answer.headers.get("Content-Encoding") == "gzip"
    return (gzip.decompress(answer.data) if packed else answer.data).decode()


def test_a_page_is_kept_and_the_same_for_the_next_visitor(make: Make, visitor: Any, kept: Any) -> None:
    campaign = make.campaign(title="Iron pot")
    first = visitor().get("/")
    assert "Iron pot" in first.text
    make.campaign(title="Wool coat")
    second = visitor().get("/")
    assert len(kept) == 1
    assert first.data == second.data and "Wool coat" not in second.text  # it came from what is kept
    assert "Set-Cookie" not in second.headers  # nothing on it needs a session
    for name in (
        "Content-Security-Policy",
        "Content-Type",
        "Vary",
        "Content-Language",
        "Cache-Control",
        "ETag",
    ):
        assert first.headers[name] == second.headers[name]
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]
    assert second.headers["Cache-Control"] == "private, no-cache"
    assert visitor().get(f"/c/{campaign.slug}").status_code == 200


def test_each_visitor_has_a_token_and_a_request_key_of_their_own(make: Make, visitor: Any, kept: Any) -> None:
    page = f"/c/{make.campaign().slug}"
    one, two, three = visitor(), visitor(), visitor()
    seen = [
        body(each.get(page, headers=more))
        for each in (one, two, three)
        for more in ({}, {"Accept-Encoding": "gzip"})
    ]
    assert len(kept) == 1
    keys = [ONCE.search(each)[1] for each in seen]  # type: ignore[index]
    assert len(set(keys)) == 6
    for (browser, other), html in zip(((one, two), (two, three), (three, one)), seen[::2], strict=True):
        token = TOKEN.search(html)[1]  # type: ignore[index]
        sent = {"csrf_token": token, "request_key": "k"}
        assert browser.post(page + "/join", data=sent).status_code != 403
        assert other.post(page + "/join", data=sent).status_code == 403
    assert [each.get_cookie("seen").value for each in (one, two, three)] == [page.removeprefix("/c/")] * 3


def test_what_changes_a_page_is_never_mixed(make: Make, visitor: Any, kept: Any) -> None:
    """Two visitors who differ in one thing see what each would see alone; a key that forgets it fails here."""
    page = f"/c/{make.campaign(title='Iron pot').slug}"
    differences: list[tuple[str, dict[str, Any], dict[str, str]]] = [
        ("", {}, {}),
        ("theme=dark", {}, {}),
        ("theme=light", {}, {}),
        ("keys=off", {}, {}),
        ("language=es", {}, {}),
        ("", {}, {"Accept-Language": "zh-TW"}),
        ("", {"base_url": "http://muster.example"}, {}),
        ("", {"base_url": "https://localhost"}, {}),
        ("", {"query_string": "sort=new"}, {}),
        ("", {"query_string": "page=2"}, {}),
    ]
    for path in (page, "/es/help", "/help", "/", "/k/home", "/search?q=pot"):
        alone = []
        for differs in differences:
            kept.clear()
            alone.append(_seen(visitor(), path, *differs))
        kept.clear()
        for turn in (
            range(len(alone)),
            reversed(range(len(alone))),
        ):  # first they are kept, then they are shown
            for at in turn:
                assert _seen(visitor(), path, *differences[at]) == alone[at], (path, differences[at])


def _seen(
    browser: FlaskClient, path: str, cookie: str, more: dict[str, Any], headers: dict[str, str]
) -> tuple[Any, ...]:
    if cookie:
        name, _equals, value = cookie.partition("=")
        browser.set_cookie(name, value, domain=more.get("base_url", "http://localhost").partition("//")[2])
    if "query_string" in more and "?" in path:
        path, more = f"{path}&{more['query_string']}", {}
    answer = browser.get(path, headers=headers, **more)
    plain = ONCE.sub("", TOKEN.sub("", answer.text))
    return answer.status_code, answer.headers.get("Location"), answer.headers.get("Content-Language"), plain


def test_who_is_signed_in_or_has_something_to_be_told_is_never_answered_from_it(
    app: Flask, make: Make, visitor: Any, kept: Any, sign_in: Any
) -> None:
    page = f"/c/{make.campaign().slug}"
    visitor().get(page)
    ada, told, typed, stranger = visitor(), visitor(), visitor(), visitor()
    sign_in(ada, make.shopper("Ada Lovelace"))
    with told.session_transaction() as session:
        session["_flashes"] = [("ok", "A word for one alone.")]
    typed.set_cookie("kept_pledge", "something")
    stranger.set_cookie("session", "forged")
    assert "Ada Lovelace" in ada.get(page).text
    assert ada.get(page).headers["Cache-Control"] == "no-store"
    spoken = told.get(page)
    assert "A word for one alone." in spoken.text and spoken.headers["Cache-Control"] == "no-store"
    assert "ETag" not in spoken.headers
    for browser in (told, typed, stranger, visitor()):
        html = browser.get(page).text
        assert "Ada Lovelace" not in html and "A word for one alone." not in html


def test_a_page_that_says_something_to_one_visitor_is_not_kept(app: Flask, visitor: Any, kept: Any) -> None:
    view = app.view_functions["web.how"]

    def told() -> Any:
        flash("Only for the first.")
        return view()

    told.access, told.shared = "public", True  # type: ignore[attr-defined]
    app.view_functions["web.how"] = told
    try:
        assert "Only for the first." in visitor().get("/help/how-it-works").text
    finally:
        app.view_functions["web.how"] = view
    assert len(kept) == 0


def test_as_you_have_it_is_said_only_to_who_has_it(make: Make, visitor: Any, kept: Any) -> None:
    page = f"/c/{make.campaign().slug}"
    browser = visitor()
    for _kept_or_not in range(2):
        mark = browser.get(page).headers["ETag"]
        again = browser.get(page, headers={"If-None-Match": mark})
        assert (again.status_code, again.data) == (304, b"")
        assert (
            visitor().get(page, headers={"If-None-Match": mark}).status_code == 200
        )  # no token for this one yet
    browser.set_cookie("theme", "dark")
    assert browser.get(page, headers={"If-None-Match": mark}).status_code == 200


def test_a_crowd_that_comes_at_once_asks_the_application_once(app: Flask) -> None:
    front_pages: Kept[pages.Page] = Kept(10_000, 60.0, lambda page: page.weight)
    begun, go, asked = Event(), Event(), []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        asked.append(environ["PATH_INFO"])
        begun.set()
        go.wait(10)
        front_pages.put(environ[front.KEY], pages.cut(b"<p>kept</p>", "", level=1)[0])
        start_response("200 OK", [])
        return [b"<p>kept</p>"]

    door = front.Front(app, application, front_pages, Readers(app, 0.0))

    def visit(_number: int) -> bytes:
        return b"".join(door(EnvironBuilder("/help").get_environ(), lambda *_said: None))

    with ThreadPoolExecutor(4) as crowd:
        first = crowd.submit(visit, 0)
        begun.wait(10)
        others = [crowd.submit(visit, number) for number in range(3)]
        go.set()
        assert {first.result(), *(other.result() for other in others)} == {b"<p>kept</p>"}
    assert asked == ["/help"]
    assert door.making == {}


def test_one_request_makes_a_page_anew_while_others_have_the_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("c2b.core.kept.time.monotonic", lambda: clock[0])
    pages_kept: Kept[str] = Kept(3, 0.5)
    pages_kept.put("a", "old")
    clock[0] = 100.6
    assert pages_kept.get("a") is None  # this one's turn
    assert pages_kept.get("a") == "old"
    pages_kept.put("a", "new")
    assert pages_kept.get("a") == "new"
    clock[0] = 107.0
    assert [pages_kept.get("a"), pages_kept.get("a")] == [None, None]  # too old for anybody
    for key in "bcde":
        pages_kept.put(key, key)
    assert [pages_kept.get(key) for key in "bcde"] == [None, "c", "d", "e"]
    nothing: Kept[str] = Kept(3, 0)
    nothing.put("a", "x")
    assert nothing.get("a") is None
