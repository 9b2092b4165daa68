"""An operator who is signed in, and a counter of statements."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from c2b.core.db import db
from tests.forgetting import forget_kept


@pytest.fixture
def otto(make):
    """The operator of these tests."""
    return make.operator("Otto")


@pytest.fixture
def office(client, sign_in, otto) -> FlaskClient:
    """Otto's browser."""
    sign_in(client, otto)
    return client


@pytest.fixture
def statements(office) -> Callable[[str], int]:
    """How many statements a page sends; the page must be there."""

    def count(path: str) -> int:
        sent: list[str] = []

        def note(_connection, _cursor, statement, *_more) -> None:
            sent.append(statement)

        forget_kept(office.application)
        event.listen(db.engine, "before_cursor_execute", note)
        try:
            assert office.get(path).status_code == 200
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        return len(sent)

    return count
