"""Refunds, the books, payouts, webhooks, and what follows a sale: parcels, vouchers, returns, disputes, reviews."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clock_guard",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("wall", sa.Double(), nullable=False),
        sa.Column("mono", sa.Double(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("agreed", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("jump", sa.Double(), nullable=False),
        sa.Column("jumped_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_guard")),
    )
    op.create_table(
        "inbox_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dead_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_event")),
        sa.UniqueConstraint("provider", "event_id", name=op.f("uq_inbox_event_provider_event_id")),
    )
    with op.batch_alter_table("inbox_event", schema=None) as batch_op:
        batch_op.create_index(
            "ix_inbox_event_due",
            ["due_at"],
            unique=False,
            postgresql_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
            sqlite_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
        )

    op.create_table(
        "ledger_account",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "clearing",
                "merchant_payable",
                "refund_payable",
                "platform_fee",
                "provider_fee",
                "disputes",
                "in_transit",
                "losses",
                name="accountkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("owner", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("balance", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_account")),
        sa.UniqueConstraint("kind", "owner", "currency", name=op.f("uq_ledger_account_kind_owner_currency")),
    )
    op.create_table(
        "ledger_tx",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "cause",
            sa.Enum(
                "attempt",
                "refund",
                "dispute",
                "payout",
                "adjustment",
                name="cause",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("cause_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_tx")),
        sa.UniqueConstraint("cause", "cause_id", "kind", name=op.f("uq_ledger_tx_cause_cause_id_kind")),
    )
    with op.batch_alter_table("ledger_tx", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ledger_tx_order_id"), ["order_id"], unique=False)

    op.create_table(
        "provider_pace",
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("next_at", sa.Double(), nullable=False),
        sa.Column("failures", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("closed_until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("gateway", name=op.f("pk_provider_pace")),
    )
    op.create_table(
        "reconciliation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("compared", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "differences",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "balances",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation")),
    )
    op.create_table(
        "bank_account",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("merchant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("destination", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("added_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("usable_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["added_by"], ["user.id"], name=op.f("fk_bank_account_added_by")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_bank_account_merchant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_account")),
    )
    with op.batch_alter_table("bank_account", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bank_account_merchant_id"), ["merchant_id"], unique=False)
        batch_op.create_index(
            "uq_bank_account_one_in_use",
            ["merchant_id"],
            unique=True,
            postgresql_where=sa.text("removed_at IS NULL"),
            sqlite_where=sa.text("removed_at IS NULL"),
        )

    op.create_table(
        "ledger_entry",
        sa.Column(
            "tx_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("amount", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_ledger_entry_amount_is_not_nothing")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["ledger_account.id"], name=op.f("fk_ledger_entry_account_id")
        ),
        sa.ForeignKeyConstraint(["tx_id"], ["ledger_tx.id"], name=op.f("fk_ledger_entry_tx_id")),
        sa.PrimaryKeyConstraint("tx_id", "seq", name=op.f("pk_ledger_entry")),
    )
    with op.batch_alter_table("ledger_entry", schema=None) as batch_op:
        batch_op.create_index("ix_ledger_entry_account", ["account_id", "tx_id"], unique=False)

    op.create_table(
        "payout",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("merchant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("bank_account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("amount", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("second_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "planned",
                "approved",
                "sent",
                "paid",
                "returned",
                "cancelled",
                name="payoutstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payout_amount_is_positive")),
        sa.CheckConstraint(
            "second_by IS NULL OR second_by <> first_by", name=op.f("ck_payout_two_approvers")
        ),
        sa.ForeignKeyConstraint(
            ["bank_account_id"], ["bank_account.id"], name=op.f("fk_payout_bank_account_id")
        ),
        sa.ForeignKeyConstraint(["first_by"], ["user.id"], name=op.f("fk_payout_first_by")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_payout_merchant_id")),
        sa.ForeignKeyConstraint(["second_by"], ["user.id"], name=op.f("fk_payout_second_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout")),
        sa.UniqueConstraint("number", name=op.f("uq_payout_number")),
    )
    with op.batch_alter_table("payout", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payout_merchant_id"), ["merchant_id"], unique=False)

    op.create_table(
        "refund",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("capture_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("shopper_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "cause",
            sa.Enum(
                "cancelled",
                "undelivered",
                "out_of_stock",
                "late",
                "defective",
                "returned",
                "dispute",
                "goodwill",
                "late_charge",
                name="refundcause",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("fee_back", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "owed",
                "paid",
                "stuck",
                name="refundstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_refund_amount_is_positive")),
        sa.ForeignKeyConstraint(["by"], ["user.id"], name=op.f("fk_refund_by")),
        sa.ForeignKeyConstraint(["capture_id"], ["attempt.id"], name=op.f("fk_refund_capture_id")),
        sa.ForeignKeyConstraint(["shopper_id"], ["user.id"], name=op.f("fk_refund_shopper_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        sa.UniqueConstraint("key", name=op.f("uq_refund_key")),
    )
    with op.batch_alter_table("refund", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refund_capture_id"), ["capture_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_refund_shopper_id"), ["shopper_id"], unique=False)

    op.create_table(
        "dispute",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "origin",
            sa.Enum(
                "shopper", "bank", name="disputeorigin", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column(
            "cause",
            sa.Enum(
                "not_received",
                "defective",
                "not_as_described",
                "return_refused",
                "not_recognised",
                "other",
                name="disputecause",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("amount", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("bank_fee", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("handed_in", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rule_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ruling", sa.String(), nullable=False),
        sa.Column("ruled_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("ruled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refund_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "opened",
                "answered",
                "upheld",
                "dismissed",
                "withdrawn",
                name="disputestate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_dispute_amount_is_positive")),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_dispute_order_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name=op.f("fk_dispute_refund_id")),
        sa.ForeignKeyConstraint(["ruled_by"], ["user.id"], name=op.f("fk_dispute_ruled_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
        sa.UniqueConstraint("reference", name=op.f("uq_dispute_reference")),
    )
    with op.batch_alter_table("dispute", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dispute_order_id"), ["order_id"], unique=False)
        batch_op.create_index(
            "uq_dispute_one_open",
            ["order_id", "origin"],
            unique=True,
            postgresql_where=sa.text("state IN ('opened', 'answered')"),
            sqlite_where=sa.text("state IN ('opened', 'answered')"),
        )

    op.create_table(
        "payout_line",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("payout_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("amount", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_payout_line_amount_is_not_nothing")),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_payout_line_order_id")),
        sa.ForeignKeyConstraint(["payout_id"], ["payout.id"], name=op.f("fk_payout_line_payout_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_line")),
    )
    with op.batch_alter_table("payout_line", schema=None) as batch_op:
        batch_op.create_index("ix_payout_line_order", ["order_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_payout_line_payout_id"), ["payout_id"], unique=False)

    op.create_table(
        "return_request",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("quantity", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "cause",
            sa.Enum(
                "defective",
                "wrong",
                "unwanted",
                name="returncause",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("replace", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column(
            "pictures",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("carrier", sa.String(), nullable=True),
        sa.Column("tracking", sa.String(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refund_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "asked",
                "accepted",
                "sent",
                "received",
                "refunded",
                "replaced",
                "declined",
                "lapsed",
                "withdrawn",
                name="returnstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_return_request_quantity_is_positive")),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_return_request_order_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name=op.f("fk_return_request_refund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_request")),
    )
    with op.batch_alter_table("return_request", schema=None) as batch_op:
        batch_op.create_index(
            "uq_return_one_open",
            ["order_id"],
            unique=True,
            postgresql_where=sa.text("state IN ('asked', 'accepted', 'sent', 'received')"),
            sqlite_where=sa.text("state IN ('asked', 'accepted', 'sent', 'received')"),
        )

    op.create_table(
        "review",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("campaign_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("merchant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("shopper_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stars", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column(
            "pictures",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name=op.f("ck_review_one_to_five_stars")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_review_campaign_id")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_review_merchant_id")),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_review_order_id")),
        sa.ForeignKeyConstraint(["shopper_id"], ["user.id"], name=op.f("fk_review_shopper_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
        sa.UniqueConstraint("order_id", name=op.f("uq_review_order_id")),
    )
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_campaign_id"), ["campaign_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_review_merchant_id"), ["merchant_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_review_shopper_id"), ["shopper_id"], unique=False)

    op.create_table(
        "shipment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("carrier", sa.String(), nullable=False),
        sa.Column("tracking", sa.String(), nullable=False),
        sa.Column("replacement", sa.Boolean(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "sent",
                "moving",
                "arrived",
                "delivered",
                "lost",
                "sent_back",
                name="shipmentstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_shipment_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipment")),
    )
    with op.batch_alter_table("shipment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shipment_order_id"), ["order_id"], unique=False)

    op.create_table(
        "voucher",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("redeemed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("redeemed_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "issued",
                "redeemed",
                "expired",
                "cancelled",
                name="voucherstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_voucher_order_id")),
        sa.ForeignKeyConstraint(["redeemed_by"], ["user.id"], name=op.f("fk_voucher_redeemed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voucher")),
        sa.UniqueConstraint("code", name=op.f("uq_voucher_code")),
    )
    with op.batch_alter_table("voucher", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_voucher_order_id"), ["order_id"], unique=False)

    op.create_table(
        "evidence",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dispute_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "party",
            sa.Enum(
                "shopper",
                "merchant",
                "operator",
                name="party",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column(
            "pictures",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["user.id"], name=op.f("fk_evidence_by")),
        sa.ForeignKeyConstraint(["dispute_id"], ["dispute.id"], name=op.f("fk_evidence_dispute_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
    )
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_evidence_dispute_id"), ["dispute_id"], unique=False)

    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("refund_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(
            sa.Column("payout_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(
            sa.Column(
                "refunded",
                sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                server_default="0",
                nullable=False,
            )
        )
        batch_op.add_column(
            sa.Column("fee", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("look_up_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column(
                "look_ups",
                sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                server_default="0",
                nullable=False,
            )
        )
        batch_op.add_column(
            sa.Column(
                "epoch",
                sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                server_default="1",
                nullable=False,
            )
        )
        batch_op.add_column(sa.Column("case_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.alter_column("pledge_id", existing_type=sa.INTEGER(), nullable=True)
        batch_op.alter_column("launch_id", existing_type=sa.INTEGER(), nullable=True)
        batch_op.alter_column("mandate_id", existing_type=sa.INTEGER(), nullable=True)
        batch_op.drop_index(batch_op.f("uq_attempt_one_success"), sqlite_where=sa.text("state = 'succeeded'"))
        batch_op.drop_index(
            batch_op.f("ix_attempt_open"),
            sqlite_where=sa.text("state IN ('started', 'unknown', 'requires_action')"),
        )
        batch_op.create_index(
            "ix_attempt_open",
            ["look_up_at"],
            unique=False,
            postgresql_where=sa.text("state IN ('started', 'unknown', 'requires_action')"),
            sqlite_where=sa.text("state IN ('started', 'unknown', 'requires_action')"),
        )
        batch_op.create_index(
            "ix_attempt_case",
            ["case_at"],
            unique=False,
            postgresql_where=sa.text("case_at IS NOT NULL"),
            sqlite_where=sa.text("case_at IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_attempt_reference"), ["reference"], unique=False)
        batch_op.create_index(
            "ix_attempt_retry",
            ["retry_at"],
            unique=False,
            postgresql_where=sa.text("retry_at IS NOT NULL"),
            sqlite_where=sa.text("retry_at IS NOT NULL"),
        )
        batch_op.create_unique_constraint(
            batch_op.f("uq_attempt_payout_id_generation"), ["payout_id", "generation"]
        )
        batch_op.create_index(
            "uq_attempt_payout_in_flight",
            ["payout_id", "purpose"],
            unique=True,
            postgresql_where=sa.text("state IN ('started', 'unknown', 'requires_action')"),
            sqlite_where=sa.text("state IN ('started', 'unknown', 'requires_action')"),
        )
        batch_op.create_index(
            "uq_attempt_payout_success",
            ["payout_id", "purpose"],
            unique=True,
            postgresql_where=sa.text("state = 'succeeded'"),
            sqlite_where=sa.text("state = 'succeeded'"),
        )
        batch_op.create_index(
            "uq_attempt_pledge_success",
            ["pledge_id", "purpose"],
            unique=True,
            postgresql_where=sa.text("state = 'succeeded' AND purpose <> 'authorise'"),
            sqlite_where=sa.text("state = 'succeeded' AND purpose <> 'authorise'"),
        )
        batch_op.create_unique_constraint(
            batch_op.f("uq_attempt_refund_id_generation"), ["refund_id", "generation"]
        )
        batch_op.create_index(
            "uq_attempt_refund_in_flight",
            ["refund_id", "purpose"],
            unique=True,
            postgresql_where=sa.text("state IN ('started', 'unknown', 'requires_action')"),
            sqlite_where=sa.text("state IN ('started', 'unknown', 'requires_action')"),
        )
        batch_op.create_index(
            "uq_attempt_refund_success",
            ["refund_id", "purpose"],
            unique=True,
            postgresql_where=sa.text("state = 'succeeded'"),
            sqlite_where=sa.text("state = 'succeeded'"),
        )
        batch_op.create_foreign_key(batch_op.f("fk_attempt_payout_id"), "payout", ["payout_id"], ["id"])
        batch_op.create_foreign_key(
            batch_op.f("fk_attempt_refund_id"), "refund", ["refund_id"], ["id"], use_alter=True
        )
        batch_op.drop_constraint(batch_op.f("ck_attempt_purpose"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_attempt_purpose"),
            "purpose IN ('authorise', 'capture', 'void', 'refund', 'payout')",
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_attempt_refunds_fit"), "refunded >= 0 AND refunded <= amount"
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_attempt_one_subject"),
            "(purpose IN ('authorise', 'capture', 'void') AND pledge_id IS NOT NULL AND launch_id IS NOT NULL AND mandate_id IS NOT NULL AND refund_id IS NULL AND payout_id IS NULL) OR (purpose = 'refund' AND refund_id IS NOT NULL AND pledge_id IS NULL AND payout_id IS NULL) OR (purpose = 'payout' AND payout_id IS NOT NULL AND pledge_id IS NULL AND refund_id IS NULL)",
        )

    with op.batch_alter_table("launch", schema=None) as batch_op:
        batch_op.add_column(sa.Column("topped_up_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column(
                "fee_bp",
                sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                server_default="0",
                nullable=False,
            )
        )
        batch_op.drop_constraint(batch_op.f("ck_launch_launchstate"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_launch_launchstate"),
            "state IN ('authorising', 'mending', 'capturing', 'selling', 'voiding', 'unwinding', 'finished', 'failed')",
        )

    with op.batch_alter_table("offer", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "fee_bp",
                sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                server_default="0",
                nullable=False,
            )
        )

    op.execute(
        "INSERT INTO shipment (order_id, carrier, tracking, replacement, sent_at, delivered_at, state, state_since)"
        " SELECT id, coalesce(carrier, ''), tracking, false, shipped_at, delivered_at,"
        " CASE WHEN delivered_at IS NULL THEN 'sent' ELSE 'delivered' END, state_since"
        ' FROM "order" WHERE tracking IS NOT NULL AND shipped_at IS NOT NULL'
    )
    with op.batch_alter_table("order", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "fee",
                sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                server_default="0",
                nullable=False,
            )
        )
        batch_op.add_column(
            sa.Column(
                "fulfilment",
                sa.Enum(
                    "shipped",
                    "collected",
                    "voucher",
                    name="fulfilment",
                    native_enum=False,
                    create_constraint=True,
                    length=40,
                ),
                server_default="shipped",
                nullable=False,
            )
        )
        batch_op.add_column(sa.Column("late_told_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_column("carrier")
        batch_op.drop_column("tracking")
        batch_op.drop_constraint(batch_op.f("ck_order_orderstate"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_order_orderstate"),
            "state IN ('placed', 'ready', 'shipped', 'delivered', 'cancelled')",
        )
        batch_op.create_check_constraint(batch_op.f("ck_order_fee_fits"), "fee >= 0 AND fee <= total")

    op.execute(
        "UPDATE attempt SET look_up_at = started_at WHERE state IN ('started', 'unknown', 'requires_action')"
    )


def downgrade() -> None:
    with op.batch_alter_table("order", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_order_orderstate"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_order_orderstate"), "state IN ('placed', 'shipped', 'delivered', 'cancelled')"
        )
        batch_op.drop_constraint(batch_op.f("ck_order_fee_fits"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_order_fulfilment"), type_="check")
        batch_op.add_column(sa.Column("tracking", sa.VARCHAR(), nullable=True))
        batch_op.add_column(sa.Column("carrier", sa.VARCHAR(), nullable=True))
        batch_op.drop_column("settled_at")
        batch_op.drop_column("late_told_at")
        batch_op.drop_column("fulfilment")
        batch_op.drop_column("fee")

    op.execute(
        'UPDATE "order" SET carrier = (SELECT carrier FROM shipment WHERE order_id = "order".id ORDER BY id LIMIT 1),'
        ' tracking = (SELECT tracking FROM shipment WHERE order_id = "order".id ORDER BY id LIMIT 1)'
    )

    with op.batch_alter_table("offer", schema=None) as batch_op:
        batch_op.drop_column("fee_bp")

    with op.batch_alter_table("launch", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_launch_launchstate"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_launch_launchstate"),
            "state IN ('authorising', 'mending', 'capturing', 'selling', 'voiding', 'finished', 'failed')",
        )
        batch_op.drop_column("fee_bp")
        batch_op.drop_column("topped_up_at")

    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_attempt_purpose"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_attempt_purpose"), "purpose IN ('authorise', 'capture', 'void')"
        )
        batch_op.drop_constraint(batch_op.f("ck_attempt_refunds_fit"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_attempt_one_subject"), type_="check")
        batch_op.drop_constraint(batch_op.f("fk_attempt_refund_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_attempt_payout_id"), type_="foreignkey")
        batch_op.drop_index(
            "uq_attempt_refund_success",
            postgresql_where=sa.text("state = 'succeeded'"),
            sqlite_where=sa.text("state = 'succeeded'"),
        )
        batch_op.drop_index(
            "uq_attempt_refund_in_flight",
            postgresql_where=sa.text("state IN ('started', 'unknown', 'requires_action')"),
            sqlite_where=sa.text("state IN ('started', 'unknown', 'requires_action')"),
        )
        batch_op.drop_constraint(batch_op.f("uq_attempt_refund_id_generation"), type_="unique")
        batch_op.drop_index(
            "uq_attempt_pledge_success",
            postgresql_where=sa.text("state = 'succeeded' AND purpose <> 'authorise'"),
            sqlite_where=sa.text("state = 'succeeded' AND purpose <> 'authorise'"),
        )
        batch_op.drop_index(
            "uq_attempt_payout_success",
            postgresql_where=sa.text("state = 'succeeded'"),
            sqlite_where=sa.text("state = 'succeeded'"),
        )
        batch_op.drop_index(
            "uq_attempt_payout_in_flight",
            postgresql_where=sa.text("state IN ('started', 'unknown', 'requires_action')"),
            sqlite_where=sa.text("state IN ('started', 'unknown', 'requires_action')"),
        )
        batch_op.drop_constraint(batch_op.f("uq_attempt_payout_id_generation"), type_="unique")
        batch_op.drop_index(
            "ix_attempt_retry",
            postgresql_where=sa.text("retry_at IS NOT NULL"),
            sqlite_where=sa.text("retry_at IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_attempt_reference"))
        batch_op.drop_index(
            "ix_attempt_case",
            postgresql_where=sa.text("case_at IS NOT NULL"),
            sqlite_where=sa.text("case_at IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_attempt_open",
            postgresql_where=sa.text("state IN ('started', 'unknown', 'requires_action')"),
            sqlite_where=sa.text("state IN ('started', 'unknown', 'requires_action')"),
        )
        batch_op.create_index(
            batch_op.f("ix_attempt_open"),
            ["started_at"],
            unique=False,
            sqlite_where=sa.text("state IN ('started', 'unknown', 'requires_action')"),
        )
        batch_op.create_index(
            batch_op.f("uq_attempt_one_success"),
            ["pledge_id", "purpose"],
            unique=1,
            sqlite_where=sa.text("state = 'succeeded'"),
        )
        batch_op.alter_column("mandate_id", existing_type=sa.INTEGER(), nullable=False)
        batch_op.alter_column("launch_id", existing_type=sa.INTEGER(), nullable=False)
        batch_op.alter_column("pledge_id", existing_type=sa.INTEGER(), nullable=False)
        batch_op.drop_column("case_at")
        batch_op.drop_column("epoch")
        batch_op.drop_column("look_ups")
        batch_op.drop_column("look_up_at")
        batch_op.drop_column("retry_at")
        batch_op.drop_column("expires_at")
        batch_op.drop_column("fee")
        batch_op.drop_column("refunded")
        batch_op.drop_column("payout_id")
        batch_op.drop_column("refund_id")

    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_evidence_dispute_id"))

    op.drop_table("evidence")
    with op.batch_alter_table("voucher", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_voucher_order_id"))

    op.drop_table("voucher")
    with op.batch_alter_table("shipment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_shipment_order_id"))

    op.drop_table("shipment")
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_review_shopper_id"))
        batch_op.drop_index(batch_op.f("ix_review_merchant_id"))
        batch_op.drop_index(batch_op.f("ix_review_campaign_id"))

    op.drop_table("review")
    with op.batch_alter_table("return_request", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_return_one_open",
            postgresql_where=sa.text("state IN ('asked', 'accepted', 'sent', 'received')"),
            sqlite_where=sa.text("state IN ('asked', 'accepted', 'sent', 'received')"),
        )

    op.drop_table("return_request")
    with op.batch_alter_table("payout_line", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_payout_line_payout_id"))
        batch_op.drop_index("ix_payout_line_order")

    op.drop_table("payout_line")
    with op.batch_alter_table("dispute", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_dispute_one_open",
            postgresql_where=sa.text("state IN ('opened', 'answered')"),
            sqlite_where=sa.text("state IN ('opened', 'answered')"),
        )
        batch_op.drop_index(batch_op.f("ix_dispute_order_id"))

    op.drop_table("dispute")
    with op.batch_alter_table("refund", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_refund_shopper_id"))
        batch_op.drop_index(batch_op.f("ix_refund_capture_id"))

    op.drop_table("refund")
    with op.batch_alter_table("payout", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_payout_merchant_id"))

    op.drop_table("payout")
    with op.batch_alter_table("ledger_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_ledger_entry_account")

    op.drop_table("ledger_entry")
    with op.batch_alter_table("bank_account", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_bank_account_one_in_use",
            postgresql_where=sa.text("removed_at IS NULL"),
            sqlite_where=sa.text("removed_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_bank_account_merchant_id"))

    op.drop_table("bank_account")
    op.drop_table("reconciliation")
    op.drop_table("provider_pace")
    with op.batch_alter_table("ledger_tx", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ledger_tx_order_id"))

    op.drop_table("ledger_tx")
    op.drop_table("ledger_account")
    with op.batch_alter_table("inbox_event", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_inbox_event_due",
            postgresql_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
            sqlite_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
        )

    op.drop_table("inbox_event")
    op.drop_table("clock_guard")
