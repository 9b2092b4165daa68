"""The words of the help pages. One paragraph is one sentence for the translators; they say what the program does."""
# ruff: noqa: E501  # a paragraph stays on one line, as translators see it

from dataclasses import dataclass

from c2b.core.text import gettext
from c2b.core.text import mark as _l


@dataclass(frozen=True, slots=True)
class Topic:
    """One page of help: its name in the address, title, one line, and paragraphs below headings."""

    key: str
    icon: str
    title: str
    line: str
    parts: tuple[tuple[str, tuple[str, ...]], ...]

    def words(self) -> str:
        """Everything that it says, in the reader's language."""
        texts = [self.title, self.line, *(text for head, body in self.parts for text in (head, *body))]
        return " ".join(gettext(text) for text in texts)

    def answers(self, asked: str) -> bool:
        """Whether all the words that somebody looks for are in it."""
        words = self.words().casefold()
        return all(word in words for word in asked.casefold().split())


TOPICS = (
    Topic("joining", "heart", _l("Joining and your money"), _l("What is saved, what is charged, and when."), (
        (_l("When you join"), (
            _l("You name the most you would pay and how many you want, and you save a card. Nothing is charged and nothing is held on the card."),
            _l("Your number counts at every price up to the most you would pay. If the price now is higher, you count as soon as it comes down that far."),
        )),
        (_l("When you are charged"), (
            _l("At the launch the final price is worked out from everybody’s numbers. It is one price for everyone and never above the most you said."),
            _l("Your card is charged once. If too few cards can pay, everything is let go and nobody is charged."),
            _l("If your card fails, you get a mail with a page to mend it, and four days to do so."),
        )),
    )),
    Topic("leaving", "undo", _l("Leaving and changing your mind"), _l("Until when you can leave, and what you can change."), (
        (_l("Before the deal is on"), (
            _l("You can leave with one press, and change your price, quantity or choice whenever you like. Nobody asks why."),
        )),
        (_l("After the deal is on"), (
            _l("Others rely on your number now. You can still raise the most you would pay or take more, but not less."),
            _l("A campaign that is called off, ends too early or finds no good offer lets everybody go, and nobody is charged."),
        )),
        (_l("After it was sent"), (
            _l("Goods can be sent back for 14 days after they arrived; see delivery and returns."),
        )),
    )),
    Topic("prices", "tag", _l("How the price is found"), _l("Price tiers, the final price, and who gets what."), (
        (_l("Price tiers"), (
            _l("A merchant names a price for each quantity. The final price is the cheapest tier whose quantity is reached by people who would pay it."),
            _l("More people never make it dearer, and it does not matter who came first."),
        )),
        (_l("When there is too little"), (
            _l("It is shared out by the rule that stands on the campaign’s page from the start. The result can be worked out again by anyone who has the list."),
        )),
        (_l("List prices"), (
            _l("A list price says where it was seen."),
        )),
    )),
    Topic("wishes", "flame", _l("Starting a wish"), _l("What makes a wish find others, and what happens to it."), (
        (_l("What to write"), (
            _l("Say what it is, what it should cost and how many people are needed. A picture and a link to something like it help others to see what you mean."),
            _l("Search first: joining a wish that is there already brings you nearer to it than starting a second one."),
        )),
        (_l("What happens next"), (
            _l("We look at every wish before it opens. A wish that is refused comes back with the reason, and you can change it and send it again."),
            _l("When enough people have joined, merchants are asked to make offers. If too few join in time it closes, nobody is charged, and you can start it again."),
        )),
    )),
    Topic("delivery", "truck", _l("Delivery"), _l("When it comes, and what you can do when it does not."), (
        (_l("When it comes"), (
            _l("Each order names the day by which it is sent. You get a mail with the tracking number when it leaves."),
        )),
        (_l("When it is late"), (
            _l("Seven days after the promised day you can cancel what was not sent and get your money back. After 21 days that happens by itself."),
            _l("A parcel that got lost is sent again or paid back; you do not have to prove where it is."),
        )),
        (_l("Codes"), (
            _l("What is used in a shop comes as codes. They hold for 90 days from the launch, and we remind you a week before they end."),
        )),
    )),
    Topic("returns", "box", _l("Returns and disputes"), _l("Sending goods back, and what if you and the merchant do not agree."), (
        (_l("Sending something back"), (
            _l("You have 14 days after it arrived, and 21 days if it is broken or not what was described. Ask on the page of your order."),
            _l("The merchant answers within three days; without an answer the return is accepted. Then you have a week to send it."),
            _l("The money goes back to the card that you paid with. Your bank may take a few days to show it."),
        )),
        (_l("When you do not agree"), (
            _l("Open a dispute on the page of your order. Both sides are heard, and our staff rule within a week. A merchant who says nothing has lost."),
        )),
    )),
    Topic("selling", "store", _l("Selling"), _l("From certification to the payout."), (
        (_l("How it begins"), (
            _l("Apply with your firm’s papers. Once you are certified you see what people want and what they would pay, and you register an offer with a price for each quantity."),
        )),
        (_l("How offers are judged"), (
            _l("Rules check every offer first and say how to mend what fails. Then a sample is tested, and two people review what is left. The offer that saves shoppers the most wins."),
        )),
        (_l("How you are paid"), (
            _l("What you are owed is paid out when the time for returns is over. Your statement shows every sale, refund and share, and can be downloaded."),
        )),
    )),
    Topic("privacy", "shield", _l("What others see of you"), _l("Names, prices, cards and the demand curve."), (
        (_l("The demand curve"), (
            _l("It shows how many people would pay at least each price, and never who they are."),
            _l("Merchants see the same curve and no names. They get your name and address only when there is an order to send."),
        )),
        (_l("Your name"), (
            _l("Others see your first name, or one character of it. You can change it in the settings."),
        )),
        (_l("Your card"), (
            _l("Card details stay with the payment provider. We keep the kind of the card and its last four digits, to tell your cards apart."),
        )),
    )),
    Topic("account", "gear", _l("Your account and this site"), _l("Language, theme, keyboard, mails and reading offline."), (
        (_l("Language and theme"), (
            _l("Choose the language at the foot of every page. The theme follows your system until you choose light or dark; both are kept on this device."),
        )),
        (_l("Keyboard"), (
            _l("A slash goes to the search field, and a question mark shows the keys of the page. Single keys can be switched off, and they never act while you type."),
        )),
        (_l("On your phone"), (
            _l("You can add the site to your home screen from the browser’s menu. What you joined can be read without a connection, as you last saw it, until you sign out."),
        )),
    )),
)  # fmt: skip


def topic(key: str) -> Topic | None:
    """The topic of this name, if there is one."""
    return next((each for each in TOPICS if each.key == key), None)
