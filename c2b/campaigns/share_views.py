"""Passing a campaign on: the short link, the code to photograph, and the picture that a shared link shows."""

import hashlib
import io
from dataclasses import astuple

import segno
from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from c2b.campaigns import queries
from c2b.campaigns.blueprint import bp
from c2b.campaigns.bringing import code_for, shared
from c2b.campaigns.models import Campaign
from c2b.campaigns.share_card import Card, draw
from c2b.campaigns.share_words import card_of
from c2b.campaigns.views import full_view, visible
from c2b.core import files, storage
from c2b.core.access import public
from c2b.core.clock import utcnow
from c2b.core.db import get_or_404
from c2b.core.errors import NotFound

PICTURE_FOR = "public, max-age=300"
DRAWN_BY = "1"  # one more when the drawing changes, so that old ones are not shown


@bp.get("/s/<code>")
@public
def short(code: str) -> ResponseReturnValue:
    """The short link: to the campaign, with who passed it on."""
    found = shared(code)
    if found is None:
        raise NotFound
    campaign = get_or_404(Campaign, found.campaign_id)
    by = code if found.user_id is not None else None
    return redirect(url_for(".show", slug=visible(campaign.slug).slug, by=by))


@bp.get("/c/<slug>/qr.svg")
@public
def code_to_photograph(slug: str) -> Response:
    """The short link as a code for a camera; it names nobody, so that it can be printed."""
    campaign = visible(slug)
    url = url_for(".short", code=code_for(campaign, None), _external=True)
    out = io.BytesIO()
    segno.make(url, error="m", micro=False).save(
        out, kind="svg", scale=4, border=3, dark="#231a14", light="#fff", xmldecl=False
    )
    return _cached(Response(out.getvalue(), mimetype="image/svg+xml"), out.getvalue())


@bp.get("/c/<slug>/card.png")
@public
def picture(slug: str) -> Response:
    """The picture that a shared link shows; drawn once for what stands on it."""
    campaign = visible(slug)
    view, parts = full_view(campaign, queries.page_view(campaign, None, now=utcnow()), utcnow())
    card, ref = card_of(campaign, view, parts.get("final_price")), (campaign.pictures or [""])[0]
    told = hashlib.sha256(repr((DRAWN_BY, astuple(card), ref)).encode()).hexdigest()[:32]
    response = Response(mimetype="image/png")
    response.set_etag(told)
    response.headers["Cache-Control"] = PICTURE_FOR
    response.make_conditional(request)
    if response.status_code != 304:
        response.set_data(_drawn(told, card, ref))
    return response


def _drawn(told: str, card: Card, ref: str) -> bytes:
    name = f"card/{told}.png"
    kept = storage.read(name)
    if kept is None:
        kept = draw(card, files.content_of(ref, 760) if ref else None)
        storage.put(name, kept)
    return kept


def _cached(response: Response, content: bytes) -> Response:
    response.set_etag(hashlib.sha256(content).hexdigest()[:32])
    response.headers["Cache-Control"] = PICTURE_FOR
    response.make_conditional(request)
    return response
