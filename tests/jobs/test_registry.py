"""Every job has a place in the order, a rhythm and a sentence."""

from datetime import timedelta

import pytest

from c2b.config import ROOT
from c2b.operators.wording import JOBS
from jobs.registry import HOUSEKEEPING, ORDER, Job, all_jobs

MACHINERY = {
    "__init__", "__main__", "_progress", "_turns", "broker", "by_hand", "clock", "daily", "handing", "registry",
    "running", "trial", "worker",
}  # fmt: skip


def test_every_job_file_is_in_the_order_and_every_name_has_its_file():
    files = {path.stem for path in (ROOT / "jobs").glob("*.py")} - MACHINERY
    assert files == set(ORDER)
    assert len(ORDER) == len(set(ORDER))


def test_every_file_that_is_no_machinery_is_a_job():
    assert list(all_jobs()) == list(ORDER)
    assert set(HOUSEKEEPING) <= set(ORDER)


@pytest.mark.parametrize("name", ORDER)
def test_a_job_says_what_it_does_and_how_often(name):
    job = all_jobs()[name]
    assert job.words.endswith(".")
    assert (job.every is None) != (job.at is None)
    assert job.every is None or job.every >= timedelta(seconds=5)


def test_operators_read_what_each_job_does():
    assert set(JOBS) == set(ORDER)


@pytest.mark.parametrize(
    ("every", "words"),
    [
        (timedelta(seconds=10), "every 10 s"),
        (timedelta(minutes=5), "every 5 min"),
        (timedelta(hours=6), "every 6 h"),
        (timedelta(days=1), "every 1 d"),
        (timedelta(seconds=90), "every 90 s"),
    ],
)
def test_a_rhythm_is_said_in_its_largest_whole_unit(every, words):
    assert Job("name", "", lambda _now: {}, every).rhythm == words
