"""The `c2b` command. One module because it is the list of commands: each is short, what it does lives elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from time import time
from typing import TYPE_CHECKING

import click

from c2b.backup import command as backup_command
from c2b.config import BadConfig, Config, load
from c2b.reconcile_cli import reconcile_command

if TYPE_CHECKING:
    from flask import Flask


def main() -> None:
    """The entry point: mistakes that people can mend are one line and exit 2, never a traceback."""
    from sqlalchemy.exc import OperationalError

    try:
        c2b(prog_name="c2b")
    except BadConfig as problem:
        _stop(str(problem), 2)
    except OperationalError as problem:
        from c2b.core.schema import KEY

        _stop(f"{KEY}: the database failed: {str(problem.orig).strip().partition(chr(10))[0]}", 2)


def _stop(line: str, code: int) -> None:
    click.secho(f"c2b: {line}", fg="red", err=True)
    sys.exit(code)


def _app(config: Config | None = None) -> "Flask":
    """The application; a folder that cannot be written is a mistake in the settings too."""
    from c2b import create_app
    from c2b.core import logs

    config = config or load()
    logs.configure(config.log_level)
    try:
        return create_app(config)
    except OSError as problem:
        if problem.filename is None:
            raise
        reason = f"{problem.filename}: {problem.strerror}; expected a place to write"
        raise BadConfig(f"C2B_DATABASE_URL: {reason}") from None


@contextmanager
def _ready_app() -> Iterator["Flask"]:
    """The application in its context, on a database that answers and is migrated."""
    from c2b.core.clock import read_demo_clock
    from c2b.core.db import db
    from c2b.core.errors import NotFound, Refused
    from c2b.core.schema import must_be_ready

    app = _app()
    with app.app_context():
        must_be_ready(time())
        if not app.config["C2B"].production:  # a demo's database has its own clock, whoever asks
            read_demo_clock()
            db.session.rollback()
        try:
            yield app
        except Refused as no:
            raise click.ClickException(str(no)) from None
        except NotFound:
            raise click.ClickException("There is no such record.") from None


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="c2b")
def c2b() -> None:
    """Muster: shoppers say what they want, merchants compete to supply it."""


@c2b.command("run")
def run_command() -> None:
    """Run the whole site: the web server and the clock with its jobs."""
    from c2b import serving
    from jobs.clock import Clock

    with _ready_app() as app:
        config: Config = app.config["C2B"]
        serving.port_must_be_free(config)
        clock = Clock(app)
    web = serving.start_web(config)
    greet = partial(click.echo, serving.welcome(config))
    serving.in_background(partial(serving.when_it_answers, config, web, greet))
    sys.exit(serving.together(web, clock.run, clock.end))


@c2b.command("web")
def web_command() -> None:
    """Run the web server alone."""
    from c2b import serving
    from c2b.core.db import db

    with _ready_app() as app:
        config: Config = app.config["C2B"]
        db.engine.dispose()
    serving.become_web(config)


@c2b.group("jobs", invoke_without_command=True)
@click.pass_context
def jobs_group(context: click.Context) -> None:
    """Run the clock with its jobs; any number of machines may, and one is active."""
    if context.invoked_subcommand is None:
        from jobs.__main__ import run_clock

        with _ready_app() as app:
            pass
        run_clock(app)


@c2b.command("worker")
def worker_command() -> None:
    """Run a worker, which takes the jobs off the clock; any number may, on any machine."""
    from jobs.__main__ import run_worker

    with _ready_app() as app:
        pass
    sys.exit(run_worker(app))


@jobs_group.command("list")
def list_jobs() -> None:
    """List the jobs in the order of a pass."""
    from jobs.registry import all_jobs

    for job in all_jobs().values():
        click.echo(f"{job.name:<18} {job.rhythm:<14} {job.words}")


@jobs_group.command("run")
@click.argument("name")
@click.option("--dry-run", is_flag=True, help="Say what is due; change nothing.")
def run_one_job(name: str, dry_run: bool) -> None:
    """Run one job now, by hand."""
    from c2b.core.clock import utcnow
    from jobs import by_hand
    from jobs.registry import all_jobs

    job = all_jobs().get(name)
    if job is None:
        known = ", ".join(all_jobs())
        raise click.BadParameter(f"there is no such job; known are: {known}", param_hint="NAME")
    with _ready_app():
        if dry_run:
            for line in by_hand.say_what_is_due(job, utcnow()):
                click.echo(line)
            return
        line, well = by_hand.run_by_hand(job, utcnow())
        click.echo(line)
        sys.exit(0 if well else 1)


@c2b.command("migrate")
@click.option("--sql", is_flag=True, help="Print the statements for an empty database instead.")
def migrate_command(sql: bool) -> None:
    """Bring the database to this version; run twice, it changes nothing."""
    from flask_migrate import upgrade
    from sqlalchemy.exc import SQLAlchemyError

    from c2b.core.schema import why_not_ready

    with _app().app_context():
        reason = why_not_ready()
        if reason is not None and "not migrated" not in reason:
            raise BadConfig(reason)
        try:
            upgrade(sql=sql)
        except SQLAlchemyError as problem:
            raise click.ClickException(
                f"the migration failed and was undone: {type(problem).__name__}"
            ) from problem
    if not sql:
        click.echo("the database is up to date")


@c2b.command("seed")
@click.option("--if-empty", is_flag=True, help="Do nothing where there are people already.")
def seed_command(if_empty: bool) -> None:
    """Fill the database with a lively demo data set."""
    from c2b import seed as demo
    from c2b.accounts.models import User
    from c2b.core import logs
    from c2b.core.clock import utcnow
    from c2b.core.db import db

    with _ready_app() as app:
        if not app.config["C2B"].demo:
            raise BadConfig("C2B_DEMO: expected 1, since the demo data goes with the demo's clock")
        logs.configure("error")  # a month of the site's life would be told
        if db.session.query(User.id).first():
            if if_empty:
                return
            raise click.ClickException("There are people here already; the demo needs an empty database.")
        db.session.rollback()
        with click.progressbar(length=100, label="playing the demo's last month") as bar:
            demo.seed(utcnow(), lambda done, whole: bar.update(100 * done // whole - bar.pos))
    click.echo("the demo data is in place")


@c2b.command("replay", add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def replay_command(arguments: tuple[str, ...]) -> None:
    """Play real group-buying records through the whole site (see --help)."""
    from importlib import import_module

    command: click.Command = import_module("c2b.replay.command").command
    command.main(
        list(arguments), prog_name="c2b replay", standalone_mode=bool({"-h", "--help"} & set(arguments))
    )


@c2b.command("check")
@click.option("--only", metavar="I-10", help="Check this promise alone.")
def check_command(only: str | None) -> None:
    """Check the promises that the data must keep; exit 1 if one is broken."""
    from c2b.core.checks import CHECKS, broken_promises

    with _ready_app():
        known = sorted({promise.split()[0] for promise in CHECKS})
        if only is not None and only not in known:
            raise click.BadParameter(f"known are: {', '.join(known)}", param_hint="--only")
        problems = broken_promises(only)
    for problem in problems:
        click.secho(problem, fg="red", err=True)
    click.echo(f"{len(problems)} broken promises")
    sys.exit(1 if problems else 0)


@c2b.command("states")
@click.option("--write", is_flag=True, help="Renew docs/states.md.")
def states_command(write: bool) -> None:
    """Print every life as a diagram and a table."""
    from c2b.config import ROOT
    from c2b.drawing import document

    _app(load({}, database_url="sqlite://", environment="test", secret_key="not needed"))  # noqa: S106  # no database
    if write:
        (ROOT / "docs" / "states.md").write_text(document(), encoding="utf-8")
        return
    click.echo(document(), nl=False)


@c2b.command("create-user")
@click.argument("email")
@click.argument("name")
@click.option("--role", "roles", multiple=True, help="reviewer or operator; may be given twice.")
@click.password_option(help="Asked for when it is not given.")
def create_user_command(email: str, name: str, roles: tuple[str, ...], password: str) -> None:
    """Create a person with a confirmed address: the way to the first operator."""
    from c2b.accounts.operations import create_person
    from c2b.core.access import Role
    from c2b.core.clock import utcnow
    from c2b.core.db import transaction
    from c2b.operators import newcomers

    allowed = {str(role): role for role in (Role.REVIEWER, Role.OPERATOR)}
    for role in roles:
        if role not in allowed:
            raise click.BadParameter(f"{role}; expected {' or '.join(allowed)}", param_hint="--role")
    problems = {
        "EMAIL": newcomers.why_not_email(email),
        "NAME": None if name.strip() else "it is empty",
        "--password": newcomers.why_not_password(password, email, name),
    }
    for place, reason in problems.items():
        if reason is not None:
            raise click.BadParameter(reason, param_hint=place)
    with _ready_app(), transaction():
        create_person(email, name, password, [allowed[role] for role in roles], now=utcnow())
    click.echo(f"{email} can sign in now")


@c2b.command("clock-forward")
@click.argument("hours", type=click.FloatRange(0, 24 * 366, min_open=True))
def clock_forward_command(hours: float) -> None:
    """Set the demo clock forward; the jobs catch up within seconds."""
    from c2b.core.clock import set_forward, utcnow
    from c2b.core.db import transaction

    with _ready_app() as app:
        if not app.config["C2B"].demo:
            raise BadConfig("C2B_DEMO: only a demo site has a clock that can be set; expected 1")
        with transaction():
            set_forward(timedelta(hours=hours))
        click.echo(f"{utcnow():%Y-%m-%d %H:%M} UTC")


@c2b.command("config")
def config_command() -> None:
    """Print the settings that are in force; secrets are left out."""
    from c2b.serving import settings

    click.echo("\n".join(settings(load())))


c2b.add_command(backup_command)
c2b.add_command(reconcile_command)
