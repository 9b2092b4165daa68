"""How templates find the names that all of them know, and say what is translated."""

from collections.abc import Callable, MutableMapping
from typing import Any

from flask.templating import Environment as FlaskEnvironment
from flask_babel import Domain
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup


class Environment(FlaskEnvironment):
    """Templates read the one table of global names themselves.

    Jinja lays a table of its own over it for each template, which copies eighty names through a chain of look-ups at
    every render, include and import: a twelfth of a page. No template here has names of its own.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The names that a template knows."""
        return super().make_globals(d) if d else self.globals


def sentences(catalogues: Domain) -> dict[str, Callable[..., str]]:
    """What templates say their sentences with: `_`, `gettext` and `ngettext`, from these catalogues.

    They say what Jinja's own ones do, in half the time: those go through two more calls in the template's context
    and look for the catalogue in the application's, and a page has hundreds of sentences.
    """

    @pass_eval_context
    def said(context: EvalContext, message: str, /, **values: Any) -> str:
        return _filled(context, catalogues.get_translations().ugettext(message), values)

    @pass_eval_context
    def said_of(context: EvalContext, one: str, many: str, num: int, /, **values: Any) -> str:
        text = catalogues.get_translations().ungettext(one, many, num)
        return _filled(context, text, {"num": num, **values})

    return {"_": said, "gettext": said, "ngettext": said_of}


def _filled(context: EvalContext, text: str, values: dict[str, Any]) -> str:
    sentence = Markup(text) if context.autoescape else text  # noqa: S704  # our own sentences
    return sentence % values if values or "%" in text else sentence
