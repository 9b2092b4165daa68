"""Paying firms by Stripe Connect: one connected account for each bank account, one transfer and payout for each payout.

The connected accounts pay out by hand, so that one payout of ours is one payout at the bank, and one that comes
back is known for what it was.
"""

from typing import Any

import stripe

from c2b.payments.gateway import Asked, Outcome, SavedPayee, Setup
from c2b.payments.gateways import stripe_answers as answers
from c2b.payments.gateways.stripe_api import OWNER, Api, Thing, details, in_our_words
from c2b.payments.states import AttemptState


def start_payee(api: Api, firm: str, return_url: str) -> Setup:
    """A new connected account, and Stripe's pages on which the firm says who and where it is."""
    with in_our_words():
        account = api.client.v1.accounts.create(
            {
                "controller": {
                    "stripe_dashboard": {"type": "express"},
                    "fees": {"payer": "application"},
                    "losses": {"payments": "application"},
                },
                "capabilities": {"transfers": {"requested": True}},
                "settings": {"payouts": {"schedule": {"interval": "manual"}}},
                "metadata": {OWNER: api.account, "firm": firm},
            }
        )
        link = api.client.v1.account_links.create(
            {
                "account": account.id,
                "type": "account_onboarding",
                "return_url": return_url,
                "refresh_url": return_url,  # an old link leads back, where the firm can start again
            }
        )
    return Setup(link.url, account.id)


def finish_payee(api: Api, reference: str) -> SavedPayee | None:
    """The connected account, once the firm has said all that is asked."""
    try:
        with in_our_words():
            account = api.client.v1.accounts.retrieve(reference).to_dict()
    except (stripe.InvalidRequestError, stripe.PermissionError):
        return None
    places = (account.get("external_accounts") or {}).get("data") or []
    if not account.get("details_submitted") or not places or not api.is_ours(account):
        return None
    return SavedPayee(reference, answers.bank_label(places[0]), "stripe")


def pay_out(api: Api, asked: Asked) -> Outcome:
    """Move the amount to the connected account, and from there to its bank; undone where the second half fails."""
    if not asked.destination.startswith("acct_"):
        return Outcome(AttemptState.FAILED, code="no_such_account")
    try:
        transfer = _transfer_of(api, asked)
        if transfer is None and not _is_open(api, asked.destination):
            return Outcome(AttemptState.FAILED, code="account_closed")
        transfer = transfer or _move(api, asked)
    except (
        stripe.InvalidRequestError,
        stripe.PermissionError,
    ) as problem:  # the latter: not an account of ours
        return answers.refused(asked, details(problem))
    try:
        if _payout_of(api, transfer) is None:
            _send(api, asked, transfer)
    except stripe.InvalidRequestError as problem:
        _take_back(api, transfer)
        return Outcome(AttemptState.FAILED, transfer["id"], answers.code_of(details(problem), asked.purpose))
    return answers.paid_out(transfer)


def look_up(api: Api, asked: Asked) -> Outcome | None:
    """Whether the payout was made; one that stopped half-way counts as never made, and is taken up again."""
    transfer = _transfer_of(api, asked)
    if transfer is None:
        return None
    if _payout_of(api, transfer) is not None:
        return answers.paid_out(transfer)
    return Outcome(AttemptState.FAILED, transfer["id"], "reversed") if transfer.get("reversed") else None


def returned(api: Api, reference: str) -> str | None:
    """Why a payout came back from the bank; the money is then fetched back to our own balance."""
    with in_our_words():
        transfer = api.client.v1.transfers.retrieve(reference).to_dict()
    payout = _payout_of(api, transfer) or {}
    if payout.get("status") in ("failed", "canceled"):
        if not transfer.get("reversed"):
            _take_back(api, transfer)
        return str(payout.get("failure_code") or payout["status"])
    return "reversed" if transfer.get("reversed") else None


def _is_open(api: Api, account: str) -> bool:
    """Whether Stripe pays out to the bank at all; asked first, as undoing a transfer shows in the book."""
    with in_our_words():
        return bool(api.client.v1.accounts.retrieve(account).to_dict().get("payouts_enabled"))


def _move(api: Api, asked: Asked) -> Thing:
    with in_our_words():
        return api.client.v1.transfers.create(
            {
                "amount": asked.amount,
                "currency": asked.currency.lower(),
                "destination": asked.destination,
                "transfer_group": api.key(asked.key),
                "metadata": api.about(asked),
            },
            {"idempotency_key": api.key(asked.key)},
        ).to_dict()


def _send(api: Api, asked: Asked, transfer: Thing) -> None:
    with in_our_words():
        api.client.v1.payouts.create(
            {
                "amount": asked.amount,
                "currency": asked.currency.lower(),
                "metadata": {**api.about(asked), "transfer": transfer["id"]},
            },
            {"idempotency_key": api.key(asked.key + "-bank"), "stripe_account": asked.destination},
        )


def _take_back(api: Api, transfer: Thing) -> None:
    with in_our_words():
        api.client.v1.transfers.reversals.create(
            transfer["id"],
            {"metadata": dict(transfer.get("metadata") or {})},
            {"idempotency_key": api.key(transfer["id"] + "-back")},
        )


def _transfer_of(api: Api, asked: Asked) -> Thing | None:
    with in_our_words():
        found = api.client.v1.transfers.list({"transfer_group": api.key(asked.key), "limit": 10}).to_dict()
    return next((transfer for transfer in found["data"] if api.is_ours(transfer, asked.key)), None)


def _payout_of(api: Api, transfer: Thing) -> Thing | None:
    """The payout to the bank that this transfer paid for; the newest come first."""
    destination: Any = answers.id_of(transfer.get("destination"))
    with in_our_words():
        made = api.client.v1.payouts.list(
            {"limit": 100, "created": {"gte": int(transfer.get("created") or 0) - 60}},
            {"stripe_account": destination},
        )
        for payout in made.auto_paging_iter():
            made_of = payout.to_dict()
            if (made_of.get("metadata") or {}).get("transfer") == transfer["id"]:
                return made_of
    return None
