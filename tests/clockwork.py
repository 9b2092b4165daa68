"""The jobs that move money, in the order in which a test of many acts runs them; one list for all such tests."""

MONEY = (
    "work_inbox", "look_up_attempts", "charge_launches", "retry_cards", "settle_launches", "finish_launches",
    "unwind_campaigns", "send_refunds",
)  # fmt: skip
