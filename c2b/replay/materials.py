"""Pictures and papers for offers that nobody photographed: the demo pictures, large enough to be registered."""

import io
from collections.abc import Callable, Iterable

from PIL import Image

from c2b.config import ROOT
from c2b.core.files import save_document, save_picture

LEAST = (960, 640)  # what machine review asks of a main picture
PAPER = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


Pictures = Callable[[str, int], str]  # (the campaign's picture, a number of the offer's own) -> a reference


def swatch(_reference: str, number: int) -> str:
    """A picture of one colour for goods that nobody photographed: another one for each number."""
    colour = (number // 65536 % 256, number // 256 % 256, number % 256)
    return _save(Image.new("RGB", LEAST, colour), "PNG")


def photographs(references: Iterable[str]) -> Pictures:
    """The demo pictures as uploads that an offer may carry, by the reference of the small one."""
    kept = {reference: _upload(reference) for reference in sorted(set(references))}
    return lambda reference, _number: kept.get(reference, reference)


def _upload(reference: str) -> str:
    with Image.open(ROOT / "static" / "img" / f"{reference}.webp") as picture:
        large = picture.convert("RGB").resize((960, 960), Image.Resampling.BICUBIC)
    return _save(large, "WEBP")


def _save(picture: Image.Image, form: str) -> str:
    stream = io.BytesIO()
    picture.save(stream, form)
    stream.seek(0)
    return save_picture(stream, least=LEAST)


def make_paper() -> str:
    """A reference of an empty paper."""
    return save_document(io.BytesIO(PAPER), "paper.pdf")
