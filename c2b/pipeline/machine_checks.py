"""The rules of the machine review that look at words, pictures, papers and the firm. Each reads only the facts."""

import re
import unicodedata

from c2b.campaigns.categories import Category
from c2b.core.files import picture_size
from c2b.merchants.rules import MIN_DEPOSIT
from c2b.merchants.states import MerchantState
from c2b.pipeline.banned_words import BANNED_GOODS, BANNED_WORDS
from c2b.pipeline.machine_facts import Facts
from c2b.pipeline.machine_findings import Finding, Outcome
from c2b.pipeline.offer_rules import (
    LEAST_PICTURE,
    LONGEST_SELLING_LINE,
    LONGEST_TITLE,
    MOST_CERTIFICATES,
    MOST_PICTURES,
    CertificateKind,
)
from c2b.pipeline.saying import nsay as ngettext
from c2b.pipeline.saying import say as _
from c2b.pipeline.saying import sum_of as price
from c2b.pipeline.saying import word

OK, WARN, FAIL = Outcome.OK, Outcome.WARN, Outcome.FAIL
FEW_PICTURES = 3
SOON, LATE = 45, 90  # days to dispatch: up to the first is usual, above the second too long to wait for

# Which certificate the goods of a category need, and which one only speaks for them.
NEEDED = {Category.FOOD: CertificateKind.FOOD_LICENCE, Category.APPLIANCES: CertificateKind.CCC}
WELCOME = {Category.CLOTHING: CertificateKind.TEXTILE}


def fields(facts: Facts) -> Finding:
    """Every field that shoppers read is there and fits."""
    offer = facts.offer
    abroad = [region for region in offer.regions if region != offer.origin]
    problem = None
    if not offer.title.strip() or len(offer.title) > LONGEST_TITLE:
        problem = "title", _("Write a title of 1 to %(count)s characters.", count=LONGEST_TITLE)
    elif len(offer.selling_line) > LONGEST_SELLING_LINE:
        problem = (
            "selling_line",
            _("Shorten the selling line to %(count)s characters.", count=LONGEST_SELLING_LINE),
        )
    elif abroad and not offer.hs_code:
        problem = "hs_code", _("Add the HS code: customs of the other regions ask for it.")
    if problem:
        return Finding("fields", FAIL, _("A field is missing or too long."), problem[1], problem[0])
    if not offer.selling_line:
        fix = _("Add a selling line; offers with one are understood faster.")
        return Finding("fields", WARN, _("There is no selling line."), fix, "selling_line")
    return Finding("fields", OK, _("All fields are there, none is too long."))


def pictures(facts: Facts) -> Finding:
    """The main picture is large enough, and there are some more."""
    sizes = [picture_size(ref) for ref in facts.offer.pictures]
    least = f"{LEAST_PICTURE[0]} × {LEAST_PICTURE[1]}"
    if not sizes or sizes[0] is None:
        fix = _("Add a main picture of at least %(least)s pixels.", least=least)
        return Finding("pictures", FAIL, _("There is no main picture."), fix, "pictures")
    if not _large(sizes[0]):
        seen = _("The main picture has %(size)s pixels.", size=f"{sizes[0][0]} × {sizes[0][1]}")
        return Finding(
            "pictures", FAIL, seen, _("Choose one with at least %(least)s.", least=least), "pictures"
        )
    if len(sizes) > MOST_PICTURES:
        fix = _("Keep at most %(count)s pictures.", count=MOST_PICTURES)
        return Finding("pictures", FAIL, _("There are too many pictures."), fix, "pictures")
    small = [number for number, size in enumerate(sizes, 1) if size is None or not _large(size)]
    if small:
        seen = _("Picture %(number)s is small.", number=small[0])
        return Finding(
            "pictures", WARN, seen, _("Pictures from %(least)s look sharp.", least=least), "pictures"
        )
    seen = ngettext("%(num)s picture, large enough.", "%(num)s pictures, all large enough.", len(sizes))
    if len(sizes) < FEW_PICTURES:
        fix = _("Show the goods from more sides: up to %(count)s pictures.", count=MOST_PICTURES)
        return Finding("pictures", WARN, seen, fix, "pictures")
    return Finding("pictures", OK, seen)


def _large(size: tuple[int, int]) -> bool:
    return size[0] >= LEAST_PICTURE[0] and size[1] >= LEAST_PICTURE[1]


def goods(facts: Facts) -> Finding:
    """Nothing that may not be sold here."""
    found = _found(facts, BANNED_GOODS)
    if found:
        seen = _("“%(word)s” is named, and may not be sold here.", word=found)
        return Finding("goods", FAIL, seen, _("These goods cannot be offered."), "title")
    return Finding("goods", OK, _("Nothing that may not be sold here."))


def words(facts: Facts) -> Finding:
    """No praise that advertising law forbids."""
    found = _found(facts, BANNED_WORDS)
    if found:
        seen = _("“%(word)s” is a claim that advertising law forbids.", word=found)
        field = "title" if found in _plain(facts.offer.title) else "selling_line"
        return Finding("words", FAIL, seen, _("Say what can be measured instead."), field)
    return Finding("words", OK, _("No forbidden claim."))


def _found(facts: Facts, entries: tuple[str, ...]) -> str | None:
    offer = facts.offer
    texts = [offer.title, offer.selling_line]
    texts += [text for option in offer.options for text in (option["name"], *option["values"])]
    text = _plain("\n".join(texts))
    return next((entry for entry in entries if _is_in(_plain(entry), text)), None)


def _is_in(entry: str, text: str) -> bool:
    if not entry.isascii() or entry[-1] not in "abcdefghijklmnopqrstuvwxyz0123456789":
        return entry in text
    return re.search(rf"(?<![a-z0-9]){re.escape(entry)}(?![a-z0-9])", text) is not None


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if unicodedata.category(c) != "Cf").replace("’", "'")


def certificates(facts: Facts) -> Finding:
    """The papers that goods of this category need."""
    category = facts.campaign.category
    there = {str(certificate.get("kind", "")) for certificate in facts.offer.certificates}
    needed, welcome = NEEDED.get(category), WELCOME.get(category)
    if len(facts.offer.certificates) > MOST_CERTIFICATES:
        fix = _("Keep at most %(count)s certificates.", count=MOST_CERTIFICATES)
        return Finding("certificates", FAIL, _("There are too many certificates."), fix, "certificates")
    if needed and needed.value not in there:
        seen = _(
            "Goods in “%(category)s” need this paper: %(paper)s.", category=word(category), paper=word(needed)
        )
        return Finding("certificates", FAIL, seen, _("Add it under “Certificates”."), "certificates")
    if welcome and welcome.value not in there:
        seen = _(
            "Goods in “%(category)s” usually come with: %(paper)s.",
            category=word(category),
            paper=word(welcome),
        )
        return Finding("certificates", WARN, seen, _("Add it if you have it."), "certificates")
    return Finding("certificates", OK, _("The category’s papers are there."))


def duplicates(facts: Facts) -> Finding:
    """One offer for one thing, with the merchant's own pictures."""
    if facts.twins:
        other, why = facts.twins[0]
        same = _("title") if why == "title" else _("main picture")
        seen = _("Your offer O-%(number)s has the same %(same)s.", number=other, same=same)
        field = "title" if why == "title" else "pictures"
        return Finding("duplicates", FAIL, seen, _("Withdraw one of them, or show how they differ."), field)
    if facts.borrowed:
        seen = ngettext(
            "%(num)s picture is in another merchant’s offer too.",
            "%(num)s pictures are in other merchants’ offers too.",
            facts.borrowed,
        )
        return Finding("duplicates", WARN, seen, _("Use pictures of your own."), "pictures")
    return Finding("duplicates", OK, _("No other offer is like it."))


def standing(facts: Facts) -> Finding:
    """A certified merchant with its deposit and a clean record."""
    merchant = facts.merchant
    if merchant.state != MerchantState.CERTIFIED or merchant.grade is None:
        seen = _("Your firm is not certified: %(state)s.", state=word(merchant.state))
        return Finding("standing", FAIL, seen, _("See your firm’s page for what to do."))
    least = MIN_DEPOSIT[merchant.grade]
    if merchant.deposit < least:
        seen = _("The deposit held is %(amount)s.", amount=price(merchant.deposit, "CNY"))
        return Finding("standing", FAIL, seen, _("Bring it to %(least)s.", least=price(least, "CNY")))
    if merchant.broken * 10 > merchant.kept + merchant.broken:
        seen = _(
            "%(broken)s of %(all)s promises were broken.",
            broken=merchant.broken,
            all=merchant.kept + merchant.broken,
        )
        return Finding("standing", WARN, seen, _("Reviewers will look at your record."))
    return Finding("standing", OK, _("Certified, with the deposit that the grade asks for."))


def lead(facts: Facts) -> Finding:
    """Shoppers are not kept waiting without end."""
    days = facts.offer.lead_days
    seen = ngettext("Dispatch within %(num)s day.", "Dispatch within %(num)s days.", days)
    if days > LATE:
        return Finding(
            "lead", FAIL, seen, _("Dispatch within %(count)s days at most.", count=LATE), "lead_days"
        )
    if days > SOON:
        fix = _("Up to %(count)s days is what shoppers accept; reviewers will ask why.", count=SOON)
        return Finding("lead", WARN, seen, fix, "lead_days")
    return Finding("lead", OK, seen)


def regions(facts: Facts) -> Finding:
    """Ships to where the campaign promised, and to where people are."""
    offered = set(facts.offer.regions)
    missing = sorted(set(facts.campaign.regions) - offered) if offered else []
    if missing:
        seen = _("The campaign goes to regions that you leave out: %(regions)s.", regions=", ".join(missing))
        return Finding(
            "regions", FAIL, seen, _("Add them, or leave every box empty to ship everywhere."), "regions"
        )
    left_out = {region: units for region, units in facts.regions.items() if offered and region not in offered}
    if left_out:
        seen = ngettext(
            "%(num)s unit is wanted where you do not ship: %(regions)s.",
            "%(num)s units are wanted where you do not ship: %(regions)s.",
            sum(left_out.values()),
            regions=", ".join(left_out),
        )
        return Finding("regions", WARN, seen, _("Add these regions if you can."), "regions")
    return Finding("regions", OK, _("You ship to everybody who pledged."))
