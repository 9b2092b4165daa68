"""From the form to the mailbox to the first page of one's own, with every form token checked."""

import html
import re

from tests.accounts.conftest import GOOD


def token_of(page):
    return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page).group(1)


def link_in(page, path):
    return re.search(rf"http://localhost({path}[^\s\"<]+)", html.unescape(page)).group(1)


def test_an_account_is_opened_confirmed_lost_and_found_by_mail(app, client):
    app.config["WTF_CSRF_ENABLED"] = True
    form = {"name": "Alice", "email": "alice@example.org", "password": GOOD}
    page = client.get("/register?next=/me/settings").text
    sent = client.post(
        "/register", data=form | {"next": "/me/settings", "csrf_token": token_of(page)}, follow_redirects=True
    )
    assert "We have sent a mail to alice@example.org" in sent.text
    path = link_in(client.get("/dev/mailbox/1").text, "/confirm/")
    page = client.get(path).text
    entered = client.post(path, data={"csrf_token": token_of(page)}, follow_redirects=True)
    assert entered.request.path == "/me/settings"
    assert "Welcome, Alice." in entered.text
    client.post("/sign-out", data={"csrf_token": token_of(entered.text)})

    page = client.get("/forgot").text
    client.post("/forgot", data={"email": "alice@example.org", "csrf_token": token_of(page)})
    path = link_in(client.get("/dev/mailbox/2").text, "/reset/")
    page = client.get(path).text
    done = client.post(
        path, data={"password": "nine purple anchors", "csrf_token": token_of(page)}, follow_redirects=True
    )
    assert done.request.path == "/me"
    assert "Your password was changed" in client.get("/dev/mailbox/3").text
