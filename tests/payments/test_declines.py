"""Declines are told apart: who has the next move, and when."""

from datetime import UTC, datetime, timedelta

import pytest

from c2b.payments.declines import (
    HOLD_GONE,
    NOT_HELD,
    PASSING,
    SHOPPER,
    SOFT,
    Decline,
    kind_of,
    may_ask_again,
    retry_at,
)
from c2b.payments.gateways.answers import DECLINES
from c2b.payments.rules import PROBLEMS
from c2b.payments.windows import MEND, RETRY_AFTER

OPENED = datetime(2025, 5, 20, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("insufficient_funds", Decline.FOR_NOW),
        ("do_not_honor", Decline.FOR_NOW),
        ("declined", Decline.FOR_NOW),
        ("try_again_later", Decline.FOR_NOW),
        ("expired_card", Decline.FOR_GOOD),
        ("lost_card", Decline.FOR_GOOD),
        ("stolen_card", Decline.FOR_GOOD),
        ("fraud", Decline.FOR_GOOD),
        ("no_such_card", Decline.FOR_GOOD),
        ("authentication_required", Decline.NEEDS_SHOPPER),
        ("a word that nobody knows", Decline.FOR_GOOD),
        (None, Decline.FOR_GOOD),
    ],
)
def test_each_word_of_the_provider_says_who_moves_next(code: str | None, kind: Decline) -> None:
    assert kind_of(code) is kind


def test_a_card_is_tried_again_at_fixed_times_of_the_window() -> None:
    tries, at = [], OPENED
    while (next_at := retry_at("insufficient_funds", OPENED, OPENED + MEND, at, RETRY_AFTER)) is not None:
        tries.append((next_at - OPENED) / HOUR)
        at = next_at
    assert tries == [24, 48, 72]


def test_nothing_is_tried_again_for_good_nor_after_the_window() -> None:
    assert retry_at("expired_card", OPENED, OPENED + MEND, OPENED, RETRY_AFTER) is None
    assert retry_at("authentication_required", OPENED, OPENED + MEND, OPENED, RETRY_AFTER) is None
    assert retry_at("declined", OPENED, OPENED + 20 * HOUR, OPENED, RETRY_AFTER) is None
    assert retry_at("never_arrived", OPENED, OPENED + MEND, OPENED + MEND, RETRY_AFTER) is None


def test_what_never_arrived_is_asked_again_at_once() -> None:
    at = OPENED + 30 * HOUR
    assert retry_at("never_arrived", OPENED, OPENED + MEND, at, RETRY_AFTER) == at


def test_a_passing_trouble_is_asked_again_a_few_times_only() -> None:
    assert [may_ask_again("processing_error", generation) for generation in (1, 2, 3)] == [True, True, False]
    assert not may_ask_again("capture_refused", 1)


def test_every_word_has_a_sentence_for_the_shopper() -> None:
    assert set(DECLINES) | SHOPPER <= set(PROBLEMS)
    assert not SOFT & SHOPPER
    assert PASSING <= SOFT
    assert HOLD_GONE <= NOT_HELD
