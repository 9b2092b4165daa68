"""The half of the fake that pays firms: connected accounts, transfers to them, payouts from them to a bank."""

from tests.payments.stripe.fake_book import Book, Refusal, Thing


class Connect(Book):
    """A book with connected accounts."""

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
