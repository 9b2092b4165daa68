"""Operators read words where the program writes codes."""

from c2b.operators.diary_words import diary_details, diary_words, subject_words
from c2b.orders.event_words import event_words
from c2b.payments.rules import answer_words
from c2b.payments.states import Purpose


def test_a_line_of_the_diary_says_what_happened_in_words() -> None:
    said = {
        "offer.verdict": "Offer: verdict",
        "offer.machine_review": "Offer: machine review",
        "campaign.open": "Campaign: Open",
        "order.placed": "Ordered and paid",
        "attempt.succeeded": "Request for money: Succeeded",
        "mail_wave.sent_away": "Mail wave: sent away",
    }
    assert {kind: diary_words(kind) for kind in said} == said
    assert (subject_words("user"), subject_words("bank_account")) == ("Person", "Bank account")


def test_what_was_written_down_is_read_without_marks_of_the_program() -> None:
    data = {
        "old": "open",
        "note": "",
        "why_not": {"as_described": True, "tiers": [[1, 2], [3, 4]]},
        "by_machine": False,
        "stage": "final_review",
    }
    assert (
        diary_details(data)
        == "Why not: as described yes, tiers 1, 2, 3, 4; By machine: no; Stage: final review"
    )


def test_a_hold_is_told_from_a_charge_and_an_answer_is_read_as_words() -> None:
    kind = "attempt.succeeded"
    assert event_words(kind, Purpose.AUTHORISE) == "Hold of the money: Succeeded"
    assert event_words(kind, Purpose.CAPTURE) == "Charge: Succeeded"
    said = [
        answer_words(code) for code in ("declined", "refund_refused", "lost_card", "some_other_word", None)
    ]
    assert said == [
        "Declined",
        "The refund was refused.",
        "The card was reported as lost.",
        "Some other word",
        "",
    ]
