"""The application for a WSGI server: `granian wsgi:app --interface wsgi`."""

from c2b import create_app

app = create_app()
