"""Names for the crowd of the demo."""

from random import Random

GIVEN = (
    "Ana", "Bowen", "Carmen", "Dewi", "Elena", "Feng", "Grace", "Hao", "Inés", "Jun", "Kai", "Lin", "Mei", "Nadia",
    "Olivia", "Putri", "Qing", "Rosa", "Siti", "Tian", "Uma", "Vera", "Wei", "Xiaoyu", "Yan", "Zoe",
)  # fmt: skip
FAMILY = (
    "Chen", "Díaz", "Fang", "García", "Huang", "Ito", "Jiang", "Kusuma", "Li", "Ma", "Novak", "Ortiz", "Pratama",
    "Qiu", "Ruiz", "Sun", "Tan", "Wang", "Xu", "Yang", "Zhang",
)  # fmt: skip


def crowd(how_many: int, random: Random) -> list[tuple[str, str]]:
    """(name, email) of so many people."""
    return [
        (f"{random.choice(GIVEN)} {random.choice(FAMILY)}", f"shopper{number}@muster.example")
        for number in range(1, how_many + 1)
    ]


FIRMS = (
    ("Luhuo Foundry", "Hangzhou", "Cast iron since 1987. We pour on Tuesdays and enamel on Fridays."),
    ("Two Trees Workshop", "Lishui", "Oak and walnut, joined without nails."),
    ("Brightpost Home", "Ningbo", "Lamps, kettles and other things you switch on every day."),
    ("Slow Water", "Jingdezhen", "Stoneware and celadon from a wood-fired kiln."),
    ("Field and Thread", "Suzhou", "Knitwear and bags from a mill of forty people."),
    ("Changbai Bees", "Yanbian", "Linden and acacia honey, one valley, one harvest."),
)

APPLICANTS = (
    ("Nanshan Tea House", "Wuyishan", "Oolong from three hills, roasted over charcoal.", False),
    ("Swift Parcel Trading", "Yiwu", "Everything, from everywhere.", False),
    ("Harbour Optics", "Xiamen", "Frames milled from cotton acetate.", True),
)
SUSPENDED = "Swift Parcel Trading"
