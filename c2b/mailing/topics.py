"""What notices are about, as people understand it, and in which way they may ask to be told."""

from dataclasses import dataclass
from functools import cache

from c2b.core.access import Role
from c2b.core.labels import LabelEnum
from c2b.core.text import gettext as _
from c2b.core.text import mark as _l


class Way(LabelEnum):
    """How somebody wants to be told. Whatever they choose, every notice is on their page of notices."""

    AT_ONCE = "at_once", _l("A mail at once")
    DIGEST = "digest", _l("In the daily mail")
    APP = "app", _l("Here only, no mail")


@dataclass(frozen=True)
class Topic:
    """Kinds of notices that are chosen together; `always` are those that nobody may miss."""

    key: str
    name: str
    about: str
    kinds: frozenset[str]
    always: bool = False
    roles: frozenset[Role] = frozenset(Role)  # whoever has one of them sees it

    @property
    def title(self) -> str:
        """Its name, in the reader's language."""
        return _(self.name)

    @property
    def hint(self) -> str:
        """What it holds, in the reader's language."""
        return _(self.about)


MERCHANTS = frozenset({Role.MERCHANT})
STAFF = frozenset({Role.REVIEWER, Role.OPERATOR})


def _of(text: str) -> frozenset[str]:
    return frozenset(text.split())


TOPICS = (
    Topic(
        "account",
        _l("Your account"),
        _l("Passwords, confirmations, and what you asked us to prepare."),
        _of(
            "account_confirm account_exists account_reset account_password_changed account_closed work_finished"
        ),
        always=True,
    ),
    Topic(
        "money",
        _l("Your money"),
        _l("Launches that charge you, cards that need you, cancellations, refunds and disputes."),
        _of(
            "campaign_launched campaign_cancelled campaign_failed card_failed card_reminder pledge_dropped"
            " pledge_moved_up order_placed order_called_off launch_called_off refund_promised refund_paid"
            " dispute_opened dispute_answered dispute_withdrawn dispute_ruled"
        ),
        always=True,
    ),
    Topic(
        "orders",
        _l("Your orders on their way"),
        _l("Sent, ready, late or lost; vouchers and returns."),
        _of(
            "order_shipped order_ready order_late order_lost vouchers_issued voucher_expiring"
            " return_accepted return_declined return_lapsed return_send_soon"
        ),
    ),
    Topic(
        "joined",
        _l("What you joined"),
        _l("That it is on, closes soon, has a merchant, has a date, or ended without a deal."),
        _of(
            "pledge_placed pledge_released pledge_unfilled campaign_closing_soon campaign_tipped"
            " campaign_expired campaign_awarded campaign_scheduled campaign_next_batch batch_joined"
        ),
    ),
    Topic(
        "wishes",
        _l("What you wrote"),
        _l("Whether your wish is open, and what became of your reviews."),
        _of("campaign_approved campaign_rejected review_asked review_hidden"),
    ),
    Topic(
        "news",
        _l("News, questions and comments"),
        _l("What makers write, what others answer, and what you follow."),
        _of("campaign_news merchant_campaign question_asked question_answered comment_replied words_hidden"),
    ),
    Topic(
        "offers",
        _l("Your shop: offers"),
        _l("Certification, samples, verdicts, dates and what is due."),
        _of(
            "merchant_certified merchant_declined merchant_suspended offer_verdict offer_due_soon offer_your_turn"
            " offer_lapsed offer_awarded offer_runner_up offer_not_chosen offer_fell_through offer_scheduled"
            " offer_date_withdrawn sample_requested sample_due_soon sample_received sample_verdict"
        ),
        roles=MERCHANTS,
    ),
    Topic(
        "sales",
        _l("Your shop: orders and money"),
        _l("What must be sent, returns, bank disputes and payouts."),
        _of(
            "order_due_soon order_overdue parcel_lost return_asked return_sent return_withdrawn"
            " bank_account_added bank_dispute_opened bank_dispute_ruled payout_paid payout_returned"
        ),
        always=True,
        roles=MERCHANTS,
    ),
    Topic(
        "work",
        _l("Your work here"),
        _l("Queues and disputes that are due or overdue."),
        _of("queue_due_soon queue_overdue dispute_overdue"),
        roles=STAFF,
    ),
)
BY_KEY = {topic.key: topic for topic in TOPICS}
EVERY_DAY = "digest"  # the kind of the daily mail, and what its link for unsubscribing is about

# What cannot wait until the morning: a way in, a warning, and payments with a deadline.
URGENT = _of(
    "account_confirm account_exists account_reset account_password_changed account_closed bank_account_added"
    " card_failed card_reminder"
)


@cache
def topic_of(kind: str) -> Topic | None:
    """The topic of a kind of notice; what has none is always sent at once."""
    return next((topic for topic in TOPICS if kind in topic.kinds), None)


def topics_for(roles: frozenset[Role]) -> list[Topic]:
    """The topics that can concern somebody with these roles."""
    return [topic for topic in TOPICS if topic.roles & roles]
