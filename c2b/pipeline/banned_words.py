"""Goods that may not be sold here, and words that may not praise them, in English and Chinese. Data only.

English entries match whole words, Chinese ones anywhere. Case, full-width letters and hidden characters make no
difference. Keep entries narrow: "gun" would refuse a massage gun, "ivory" a colour.
"""

BANNED_GOODS = (
    "ammunition", "firearm", "firearms", "handgun", "air rifle", "stun gun", "explosive", "explosives",
    "switchblade", "crossbow", "pepper spray",
    "cigarette", "cigarettes", "e-cigarette", "vape", "tobacco", "cannabis", "cocaine", "opium", "steroids",
    "prescription drug", "antibiotics", "human organ", "elephant ivory", "rhino horn", "tiger bone", "pangolin",
    "counterfeit", "replica bag", "replica watch", "fake passport", "fake id", "gambling machine", "lottery ticket",
    "spy camera", "lock picking", "sex doll",
    "枪支", "仿真枪", "弹药", "管制刀具", "弩弓", "电击棍", "烟花爆竹", "炸药",
    "香烟", "电子烟", "烟草", "大麻", "毒品", "处方药", "抗生素", "人体器官", "象牙制品", "犀牛角", "虎骨", "穿山甲",
    "高仿", "A货", "假币", "假证", "赌具", "彩票代购", "针孔摄像", "窃听器", "开锁工具",
)  # fmt: skip

BANNED_WORDS = (
    "best in the world", "world's best", "number one", "no. 1", "100% effective", "guaranteed cure", "cures",
    "miracle", "risk free", "risk-free", "lose weight fast", "lifetime guarantee", "fda approved",
    "国家级", "最高级", "最佳", "全国第一", "世界第一", "全网最低", "史上最低", "顶级", "绝无仅有", "万能",
    "根治", "治愈", "包治百病", "特效", "无副作用", "零风险", "稳赚", "永久有效", "驰名商标",
)  # fmt: skip
