"""How long people have, in one place: every wait that concerns money or what was paid for."""

from datetime import timedelta

MEND = timedelta(hours=48)  # from the launch: a card that failed can be mended
REMIND_EVERY = timedelta(hours=24)  # while it waits to be mended
CONFIRM_LATE = timedelta(minutes=30)  # to confirm a purchase from what was left over
DELIVERED_AFTER = timedelta(days=14)  # a parcel counts as delivered so long after it was sent
LINK_LIVES = timedelta(days=30)  # a link of a mail; the window of its launch ends it earlier
UNDELIVERED = timedelta(days=21)  # after the promised day: what was never sent is cancelled and paid back
DUE_SOON = timedelta(days=2)  # a merchant is reminded so long before goods are to be sent
VOUCHER_LASTS = timedelta(days=90)  # from the launch: a voucher can be used
VOUCHER_REMIND = timedelta(days=7)  # before a voucher ends its owner is reminded
REVIEW_ASK = timedelta(days=7)  # after the delivery a buyer is asked what it is like
REVIEW_CHANGES = timedelta(days=30)  # a review can be changed
