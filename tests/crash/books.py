"""An accountant who trusts nobody: the provider's book read as it is, beside ours."""

from collections import Counter
from collections.abc import Iterator

from tests.crash.ground import Snapshot, Table

OPEN = ("started", "unknown")


def dicts(table: Table | None) -> list[dict[str, str]]:
    """The rows of a table by column."""
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows] if table else []


def discrepancies(found: Snapshot) -> Iterator[str]:
    """Everything in which the two books differ, and everything that was charged twice or left hanging."""
    attempts = dicts(found.tables.get("attempt"))
    yield from _charges(attempts, dicts(found.tables.get("book.hold")))
    yield from _paid_back(found, attempts)
    yield from _paid_out(attempts, dicts(found.tables.get("book.payout")))
    yield from _requests(attempts, dicts(found.tables.get("book.request")))
    yield from _balances(found)


def _charges(attempts: list[dict[str, str]], holds: list[dict[str, str]]) -> Iterator[str]:
    for pledge, times in Counter(hold["pledge"] for hold in holds if int(hold["captured"])).items():
        if times > 1:
            yield f"the provider charged pledge {pledge} {times} times"
    ours = Counter((row["pledge_id"], row["amount"]) for row in _succeeded(attempts, "capture"))
    theirs = Counter((hold["pledge"], hold["captured"]) for hold in holds if int(hold["captured"]))
    for pledge, amount in sorted((ours - theirs) + (theirs - ours)):
        whose = "we booked" if (pledge, amount) in ours - theirs else "the provider booked"
        yield f"a charge of {amount} for pledge {pledge} that only {whose}"


def _paid_back(found: Snapshot, attempts: list[dict[str, str]]) -> Iterator[str]:
    captures = {row["id"]: row["pledge_id"] for row in attempts}
    pledge_of = {row["id"]: captures[row["capture_id"]] for row in dicts(found.tables.get("refund"))}
    ours: Counter[str] = Counter()
    for row in _succeeded(attempts, "refund"):
        ours[pledge_of[row["refund_id"]]] += int(row["amount"])
    theirs: Counter[str] = Counter()
    for hold in dicts(found.tables.get("book.hold")):
        theirs[hold["pledge"]] += int(hold["refunded"])
    for pledge in sorted(ours.keys() | theirs.keys()):
        if ours[pledge] != theirs[pledge]:
            yield f"pledge {pledge}: we booked {ours[pledge]} as paid back, the provider {theirs[pledge]}"


def _paid_out(attempts: list[dict[str, str]], payouts: list[dict[str, str]]) -> Iterator[str]:
    ours = Counter((row["key"], row["amount"]) for row in _succeeded(attempts, "payout"))
    theirs = Counter((row["key"], row["amount"]) for row in payouts if row["state"] != "refused")
    for key, amount in sorted((ours - theirs) + (theirs - ours)):
        pair = (ours[key, amount], theirs[key, amount])
        yield f"a payout {key} of {amount} that is {pair[0]} times in our book, {pair[1]} times in theirs"


def _requests(attempts: list[dict[str, str]], asked: list[dict[str, str]]) -> Iterator[str]:
    requests = {row["key"]: row["state"] for row in asked}
    for key, times in Counter(row["key"] for row in asked).items():
        if times > 1:
            yield f"the provider took {key} for {times} requests"
    for key in sorted(requests.keys() - {row["key"] for row in attempts}):
        yield f"the provider got {key}, of which we know nothing"
    for row in attempts:
        theirs = requests.get(row["key"], "never asked")
        if row["state"] in OPEN:
            yield f"{row['key']} is still {row['state']} after all is done"
        elif row["state"] in ("succeeded", "failed") and theirs not in (row["state"], "never asked"):
            yield f"{row['key']} is {row['state']} with us and {theirs} with the provider"


def _balances(found: Snapshot) -> Iterator[str]:
    """What the provider has for us, in its own lines and in our clearing account."""
    theirs: Counter[str] = Counter()
    for line in dicts(found.tables.get("book.line")):
        theirs[line["currency"]] += int(line["amount"]) - int(line["fee"])
    ours: Counter[str] = Counter()
    for account in dicts(found.tables.get("ledger_account")):
        if account["kind"] == "clearing":
            ours[account["currency"]] += int(account["balance"])
    for currency in sorted(ours.keys() | theirs.keys()):
        if ours[currency] != theirs[currency]:
            yield f"{currency}: {ours[currency]} at the provider by our books, {theirs[currency]} by its own"


def _succeeded(attempts: list[dict[str, str]], purpose: str) -> list[dict[str, str]]:
    return [row for row in attempts if row["purpose"] == purpose and row["state"] == "succeeded"]
