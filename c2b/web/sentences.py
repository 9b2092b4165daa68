"""What an error page says: a title and one plain sentence for each answer that is not a page."""

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

SENTENCES: dict[int, tuple[LazyString, LazyString]] = {
    400: (_l("That did not work"), _l("The form or the link was not complete. Go back, look at it and send it again.")),
    403: (_l("This page is not for you"), _l("Your account may not open it. Perhaps you are signed in as somebody else.")),
    404: (_l("There is no such page"), _l("The link may be old, or a letter is missing.")),
    405: (_l("That cannot be done here"), _l("Use the buttons of the page instead of its address.")),
    409: (_l("That is not possible now"), _l("Something changed in the meantime. Look at the page again.")),
    410: (_l("This is over"), _l("The page you look for has been closed.")),
    413: (_l("That is too large"), _l("Send at most 12 MB at a time.")),
    422: (_l("That could not be understood"), _l("Some of what you sent does not fit. Go back and look at it again.")),
    429: (_l("That was a bit fast"), _l("You tried too often. Wait a minute, then try again.")),
    500: (_l("Something broke on our side"), _l("It is not your fault, and nothing was charged. We have been told.")),
    503: (_l("Back in a moment"), _l("The site is busy or being looked after. Try again in a minute.")),
}


def sentences(code: int) -> tuple[str, str]:
    """The title and the sentence for a status, in the reader's language; those of 500 for one that is unknown."""
    title, sentence = SENTENCES.get(code, SENTENCES[500])
    return str(title), str(sentence)
