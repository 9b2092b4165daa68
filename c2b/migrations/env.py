"""How migrations run: on either database, in one transaction.

SQLite changes a table by copying it, and with foreign keys on, dropping the old copy would delete the rows that
refer to it. So they are off while a migration runs, and checked before it commits.
"""

from alembic import context
from flask import current_app
from sqlalchemy import Connection

target = current_app.extensions["migrate"].db


def _name_of(item: object) -> str:
    return type(item).__name__


def render_item(kind: str, item: object, autogen_context: object) -> str | bool:
    """Write our own column types as what they are in the database, so that old migrations need no code of ours."""
    if kind != "type":
        return False
    if _name_of(item) == "UtcDateTime":
        return "sa.DateTime(timezone=True)"
    return False


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=target.metadata,
        render_as_batch=True,
        render_item=render_item,
        compare_type=True,
        include_object=lambda _object, name, kind, _reflected, _to: (
            not (kind == "table" and (name or "").startswith("campaign_search"))
        ),
    )
    with context.begin_transaction():
        context.run_migrations()


with target.engine.connect() as connection:
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")
    run(connection)
    if sqlite:
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise RuntimeError(f"the migration would leave {len(broken)} rows without what they refer to")
    connection.commit()
    if sqlite:
        connection.connection.driver_connection.execute("PRAGMA foreign_keys=ON")
