"""Sentences in templates: what our own `_` writes is what Jinja's writes."""

import pytest
from flask_babel import force_locale, get_translations
from jinja2 import Environment
from markupsafe import Markup

from c2b.core.languages import CATALOGUES

SENTENCES = [
    "{{ _('Joined') }}",
    "{{ _('Heat %(heat)s of 5', heat='<b>') }}",
    "{{ _('100%% of <b>%(what)s</b>', what=html) }}",
    "{{ _('%%') }}",
    "{{ ngettext('%(num)s day left', '%(num)s days left', 1) }}",
    "{{ ngettext('%(num)s day left', '%(num)s days left', 3) }}",
    "{{ ngettext('<b>%(count)s</b> wants it', '<b>%(count)s</b> want it', 2, count='<i>') }}",
    "{% trans when='<now>' %}Until {{ when }}.{% endtrans %}",
]


@pytest.fixture(params=[True, False], ids=["html", "text"])
def jinjas_own(request) -> Environment:
    """An environment whose sentences are written by Jinja itself, from our catalogues."""
    made = Environment(autoescape=request.param, extensions=["jinja2.ext.i18n"])
    made.install_gettext_callables(
        lambda message: get_translations().ugettext(message),
        lambda one, many, number: get_translations().ungettext(one, many, number),
        newstyle=True,
    )
    return made


@pytest.mark.parametrize("locale", sorted(CATALOGUES.values()))
def test_a_sentence_is_what_jinja_says(app, jinjas_own, locale):
    ours = app.jinja_env.overlay(autoescape=jinjas_own.autoescape)
    values = {"html": Markup("<i>&amp;</i>")}
    with app.test_request_context(), force_locale(locale):
        for sentence in SENTENCES:
            said = ours.from_string(sentence).render(values)
            assert said == jinjas_own.from_string(sentence).render(values), sentence
