"""The application for a WSGI server: `granian wsgi:app --interface wsgi`."""

from c2b import create_app
from c2b.serving import behind_proxies, collect_rarely

app = behind_proxies(create_app())
collect_rarely()
