"""What every view, template and migration must be."""

import re

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade
from jinja2 import Environment, nodes

from c2b.config import ROOT
from c2b.core.db import db

JINJA = Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do"])  # it only parses
TEMPLATES = sorted(
    path.relative_to(ROOT / "templates").as_posix() for path in (ROOT / "templates").rglob("*.html")
)


def test_every_view_says_who_may_open_it(app):
    bare = [
        endpoint
        for endpoint, view in app.view_functions.items()
        if endpoint != "static" and not hasattr(view, "access")
    ]
    assert bare == []


def test_every_template_is_used(app):
    """By a view, or by another template; mails are found by their kind."""
    sources = [path.read_text() for path in ROOT.glob("c2b/**/*.py")]
    named = set(re.findall(r"[\"']([\w/.-]+\.(?:html|txt|ics|svg))[\"']", "\n".join(sources)))
    for template in app.jinja_env.list_templates():
        named |= set(
            re.findall(r"[\"']([\w/.-]+\.(?:html|txt|svg))[\"']", (ROOT / "templates" / template).read_text())
        )
    built = re.findall(r"f[\"']([\w/.{}-]+\.html)[\"']", "\n".join(sources))  # f"accounts/{page}.html"
    patterns = [re.compile(re.sub(r"\\{\w+\\}", r"[^/]+", re.escape(name))) for name in built]
    unused = [
        name
        for name in TEMPLATES
        if name not in named
        and not name.startswith("emails/")
        and not any(pattern.fullmatch(name) for pattern in patterns)
    ]
    assert unused == []


def test_every_sentence_can_be_translated():
    """Text between tags that has a word in it stands inside _() or {% trans %}."""
    wrong = {name: words for name in TEMPLATES if (words := _bare_words(name))}
    assert wrong == {}


def _bare_words(name: str) -> list[str]:
    tree = JINJA.parse((ROOT / "templates" / name).read_text())
    text = "".join(
        piece.data if isinstance(piece, nodes.TemplateData) else "{}"
        for output in tree.find_all(nodes.Output)
        for piece in output.nodes
    )
    text = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", text, flags=re.S)
    text = re.sub(r"<!--.*?-->|&\w+;", " ", text, flags=re.S)  # comments, and signs by their name
    return [
        word
        for bare in re.sub(r"<[^>]*>", "\n", text).split("\n")
        for word in re.findall(r"[A-Za-z]{3,}", bare)
        if not set(bare) & set("<>=") and word.lower() not in ALLOWED
    ]


# Names, units and words that are the same in every language.
ALLOWED = {
    "muster",
    "csv",
    "ics",
    "nbsp",
    "middot",
    "amp",
    "hellip",
    "mdash",
    "ndash",
    "times",
    "larr",
    "rarr",
    "yyyy",
}


def test_there_is_one_migration_head_and_it_is_the_one_named():
    heads = ScriptDirectory(str(ROOT / "c2b" / "migrations")).get_heads()
    assert heads == [(ROOT / "c2b" / "migrations" / "HEAD").read_text().strip()]


def test_the_migrations_make_what_the_models_say(app):
    with db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": _ours, "target_metadata": db.metadata}
        )
        assert compare_metadata(context, db.metadata) == []


def _ours(_object: object, name: str | None, kind: str, _reflected: bool, _to: object) -> bool:
    """The search index is made by hand on each database."""
    return "campaign_search" not in (name or "") and "search_text" not in (name or "")


def test_the_migrations_go_down_and_up_again(fresh_app):
    db.session.remove()
    downgrade(revision="base")
    assert db.inspect(db.engine).get_table_names() in ([], ["alembic_version"])
    upgrade()
    assert "campaign" in db.inspect(db.engine).get_table_names()
