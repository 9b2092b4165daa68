"""The books are looked at once for each statement, and not for each row of it. SQLite has no such triggers."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SEALED = "EXISTS (SELECT 1 FROM ledger_tx WHERE id = NEW.tx_id AND sealed_at IS NOT NULL)"
ONE_IS_SEALED = (
    "EXISTS (SELECT 1 FROM come JOIN ledger_tx ON ledger_tx.id = come.tx_id WHERE ledger_tx.sealed_at IS NOT NULL)"
)
UNBALANCED = (
    "(SELECT COUNT(*) FROM ledger_entry WHERE tx_id = NEW.id) < 2"
    " OR (SELECT SUM(amount) FROM ledger_entry WHERE tx_id = NEW.id) <> 0"
    " OR EXISTS (SELECT 1 FROM ledger_entry AS e JOIN ledger_account AS a ON a.id = e.account_id"
    " WHERE e.tx_id = NEW.id AND a.currency <> NEW.currency)"
)
ONE_IS_UNBALANCED = (
    "EXISTS (SELECT 1 FROM come LEFT JOIN ledger_entry AS e ON e.tx_id = come.id"
    " LEFT JOIN ledger_account AS a ON a.id = e.account_id GROUP BY come.id"
    " HAVING COUNT(e.tx_id) < 2 OR SUM(e.amount) <> 0 OR BOOL_OR(a.currency <> come.currency))"
)

# (name, when, on which table, the condition for a row, the condition for a statement, what is said)
REFUSALS = (
    ("ledger_entry_comes_in_time", "INSERT", "ledger_entry", SEALED, ONE_IS_SEALED, "this transaction is sealed"),
    (
        "ledger_tx_adds_up",
        "UPDATE",
        "ledger_tx",
        UNBALANCED,
        ONE_IS_UNBALANCED,
        "a transaction adds up to nothing in one currency",
    ),
)  # fmt: skip


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    for name, when, table, _row, refused_if, says in REFUSALS:
        op.execute(f"DROP TRIGGER {name} ON {table}")
        # Planned anew each time: a plan that is kept from when the books were empty would read all of them.
        op.execute(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE wrong boolean; BEGIN"
            f" EXECUTE 'SELECT {refused_if}' INTO wrong; IF wrong THEN RAISE EXCEPTION '{says}'; END IF;"
            " RETURN NULL; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {name} AFTER {when} ON {table} REFERENCING NEW TABLE AS come"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    for name, when, table, refused_if, _statement, says in REFUSALS:
        op.execute(f"DROP TRIGGER {name} ON {table}")
        op.execute(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" IF {refused_if} THEN RAISE EXCEPTION '{says}'; END IF; RETURN NEW; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
        )
