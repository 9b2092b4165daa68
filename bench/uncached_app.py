"""The product with nothing kept from one request to the next: every page is read and written anew."""

from c2b import create_app
from c2b.core.kept import MOMENT, WHILE, Kept
from c2b.serving import collect_rarely

app = create_app()
app.extensions["pages"].seconds = 0.0
app.extensions["shared"] = {MOMENT: Kept(1, 0.0), WHILE: Kept(1, 0.0)}
app.extensions["fragments"].most = 0
collect_rarely()
