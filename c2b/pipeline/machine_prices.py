"""The rules of the machine review that look at prices and quantities. Each reads only the facts."""

from c2b.campaigns.states import Basis
from c2b.demand.clearing import clear, why_not_tiers
from c2b.demand.curve import Curve, Tier
from c2b.pipeline.machine_facts import Facts
from c2b.pipeline.machine_findings import Finding, Outcome
from c2b.pipeline.saying import Saying
from c2b.pipeline.saying import nsay as ngettext
from c2b.pipeline.saying import say as _
from c2b.pipeline.saying import sum_of as price

OK, WARN, FAIL = Outcome.OK, Outcome.WARN, Outcome.FAIL


def ladder(facts: Facts) -> Finding:
    """More units, a lower price, down to the last tier."""
    problem = why_not_tiers(facts.tiers, facts.offer.maximum)
    if problem:
        return Finding("ladder", FAIL, Saying(problem), _("Mend the price tiers."), "tiers")
    seen = ngettext(
        "%(num)s price tier.", "%(num)s price tiers, each cheaper than the one before.", len(facts.tiers)
    )
    if facts.tiers[0].from_quantity < facts.offer.minimum:
        fix = _("Tiers below your minimum of %(count)s units have no effect.", count=facts.offer.minimum)
        return Finding("ladder", WARN, seen, fix, "tiers")
    return Finding("ladder", OK, seen)


def below_list(facts: Facts) -> Finding:
    """Joining is worth it: even the first tier is cheaper than the shop."""
    offer = facts.offer
    if not facts.tiers:
        return _without_tiers("below_list")
    first = max(tier.unit_price for tier in facts.tiers)
    said = {"price": price(first, offer.currency), "list": price(offer.list_price, offer.currency)}
    if first >= offer.list_price:
        seen = _("The first tier costs %(price)s, the list price is %(list)s.", **said)
        return Finding("below_list", FAIL, seen, _("Ask less than the list price in every tier."), "tiers")
    return Finding("below_list", OK, _("From %(price)s, below the list price of %(list)s.", **said))


def within_demand(facts: Facts) -> Finding:
    """At least one tier is met by people who can afford it."""
    currency = facts.offer.currency
    if not facts.tiers:
        return _without_tiers("within_demand")
    cleared = clear(facts.ladder, facts.demand)
    if cleared is not None:
        seen = ngettext(
            "Today it would clear at %(price)s: %(num)s unit is pledged at that price.",
            "Today it would clear at %(price)s: %(num)s units are pledged at that price.",
            facts.demand.units_at(cleared.unit_price),
            price=price(cleared.unit_price, currency),
        )
        return Finding("within_demand", OK, seen)
    first = min(facts.ladder, key=lambda tier: tier.from_quantity)
    wanted = facts.demand.units_with_tolerance_at(first.unit_price)
    seen = ngettext(
        "At %(price)s %(num)s unit is wanted; your first tier starts at %(from_quantity)s.",
        "At %(price)s %(num)s units are wanted; your first tier starts at %(from_quantity)s.",
        wanted,
        price=price(first.unit_price, currency),
        from_quantity=first.from_quantity,
    )
    would = clears_at(facts.demand, first.from_quantity)
    if would is None:
        most = facts.demand.units_with_tolerance_at(0)
        fix = ngettext(
            "Start at %(num)s unit: no more is wanted at any price.",
            "Start at %(num)s units or fewer: no more are wanted at any price.",
            most,
        )
    else:
        fix = _(
            "From %(from_quantity)s units it would clear at %(price)s or less.",
            from_quantity=first.from_quantity,
            price=price(would, currency),
        )
    return Finding("within_demand", FAIL, seen, fix, "tiers")


def clears_at(demand: Curve, quantity: int) -> int | None:
    """The highest price at which so many units are wanted, in minor units; None where they never are."""
    met = [
        group.ceiling for group in demand.groups if demand.units_with_tolerance_at(group.ceiling) >= quantity
    ]
    return max(met, default=None)


def capacity(facts: Facts) -> Finding:
    """Enough for what was promised: the threshold, and better all who want it."""
    offer, campaign = facts.offer, facts.campaign
    if offer.maximum is None:
        return Finding("capacity", OK, _("You set no upper limit."))
    seen = ngettext("You supply at most %(num)s unit.", "You supply at most %(num)s units.", offer.maximum)
    if offer.maximum < campaign.threshold:
        fix = _("The campaign needs %(threshold)s. Raise the maximum.", threshold=campaign.threshold)
        return Finding("capacity", FAIL, seen, fix, "maximum")
    cleared = clear(facts.ladder, facts.demand)
    wanted = facts.demand.units_at(cleared.unit_price) if cleared else 0
    if wanted > offer.maximum:
        fix = ngettext(
            "%(num)s unit is wanted at the price that clears; some shoppers will get nothing.",
            "%(num)s units are wanted at the price that clears; some shoppers will get nothing.",
            wanted,
        )
        return Finding("capacity", WARN, seen, fix, "maximum")
    return Finding("capacity", OK, seen)


def list_price(facts: Facts) -> Finding:
    """The list price was really asked: nothing cheaper was sold in the last days."""
    offer = facts.offer
    declared, seen_price = offer.lowest_price_7_days, facts.lowest_seen
    days = facts.days
    if declared is None:
        fix = ngettext(
            "Enter the lowest price at which you sold it in the last day.",
            "Enter the lowest price at which you sold it in the last %(num)s days.",
            days,
        )
        return Finding(
            "list_price", FAIL, _("Nothing says that the list price is real."), fix, "lowest_price_7_days"
        )
    lowest = min(declared, seen_price) if seen_price is not None else declared
    said = {"price": price(lowest, offer.currency), "days": days}
    if offer.list_price > lowest:
        seen = _("In the last %(days)s days it was sold at %(price)s.", **said)
        fix = _("Use a list price of at most %(price)s.", price=said["price"])
        return Finding("list_price", FAIL, seen, fix, "list_price")
    return Finding("list_price", OK, _("The lowest price of the last %(days)s days is %(price)s.", **said))


def own_pledges(facts: Facts) -> Finding:
    """A firm's own people never carry a campaign over its threshold."""
    if not facts.own_people:
        return Finding("own_pledges", OK, _("None of your people has joined this campaign."))
    campaign = facts.campaign
    units = campaign.basis == Basis.UNITS
    counted = campaign.counted_units if units else campaign.counted_people
    own = facts.own_counted if units else facts.own_counted_people
    tiers = [Tier(tier.from_quantity, tier.unit_price) for tier in campaign.tiers]
    reached = counted - own >= campaign.threshold or clear(tiers, facts.others) is not None
    seen = ngettext(
        "%(num)s pledge is by your own people.", "%(num)s pledges are by your own people.", facts.own_people
    )
    if not reached:
        fix = _("Without them the campaign would not have tipped, so your firm cannot supply it.")
        return Finding("own_pledges", FAIL, seen, fix)
    return Finding(
        "own_pledges", WARN, seen, _("Reviewers will see it; the threshold is reached without them.")
    )


def _without_tiers(id_: str) -> Finding:
    return Finding(id_, FAIL, _("There are no price tiers."), _("Add at least one price tier."), "tiers")
