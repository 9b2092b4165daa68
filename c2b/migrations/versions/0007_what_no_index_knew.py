"""The books by their time, orders that are not settled, and what was sent to an address without an account."""

import sqlalchemy as sa
from alembic import op


revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("ledger_tx", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ledger_tx_at"), ["at"], unique=False)

    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index(
            "ix_notice_addressed",
            ["kind"],
            unique=False,
            postgresql_where=sa.text("address IS NOT NULL"),
            sqlite_where=sa.text("address IS NOT NULL"),
        )

    with op.batch_alter_table("order", schema=None) as batch_op:
        batch_op.create_index(
            "ix_order_unsettled",
            ["merchant_id", "delivered_at"],
            unique=False,
            postgresql_where=sa.text("settled_at IS NULL"),
            sqlite_where=sa.text("settled_at IS NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("order", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_order_unsettled",
            postgresql_where=sa.text("settled_at IS NULL"),
            sqlite_where=sa.text("settled_at IS NULL"),
        )

    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_notice_addressed",
            postgresql_where=sa.text("address IS NOT NULL"),
            sqlite_where=sa.text("address IS NOT NULL"),
        )

    with op.batch_alter_table("ledger_tx", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ledger_tx_at"))
