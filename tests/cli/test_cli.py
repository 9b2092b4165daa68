"""The command: mistakes give one line, runs by hand are written down, a trial changes nothing."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, update

from c2b import cli
from c2b.accounts.models import User
from c2b.campaigns.models import Campaign
from c2b.campaigns.states import CampaignState
from c2b.config import ROOT
from c2b.core import schema
from c2b.core.access import Role
from c2b.core.clock import DemoClock
from c2b.core.db import db
from c2b.core.runs import Run


@pytest.fixture(params=["sqlite"])
def database(request):
    """What the commands do to the data is tested on both databases elsewhere."""
    return request.param


@pytest.fixture
def c2b(app, monkeypatch):
    """Run a command on the test's own application."""
    monkeypatch.setattr(cli, "_app", lambda config=None: app)
    monkeypatch.setattr(schema, "must_be_ready", lambda here: None)

    def run(*arguments: str, typed: str | None = None):
        db.session.rollback()  # the command has a session of its own
        result = CliRunner().invoke(cli.c2b, list(arguments), input=typed)
        db.session.rollback()
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


def process(tmp_path: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """The command as people run it."""
    place = {"PATH": "/usr/bin:/bin", "C2B_SECRET_KEY": "not-a-secret-to-be-shown", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", "from c2b.cli import main; main()", *arguments],
        env=place | settings,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"C2B_PORT": "eighty"}, "C2B_PORT"),
        ({"C2B_PROT": "80"}, "C2B_PORT"),
        ({"C2B_DATABASE_URL": "mysql://somewhere"}, "C2B_DATABASE_URL"),
        ({"C2B_DATABASE_URL": "sqlite:////proc/nothing/c2b.sqlite3"}, "C2B_DATABASE_URL"),
        ({"C2B_DATABASE_URL": "postgresql://c2b:hunter2hunter2@127.0.0.1:9/c2b"}, "C2B_DATABASE_URL"),
        ({"C2B_ENVIRONMENT": "production", "C2B_SECRET_KEY": "short"}, "C2B_SECRET_KEY"),
    ],
    ids=["port", "typo", "kind of database", "folder that cannot be written", "no server", "short secret"],
)
def test_a_mistake_in_the_settings_is_one_line_and_no_traceback(tmp_path, settings, key):
    result = process(tmp_path, "check", **settings)
    assert result.returncode == 2
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1
    assert key in lines[0]
    assert "expected" in lines[0] or "did you mean" in lines[0]
    assert "hunter2" not in result.stderr + result.stdout
    assert "not-a-secret" not in result.stderr + result.stdout


def test_a_database_that_was_never_migrated_stops_every_start(tmp_path):
    url = f"sqlite:///{tmp_path}/empty.sqlite3"
    for command in ("web", "jobs", "run"):
        result = process(tmp_path, command, C2B_DATABASE_URL=url)
        assert result.returncode == 2
        assert result.stderr.strip().splitlines()[-1].endswith("run: c2b migrate")


def test_a_reader_that_went_away_is_no_error(tmp_path):
    script = "from c2b.cli import main; main()"
    command = f"{sys.executable} -c '{script}' states | head -1; exit ${{PIPESTATUS[0]}}"
    result = subprocess.run(
        ["/bin/bash", "-c", command],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.stdout == "# The lives\n"
    assert "Traceback" not in result.stderr


def test_the_list_of_jobs_is_in_the_order_of_a_pass(c2b):
    lines = c2b("jobs", "list").output.splitlines()
    assert lines[0].startswith("close_campaigns")
    assert lines[-1].startswith("prune_runs")


def last_line(result) -> str:
    """Without the log."""
    return result.output.splitlines()[-1]


def overdue(make, now) -> Campaign:
    """It closed long before the real present, so that a run by hand finds it."""
    return make.campaign(threshold=10)


def test_a_dry_run_says_what_is_due_and_changes_nothing(c2b, make, now):
    campaign = overdue(make, now)
    result = c2b("jobs", "run", "close_campaigns", "--dry-run")
    assert f"1 due: {campaign.id}" in result.output
    db.session.refresh(campaign)
    assert campaign.state == CampaignState.OPEN
    assert db.session.scalar(select(func.count()).select_from(Run)) == 0


def test_a_run_by_hand_does_the_work_and_is_written_down(c2b, make, now):
    campaign = overdue(make, now)
    result = c2b("jobs", "run", "close_campaigns")
    assert (result.exit_code, last_line(result)) == (0, "1 done, 0 refused, 0 failed")
    db.session.refresh(campaign)
    assert campaign.state == CampaignState.EXPIRED
    assert db.session.scalar(select(Run.done).where(Run.name == "close_campaigns")) == 1
    assert last_line(c2b("jobs", "run", "close_campaigns")) == "0 done, 0 refused, 0 failed"


def test_an_unknown_job_is_named_with_those_that_there_are(c2b):
    result = c2b("jobs", "run", "close_campaign")
    assert result.exit_code == 2
    assert "close_campaigns" in result.output


def test_check_is_silent_about_what_is_kept(c2b):
    result = c2b("check")
    assert (result.exit_code, result.output) == (0, "0 broken promises\n")


@pytest.mark.breaks_promises
def test_check_names_what_is_broken_and_exits_with_one(c2b, make):
    campaign = make.campaign()
    db.session.execute(update(Campaign).where(Campaign.id == campaign.id).values(people=7))
    db.session.commit()
    result = c2b("check", "--only", "I-10")
    assert result.exit_code == 1
    assert "I-10" in result.stderr
    assert "1 broken promises" in result.output
    assert c2b("check", "--only", "I-99").exit_code == 2


def test_the_first_operator_is_made_by_hand(c2b):
    result = c2b(
        "create-user", "Otto@Example.org", "Otto", "--role", "operator",
        typed="three blue herons walk\nthree blue herons walk\n",
    )  # fmt: skip
    assert result.exit_code == 0
    otto = db.session.scalars(select(User)).one()
    assert otto.email == "otto@example.org"
    assert otto.has_role(Role.OPERATOR)
    assert otto.email_confirmed_at is not None
    again = c2b("create-user", "otto@example.org", "Otto", "--password", "three blue herons walk")
    assert again.exit_code == 1
    assert "already" in again.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("no-address", "Otto", "--password", "three blue herons walk"),
        ("otto@example.org", " ", "--password", "three blue herons walk"),
        ("otto@example.org", "Otto", "--password", "password1"),
        ("otto@example.org", "Otto", "--password", "short"),
        ("otto@example.org", "Otto", "--role", "merchant", "--password", "three blue herons walk"),
    ],
)
def test_a_person_with_bad_details_is_not_made(c2b, arguments):
    assert c2b("create-user", *arguments).exit_code == 2
    assert db.session.scalar(select(func.count()).select_from(User)) == 0


def test_only_a_demo_has_a_clock_that_can_be_set(c2b):
    with pytest.raises(cli.BadConfig, match="C2B_DEMO"):
        c2b("clock-forward", "3")
    assert db.session.scalar(select(func.count()).select_from(DemoClock)) == 0
    assert c2b("clock-forward", "-3").exit_code == 2
    assert c2b("clock-forward", "soon").exit_code == 2


def test_the_settings_are_shown_without_their_secrets(c2b, monkeypatch):
    monkeypatch.setenv("C2B_DATABASE_URL", "postgresql://c2b:hunter2hunter2@localhost/c2b")
    monkeypatch.setenv("C2B_SECRET_KEY", "not-a-secret-to-be-shown")
    output = c2b("config").output
    assert "C2B_SECRET_KEY=(set)" in output
    assert "C2B_SENDGRID_API_KEY=(not set)" in output
    assert "hunter2" not in output
    assert "not-a-secret" not in output


def test_the_lives_in_the_docs_are_those_of_the_code(app):
    from c2b.drawing import document

    assert (ROOT / "docs" / "states.md").read_text() == document(), "run: c2b states --write"
