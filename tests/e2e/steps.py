"""What people do on the site, by what they see: links, fields and buttons. With or without JavaScript."""

import re
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from c2b.accounts.models import User
from c2b.campaigns.models import Campaign
from c2b.core import clock
from c2b.core.db import db
from c2b.merchants.models import Merchant
from c2b.orders.models import Order
from c2b.pipeline.models import Batch, Offer
from c2b.pipeline.review_queries import batch_groups
from c2b.replay.materials import PAPER
from tests.e2e.site import Site
from tests.factories import Make

PASSWORD = "nine purple anchors"
TEA = "Celadon travel tea set for three"


def heading(page: Page, words: str | re.Pattern[str]) -> None:
    """The page's one h1 says this."""
    expect(page.get_by_role("heading", level=1)).to_contain_text(words)


def press(page: Page, name: str | re.Pattern[str]) -> None:
    """Press the one visible button, or follow the first visible link, of this name in the main part."""
    main = (
        page.locator("main, .cp-bar")
        .get_by_role("button", name=name)
        .or_(page.locator("main, .cp-bar").get_by_role("link", name=name))
    )
    main.locator("visible=true").first.click()


def find_by_category(page: Page, category: str, title: str) -> None:
    """From the front page through a category to a campaign's page."""
    page.goto("/")
    page.locator(f"main a[href$='/k/{category}']").first.click()
    expect(page).to_have_url(re.compile(f"/k/{category}$"))
    page.locator("main").get_by_role("link", name=title).first.click()
    heading(page, title)


def join_for_other_price(page: Page, price: str) -> None:
    """On a campaign's page: "Other", a price of one's own, and the button."""
    page.locator("label:has(input[name=max][value=other])").click()
    page.locator("input[name=max_other]").fill(price)
    page.locator("form[action$='/join'] button:not([type=button])").click()


def change_price(page: Page, price: str) -> None:
    """From the page "You joined": another highest price."""
    press(page, re.compile("^Change"))
    page.locator("label:has(input[name=max][value=other])").click()
    page.locator("input[name=max_other]").fill(price)
    page.locator("form:has(input[name=max_other]) button:not([type=button])").click()


def leave(page: Page) -> None:
    """From the page "You joined": take the promise back."""
    page.locator("form[action$='/leave'] button").first.click()


def save_card(page: Page, kind: str) -> None:
    """At the provider's page, a card that does what its kind says."""
    page.locator(f"label:has(input[name=card][value={kind}])").click()
    page.get_by_role("button", name="Save this card").click()


def join_as_newcomer(page: Page, site: Site, name: str) -> None:
    """On a campaign's page, somebody without an account joins: account, mail, card, and one press."""
    slug = re.sub(r".*/c/([\w-]+).*", r"\1", page.url)
    page.locator("form[action$='/join'] button[data-cta]").click()
    page.get_by_role("link", name="Open an account").click()
    page.locator("input[name=name]").fill(name)
    page.locator("input[name=email]").fill(f"{name.lower()}@muster.example")
    page.locator("input[name=password]").fill(PASSWORD)
    press(page, "Open an account")
    expect(page.locator("main")).to_contain_text(f"{name.lower()}@muster.example")
    site.run_jobs("send_mail")
    page.goto("/dev/mailbox")
    page.get_by_role("link", name=re.compile("[Cc]onfirm")).first.click()
    page.goto(re.search(r"/confirm/[\w.~-]+", page.locator("main").inner_html())[0])  # type: ignore[index]
    page.locator("main form button").first.click()
    if "/setup/" not in page.url:
        page.goto(f"/c/{slug}/join/finish")
    save_card(page, "ok")
    press(page, "Join now")
    heading(page, "You joined")


def fill_in_offer(
    page: Page, folder: Path, *, title: str, at_least: int, price: int, list_price: int
) -> None:
    """Everything that the form of an offer must know, with three pictures."""
    for name, value in {
        "title": title,
        "selling_line": "Does what it says, and nobody wakes up.",
        "tiers-0-from_quantity": at_least,
        "tiers-0-unit_price": price,
        "list_price": list_price,
        "lowest_price_7_days": list_price,
        "lead_days": 10,
    }.items():
        page.locator(f"input[name={name}]").fill(str(value))
    page.locator("input[type=file][name=pictures]").set_input_files(
        [picture(folder, f"{n}.png", (n * 60, 120, 200)) for n in range(1, 4)]
    )


def batch_in_review() -> int:
    """The number of the batch with the most offers that wait for reviewers (a question to the database)."""
    waiting = (
        select(Batch.number).join(Offer, Offer.batch_id == Batch.id).where(Offer.state == "final_review")
    )
    return db.session.scalars(waiting.group_by(Batch.number).order_by(func.count().desc())).first() or 0


def ten_offers_to_review(who: str) -> int:
    """Fills the batch in review up to ten offers that wait for this reviewer's verdict; its number."""
    number = batch_in_review()
    batch = db.session.scalars(select(Batch).where(Batch.number == number)).one()
    reader = db.session.scalars(select(User).where(User.email == f"{who}@muster.example")).one()
    rows = [row for group in batch_groups(batch, reader, clock.utcnow()) for row in group.rows]
    there = [row.offer for row in rows if row.open and row.offer.state == "final_review"]
    make = Make(clock.utcnow())
    for n in range(10 - len(there)):
        pattern = there[n % len(there)]
        firm = make.merchant(name=f"Tenth Firm {n}")
        make.at_stage(
            make.offer(
                pattern.campaign, firm, batch=batch, title=f"Another {n}", tiers=pattern_tiers(pattern)
            ),
            "final_review",
        )
    db.session.commit()
    return number


def pattern_tiers(offer: Offer) -> tuple[tuple[int, int], ...]:
    """The tiers of an offer, as the factories take them."""
    return tuple((tier.from_quantity, tier.unit_price) for tier in offer.tiers)


def words_of_people() -> list[str]:
    """What shoppers and merchants wrote, which nobody translates (a question to the database)."""
    written: list[str] = []
    for campaign in db.session.scalars(select(Campaign)):
        written += [campaign.title, campaign.summary, campaign.description, campaign.list_price_basis]
        written += [word for option in campaign.options for word in (option["name"], *option["values"])]
    written += db.session.scalars(select(Merchant.name))
    written += db.session.scalars(select(User.name))
    return [words for words in written if words]


def an_order_of_alice() -> str:
    """The address of one of Alice's orders, the latest (a question to the database)."""
    mine = (
        select(Order.number)
        .join(User, User.id == Order.shopper_id)
        .where(User.email == "alice@muster.example")
    )
    return f"/me/orders/{db.session.scalars(mine.order_by(Order.id.desc())).first()}"


def picture(folder: Path, name: str, colour: tuple[int, int, int]) -> Path:
    """A photograph, as far as a machine can tell."""
    path = folder / name
    image = Image.linear_gradient("L").resize((1200, 960))
    Image.merge("RGB", [image.point(lambda value, one=one: (value + one) % 256) for one in colour]).save(path)
    return path


def paper(folder: Path) -> Path:
    """A certificate as a PDF file."""
    path = folder / "certificate.pdf"
    path.write_bytes(PAPER)
    return path


def sent(page: Page) -> None:
    """Wait until every file has gone ahead of its form."""
    expect(page.locator("form progress")).to_have_count(0)
