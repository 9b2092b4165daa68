"""What the site promises and asks, in plain words: terms, privacy, and what stands in the imprint."""
# ruff: noqa: E501  # a paragraph stays on one line, as translators see it

from c2b.core.text import mark as _l
from c2b.web.help_texts import Topic

PAGES = (
    Topic("terms", "scale", _l("Terms"), _l("What holds between you, the merchant and us."), (
        (_l("What this is"), (
            _l("People say what they want and the most they would pay. Merchants make offers. We bring both together and take a share of each sale, which merchants see before they offer."),
        )),
        (_l("What you promise"), (
            _l("Until the deal is on, joining binds you to nothing. From then on your number is a promise to buy at the final price, which is never above the most you said."),
            _l("You give your real name and address, and you join for yourself, once for each campaign."),
        )),
        (_l("What the merchant promises"), (
            _l("To deliver what the sample showed, at the price that was cleared, by the day that the order names."),
            _l("The merchant sells to you; your rights as a buyer are against the merchant, and we help to get them."),
        )),
        (_l("What we promise"), (
            _l("Counts are exact, deadlines are not moved without telling you, and nobody is charged for a deal that does not happen."),
            _l("The money of an order goes to the merchant after the time for returns. Until then it is kept apart, and the books can be checked line by line."),
        )),
        (_l("When it ends"), (
            _l("You can close your account when nothing is open any more. We close accounts that cheat, and say why."),
        )),
    )),
    Topic("privacy", "shield", _l("Privacy"), _l("What we keep about you, why, and for how long."), (
        (_l("What we keep"), (
            _l("Your name, e-mail address and language; the addresses that you enter; what you joined, ordered and wrote; a password only as a hash that cannot be turned back."),
            _l("The payment provider keeps your card. We keep its kind and its last four digits."),
        )),
        (_l("Why"), (
            _l("To run the campaigns that you joined, to deliver and refund, and to tell you about them. Nothing is sold, and no company’s trackers run here."),
        )),
        (_l("Who sees it"), (
            _l("The merchant of an order sees the name and address to send it to. Others see your first name, or one character of it, next to what you write."),
        )),
        (_l("Cookies"), (
            _l("One cookie keeps you signed in. Others remember the language, the theme and the campaigns that you looked at last; they stay on this device and say nothing about you to others."),
        )),
        (_l("How long"), (
            _l("What belongs to a sale is kept as long as the law asks for books. The rest goes when you close your account."),
            _l("You can read, correct and take your data with you in the settings, or write to us."),
        )),
    )),
    Topic("imprint", "info", _l("Imprint"), _l("Who runs this site, and how to reach them."), ()),
)  # fmt: skip
