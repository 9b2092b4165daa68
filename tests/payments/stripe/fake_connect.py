"""What banks do in the fake: connected accounts, transfers to them, payouts from them; and disputes."""

from tests.payments.stripe.fake_book import DAY, DISPUTE_FEE, Book, Refusal, Thing


class Connect(Book):
    """A book with connected accounts and disputes."""

    def open_account(self, p: Thing) -> Thing:
        """POST /v1/accounts."""
        account = self.add("acct", "account", details_submitted=False, payouts_enabled=False,
                           external_accounts={"data": []}, metadata=p.get("metadata", {}))  # fmt: skip
        self.kinds[account["id"]] = "works"
        return account

    def link(self, p: Thing) -> Thing:
        """POST /v1/account_links."""
        self.get(p["account"], "account", param="account")
        return {"object": "account_link", "url": f"https://connect.stripe.test/setup/{p['account']}"}

    def onboard(self, account: str, kind: str = "works") -> None:
        """A firm answers all that the hosted pages ask."""
        bank = {"object": "bank_account", "bank_name": "BANK OF TESTS", "last4": "6789", "currency": "cny"}
        on = kind != "refused"
        places = {"data": [bank]}
        self.things[account].update(details_submitted=True, payouts_enabled=on, external_accounts=places)
        self.kinds[account] = kind

    def transfer(self, p: Thing) -> Thing:
        """POST /v1/transfers: from our balance to a connected account's."""
        account = self.things.get(p["destination"])
        if account is None or account["object"] != "account":
            raise Refusal(400, code="resource_missing", param="destination")
        transfer = self.add("tr", "transfer", amount=int(p["amount"]), currency=p["currency"], reversed=False,
                            destination=p["destination"], transfer_group=p["transfer_group"])  # fmt: skip
        transfer["metadata"] = p.get("metadata", {})
        self.line("transfer", transfer, -transfer["amount"])
        self.tell("transfer.created", transfer)
        return transfer

    def reverse(self, name: str, p: Thing) -> Thing:
        """POST /v1/transfers/…/reversals: the whole transfer comes back."""
        transfer = self.get(name, "transfer")
        if transfer["reversed"]:
            raise Refusal(400, message="reversed already")
        back = self.add("trr", "transfer_reversal", amount=transfer["amount"], currency=transfer["currency"],
                        transfer=name)  # fmt: skip
        back["metadata"] = p.get("metadata", {})
        transfer["reversed"] = True
        self.line("transfer_refund", back, transfer["amount"])
        self.tell("transfer.reversed", transfer)
        return back

    def there(self, account: str) -> int:
        """The balance of a connected account."""
        sent = [t for t in self.all("transfer") if t["destination"] == account and not t["reversed"]]
        out = [p for p in self.all("payout", account) if p["status"] != "failed"]
        return sum(t["amount"] for t in sent) - sum(p["amount"] for p in out)

    def pay_out(self, p: Thing, account: str) -> Thing:
        """POST /v1/payouts on a connected account."""
        if self.kinds[account] == "closed":  # since the last look
            raise Refusal(400, code="account_closed", message="payouts are not allowed")
        if int(p["amount"]) > self.there(account):
            raise Refusal(400, code="balance_insufficient")
        payout = self.add("po", "payout", account, amount=int(p["amount"]), currency=p["currency"],
                          status="pending", failure_code=None)  # fmt: skip
        payout["metadata"] = p.get("metadata", {})
        self.tell("payout.created", payout, account)
        return payout

    def bounce(self, transfer: str, code: str = "account_closed") -> None:
        """The bank sends a payout back, some days later."""
        account = self.things[transfer]["destination"]
        for payout in self.all("payout", account):
            if payout["metadata"].get("transfer") == transfer:
                payout.update(status="failed", failure_code=code)
                self.tell("payout.failed", payout, account)

    # disputes -------------------------------------------------------------------------------------

    def open_dispute(self, payment: str, status: str = "needs_response") -> str:
        """A shopper goes to the bank; the dispute's name."""
        intent = self.things[payment]
        charge = self.things[intent["latest_charge"]]
        dispute = self.add(
            "dp", "dispute", amount=charge["amount_captured"], currency=charge["currency"], charge=charge["id"],
            payment_intent=payment, reason="fraudulent", status=status, evidence={}, balance_transactions=[],
            evidence_details={"due_by": self.now() + 7 * DAY, "submission_count": 0, "has_evidence": False},
        )  # fmt: skip
        if not status.startswith("warning"):
            charge["disputed"] = True
            line = self.line("adjustment", dispute, -charge["amount_captured"], DISPUTE_FEE, "dispute")
            dispute["balance_transactions"].append(dict(line))
        self.tell("charge.dispute.created", dispute)
        return str(dispute["id"])

    def decide(self, dispute: str, *, won: bool) -> None:
        """The bank decides."""
        thing = self.things[dispute]
        thing["status"] = "won" if won else "lost"
        if won:
            self.things[thing["charge"]]["disputed"] = False
            line = self.line("adjustment", thing, thing["amount"], 0, "dispute_reversal")
            thing["balance_transactions"].append(dict(line))
        self.tell("charge.dispute.closed", thing)

    def update_dispute(self, name: str, p: Thing) -> Thing:
        """POST /v1/disputes/…; evidence is passed on once."""
        dispute = self.get(name, "dispute")
        if dispute["evidence_details"]["submission_count"] or dispute["status"] in ("won", "lost"):
            raise Refusal(400, message="the evidence was submitted already")
        dispute["evidence"].update(p.get("evidence", {}))
        if p.get("submit") == "true":
            dispute["evidence_details"].update(submission_count=1, has_evidence=True)
            dispute["status"] = "under_review"
        return dispute
