"""Words for what the program knows by a name of its own."""

from datetime import timedelta

from babel.dates import format_timedelta
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from c2b.core.text import mark as _l
from c2b.operators.worklist import Need

JOBS = {
    "answer_banks": _l("Answer banks that dispute a payment"),
    "ask_for_reviews": _l("Ask people who bought what it is like"),
    "award_batches": _l("Choose a merchant for each campaign of a batch"),
    "charge_launches": _l("Hold and charge the cards of a launch"),
    "check_promises": _l("Check that the data keeps every promise"),
    "close_campaigns": _l("Close campaigns whose time is up"),
    "deliver_orders": _l("Count parcels as delivered that were sent long ago"),
    "do_work": _l("Do long work that people asked for"),
    "expire_vouchers": _l("End codes whose time is over, and remind of those that end soon"),
    "finish_launches": _l("End launches whose slot is over"),
    "forget_tries": _l("Forget old counts of tries"),
    "issue_vouchers": _l("Issue the codes of vouchers that were paid"),
    "join_batches": _l("Give tipped campaigns a batch"),
    "lapse_offers": _l("Let offers lapse whose time is over"),
    "open_batches": _l("Open the next batch"),
    "plan_payouts": _l("Put together what is owed to merchants"),
    "prune_runs": _l("Forget old runs"),
    "reconcile": _l("Compare our books with the payment provider's"),
    "refresh_heat": _l("Count the heat of campaigns"),
    "remedies_due": _l("Let time decide about returns and disputes, and remind of them"),
    "remind_cards": _l("Remind people whose card failed"),
    "remind_closing": _l("Remind followers before a campaign closes"),
    "remind_stages": _l("Remind those whose stage is due"),
    "run_pipeline": _l("Judge offers by machine and open launches"),
    "send_mail": _l("Send mail"),
    "send_refunds": _l("Pay back what is owed to shoppers"),
    "unwind_campaigns": _l("Take back what was called off or never sent"),
    "send_payouts": _l("Send payouts to merchants"),
    "look_up_attempts": _l("Find out what became of requests for money"),
    "retry_cards": _l("Try cards again that were declined for now"),
    "settle_launches": _l("Test the minimum of a launch again"),
    "submit_offers": _l("Hand in the offers of merchants who started a campaign"),
    "tell_followers": _l("Tell those who follow of updates and new campaigns"),
    "tell_late_orders": _l("Remind of promised days, and tell people when one has passed"),
    "tell_tipped": _l("Tell everyone that a campaign is on"),
    "track_parcels": _l("Ask carriers where parcels are"),
    "deliver_sandbox_events": _l("Let the test provider send its webhooks"),
    "work_inbox": _l("Work off what the payment provider told us"),
}


def job_words(name: str) -> str:
    """What a job does, for people; its own name where there are no words for it."""
    return _(JOBS[name]) if name in JOBS else name.replace("_", " ")


def need_title(need: Need) -> str:
    """So many of what; the head of its card."""
    n = need.count
    titles = {
        "promises": lambda: ngettext("%(num)s broken promise", "%(num)s broken promises", n),
        "launches": lambda: ngettext("%(num)s launch in trouble", "%(num)s launches in trouble", n),
        "cases": lambda: ngettext("%(num)s case about money", "%(num)s cases about money", n),
        "disputes": lambda: ngettext("%(num)s dispute to rule on", "%(num)s disputes to rule on", n),
        "jobs": lambda: ngettext("%(num)s job fails", "%(num)s jobs fail", n),
        "moderation": lambda: ngettext("%(num)s wish to look at", "%(num)s wishes to look at", n),
        "certification": lambda: ngettext("%(num)s firm to certify", "%(num)s firms to certify", n),
        "overdue": lambda: ngettext("%(num)s offer is overdue", "%(num)s offers are overdue", n),
        "doubted": lambda: ngettext(
            "%(num)s passed offer is in doubt", "%(num)s passed offers are in doubt", n
        ),
        "payouts": lambda: ngettext("%(num)s payout to approve", "%(num)s payouts to approve", n),
        "dates": lambda: ngettext(
            "%(num)s merchant chosen, no launch date", "%(num)s merchants chosen, no launch date", n
        ),
        "mail": lambda: ngettext("%(num)s mail given up", "%(num)s mails given up", n),
    }
    return str(titles[need.kind]())


def span(time: timedelta | None) -> str:
    """A length of time in one unit; empty for none."""
    if time is None:
        return ""
    return str(format_timedelta(time, format="short", threshold=1.4, locale=get_locale()))
