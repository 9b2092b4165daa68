"""Help, the site's state and its legal pages: in the same place on every page, and open to everyone."""

from email.utils import parseaddr

from flask import Flask, current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from c2b.core.access import public, same_for_visitors
from c2b.core.clock import utcnow
from c2b.core.db import begin_read_only
from c2b.core.disk import is_full
from c2b.core.errors import NotFound
from c2b.core.forms import query_text
from c2b.core.schema import why_not_ready
from c2b.web import help_texts, legal_texts


@public
@same_for_visitors
def index() -> ResponseReturnValue:
    """All topics, or those that hold the words one looks for."""
    asked = query_text(request.args.get("q"))
    found = [topic for topic in help_texts.TOPICS if topic.answers(asked)]
    return render_template("web/help.html", q=asked, topics=found)


@public
@same_for_visitors
def topic(topic: str) -> ResponseReturnValue:
    """One topic."""
    found = help_texts.topic(topic)
    if found is None:
        raise NotFound
    return render_template("web/help_topic.html", topic=found, topics=help_texts.TOPICS)


@public
@same_for_visitors
def legal(page: str) -> ResponseReturnValue:
    """Terms, privacy or imprint."""
    found = next((each for each in legal_texts.PAGES if each.key == page), None)
    if found is None:
        raise NotFound
    lines = current_app.config["C2B"].imprint.split("|") if page == "imprint" else []
    return render_template("web/legal.html", page=found, pages=legal_texts.PAGES, imprint=lines)


@public
def status() -> ResponseReturnValue:
    """What works just now, in plain words; it answers while the database does not."""
    try:
        begin_read_only()
        ready = why_not_ready() is None
        can_save = ready and not is_full()
    except SQLAlchemyError:
        ready = can_save = False
    g.failed = not ready  # the page must not ask who is signed in
    html = render_template("web/status.html", ready=ready, can_save=can_save, at=utcnow())
    return html, 200 if ready else 503, {"Cache-Control": "no-store"}


def contact() -> str:
    """The address that answers questions."""
    config = current_app.config.get("C2B")
    return parseaddr(config.mail_from)[1] if config else ""


def register(app: Flask) -> None:
    """Connect the pages."""
    app.add_url_rule("/help", endpoint="web.help", view_func=index)
    app.add_url_rule("/help/<topic>", endpoint="web.help_topic", view_func=topic)
    app.add_url_rule("/legal/<page>", endpoint="web.legal", view_func=legal)
    app.add_url_rule("/status", endpoint="web.status", view_func=status)
    app.jinja_env.globals.update(contact=contact)
