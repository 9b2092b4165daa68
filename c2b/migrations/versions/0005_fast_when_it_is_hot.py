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
    if op.get_bind().dialect.name == "postgresql":
        # Room beside a campaign's row for its next version: a pledge changes no index then.
        op.execute("ALTER TABLE campaign SET (fillfactor = 50)")
    op.create_table(
        "tried_file",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tried_file")),
        sa.UniqueConstraint("name", name=op.f("uq_tried_file_name")),
    )
    with op.batch_alter_table("tried_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tried_file_at"), ["at"], unique=False)

    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attempt_started_at"), ["started_at"], unique=False)

    with op.batch_alter_table("campaign", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_campaign_heat"))
        batch_op.create_index("ix_campaign_heat", ["heat_score"], unique=False)
        batch_op.create_index(batch_op.f("ix_campaign_closes_at"), ["closes_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_campaign_opened_at"), ["opened_at"], unique=False)

    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_by"), ["by"], unique=False)
        batch_op.create_index("ix_event_kind", ["kind", "id"], unique=False)

    with op.batch_alter_table("inbox_event", schema=None) as batch_op:
        batch_op.create_index(
            "ix_inbox_event_dead",
            ["dead_at"],
            unique=False,
            postgresql_where=sa.text("dead_at IS NOT NULL"),
            sqlite_where=sa.text("dead_at IS NOT NULL"),
        )

    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_created_at"), ["created_at"], unique=False)
        batch_op.create_index("ix_notice_delivery", ["delivery", "created_at"], unique=False)

    with op.batch_alter_table("order", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_order_merchant_id"))
        batch_op.create_index(batch_op.f("ix_order_delivered_at"), ["delivered_at"], unique=False)
        batch_op.create_index("ix_order_due", ["state", "ship_by"], unique=False)
        batch_op.create_index("ix_order_merchant_id_state", ["merchant_id", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_order_placed_at"), ["placed_at"], unique=False)

    with op.batch_alter_table("pledge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pledge_campaign_state"))
        batch_op.create_index("ix_pledge_campaign_state", ["campaign_id", "state", "placed_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_pledge_placed_at"), ["placed_at"], unique=False)

    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.create_index(
            "ix_run_open",
            ["name"],
            unique=False,
            postgresql_where=sa.text("finished_at IS NULL"),
            sqlite_where=sa.text("finished_at IS NULL"),
        )

    with op.batch_alter_table("shipment", schema=None) as batch_op:
        batch_op.create_index("ix_shipment_due", ["state", "sent_at"], unique=False)

    with op.batch_alter_table("voucher", schema=None) as batch_op:
        batch_op.create_index("ix_voucher_due", ["state", "valid_until"], unique=False)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in ("ledger_account", "ledger_entry", "ledger_tx"):
            op.execute(f"DROP TRIGGER {table}_is_not_emptied ON {table}")
        op.execute("DROP FUNCTION ledger_is_not_emptied()")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE campaign RESET (fillfactor)")
    with op.batch_alter_table("voucher", schema=None) as batch_op:
        batch_op.drop_index("ix_voucher_due")

    with op.batch_alter_table("shipment", schema=None) as batch_op:
        batch_op.drop_index("ix_shipment_due")

    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_run_open",
            postgresql_where=sa.text("finished_at IS NULL"),
            sqlite_where=sa.text("finished_at IS NULL"),
        )

    with op.batch_alter_table("pledge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pledge_placed_at"))
        batch_op.drop_index("ix_pledge_campaign_state")
        batch_op.create_index(batch_op.f("ix_pledge_campaign_state"), ["campaign_id", "state"], unique=False)

    with op.batch_alter_table("order", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_order_placed_at"))
        batch_op.drop_index("ix_order_merchant_id_state")
        batch_op.drop_index("ix_order_due")
        batch_op.drop_index(batch_op.f("ix_order_delivered_at"))
        batch_op.create_index(batch_op.f("ix_order_merchant_id"), ["merchant_id"], unique=False)

    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index("ix_notice_delivery")
        batch_op.drop_index(batch_op.f("ix_notice_created_at"))

    with op.batch_alter_table("inbox_event", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_inbox_event_dead",
            postgresql_where=sa.text("dead_at IS NOT NULL"),
            sqlite_where=sa.text("dead_at IS NOT NULL"),
        )

    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_index("ix_event_kind")
        batch_op.drop_index(batch_op.f("ix_event_by"))

    with op.batch_alter_table("campaign", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_campaign_opened_at"))
        batch_op.drop_index(batch_op.f("ix_campaign_closes_at"))
        batch_op.drop_index("ix_campaign_heat")
        batch_op.create_index(batch_op.f("ix_campaign_heat"), ["state", "heat_score"], unique=False)

    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attempt_started_at"))

    with op.batch_alter_table("tried_file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tried_file_at"))

    op.drop_table("tried_file")
