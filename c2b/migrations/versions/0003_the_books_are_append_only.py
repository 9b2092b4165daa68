"""The books are append-only: the database itself refuses to change or remove what is in them."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UNBALANCED = (
    "(SELECT COUNT(*) FROM ledger_entry WHERE tx_id = NEW.id) < 2"
    " OR (SELECT SUM(amount) FROM ledger_entry WHERE tx_id = NEW.id) <> 0"
    " OR EXISTS (SELECT 1 FROM ledger_entry AS e JOIN ledger_account AS a ON a.id = e.account_id"
    " WHERE e.tx_id = NEW.id AND a.currency <> NEW.currency)"
)
SEALED = "EXISTS (SELECT 1 FROM ledger_tx WHERE id = NEW.tx_id AND sealed_at IS NOT NULL)"
THE_SAME = (
    "(NEW.id, NEW.cause, NEW.cause_id, NEW.kind, NEW.currency, COALESCE(NEW.order_id, 0), NEW.at)"
    " = (OLD.id, OLD.cause, OLD.cause_id, OLD.kind, OLD.currency, COALESCE(OLD.order_id, 0), OLD.at)"
)
SAME_ACCOUNT = "(NEW.id, NEW.kind, NEW.owner, NEW.currency) = (OLD.id, OLD.kind, OLD.owner, OLD.currency)"

# (name, when, on which table, the condition under which it is refused, what is said)
REFUSALS = (
    ("ledger_entry_stays", "UPDATE", "ledger_entry", None, "an entry of the books is never changed"),
    ("ledger_entry_is_kept", "DELETE", "ledger_entry", None, "an entry of the books is never removed"),
    ("ledger_entry_comes_in_time", "INSERT", "ledger_entry", SEALED, "this transaction is sealed"),
    ("ledger_tx_is_kept", "DELETE", "ledger_tx", None, "a transaction of the books is never removed"),
    (
        "ledger_tx_begins_open",
        "INSERT",
        "ledger_tx",
        "NEW.sealed_at IS NOT NULL",
        "a transaction begins open",
    ),
    (
        "ledger_tx_stays",
        "UPDATE",
        "ledger_tx",
        f"OLD.sealed_at IS NOT NULL OR NEW.sealed_at IS NULL OR NOT ({THE_SAME})",
        "a transaction of the books is never changed",
    ),
    (
        "ledger_tx_adds_up",
        "UPDATE",
        "ledger_tx",
        UNBALANCED,
        "a transaction adds up to nothing in one currency",
    ),
    (
        "ledger_account_stays",
        "UPDATE",
        "ledger_account",
        f"NOT ({SAME_ACCOUNT})",
        "an account stays what it is",
    ),
    ("ledger_account_is_kept", "DELETE", "ledger_account", None, "an account is never removed"),
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _upgrade_sqlite()
    else:
        _upgrade_postgresql()


def _upgrade_sqlite() -> None:
    for name, when, table, refused_if, says in REFUSALS:
        condition = f"WHEN {refused_if} " if refused_if else ""
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {when} ON {table} {condition}"
            f"BEGIN SELECT RAISE(ABORT, '{says}'); END"
        )
    # INSERT OR REPLACE would remove a row without a word to the triggers above.
    op.execute(
        "CREATE TRIGGER ledger_tx_is_not_replaced BEFORE INSERT ON ledger_tx"
        " WHEN EXISTS (SELECT 1 FROM ledger_tx WHERE id = NEW.id)"
        " BEGIN SELECT RAISE(ABORT, 'a transaction of the books is never replaced'); END"
    )


def _upgrade_postgresql() -> None:
    for name, when, table, refused_if, says in REFUSALS:
        body = f"IF {refused_if} THEN RAISE EXCEPTION '{says}'; END IF;" if refused_if else ""
        body = body or f"RAISE EXCEPTION '{says}';"
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NEW; END $$"
        )
        op.execute(f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
    # Nothing is committed that was not sealed.
    op.execute(
        "CREATE FUNCTION ledger_tx_is_sealed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF EXISTS (SELECT 1 FROM ledger_tx WHERE id = NEW.id AND sealed_at IS NULL)"
        " THEN RAISE EXCEPTION 'a transaction is sealed before it is committed'; END IF; RETURN NULL; END $$"
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER ledger_tx_is_sealed AFTER INSERT ON ledger_tx"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_tx_is_sealed()"
    )


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    more = ("ledger_tx_is_not_replaced", "ledger_tx") if sqlite else ("ledger_tx_is_sealed", "ledger_tx")
    for name, table in [(name, table) for name, _when, table, _if, _says in REFUSALS] + [more]:
        op.execute(f"DROP TRIGGER {name}" + ("" if sqlite else f" ON {table}"))
        if not sqlite:
            op.execute(f"DROP FUNCTION {name}()")
