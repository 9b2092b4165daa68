"""Things that people might wish for, in English and Chinese: titles for a database of 100,000 campaigns."""

from c2b.campaigns.categories import Category

MADE = (
    ("cast-iron", "铸铁"), ("titanium", "钛"), ("bamboo", "竹"), ("walnut", "胡桃木"), ("linen", "亚麻"),
    ("merino", "美利奴羊毛"), ("ceramic", "陶瓷"), ("steel", "不锈钢"), ("leather", "真皮"), ("cotton", "纯棉"),
    ("recycled", "再生"), ("handmade", "手工"), ("folding", "折叠"), ("quiet", "静音"), ("portable", "便携"),
    ("organic", "有机"), ("silk", "桑蚕丝"), ("canvas", "帆布"), ("glass", "玻璃"), ("waterproof", "防水"),
)  # fmt: skip
THINGS = (
    ("pot", "锅", Category.HOME), ("desk", "书桌", Category.HOME), ("lamp", "台灯", Category.HOME),
    ("chair", "椅子", Category.HOME), ("kettle", "水壶", Category.APPLIANCES), ("fan", "风扇", Category.APPLIANCES),
    ("headphones", "耳机", Category.APPLIANCES), ("juicer", "榨汁机", Category.APPLIANCES),
    ("coffee grinder", "磨豆机", Category.APPLIANCES), ("keyboard", "键盘", Category.APPLIANCES),
    ("sweater", "毛衣", Category.CLOTHING), ("shirt", "衬衫", Category.CLOTHING), ("coat", "大衣", Category.CLOTHING),
    ("trousers", "裤子", Category.CLOTHING), ("rain jacket", "雨衣", Category.CLOTHING),
    ("glasses", "眼镜", Category.FASHION), ("watch", "手表", Category.FASHION), ("scarf", "围巾", Category.FASHION),
    ("backpack", "双肩包", Category.BAGS), ("boots", "靴子", Category.BAGS), ("suitcase", "行李箱", Category.BAGS),
    ("tea", "茶叶", Category.FOOD), ("honey", "蜂蜜", Category.FOOD), ("oranges", "橙子", Category.FOOD),
    ("olive oil", "橄榄油", Category.FOOD), ("rice", "大米", Category.FOOD),
)  # fmt: skip
KINDS = (
    ("small", "小号"), ("large", "大号"), ("for two", "双人"), ("for travel", "旅行装"), ("deep blue", "深蓝色"),
    ("moss green", "苔绿色"), ("ivory", "象牙白"), ("matte black", "哑光黑"), ("for children", "儿童款"),
    ("second edition", "第二版"), ("set of four", "四件套"), ("with lid", "带盖"), ("autumn harvest", "秋收"),
)  # fmt: skip


def wish(number: int) -> tuple[str, str, Category]:
    """The title, summary and category of the wish of this number; every third title is Chinese."""
    made, thing, kind = (
        MADE[number % len(MADE)], THINGS[number * 7 % len(THINGS)], KINDS[number * 11 % len(KINDS)],
    )  # fmt: skip
    english = f"{made[0].capitalize()} {thing[0]}, {kind[0]}, no. {number}"
    chinese = f"{made[1]}{thing[1]}（{kind[1]}）{number} 号"
    return (chinese, english, thing[2]) if number % 3 == 0 else (english, chinese, thing[2])
