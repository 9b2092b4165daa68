"""The tabs of the page of wishes."""

from c2b.core.labels import LabelEnum
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
