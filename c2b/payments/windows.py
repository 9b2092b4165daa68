"""How long people have, in one place: every wait that concerns money or what was paid for."""

from datetime import timedelta

MEND = timedelta(hours=48)  # from the launch: a card that failed can be mended
REMIND_EVERY = timedelta(hours=24)  # while it waits to be mended
CONFIRM_LATE = timedelta(minutes=30)  # to confirm a purchase from what was left over
DELIVERED_AFTER = timedelta(days=14)  # a parcel counts as delivered so long after it was sent
LINK_LIVES = timedelta(days=30)  # a link of a mail; the window of its launch ends it earlier
