"""How long people have, in one place: every wait that concerns money or what was paid for."""

from datetime import timedelta

# Cards that fail. The window ends before the first holds run out, which live 4 days and 18 hours.
MEND = timedelta(days=4)  # from the launch: a card that failed can be mended
REMIND_EVERY = timedelta(hours=48)  # while it waits to be mended
RETRY_AFTER = tuple(timedelta(hours=n) for n in (24, 48, 72))  # of the window
CONFIRM_AGAIN = timedelta(hours=24)  # to confirm a payment that had to be held once more after the window
# Answers that are missing.
WAIT_FOR_ALL = timedelta(minutes=10)  # they keep the window to mend cards from opening
WAIT_FOR_HOLD = timedelta(hours=6)  # those about holds keep a decision waiting
WAIT_FOR_CHARGE = timedelta(hours=72)  # those about charges and releases
LOOK_UP_WITHIN = timedelta(minutes=15)  # of its time each is asked for
CASE_AFTER = timedelta(hours=72)  # after that an operator is told
# Purchases and goods.
CONFIRM_LATE = timedelta(minutes=30)  # to confirm a purchase from what was left over
DELIVERED_AFTER = timedelta(days=14)  # a parcel counts as delivered so long after it was sent
LINK_LIVES = timedelta(days=30)  # a link of a mail; the window of its launch ends it earlier
UNDELIVERED = timedelta(days=21)  # after the promised day: what was never sent is cancelled and paid back
DUE_SOON = timedelta(days=2)  # a merchant is reminded so long before goods are to be sent
VOUCHER_LASTS = timedelta(days=90)  # from the launch: a voucher can be used
VOUCHER_REMIND = timedelta(days=7)  # before a voucher ends its owner is reminded
REVIEW_ASK = timedelta(days=7)  # after the delivery a buyer is asked what it is like
REVIEW_CHANGES = timedelta(days=30)  # a review can be changed
BANK_ACCOUNT_WAITS = timedelta(hours=72)  # from the naming of a bank account: money is sent to it
RETURN = timedelta(days=14)  # after the delivery goods can be sent back; a payout waits as long
RETURN_FAULTY = timedelta(days=21)  # goods that are broken or not what was described
RETURN_ANSWER = timedelta(days=3)  # the merchant answers a return; else it is accepted
RETURN_SEND = timedelta(days=7)  # the shopper sends the goods back; else the return lapses
RETURN_REMIND = timedelta(days=2)  # before it lapses the shopper is reminded
RETURN_COMES = timedelta(days=10)  # goods sent back count as received
RETURN_CHECK = timedelta(days=3)  # the merchant looks at what came back; else it is refunded
DISPUTE = timedelta(days=21)  # after the delivery a dispute can be opened; so long as goods that are faulty
DISPUTE_REFUSED = timedelta(days=7)  # after a return was declined a dispute can be opened
ANSWER_DISPUTE = timedelta(days=3)  # both sides are heard; a merchant who says nothing has lost
RULE_DISPUTE = timedelta(days=7)  # from its opening a dispute is ruled
LATE_CANCEL = timedelta(days=7)  # after the promised day a shopper may cancel what was not sent
ANSWER_BANK = timedelta(days=7)  # to answer a bank's dispute, where the provider names no day
LAST_CALL = timedelta(hours=12)  # before that day our own records are handed in, if nobody has answered
BANK_RULES = timedelta(days=90)  # by then a bank has ruled
