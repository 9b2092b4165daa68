"""How templates find the names that all of them know."""

from collections.abc import MutableMapping
from typing import Any

from flask.templating import Environment as FlaskEnvironment


class Environment(FlaskEnvironment):
    """Templates read the one table of global names themselves.

    Jinja lays a table of its own over it for each template, which copies eighty names through a chain of look-ups at
    every render, include and import: a twelfth of a page. No template here has names of its own.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The names that a template knows."""
        return super().make_globals(d) if d else self.globals
