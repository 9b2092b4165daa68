"""The few fixed words of this feature."""

from c2b.core.labels import LabelEnum
from c2b.core.text import mark as _l


class Badge(LabelEnum):
    """As whom somebody spoke; written down when they do, so that it stays true."""

    NONE = "none", ""
    MAKER = "maker", _l("Maker")
    STARTER = "starter", _l("Started it")
    TEAM = "team", _l("Our team")


class Spoken(LabelEnum):
    """What can be reported and hidden; the values are tables."""

    COMMENT = "comment", _l("Comment")
    QUESTION = "question", _l("Question")
    NEWS = "campaign_news", _l("Update")
