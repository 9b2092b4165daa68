"""Pictures and papers that people hand in: checked by content, kept under a name made from the content.

A picture is decoded and written anew, so nothing of the upload itself (place, camera, hidden data) is ever
served. A paper is kept as it came and only ever sent as a download to those who may see it.
"""

import hashlib
import io
import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO

from PIL import Image, ImageOps, UnidentifiedImageError

from c2b.config import ROOT
from c2b.core import storage
from c2b.core.text import gettext as _

WIDTHS = (320, 480, 760, 1200)
SOURCE = 2400  # the widest that is kept, to cut and turn the picture later; never served
TURNS = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}
PICTURE_BYTES = 1024 * 1024
PAPER_BYTES = 5 * 1024 * 1024
MOST_PIXELS = 25_000_000  # what one upload may ask us to decode
KINDS = ("JPEG", "PNG", "WEBP")
PAPER_MAGIC = {b"%PDF-": "pdf", b"\xff\xd8\xff": "jpg", b"\x89PNG\r\n\x1a\n": "png"}
PICTURE_REF = re.compile(r"pic/([0-9a-f]{32})-([1-9][0-9]{0,4})x([1-9][0-9]{0,4})")
PAPER_REF = re.compile(r"doc/[0-9a-f]{64}\.(pdf|jpg|png)")
DEMO_REF = re.compile(r"demo/[a-z0-9-]+")
DEMO_SIZE = (1200, 1200)  # our own drawings stand for pictures that are large enough


class BadFile(Exception):
    """The upload cannot be taken; the message is shown to the person, so write it for them."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A square out of a picture, in thousandths: of its width, of its height, and of its shorter side."""

    x: int
    y: int
    side: int

    def box(self, width: int, height: int) -> tuple[int, int, int, int]:
        """The square in pixels, moved inside where it would stick out."""
        short = min(width, height)
        side = max(1, min(short, round(short * self.side / 1000)))
        left = max(0, min(width - side, round(width * self.x / 1000)))
        top = max(0, min(height - side, round(height * self.y / 1000)))
        return left, top, left + side, top + side


def middle(width: int, height: int) -> Cut:
    """The largest square, from the middle."""
    short = min(width, height)
    return Cut(round(500 * (width - short) / width), round(500 * (height - short) / height), 1000)


def save_picture(stream: IO[bytes], *, least: tuple[int, int] = (0, 0)) -> str:
    """Keep a JPEG, PNG or WebP of at most 1 MB and at least `least` pixels; returns its reference."""
    _read(stream, PICTURE_BYTES, _("The picture is larger than 1 MB. Save it smaller and try again."))
    picture = _decode(stream)
    width, height = picture.size
    if width < least[0] or height < least[1]:
        raise BadFile(
            _(
                "The picture has %(size)s pixels. Choose one with at least %(least)s.",
                size=f"{width} × {height}",
                least=f"{least[0]} × {least[1]}",
            )
        )
    return _kept(picture)


def change_picture(ref: str, *, turn: int = 0, cut: Cut | None = None) -> str:
    """A kept picture turned clockwise by 90, 180 or 270 degrees, then cut; returns the new one's reference."""
    content = storage.read(_stored(ref, "source")) or content_of(ref) if PICTURE_REF.fullmatch(ref) else None
    if content is None:
        raise BadFile(_("This picture is not there any more. Choose it again."))
    picture = _decode(io.BytesIO(content))
    if turn in TURNS:
        picture = picture.transpose(TURNS[turn])
    return _kept(picture.crop(cut.box(*picture.size)) if cut else picture)


def _kept(picture: Image.Image) -> str:
    width, height = picture.size
    digest = hashlib.sha256(picture.mode.encode() + picture.tobytes()).hexdigest()[:32]
    ref = f"pic/{digest}-{width}x{height}"
    if width > WIDTHS[-1]:
        _write_width(picture, _stored(ref, "source"), SOURCE, quality=90)
    for wide in WIDTHS:
        _write_width(picture, _stored(ref, wide), wide)
    return ref


def save_document(stream: IO[bytes], name: str) -> str:
    """Keep a PDF, JPEG or PNG of at most 5 MB as it is; returns its reference."""
    content = _read(stream, PAPER_BYTES, _("The file is larger than 5 MB. Save it smaller and try again."))
    kind = next((kind for magic, kind in PAPER_MAGIC.items() if content.startswith(magic)), None)
    ending = PurePath(name).suffix.lower().lstrip(".").replace("jpeg", "jpg")
    if kind is None or ending != kind:
        raise BadFile(_("Choose a PDF, JPEG or PNG file whose name ends the same way."))
    if kind != "pdf":
        _decode(stream)
    ref = f"doc/{hashlib.sha256(content).hexdigest()}.{kind}"
    if not storage.exists(ref):
        storage.put(ref, content)
    return ref


def content_of(ref: str, width: int | None = None) -> bytes | None:
    """What is kept, or None. A picture is given in the narrowest kept width that is at least `width`."""
    if PICTURE_REF.fullmatch(ref):
        wide = next((w for w in WIDTHS if width is not None and w >= width), WIDTHS[-1])
        return storage.read(_stored(ref, wide))
    if PAPER_REF.fullmatch(ref):
        return storage.read(ref)
    if _is_ours(ref):
        return (ROOT / "static" / "img" / f"{ref}.webp").read_bytes()
    return None


def picture_size(ref: str) -> tuple[int, int] | None:
    """Width and height in pixels of the picture as it was handed in; None where there is no such picture."""
    if found := PICTURE_REF.fullmatch(ref):
        return int(found[2]), int(found[3])
    return DEMO_SIZE if _is_ours(ref) else None


def _is_ours(ref: str) -> bool:
    return bool(DEMO_REF.fullmatch(ref)) and (ROOT / "static" / "img" / f"{ref}.webp").is_file()


def _read(stream: IO[bytes], most: int, too_large: str) -> bytes:
    stream.seek(0)
    content = stream.read(most + 1)
    stream.seek(0)
    if not content:
        raise BadFile(_("The file is empty. Choose another one."))
    if len(content) > most:
        raise BadFile(too_large)
    return content


def _decode(stream: IO[bytes]) -> Image.Image:
    """The picture upright and without its metadata; the header is judged before a pixel is unpacked."""
    unreadable = _("This is not a picture we can read. Choose a JPEG, PNG or WebP file.")
    stream.seek(0)
    try:
        picture: Image.Image = Image.open(stream, formats=KINDS)
        if picture.width * picture.height > MOST_PIXELS:
            raise BadFile(_("The picture has too many pixels. Save it smaller and try again."))
        picture.load()
        upright = ImageOps.exif_transpose(picture)
        return upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise BadFile(_("The picture has too many pixels. Save it smaller and try again.")) from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, MemoryError):
        raise BadFile(unreadable) from None


def _write_width(picture: Image.Image, name: str, wide: int, *, quality: int = 82) -> None:
    if storage.exists(name):
        return
    small = picture
    if picture.width > wide:
        high = max(1, round(picture.height * wide / picture.width))
        small = picture.resize((wide, high), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "WEBP", quality=quality, method=4)
    storage.put(name, out.getvalue())


def _stored(ref: str, wide: int | str) -> str:
    return f"{ref}-{wide}.webp"
