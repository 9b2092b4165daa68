"""What the hot path and the large tables need."""

import sqlalchemy as sa
from alembic import op


revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        # The triggers of 0003 are asked for each row, and TRUNCATE asks none.
        op.execute(
            "CREATE FUNCTION ledger_is_not_emptied() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'the books are never emptied'; END $$"
        )
        for table in ("ledger_account", "ledger_entry", "ledger_tx"):
            op.execute(
                f"CREATE TRIGGER {table}_is_not_emptied BEFORE TRUNCATE ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_not_emptied()"
            )
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.create_index(
            "ix_run_open",
            ["name"],
            unique=False,
            postgresql_where=sa.text("finished_at IS NULL"),
            sqlite_where=sa.text("finished_at IS NULL"),
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in ("ledger_account", "ledger_entry", "ledger_tx"):
            op.execute(f"DROP TRIGGER {table}_is_not_emptied ON {table}")
        op.execute("DROP FUNCTION ledger_is_not_emptied()")
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_run_open",
            postgresql_where=sa.text("finished_at IS NULL"),
            sqlite_where=sa.text("finished_at IS NULL"),
        )
