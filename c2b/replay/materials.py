"""Pictures and papers for offers that nobody photographed: the demo pictures, large enough to be registered."""

import io
from collections.abc import Iterable

from PIL import Image

from c2b.config import ROOT
from c2b.core.files import save_document, save_picture

LEAST = (960, 640)  # what machine review asks of a main picture
PLAIN = "demo/pot"  # for goods that have no picture of their own

PAPER = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


def make_pictures(references: Iterable[str] = ()) -> dict[str, str]:
    """The demo pictures as uploads that an offer may carry, by the reference of the small one."""
    return {reference: _upload(reference) for reference in sorted({PLAIN, *references})}


def _upload(reference: str) -> str:
    with Image.open(ROOT / "static" / "img" / f"{reference}.webp") as picture:
        large = picture.convert("RGB").resize((960, 960), Image.Resampling.BICUBIC)
    stream = io.BytesIO()
    large.save(stream, "WEBP", quality=80)
    stream.seek(0)
    return save_picture(stream, least=LEAST)


def make_paper() -> str:
    """A reference of an empty paper."""
    return save_document(io.BytesIO(PAPER), "paper.pdf")
