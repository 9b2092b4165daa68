"""A small app that has the frame of every page and none of the features."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, render_template_string
from flask_babel import Babel, force_locale
from flask_login import LoginManager
from flask_wtf import CSRFProtect

from c2b.config import ROOT
from c2b.mailing.render import moment
from c2b.web import assets, filters, fragments, installing, meta, navigation, structured


@pytest.fixture(scope="module")
def frame_app() -> Flask:
    app = Flask("frame", root_path=str(ROOT), template_folder="templates", static_folder="static")
    app.config.update(SECRET_KEY="test", TESTING=True, BABEL_DEFAULT_TIMEZONE="Asia/Shanghai")
    Babel(app)
    CSRFProtect(app)
    LoginManager(app).user_loader(lambda _id: None)
    for part in (assets, filters, fragments, meta, navigation, installing, structured):
        part.register(app)
    app.jinja_env.filters["moment"] = moment
    app.add_url_rule("/", "web.home", lambda: "")
    app.add_url_rule("/c/<slug>", "campaigns.show", lambda slug: slug)
    app.add_url_rule("/w/new", "campaigns.new", lambda: "")
    return app


class Page:
    """Renders a piece of template as a page would."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def __call__(self, source: str, locale: str = "en", **values: Any) -> str:
        with self.app.test_request_context("/"), force_locale(locale):
            return render_template_string(source, **values)


@pytest.fixture
def page(frame_app: Flask) -> Iterator[Page]:
    yield Page(frame_app)


@pytest.fixture
def static_folder() -> Path:
    return ROOT / "static"
