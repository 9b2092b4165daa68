"""Updates, questions, comments, reports and follows: who may, who sees it, who is told."""

import html
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from c2b.accounts.models import User
from c2b.campaigns import operations as campaigns
from c2b.campaigns.states import CampaignState, Origin
from c2b.community import checks, operations, queries
from c2b.community.models import Comment, News, Question, Report
from c2b.community.states import Badge, Spoken
from c2b.core.db import db
from c2b.core.errors import NotFound, Refused
from c2b.core.events import Event
from c2b.core.outbox import Notice
from jobs import tell_followers
from tests.factories import Make

EVIL = '<script>alert(1)</script> & "quotes" <b>bold</b>'


@pytest.fixture(autouse=True)
def clock(now: datetime) -> Any:
    with time_machine.travel(now, tick=False):
        yield


def told(kind: str) -> list[int | None]:
    return list(
        db.session.scalars(select(Notice.user_id).where(Notice.kind == kind).order_by(Notice.user_id))
    )


def test_an_update_is_told_once_to_everyone_who_joined_or_follows(make: Make, now: datetime) -> None:
    firm = make.merchant()
    campaign = make.campaign(merchant_id=firm.id)
    joined, following, stranger = make.shopper(), make.user(), make.user()
    make.pledge(campaign, joined)
    campaigns.follow(campaign.id, following.id, now=now)
    with pytest.raises(NotFound):
        operations.publish_news(campaign.id, "Mine", "I am not the maker", by=stranger.id, now=now)
    operations.publish_news(campaign.id, "The mould is cast", "Look.", by=firm.staff[0].user_id, now=now)
    db.session.commit()
    for _again in range(2):
        tell_followers.run(now)
    assert told("campaign_news") == sorted([joined.id, following.id])


def test_a_question_is_the_askers_and_makers_until_it_is_answered(
    make: Make, client: FlaskClient, sign_in: Any
) -> None:
    firm = make.merchant()
    campaign = make.campaign(merchant_id=firm.id)
    asker, owner = make.user("Ann Lee"), db.session.get_one(User, firm.staff[0].user_id)
    page = f"/c/{campaign.slug}/questions"
    assert client.post(page, data={"words": "How heavy?"}).location.startswith("/sign-in")
    sign_in(client, asker)
    for _again in range(2):
        assert client.post(page, data={"words": f"How heavy is it? {EVIL}"}).status_code == 302
    assert told("question_asked") == [owner.id]  # once a day
    assert "not answered yet" in client.get(page).text
    asked = db.session.scalars(select(Question).order_by(Question.id)).first()
    assert asked is not None
    answer = f"{page}/{asked.id}/answer"
    assert client.post(answer, data={"answer": "3.7 kg"}).status_code == 404
    sign_in(client, make.user("Nobody"))
    assert "How heavy" not in client.get(page).text
    sign_in(client, owner)
    assert client.post(answer, data={"answer": ""}).status_code == 422
    assert client.post(answer, data={"answer": "3.7 kg <i>x</i>"}).status_code == 302
    assert told("question_answered") == [asker.id]
    with client.session_transaction() as session:
        session.clear()
    seen = client.get(f"/c/{campaign.slug}").text
    assert "3.7 kg" in seen and "How heavy" in seen
    for words in ("<script>alert(1)", "<i>x", "<b>bold"):
        assert words not in seen


def test_comments_have_one_level_of_replies_a_badge_and_an_end(
    make: Make, client: FlaskClient, sign_in: Any, now: datetime
) -> None:
    firm = make.merchant()
    campaign = make.campaign(merchant_id=firm.id)
    ann = make.user("Ann Lee")
    first = operations.write_comment(campaign.id, EVIL, by=ann.id, now=now)
    db.session.flush()
    reply = operations.write_comment(
        campaign.id, "Thanks", by=firm.staff[0].user_id, now=now, parent_id=first.id
    )
    db.session.flush()
    assert (first.badge, reply.badge) == (Badge.NONE, Badge.MAKER)
    assert told("comment_replied") == [ann.id]
    with pytest.raises(Refused):
        operations.write_comment(campaign.id, "Deeper", by=ann.id, now=now, parent_id=reply.id)
    page = f"/c/{campaign.slug}/comments"
    seen = client.get(page).text
    assert (
        "&lt;script&gt;" in seen and "<script>alert" not in seen and "Maker" in seen and "Ann Lee" not in seen
    )
    sign_in(client, make.user("Someone else"))
    assert client.post(f"{page}/{first.id}/delete").status_code == 404
    sign_in(client, ann)
    assert client.post(f"{page}/{first.id}/delete").status_code == 302
    seen = client.get(page).text
    assert "alert(1)" not in seen and "Its writer deleted" in seen and "Thanks" in seen
    assert db.session.get_one(Comment, first.id).words == ""


def test_only_who_confirmed_an_address_is_heard_and_not_too_often(
    make: Make, client: FlaskClient, sign_in: Any
) -> None:
    campaign = make.campaign()
    page = f"/c/{campaign.slug}/comments"
    sign_in(client, make.user(confirmed=False))
    answer = client.post(page, data={"words": "Hello there"})
    assert answer.status_code == 409 and "Hello there" in answer.text
    sign_in(client, make.user())
    codes = [client.post(page, data={"words": f"Hello {n}"}).status_code for n in range(11)]
    assert codes == [302] * 10 + [429]
    assert db.session.query(Comment).count() == 10


BAD = ["", " ", "x" * 7000, "a\x00b", "a\u202eb"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_bad_words_come_back_with_a_message(
    database: str, make: Make, client: FlaskClient, sign_in: Any
) -> None:
    firm = make.merchant()
    campaign = make.campaign(merchant_id=firm.id)
    sign_in(client, db.session.get_one(User, firm.staff[0].user_id))
    for part, fields in (
        ("updates", ("title", "words")),
        ("questions", ("words",)),
        ("comments", ("words",)),
    ):
        for bad in BAD:
            for field in fields:
                data = {"title": "Good", "words": "Good words"} | {
                    field: bad.encode("utf-8", "surrogatepass")
                }
                answer = client.post(f"/c/{campaign.slug}/{part}", data=data)
                assert answer.status_code == 422, (part, field, bad)
                assert 'class="errm"' in answer.text
    for parent in ("0", "-1", "x", str(2**70), "99"):
        answer = client.post(f"/c/{campaign.slug}/comments", data={"words": "Good", "parent": parent})
        assert answer.status_code in (409, 422), parent
    for path in ("comments?page=-1", "comments?page=x", "updates?page=999999", "questions?page=٣"):
        assert client.get(f"/c/{campaign.slug}/{path}").status_code == 200
    for path in ("report/user/1", "report/comment/77", "comments/77/delete", "questions/77/answer"):
        assert client.post(f"/c/{campaign.slug}/{path}", data={"answer": "yes"}).status_code == 404
    assert db.session.query(News).count() + db.session.query(Comment).count() == 0


def test_what_is_reported_waits_for_an_operator_who_takes_it_down_with_a_reason(
    make: Make, client: FlaskClient, sign_in: Any, now: datetime
) -> None:
    campaign, ann = make.campaign(), make.user("Ann")
    comment = operations.write_comment(campaign.id, "Rude words here", by=ann.id, now=now)
    db.session.commit()
    address = f"/c/{campaign.slug}/report/comment/{comment.id}"
    sign_in(client, make.user())
    assert [client.post(address).status_code for _again in range(2)] == [302, 302]
    assert db.session.query(Report).count() == 1
    assert queries.open_reports() == 1
    desk = f"/ops/words/comment/{comment.id}"
    assert client.get("/ops/words").status_code == 403
    sign_in(client, make.operator())
    assert "Rude words" in client.get("/ops/words").text
    assert client.post(desk, data={"reason": "no"}).status_code == 422
    assert client.post(desk, data={"reason": "It insults a person by name."}).status_code == 302
    assert "Rude words" not in client.get(f"/c/{campaign.slug}/comments").text
    assert "insults a person" in client.get("/ops/words").text
    assert queries.open_reports() == 0
    assert told("words_hidden") == [ann.id]
    kinds = list(db.session.scalars(select(Event.kind).where(Event.subject == "comment")))
    assert kinds == ["comment.written", "comment.hidden"]
    assert client.post(f"{desk}/show").status_code == 302
    assert "Rude words" in client.get(f"/c/{campaign.slug}/comments").text
    for path in ("/ops/words/user/1", "/ops/words/comment/99"):
        assert client.get(path).status_code == 404


def test_who_follows_a_merchant_hears_once_when_it_starts_a_campaign(
    make: Make, client: FlaskClient, sign_in: Any, now: datetime
) -> None:
    firm = make.merchant()
    fan = make.user()
    sign_in(client, fan)
    for _again in range(2):
        assert client.post(f"/m/{firm.slug}/follow").status_code == 302
    assert queries.follows_merchant(firm.id, fan.id)
    assert firm.name in client.get("/me/joined").text
    make.campaign(origin=Origin.MERCHANT, merchant_id=firm.id)
    make.campaign(CampaignState.DRAFT, origin=Origin.MERCHANT, merchant_id=firm.id)
    make.campaign(merchant_id=firm.id)  # won, not started
    for _again in range(2):
        tell_followers.run(now + timedelta(hours=1))
    assert told("merchant_campaign") == [fan.id]
    client.post(f"/m/{firm.slug}/follow", data={"stop": "1"})
    assert not queries.follows_merchant(firm.id, fan.id)


@pytest.mark.breaks_promises
def test_the_promises_about_words_can_be_broken(make: Make, now: datetime) -> None:
    campaign, other, ann = make.campaign(), make.campaign(), make.shopper()
    first = operations.write_comment(campaign.id, "First", by=ann.id, now=now)
    db.session.flush()
    reply = operations.write_comment(campaign.id, "Reply", by=ann.id, now=now, parent_id=first.id)
    pledge = make.pledge(campaign, ann)
    found = (checks.replies_are_one_deep, checks.taken_back_is_gone, checks.nobody_brings_oneself)
    assert [list(check()) for check in found] == [[], [], []]
    reply.campaign_id, first.removed_at, pledge.brought_by = other.id, now, ann.id
    db.session.flush()
    assert [len(list(check())) for check in found] == [1, 1, 1]


def test_hidden_words_are_shown_nowhere(make: Make, client: FlaskClient, now: datetime) -> None:
    firm = make.merchant()
    campaign = make.campaign(merchant_id=firm.id)
    owner, operator = firm.staff[0].user_id, make.operator().id
    news = operations.publish_news(campaign.id, "Secret headline", "Secret", by=owner, now=now)
    asked = operations.ask_question(campaign.id, "Secret question", by=owner, now=now)
    db.session.flush()
    operations.answer_question(asked.id, "Secret answer", by=owner, now=now)
    for kind, thing in ((Spoken.NEWS, news), (Spoken.QUESTION, asked)):
        operations.hide(kind, thing.id, "Not allowed here.", by=operator, now=now)
    for page in ("", "/updates", "/questions", "/feed.atom"):
        assert "Secret" not in client.get(f"/c/{campaign.slug}{page}").text


def onward(page: str, rel: str) -> str:
    found = re.search(rf'href="([^"]+)" rel="{rel}"', page)
    return html.unescape(found[1]) if found else ""


def test_questions_stand_on_pages_by_key_whatever_comes_meanwhile(
    make: Make, client: FlaskClient, sign_in: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PER_PAGE", 2)
    firm = make.merchant()
    campaign = make.campaign(merchant_id=firm.id)
    asker, owner = make.user(), db.session.get_one(User, firm.staff[0].user_id)
    asked = [operations.ask_question(campaign.id, f"Question {n}?", by=asker.id, now=now) for n in range(5)]
    db.session.flush()
    for question in asked[3:]:
        operations.answer_question(question.id, "Yes.", by=int(owner.id), now=now)
    db.session.commit()
    sign_in(client, owner)
    listed = f"/c/{campaign.slug}/questions"

    def seen(page: str) -> list[int]:
        return list(dict.fromkeys(int(n) for n in re.findall(r"Question (\d)\?", page)))

    first = client.get(listed).text
    assert seen(first) == [2, 1]  # those that wait, then the newest
    operations.ask_question(campaign.id, "Question 9?", by=asker.id, now=now)
    db.session.commit()
    second = client.get(onward(first, "next")).text
    third = client.get(onward(second, "next")).text
    assert (seen(second), seen(third), onward(third, "next")) == ([0, 4], [3], "")
    assert seen(client.get(onward(third, "prev")).text) == [0, 4]
    refused = client.post(f"{listed}/{asked[0].id}/answer", data={"answer": ""})
    assert refused.status_code == 422
    assert onward(refused.text, "next").startswith(f"{listed}?after=")
