"""The tabs of the page of wishes."""

from c2b.core.labels import LabelEnum
from c2b.core.text import gettext as _
from c2b.core.text import mark as _l


class Category(LabelEnum):
    """What kind of thing is wished for."""

    CLOTHING = "clothing", _l("Clothing")
    FASHION = "fashion", _l("Fashion")
    BAGS = "bags", _l("Shoes & bags")
    APPLIANCES = "appliances", _l("Appliances")
    FOOD = "food", _l("Food")
    HOME = "home", _l("Home")

    @property
    def icon(self) -> str:
        """Its symbol in static/icons.svg."""
        return {
            "clothing": "shirt",
            "fashion": "glasses",
            "bags": "bag",
            "appliances": "plug",
            "food": "bowl",
        }.get(self.value, "sofa")

    @property
    def intro(self) -> str:
        """What is wished for here, in a sentence for the head of its page."""
        return _(INTROS[self.value])


INTROS = {
    "clothing": _l("Things to wear, made when enough of us want the same cut and cloth."),
    "fashion": _l("Glasses, watches and what goes with them, at the price of many."),
    "bags": _l("Shoes and bags that last, bought together from who makes them."),
    "appliances": _l("Machines for the kitchen and the desk, with the list price and where it was seen."),
    "food": _l("From the farm or the maker, sent when enough boxes are wanted."),
    "home": _l("Pots, lamps, chairs: things that stay for years, bought together."),
}
