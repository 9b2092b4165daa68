"""Charts of demand, drawn on the server as SVG: no library, readable as a sentence and beside a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from babel.lists import format_list
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup

from c2b.core.money import digits
from c2b.web.filters import money, number
from c2b.web.lines import XY, Frame, coarse, even, smooth, spread
from c2b.web.marks import Drawing, anchor, grid, opening, text

COLOURS = ("var(--d1)", "var(--d2)", "var(--d3)", "var(--d4)", "var(--d5)")
DASHES = ("", "5 3", "2 3", "8 3 2 3", "1 3")

CURVE = Markup("""\
<svg viewBox="0 0 {w} {h}" role="img" aria-label="{said}" data-demand="" data-pad="{pad}" data-w="{w}" \
data-low="{low}" data-high="{high}"><defs>\
<linearGradient id="dg" x1="0" x2="1"><stop offset="0" stop-color="var(--heat-1)"/>\
<stop offset=".45" stop-color="var(--heat-3)"/><stop offset="1" stop-color="var(--heat-5)"/></linearGradient>\
<clipPath id="dcl"><rect data-clip="" width="{x}" height="{h}"/></clipPath></defs>\
<path d="{area}" fill="var(--heat-track)"/>\
<g clip-path="url(#dcl)"><path d="{area}" fill="url(#dg)" opacity=".34"/>\
<path d="{line}" fill="none" stroke="url(#dg)" stroke-width="2.5"/></g>\
<path d="{line}" fill="none" stroke="var(--line-strong)" opacity=".55"/>\
<path d="M{pad} {base}H{right}" stroke="var(--line-strong)" stroke-width="2" stroke-linecap="round"/>""")
MARKER = Markup("""\
<g data-you="" transform="translate({x} 0)"><path d="M0 10V{base}" stroke="var(--brand)" stroke-width="2"/>\
<g data-label="" transform="translate({beside} 17)">\
<text font-size="13" font-weight="750" fill="var(--ink)" data-people="">{people}</text>\
<text font-size="11.5" y="15" fill="var(--ink-2)">{words}</text></g></g>""")
DOT = Markup("""\
<path d="M{x} {y}V{base}" stroke="var(--ink-3)" stroke-dasharray="2 3" opacity=".7"/>\
<circle cx="{x}" cy="{y}" r="5" fill="{fill}" stroke="{ring}" stroke-width="2"/>""")
DEMAND = Markup("""\
<path d="{}" fill="var(--heat-track)"/><path d="{}" fill="none" stroke="var(--ink-2)" stroke-width="1.8"/>""")
SPARK = Markup("""\
<svg class="spk" viewBox="0 0 {w} {h}" width="{w}" height="{h}" {named}>\
<path d="{line}L{x1} {h}L{x0} {h}Z" fill="{c}" opacity=".12"/>\
<path d="{line}" fill="none" stroke="{c}" stroke-width="2" stroke-linecap="round"/>\
<circle cx="{x1}" cy="{y1}" r="2.8" fill="{c}"/></svg>""")


class PricePoint(NamedTuple):
    """So many people would pay this price (minor units)."""

    price: int
    people: int


class TierDot(NamedTuple):
    """One price tier: from so many on, this price; `met` when demand reaches it."""

    price: int
    quantity: int
    met: bool


@dataclass(frozen=True)
class OfferLine:
    """One offer on the demand curve; `clears_at` is none while no tier is met."""

    letter: str
    tiers: Sequence[tuple[int, int]]  # (price, quantity), most expensive first
    clears_at: int | None


def demand_curve(
    points: Sequence[PricePoint],
    tiers: Sequence[TierDot],
    price_now: int,
    currency: str,
    label: str = "",
) -> Markup:
    """The curve behind the slider of the pledge form; `pledge.js` moves its marker. Empty without points."""
    if not points:
        return Markup("")
    low, high = demand_span(points, tiers, price_now)
    points = coarse(sorted(points))
    most = max([p.people for p in points] + [t.quantity for t in tiers] + [1])
    frame = Frame(360, 158, 15, 15, 22, 22, (low, high), (0, most))
    line = smooth([frame.at(*p) for p in points])
    drawn = CURVE.format(
        w=frame.width,
        h=frame.height,
        said=label or _demand_sentence(points, tiers, currency),
        pad=frame.left,
        low=low,
        high=high,
        x=frame.x(price_now),
        area=_under(line, frame, points),
        line=line,
        base=frame.base,
        right=frame.width - frame.right,
    )
    dots = Markup("").join(_tier_dots(frame, tiers, currency))
    return drawn + _marker(frame, price_now, people_at(points, price_now)) + dots + Markup("</svg>")


def demand_span(points: Sequence[PricePoint], tiers: Sequence[TierDot], price_now: int) -> tuple[int, int]:
    """The lowest and highest price of the drawing, which are the ends of the slider too."""
    prices = [p.price for p in points] + [t.price for t in tiers] + [price_now]
    return min(prices), max(prices)


def people_at(points: Sequence[PricePoint], price: int) -> int:
    """How many would pay this price, between the points by a straight line."""
    for left, right in pairwise(points):
        if left.price <= price <= right.price:
            share = (price - left.price) / ((right.price - left.price) or 1)
            return round(left.people + (right.people - left.people) * share)
    return points[0].people if price < points[0].price else 0


def _marker(frame: Frame, price: int, people: int) -> Markup:
    x = frame.x(price)
    beside = -112 if x > frame.width * 0.6 else 28  # clear of the price that stands above a tier
    people_text, words = number(people), _("units at this price")
    return MARKER.format(x=x, base=frame.base, beside=beside, people=people_text, words=words)


def _tier_dots(frame: Frame, tiers: Sequence[TierDot], currency: str) -> list[Markup]:
    dots: list[Markup] = []
    last = -99.0, 0.0
    for tier in sorted(tiers):
        x, y = frame.at(tier.price, tier.quantity)
        fill, ring = ("var(--ok)",) * 2 if tier.met else ("var(--surface)", "var(--line-strong)")
        dots.append(DOT.format(x=x, y=y, base=frame.base, fill=fill, ring=ring))
        if x - last[0] >= 36 or abs(y - last[1]) >= 14:  # labels closer than this would overlap
            dots.append(_halo_text(x, y - 10, money(tier.price, currency)))
            last = x, y
    return dots


def _halo_text(x: float, y: float, text: str) -> Markup:
    return Markup(
        '<text x="{}" y="{}" text-anchor="middle" font-size="11.5" font-weight="650" fill="var(--ink-2)" '
        'paint-order="stroke" stroke="var(--surface)" stroke-width="4" stroke-linejoin="round">{}</text>'
    ).format(x, round(y, 1), text)


def _demand_sentence(points: Sequence[PricePoint], tiers: Sequence[TierDot], currency: str) -> str:
    named = spread(
        [PricePoint(t.price, people_at(points, t.price)) for t in sorted(tiers)] or list(points), 4
    )
    facts = [
        _("%(people)s would pay %(price)s", people=number(p.people), price=money(p.price, currency))
        for p in named
    ]
    return str(_("Demand by price: %(facts)s.", facts=format_list(facts, locale=get_locale())))


def offers_curve(points: Sequence[PricePoint], offers: Sequence[OfferLine], currency: str) -> Markup:
    """Demand with the tiers of competing offers: a tier under the curve is met, the filled one clears."""
    if not points:
        return Markup("")
    points = coarse(sorted(points))
    prices = [p.price for p in points] + [price for offer in offers for price, _q in offer.tiers]
    if min(prices) < points[0].price:  # whoever would pay more would pay that little too
        points = [PricePoint(min(prices), points[0].people), *points]
    most = max([p.people for p in points] + [q for offer in offers for _p, q in offer.tiers] + [1])
    frame = Frame(360, 196, 34, 8, 14, 24, (min(prices), max(prices)), (0, most))
    line = smooth([frame.at(*p) for p in points])
    said = _offers_sentence(offers, currency)
    parts = [opening(frame, said, "ch ch-c"), *grid(frame, most)]
    parts += [
        text(frame.x(p), frame.height - 6, money(p, currency), anchor(i, 5), alt=i % 2 == 1)
        for i, p in enumerate(even(min(prices), max(prices), 5, 10 ** digits(currency)))
    ]
    parts.append(DEMAND.format(_under(line, frame, points), line))
    for index in reversed(range(len(offers))):
        parts.append(_offer(frame, offers[index], COLOURS[index % 5], DASHES[index % 5]))
    return Drawing.of(parts, said)


def _offer(frame: Frame, offer: OfferLine, colour: str, dash: str) -> Markup:
    steps = [frame.at(price, quantity) for price, quantity in offer.tiers]
    d = "".join(f"M{x} {y}" if i == 0 else f"V{y}H{x}" for i, (x, y) in enumerate(steps))
    drawn = Markup(
        '<path d="{}" fill="none" stroke="{}" stroke-width="1.6" stroke-dasharray="{}" opacity=".75"/>'
    ).format(d, colour, dash)
    for (price, _quantity), (x, y) in zip(offer.tiers, steps, strict=True):
        clears = price == offer.clears_at
        drawn += Markup('<circle cx="{}" cy="{}" r="{}" fill="{}" stroke="{}" stroke-width="1.8"/>').format(
            x, y, 6.5 if clears else 3.5, colour if clears else "var(--surface)", colour
        )
        if clears:
            drawn += Markup('<text class="on" x="{}" y="{}" text-anchor="middle">{}</text>').format(
                x, round(y + 3.6, 1), offer.letter
            )
    return drawn


def _offers_sentence(offers: Sequence[OfferLine], currency: str) -> str:
    facts = [
        _("offer %(letter)s clears at %(price)s", letter=o.letter, price=money(o.clears_at, currency))
        if o.clears_at is not None
        else _("offer %(letter)s does not clear", letter=o.letter)
        for o in offers
    ]
    if not facts:
        return str(_("Demand by price."))
    said = format_list(facts, locale=get_locale())
    return str(_("Demand by price with the tiers of the offers: %(facts)s.", facts=said))


def spark(
    values: Sequence[float], label: str = "", colour: str = "var(--d1)", size: XY = (120, 34)
) -> Markup:
    """A small line without axes; without a label it is decoration and screen readers pass over it."""
    if not values:
        return Markup("")
    width, height = size
    frame = Frame(int(width), int(height), 2, 2, 3, 3, (0, max(len(values) - 1, 1)), (0, max(*values, 1)))
    points = [frame.at(i, v) for i, v in enumerate(values)]
    line = smooth(points)
    named = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    (x0, _y0), (x1, y1) = points[0], points[-1]
    return SPARK.format(w=width, h=height, named=named, line=line, c=colour, x0=x0, x1=x1, y1=y1)


def _under(line: str, frame: Frame, points: Sequence[PricePoint]) -> str:
    return f"{line}L{frame.x(points[-1].price)} {frame.base}L{frame.x(points[0].price)} {frame.base}Z"
