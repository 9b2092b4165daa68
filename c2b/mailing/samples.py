"""For every kind of notice the data that its writers pass: for the operators' preview, and for the tests."""

from typing import Any

TITLE = {"title": "Enamel pot & lid", "path": "/c/pot"}
OFFER = {"offer": "Pot 24 cm & lid", "campaign": "Enamel pot", "path": "/sell/a/7"}
FIRM = {"firm": "Two Trees", "path": "/sell/firm"}
MONEY = {"firm": "Two Trees", "account": "Harbour Bank 6789", "path": "/sell/money"}
MOMENT = "2025-05-22T12:00:00+00:00"
CARD = {
    **TITLE,
    "path": "/me/pay/7",
    "pledge": 7,
    "code": "declined",
    "amount": 25900,
    "currency": "CNY",
    "mend_until": MOMENT,
}
PLEDGE = {**TITLE, "currency": "CNY", "quantity": 2, "ceiling": 25900}
STAGE = {"stage": "Machine review", "due_at": MOMENT}
REFUND = {"number": "M-1", "amount": 25900, "currency": "CNY", "cause": "cancelled"}
RETURN = {**TITLE, "number": "M-1", "answer": "12 Kiln Road, Lishui", "due_at": MOMENT}
PARCEL = {**TITLE, "number": "M-1", "carrier": "SF Express", "tracking": "SF1029384756"}
SAMPLE = {**OFFER, "code": "AB12-CD34-EF56"}

# Several variants where a template has branches.
SAMPLES: dict[str, list[dict[str, Any]]] = {
    "account_confirm": [{"bound": "0123456789abcdef", "back": "/c/pot"}],
    "account_exists": [{}],
    "account_reset": [{"bound": "0123456789abcdef"}],
    "account_password_changed": [{}],
    "account_closed": [{"name": "Alice Wong"}],
    "work_finished": [
        {"title": "Import of offers", "path": "/work/7", "ended": "done", "done": 7, "failed": 2},
        {"title": "Import of offers", "path": "/work/7", "ended": "done", "done": 7, "failed": 0},
        {"title": "Import of offers", "path": "/work/7", "ended": "failed", "done": 0, "failed": 0},
    ],
    "merchant_certified": [{**FIRM, "grade": "basic"}],
    "merchant_declined": [{**FIRM, "reason": "The licence is blurred, 50 % of it."}],
    "merchant_suspended": [{**FIRM, "reason": "Too late twice."}],
    "pledge_placed": [
        {**PLEDGE, "closes_at": MOMENT, "tipped": False},
        {**PLEDGE, "closes_at": None, "tipped": True},
    ],
    "pledge_released": [PLEDGE],
    "pledge_unfilled": [PLEDGE],
    "pledge_dropped": [
        {**TITLE, "amount": 51800, "currency": "CNY", "code": "insufficient_funds", "late": late}
        for late in (False, True)
    ],
    "pledge_moved_up": [
        {**TITLE, "unit_price": 21900, "quantity": 2, "total": 43800, "currency": "CNY"},
    ],
    "campaign_approved": [{**TITLE, "closes_at": MOMENT}],
    "campaign_rejected": [
        {**TITLE, "reason": "We cannot sell this.", "final": True},
        {**TITLE, "reason": "Please add a picture.", "final": False},
    ],
    "campaign_closing_soon": [
        {**TITLE, "closes_at": MOMENT, "tipped": False},
        {**TITLE, "closes_at": MOMENT, "tipped": True},
        {**TITLE, "closes_at": MOMENT, "tipped": True, "change": "/c/pot/change"},
    ],
    "campaign_news": [{**TITLE, "headline": "The mould is cast"}],
    "question_asked": [TITLE],
    "question_answered": [TITLE],
    "comment_replied": [TITLE],
    "words_hidden": [{**TITLE, "reason": "It names a person."}],
    "merchant_campaign": [{**TITLE, "firm": "Two Trees"}],
    "campaign_tipped": [
        {**TITLE, "closes_at": MOMENT, "still_open": True, "by_demand": False},
        {**TITLE, "closes_at": MOMENT, "still_open": False, "by_demand": True},
    ],
    "campaign_expired": [{**TITLE, "closes_at": MOMENT}],
    "campaign_cancelled": [
        {**TITLE, "closes_at": None, "reason": "100% recalled"},
        {**TITLE, "closes_at": None, "reason": "Recalled.", "charged": True},
    ],
    "campaign_failed": [{**TITLE, "closes_at": MOMENT, "reason": "Too few could pay."}],
    "campaign_next_batch": [{**TITLE, "closes_at": MOMENT, "batch": 12}],
    "campaign_awarded": [{**TITLE, "closes_at": MOMENT}],
    "campaign_scheduled": [{**TITLE, "opens_at": MOMENT}],
    "campaign_launched": [
        {**TITLE, "unit_price": 21900, "quantity": 2, "total": 43800, "currency": "CNY", "mend_until": MOMENT}
    ],
    "card_failed": [CARD, {**CARD, "code": "requires_action"}, {**CARD, "code": None}],
    "card_reminder": [CARD],
    "order_placed": [
        {
            **TITLE,
            "path": "/me/orders/M-1",
            "number": "M-1",
            "quantity": 2,
            "unit_price": 21900,
            "total": 43800,
            "currency": "CNY",
            "ship_by": MOMENT,
            "fulfilment": fulfilment,
        }
        for fulfilment in ("shipped", "collected", "voucher")
    ],
    "order_shipped": [{**TITLE, "number": "M-1", "carrier": "SF Express", "tracking": "SF1029384756"}],
    "refund_promised": [
        {**TITLE, **REFUND, "note": ""},
        {**TITLE, **REFUND, "cause": "out_of_stock", "note": "The kiln broke, 100 % of it."},
    ],
    "launch_called_off": [{**TITLE, "reason": "Recalled by its maker."}],
    "order_called_off": [{**TITLE, **REFUND}],
    "return_asked": [{**TITLE, "number": "M-1", "quantity": 2, "cause": "defective", "due_at": MOMENT}],
    "return_accepted": [
        {**RETURN, "by_clock": False},
        {**RETURN, "by_clock": True, "answer": "Two Trees\nLishui"},
    ],
    "return_declined": [RETURN],
    "return_withdrawn": [RETURN],
    "return_sent": [{**RETURN, "carrier": "SF Express", "tracking": "SF1"}],
    "return_send_soon": [RETURN],
    "return_lapsed": [RETURN],
    "dispute_opened": [{**TITLE, "number": "M-1", "cause": "not_received", "answer_by": MOMENT}],
    "dispute_answered": [{**TITLE, "number": "M-1", "rule_by": MOMENT}],
    "dispute_withdrawn": [{**TITLE, "number": "M-1"}],
    "dispute_ruled": [
        {**TITLE, **REFUND, "ruling": "The lid is loose."},
        {**TITLE, **REFUND, "amount": 0, "ruling": "It was delivered, 100 % of it."},
    ],
    "dispute_overdue": [{**TITLE, "number": "M-1", "rule_by": MOMENT}],
    "refund_paid": [{**TITLE, **REFUND}, {**TITLE, **REFUND, "number": "", "cause": "late_charge"}],
    "bank_dispute_opened": [
        {
            **TITLE,
            "number": "M-1",
            "path": "/sell/disputes/1",
            "amount": 43800,
            "currency": "CNY",
            "cause": "not_received",
            "answer_by": MOMENT,
        }
    ],
    "bank_dispute_ruled": [
        {**TITLE, "number": "M-1", "path": "/sell/disputes/1", "amount": 43800, "currency": "CNY", "won": won}
        for won in (True, False)
    ],
    "order_late": [
        {**TITLE, "number": "M-1", "ship_by": MOMENT, "until": MOMENT, "fulfilment": kind}
        for kind in ("shipped", "collected")
    ],
    "order_due_soon": [{**TITLE, "count": n, "ship_by": MOMENT, "until": MOMENT} for n in (1, 37)],
    "order_overdue": [{**TITLE, "count": n, "ship_by": MOMENT, "until": MOMENT} for n in (1, 37)],
    "parcel_lost": [{**PARCEL, "lost": lost} for lost in (True, False)],
    "order_lost": [{**PARCEL, "lost": lost} for lost in (True, False)],
    "order_ready": [{**TITLE, "number": "M-1", "where": "Shop 3, 10 % of the hall; 9 to 18 h"}],
    "vouchers_issued": [{**TITLE, "number": "M-1", "count": n, "valid_until": MOMENT} for n in (1, 3)],
    "voucher_expiring": [{**TITLE, "number": "M-1", "count": n, "valid_until": MOMENT} for n in (1, 3)],
    "review_asked": [TITLE],
    "review_hidden": [{**TITLE, "reason": "It names a person, 100 %."}],
    "batch_joined": [{"campaign": "Pot", "path": "/c/pot", "batch": 12, "signup_closes_at": MOMENT}],
    "offer_verdict": [
        {**OFFER, "stage": "Final review", "ruling": "pass", "reason": ""},
        {**OFFER, "stage": "Final review", "ruling": "wait", "reason": "Say what it is made of, 100% of it."},
        {**OFFER, "stage": "Final review", "ruling": "reject", "reason": "The price is too high."},
    ],
    "offer_due_soon": [{**OFFER, **STAGE}],
    "offer_your_turn": [{**OFFER, **STAGE}],
    "offer_lapsed": [
        {**OFFER, "stage": "Sample"},
        {**OFFER, "reason": "Sign-up closed."},
        OFFER,
    ],
    "offer_awarded": [OFFER],
    "offer_runner_up": [{**OFFER, "reason": "It gains shoppers 10% less."}],
    "offer_not_chosen": [{**OFFER, "reason": "The chosen offer was launched."}],
    "offer_fell_through": [{**OFFER, "reason": ""}, {**OFFER, "reason": "Recalled."}],
    "offer_scheduled": [{**OFFER, "opens_at": MOMENT}],
    "offer_date_withdrawn": [OFFER],
    "queue_due_soon": [{**STAGE, "path": "/review"}],
    "queue_overdue": [{**STAGE, "path": "/review"}],
    "sample_requested": [
        {**SAMPLE, "why": "category", "category": "food", "due_at": MOMENT, "label": "/sell/a/7/label"}
    ],
    "sample_due_soon": [{**SAMPLE, "due_at": MOMENT, "label": "/sell/a/7/label"}],
    "sample_received": [SAMPLE],
    "sample_verdict": [
        {**SAMPLE, "passed": True, "note": ""},
        {**SAMPLE, "passed": False, "note": "The lid is loose."},
    ],
    "bank_account_added": [
        {**MONEY, "replaced": False, "usable_at": MOMENT},
        {**MONEY, "replaced": True, "usable_at": MOMENT},
    ],
    "payout_paid": [{**MONEY, "number": "P-1", "amount": 25900, "currency": "CNY"}],
    "payout_returned": [
        {**MONEY, "number": "P-1", "amount": 25900, "currency": "CNY", "code": "account_closed"}
    ],
}
ITEM = {"kind": "campaign_tipped", "data": SAMPLES["campaign_tipped"][0], "at": MOMENT}
SAMPLES["digest"] = [
    {"items": [ITEM], "count": 1, "path": "/me/notices"},
    {
        "items": [ITEM, {"kind": "order_shipped", "data": SAMPLES["order_shipped"][0], "at": MOMENT}],
        "count": 44,
        "path": "/me/notices",
    },
]
