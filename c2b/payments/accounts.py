"""Which account at the provider this database belongs to, so that two shops never share a key."""

from secrets import token_hex

from flask import current_app
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from c2b.core.db import db, is_sqlite, transaction
from c2b.payments.models import ProviderAccount


def account_of(gateway: str) -> str:
    """This database's account; opened on first use and the same for ever. Leaves no transaction open."""
    known: dict[str, str] = current_app.extensions.setdefault("provider_accounts", {})
    if gateway not in known:
        known[gateway] = _read_or_open(gateway)
    return known[gateway]


def _read_or_open(gateway: str) -> str:
    with transaction():
        account = db.session.scalar(select(ProviderAccount.account).where(ProviderAccount.gateway == gateway))
    if account is not None:
        return account
    dialect = sqlite if is_sqlite() else postgresql
    row = {"gateway": gateway, "account": token_hex(8)}
    with transaction():
        db.session.execute(dialect.insert(ProviderAccount.__table__).values(row).on_conflict_do_nothing())
    return _read_or_open(gateway)
