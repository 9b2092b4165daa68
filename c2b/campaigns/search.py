"""Search that finds Chinese, traditional or simplified, and words with or without accents, on both databases.

Texts are cut into tokens here, so both databases see the same words: runs of Chinese become single and double
characters, other words stay whole and match from their beginning. The databases only look tokens up: in an FTS5
table on SQLite (which triggers keep), in an index on the column's tokens on PostgreSQL.
"""

import re
import unicodedata
from functools import cache
from itertools import pairwise
from typing import Any

from opencc import OpenCC
from sqlalchemy import DDL, ColumnElement, String, column, event, select, table, text

from c2b.campaigns.models import Campaign
from c2b.campaigns.states import PUBLIC
from c2b.core.db import db, is_sqlite

SQLITE_DDL = (
    # The ascii tokenizer takes every character beyond ASCII as part of a word: only our spaces separate.
    "CREATE VIRTUAL TABLE campaign_search USING fts5("
    "search_text, content='campaign', content_rowid='id', tokenize='ascii', prefix='2 3')",
    "CREATE TRIGGER campaign_search_insert AFTER INSERT ON campaign BEGIN"
    " INSERT INTO campaign_search (rowid, search_text) VALUES (new.id, new.search_text); END",
    "CREATE TRIGGER campaign_search_delete AFTER DELETE ON campaign BEGIN"
    " INSERT INTO campaign_search (campaign_search, rowid, search_text)"
    " VALUES ('delete', old.id, old.search_text); END",
    "CREATE TRIGGER campaign_search_update AFTER UPDATE OF search_text ON campaign BEGIN"
    " INSERT INTO campaign_search (campaign_search, rowid, search_text)"
    " VALUES ('delete', old.id, old.search_text);"
    " INSERT INTO campaign_search (rowid, search_text) VALUES (new.id, new.search_text); END",
)
SQLITE_DROP = ("DROP TABLE IF EXISTS campaign_search",)
TOKENS = "array_to_tsvector(string_to_array(search_text, ' '))"  # as we cut them, no parser in between
POSTGRES_DDL = (f"CREATE INDEX ix_campaign_search ON campaign USING gin ({TOKENS})",)


def _with_table(when: str, dialect: str, statements: tuple[str, ...]) -> None:
    for statement in statements:
        ddl: Any = DDL(statement)  # type: ignore[no-untyped-call]  # SQLAlchemy gives it no types
        event.listen(Campaign.__table__, when, ddl.execute_if(dialect=dialect))


_with_table("after_create", "sqlite", SQLITE_DDL)
_with_table("before_drop", "sqlite", SQLITE_DROP)
_with_table("after_create", "postgresql", POSTGRES_DDL)

INDEX = table("campaign_search", column("rowid"), column("campaign_search", String))
CHINESE = (
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
RUNS = re.compile(f"[{CHINESE}]+|[^\\W_{CHINESE}]+")
IS_CHINESE = re.compile(f"[{CHINESE}]")
LONGEST_WORD = 60
MOST_WORDS = 40  # of what somebody types


@cache
def _simplify() -> OpenCC:
    return OpenCC("t2s")


def _runs(text_: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", _simplify().convert(text_)).casefold()
    return RUNS.findall("".join(c for c in plain if not unicodedata.combining(c)))


def search_text(*texts: str) -> str:
    """What is kept in `Campaign.search_text`: normalised words, and single and double Chinese characters."""
    tokens: dict[str, None] = {}
    for run in _runs("\n".join(texts)):
        if IS_CHINESE.match(run):
            tokens.update(dict.fromkeys(run))
            tokens.update(dict.fromkeys(a + b for a, b in pairwise(run)))
        else:
            tokens[run[:LONGEST_WORD]] = None
    return " ".join(tokens)


def asked(q: str) -> list[tuple[str, bool]]:
    """The tokens that must all be there for what somebody typed, each with whether a beginning is enough."""
    tokens: dict[tuple[str, bool], None] = {}
    for run in _runs(q):
        if not IS_CHINESE.match(run):
            tokens[(run[:LONGEST_WORD], True)] = None
        elif len(run) == 1:
            tokens[(run, False)] = None
        else:
            tokens.update(dict.fromkeys((a + b, False) for a, b in pairwise(run)))
    return list(tokens)[:MOST_WORDS]


def matches(q: str, *, some: bool = False) -> ColumnElement[bool] | None:
    """The condition that a campaign matches everything typed, or `some` of it; None where nothing can be searched."""
    tokens = [token for token in asked(q) if not some or len(token[0]) > 1]
    if not tokens:
        return None
    if is_sqlite():
        typed = (" OR " if some else " AND ").join(
            f'"{token}"{"*" if begins else ""}' for token, begins in tokens
        )
        return Campaign.id.in_(select(INDEX.c.rowid).where(INDEX.c.campaign_search.op("MATCH")(typed)))
    typed = (" | " if some else " & ").join(f"'{token}'{':*' if begins else ''}" for token, begins in tokens)
    condition: Any = text(
        "array_to_tsvector(string_to_array(campaign.search_text, ' ')) @@ CAST(:typed AS tsquery)"
    )
    return condition.bindparams(typed=typed)  # type: ignore[no-any-return]  # a piece of SQL text


def search(q: str, *, limit: int = 100) -> list[int]:
    """Ids of public campaigns that match, hottest first; the same on both databases."""
    condition = matches(q)
    if condition is None:
        return []
    found = select(Campaign.id).where(condition, Campaign.state.in_(PUBLIC))
    return list(
        db.session.scalars(found.order_by(Campaign.heat_score.desc(), Campaign.id.desc()).limit(limit))
    )
