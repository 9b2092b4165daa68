"""`c2b reconcile`: our books beside the payment provider's own, line by line."""

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from c2b.settlement.models import Reconciliation


@click.command("reconcile")
def reconcile_command() -> None:
    """Compare the books with the payment provider's; exit 1 if they differ. Repairs nothing."""
    from c2b.cli import _ready_app
    from c2b.core.clock import utcnow
    from c2b.settlement.reconciling import reconcile

    with _ready_app():
        found = reconcile(utcnow())
        _say(found)
        sys.exit(1 if found.differences else 0)


def _say(found: "Reconciliation") -> None:
    from c2b.core.money import major
    from c2b.settlement.comparing import Gap

    def amount(value: int | None, currency: str) -> str:
        return "nothing" if value is None else f"{major(value, currency):f}"

    for gap in Gap:
        rows = [row for row in found.differences if row["gap"] == gap.value]
        if rows:
            click.secho(f"{gap.msgid}: {len(rows)}", fg="red", err=True)
        for row in rows:
            ours, theirs = amount(row["ours"], row["currency"]), amount(row["theirs"], row["currency"])
            name = f"{row['kind']} {row['name']}"
            click.echo(f"  {name}: {ours} with us, {theirs} there ({row['currency']})", err=True)
    for currency, (ours, theirs) in found.balances.items():
        click.echo(
            f"{currency}: {major(ours, currency):f} with us, {major(theirs, currency):f} at {found.gateway}"
        )
    click.echo(f"{found.compared} movements compared, {len(found.differences)} differences")
