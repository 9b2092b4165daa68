"""Four people and a newcomer take one wish from its first word to the parcel that arrives."""

import re
from datetime import datetime, timedelta
from pathlib import Path

from playwright.sync_api import Page, expect
from sqlalchemy import Select, func, select

from c2b.accounts.models import User
from c2b.campaigns.models import Campaign
from c2b.core.clock import utcnow
from c2b.core.db import db
from c2b.orders.models import Order
from c2b.pipeline.models import Batch, Offer, Place, Sample, Slot
from tests.e2e import steps
from tests.e2e.conftest import OpenAs
from tests.e2e.site import Site

WISH = "Silent milk frother, steel"


def test_a_wish_becomes_a_parcel(own_site: Site, open_as: OpenAs, tmp_path: Path):
    alice, mo, otto, rita, rob = (open_as(who) for who in ("alice", "mo", "otto", "rita", "rob"))
    slug = wish(alice)
    approve(otto)
    join(alice, slug, card="declined", quantity="2")
    bea = open_as()
    bea.goto(f"/c/{slug}")
    steps.join_as_newcomer(bea, own_site, "Bea")

    pass_time(own_site, timedelta(days=7, hours=1))
    offer = register(mo, slug, tmp_path)
    pass_time(own_site, timedelta(minutes=10))
    send_sample(mo, offer)
    inspect_sample(rita, own_site, offer)
    pass_time(own_site, timedelta(minutes=10))
    for reviewer in (rita, rob):
        review(reviewer, offer)
    until(own_site, select(func.max(Batch.review_at)).join(Offer).where(Offer.id == offer))
    place(otto)
    until(own_site, launch_hour(slug))
    mend(alice, slug)
    pass_time(own_site, timedelta(days=5))
    number = own_site.ask(lambda: order_of(slug, "alice"))
    send(mo, number)
    pass_time(own_site, timedelta(hours=1))
    receive(alice, number)


def wish(alice: Page) -> str:
    """Alice says what she wants; its slug."""
    alice.goto("/w/new")
    alice.get_by_label("What do you want?").fill(WISH)
    alice.locator("[name=expected_price]").fill("89")
    alice.locator("[name=list_price_basis]").fill("The department store on Nanjing Road")
    steps.press(alice, "Go on")
    alice.locator("[name=summary]").fill("Mine wakes the children.")
    alice.locator("select[name=category]").select_option("appliances")
    alice.locator("[name=list_price]").fill("159")
    alice.locator("[name=threshold]").fill("3")
    alice.locator("select[name=days_open]").select_option("7")
    steps.press(alice, "Save and look at it")
    expect(alice).to_have_url(re.compile("/w/[a-z0-9-]+$"))
    slug = re.sub(r".*/w/", "", alice.url)
    alice.locator("main input[type=checkbox]").check()
    steps.press(alice, "Hand it in")
    expect(alice.locator("main")).to_contain_text(WISH)
    return slug


def approve(otto: Page) -> None:
    """Otto looks at the wish and opens it."""
    otto.goto("/ops/moderation")
    otto.get_by_role("link", name=WISH).first.click()
    steps.press(otto, "Approve and open")


def join(page: Page, slug: str, *, card: str, quantity: str) -> None:
    """Join with a new card, which is asked for at the provider."""
    page.goto(f"/c/{slug}")
    page.locator("input[name=quantity]").fill(quantity)
    page.locator("form details.box-more summary").click()
    page.locator("select[name=card]").select_option("new")
    page.locator("form[action$='/join'] button[data-cta]").click()
    steps.save_card(page, card)
    steps.press(page, "Join now")
    steps.heading(page, "You joined")


def pass_time(site: Site, by: timedelta) -> None:
    """The clock moves on and everything that is due happens; what follows from that, too."""
    site.forward(by)
    for _pass in range(3):
        site.run_jobs()


def until(site: Site, moment: Select[tuple[datetime]]) -> None:
    """A minute after a moment that the database knows."""

    def left() -> timedelta:
        return db.session.scalars(moment).one() - utcnow()

    pass_time(site, site.ask(left) + timedelta(minutes=1))


def launch_hour(slug: str) -> Select[tuple[datetime]]:
    """When the slot opens that the campaign was given."""
    query = select(Slot.opens_at).join(Slot.places).join(Campaign, Campaign.id == Place.campaign_id)
    return query.where(Campaign.slug == slug)


def register(mo: Page, slug: str, folder: Path) -> int:
    """Mo finds the demand and hands in an offer; its number."""
    mo.goto("/sell/demand")
    mo.locator(f"main a[href*='/sell/a/new/{slug}']").first.click()
    steps.fill_in_offer(mo, folder, title="Silent milk frother", at_least=3, price=85, list_price=159)
    mo.locator("input[name=minimum]").fill("3")
    steps.sent(mo)
    mo.locator("select[name=certificates-0-kind]").select_option("ccc")
    mo.locator("input[type=file][name=certificates-0-file]").set_input_files(steps.paper(folder))
    steps.sent(mo)
    steps.press(mo, "Save")
    expect(mo.get_by_role("heading", level=1)).to_contain_text("Silent milk frother")
    number = int(re.sub(r".*/sell/a/(\d+).*", r"\1", mo.url))
    steps.press(mo, "Hand it in")
    return number


def send_sample(mo: Page, offer: int) -> None:
    """Mo posts the sample."""
    mo.goto(f"/sell/a/{offer}")
    mo.locator("input[name=carrier]").fill("SF Express")
    mo.locator("input[name=tracking]").fill("SF1122334455")
    mo.locator("form:has(input[name=tracking]) button[type=submit]").click()
    expect(mo.locator("main")).to_contain_text("on its way")


def inspect_sample(rita: Page, site: Site, offer: int) -> None:
    """Rita takes the parcel in, looks at everything, and it passes."""
    sample = site.ask(lambda: db.session.scalars(select(Sample.id).where(Sample.offer_id == offer)).one())
    rita.goto("/review/samples")
    rita.locator(f"main a[href$='/review/samples/{sample}']").first.click()
    rita.locator("form[action$='/receive'] button").click()
    for box in rita.locator("input[name=found]").all():
        box.check()
    rita.locator("textarea[name=note]").fill("As pictured; ran for ten minutes.")
    rita.locator("button[name=result][value=pass]").click()
    expect(rita.locator("main")).to_contain_text("The result is saved")


def review(reviewer: Page, offer: int) -> None:
    """A reviewer passes the offer and sends the verdict."""
    reviewer.goto(f"/review/a/{offer}")
    reviewer.get_by_role("button", name=re.compile("^Pass")).click()
    expect(reviewer.locator("#staged")).to_contain_text(re.compile("verdicts? not sent yet"))
    reviewer.goto("/review/send")
    steps.press(reviewer, re.compile(r"^Send \d verdict"))
    steps.heading(reviewer, re.compile("verdicts? sent"))


def place(otto: Page) -> None:
    """Otto gives the launch its hour."""
    otto.goto("/schedule")
    link = otto.get_by_role("link", name=re.compile(f"^Place ?: {WISH}"))
    link.click()
    otto.locator(".put:visible").first.click()
    expect(link).to_have_count(0)


def mend(alice: Page, slug: str) -> None:
    """Alice's card failed; from her list she pays with another one."""
    alice.goto("/me/joined")
    alice.locator("main li, main article, main tr").filter(has_text=WISH).locator(
        "a[href*='/pay/']"
    ).first.click()
    expect(alice.locator("main")).to_contain_text("Your card did not work")
    steps.press(alice, re.compile("Add another card"))
    steps.save_card(alice, "ok")
    alice.locator("main form label:has(input[name=card])").filter(has_text="4242").first.click()
    steps.press(alice, re.compile("^Use this card"))
    expect(alice.locator("main")).to_contain_text(re.compile("in order|is paid"))


def order_of(slug: str, who: str) -> str:
    """The number of a person's order."""
    query = select(Order.number).join(User, User.id == Order.shopper_id)
    query = query.join(Campaign, Campaign.id == Order.campaign_id)
    return db.session.scalars(query.where(Campaign.slug == slug, User.email == f"{who}@muster.example")).one()


def send(mo: Page, number: str) -> None:
    """Mo sends the parcel and names its number."""
    mo.goto(f"/sell/orders/{number}")
    mo.locator("input[name=carrier]").fill("SF Express")
    mo.locator("input[name=tracking]").fill("SF5566778899")
    steps.press(mo, "The parcel is sent")
    expect(mo.locator("main")).to_contain_text("SF5566778899")


def receive(alice: Page, number: str) -> None:
    """Alice reads where it is, and says that it has come."""
    alice.goto(f"/me/orders/{number}")
    expect(alice.locator("main")).to_contain_text("SF5566778899")
    alice.locator("main form[action*='/received'] button").first.click()
    expect(alice.locator("main")).to_contain_text(re.compile("[Dd]elivered|arrived|review"))
