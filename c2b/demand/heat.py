"""Heat: how near a campaign is and how fast people join, from counted pledges alone."""

from __future__ import annotations

HOTTEST = 5
FULL_SCORE = 1000


def heat_score(*, have: int, need: int, joined_last_day: int, joined_day_before: int) -> int:
    """A number from 0 to 1000 to sort campaigns by.

    Half of it is progress: `have` as a share of `need`, full when it is reached. Half is pace: how many
    joined in the last 24 hours as a share of `need`, where each one above the number of the 24 hours before
    counts twice, full at a tenth of `need` a day. All four are in the campaign's own basis, units or people.
    """
    need = max(need, 1)
    joined = max(joined_last_day, 0)
    growth = max(joined - max(joined_day_before, 0), 0)
    half = FULL_SCORE // 2
    progress = min(max(have, 0) * half // need, half)
    pace = min((joined + growth) * 10 * half // need, half)
    return progress + pace


def heat(*, have: int, need: int, joined_last_day: int, joined_day_before: int) -> int:
    """Heat from 1 (quiet) to 5 (very hot): one more for each 200 points of the heat score.

    More progress or more people joining in the last day never cools a campaign.
    """
    points = heat_score(
        have=have, need=need, joined_last_day=joined_last_day, joined_day_before=joined_day_before
    )
    return min(1 + points * HOTTEST // FULL_SCORE, HOTTEST)
