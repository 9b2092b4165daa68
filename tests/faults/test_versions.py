"""Two versions of the site at once, while a new one takes over (F-49)."""

from typing import Any

from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade
from sqlalchemy import inspect

from c2b.config import ROOT
from c2b.core.db import db

Shape = dict[tuple[str, str], dict[str, Any]]


def test_f49_the_version_before_can_go_on_beside_the_newest_migration(fresh_app: Flask) -> None:
    """Nothing that it reads or writes is gone, renamed or stricter, and nothing is asked that it does not know of."""
    after = shape()
    db.session.remove()
    downgrade(revision=before_the_newest())
    before = shape()
    assert in_the_way(before, after) == []


def test_f49_a_change_that_would_stop_the_version_before_is_found() -> None:
    """The twin: a column that is gone, one that must be filled now, and a new one that must be."""
    plain = {"nullable": True, "default": None}
    strict = {"nullable": False, "default": None}
    before = {("campaign", "title"): plain, ("campaign", "price"): plain}
    after = {("campaign", "price"): strict, ("campaign", "colour"): strict, ("colour", "name"): strict}
    assert in_the_way(before, after) == [
        "campaign.title is gone", "campaign.price must be filled now", "campaign.colour must be filled",
    ]  # fmt: skip


def before_the_newest() -> str:
    scripts = ScriptDirectory.from_config(
        Config(config_args={"script_location": str(ROOT / "c2b" / "migrations")})
    )
    newest = scripts.get_revision(scripts.get_current_head())
    assert isinstance(newest.down_revision, str)
    return newest.down_revision


def shape() -> Shape:
    looked = inspect(db.engine)
    return {
        (table, column["name"]): dict(column)
        for table in looked.get_table_names()
        for column in looked.get_columns(table)
    }


def in_the_way(before: Shape, after: Shape) -> list[str]:
    """What whoever knows only `before` would stumble over."""
    wrong = [f"{table}.{name} is gone" for table, name in before if (table, name) not in after]
    known = {table for table, _name in before}
    for (table, name), column in after.items():
        must = (
            not column["nullable"] and column["default"] is None and column.get("autoincrement") is not True
        )
        was = before.get((table, name))
        if must and was is None and table in known:
            wrong.append(f"{table}.{name} must be filled")
        if must and was is not None and was["nullable"]:
            wrong.append(f"{table}.{name} must be filled now")
    return wrong
