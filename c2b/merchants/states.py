"""The life of a merchant, and what a merchant may be."""

from c2b.core.labels import LabelEnum
from c2b.core.machine import Machine
from c2b.core.text import mark as _l


class MerchantState(LabelEnum):
    """Where a merchant stands with the platform."""

    APPLIED = "applied", _l("Applied")
    CERTIFIED = "certified", _l("Certified")
    DECLINED = "declined", _l("Declined")
    SUSPENDED = "suspended", _l("Suspended")


class Grade(LabelEnum):
    """How far a certified merchant is trusted; advanced merchants send fewer samples."""

    BASIC = "basic", _l("Basic certification")
    ADVANCED = "advanced", _l("Advanced certification")


class Kind(LabelEnum):
    """What kind of firm a merchant is."""

    BRAND = "brand", _l("Brand")
    FACTORY = "factory", _l("Factory")
    DISTRIBUTOR = "distributor", _l("Distributor")
    BUYER_AGENT = "buyer_agent", _l("Buyer agent")
    PLATFORM = "platform", _l("The platform itself")


class Post(LabelEnum):
    """What a person may do in a firm."""

    OWNER = "owner", _l("Owner")
    EDITOR = "editor", _l("Editor")


class DocumentKind(LabelEnum):
    """Papers a firm applies with."""

    LICENCE = "licence", _l("Business licence")
    BRAND = "brand", _l("Brand or IP authorisation")
    BANK = "bank", _l("Bank account confirmation")
    OTHER = "other", _l("Other")


S = MerchantState

MERCHANT = Machine(
    initial=S.APPLIED,
    arrows={
        S.APPLIED: {S.CERTIFIED, S.DECLINED},
        S.DECLINED: {S.APPLIED},
        S.CERTIFIED: {S.SUSPENDED},
        S.SUSPENDED: {S.CERTIFIED},
    },
)
