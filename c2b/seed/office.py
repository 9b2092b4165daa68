"""What the operators have arranged for themselves: views that they keep, and a banner whose time is over."""

from datetime import datetime, timedelta

from c2b.core.db import transaction
from c2b.core.saved_views import keep_view
from c2b.operators.banner import set_banner

VIEWS = (
    ("operators.campaigns", "Closing soon", "state=open&sort=closing", True),
    ("operators.orders", "Late orders", "state=late&sort=due", True),
    ("operators.refunds", "Needs a person", "state=stuck", False),
)
TEXT = "Tonight from 2:00 to 2:30 nobody can pay. Everything else works."
TEXTS = {
    "zh_Hans": "今晚 2:00 至 2:30 无法付款，其余功能正常。",
    "zh_Hant": "今晚 2:00 至 2:30 無法付款，其餘功能正常。",
    "es": "Esta noche de 2:00 a 2:30 no se puede pagar. Todo lo demás funciona.",
    "id": "Malam ini pukul 2.00–2.30 pembayaran tidak bisa dilakukan. Yang lain tetap berjalan.",
}


def arrange(operator: int, now: datetime) -> None:
    """Keep some views, and show a banner until yesterday."""
    with transaction():
        for page, name, query, shared in VIEWS:
            keep_view(page, name, query, shared=shared, by=operator, now=now)
        begun = now - timedelta(days=2)
        set_banner(TEXT, TEXTS, begun + timedelta(days=1), by=operator, now=begun)
