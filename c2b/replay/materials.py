"""Pictures and papers for offers that nobody photographed: the demo pictures, large enough to be registered."""

import io

from PIL import Image

from c2b.config import ROOT
from c2b.core.files import save_document, save_picture

LEAST = (960, 640)  # what machine review asks of a main picture
NAMES = (
    "backpack", "candle", "clogs", "cooker", "fan", "headphones", "honey", "kettle", "knit", "lamp", "mandarin",
    "pot", "stool", "sunglasses", "teaset", "thermos", "toaster", "tote", "vase", "watch",
)  # fmt: skip

PAPER = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


def make_pictures(names: tuple[str, ...] = NAMES) -> list[str]:
    """References of the demo pictures as uploads, in the order of the names."""
    return [_upload(name) for name in names]


def _upload(name: str) -> str:
    with Image.open(ROOT / "static" / "img" / "demo" / f"{name}.webp") as picture:
        large = picture.convert("RGB").resize((1200, 1200), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    large.save(stream, "WEBP", quality=80)
    stream.seek(0)
    return save_picture(stream, least=LEAST)


def make_paper() -> str:
    """A reference of an empty paper."""
    return save_document(io.BytesIO(PAPER), "paper.pdf")
