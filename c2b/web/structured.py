"""Facts for search engines as JSON-LD: where a page stands, and a product where its price binds."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Flask
from markupsafe import Markup

from c2b.core.money import major
from c2b.web.filters import picture_url
from c2b.web.meta import absolute, alternates, canonical


def json_ld(thing: dict[str, Any]) -> Markup:
    """The thing as a data block; nothing in it can end the block."""
    text = json.dumps({"@context": "https://schema.org", **thing}, ensure_ascii=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup('<script type="application/ld+json">{}</script>').format(Markup(text))  # noqa: S704  # escaped above


def breadcrumb_list(items: Sequence[tuple[Any, str | None]]) -> Markup:
    """The way to a public page, from the pairs that `crumbs` shows."""
    if not alternates():
        return Markup("")
    places = [
        {
            "@type": "ListItem",
            "position": at,
            "name": str(text),
            "item": absolute(url) if url else canonical(),
        }
        for at, (text, url) in enumerate(items, 1)
    ]
    return json_ld({"@type": "BreadcrumbList", "itemListElement": places})


def product_ld(
    title: str,
    price: int,
    currency: str,
    *,
    picture: str | None = None,
    description: str = "",
    until: datetime | None = None,
    available: bool = True,
) -> Markup:
    """A product with its offer. Only for a price that binds: anybody who says yes to it gets it."""
    offer: dict[str, Any] = {
        "@type": "Offer",
        "price": str(major(price, currency)),
        "priceCurrency": currency,
        "availability": f"https://schema.org/{'InStock' if available else 'SoldOut'}",
        "url": canonical(),
    }
    if until:
        offer["priceValidUntil"] = until.date().isoformat()
    product: dict[str, Any] = {"@type": "Product", "name": title, "offers": offer}
    if description:
        product["description"] = description
    if picture:
        product["image"] = absolute(picture_url(picture, 760))
    return json_ld(product)


def register(app: Flask) -> None:
    """Give templates the blocks."""
    app.jinja_env.globals.update(breadcrumb_list=breadcrumb_list, product_ld=product_ld)
