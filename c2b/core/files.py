"""Pictures and papers that people hand in: checked by content, kept under a name made from the content.

A picture is decoded and written anew, so nothing of the upload itself (place, camera, hidden data) is ever
served. A paper is kept as it came and only ever sent as a download to those who may see it.
"""

import hashlib
import re
import tempfile
from pathlib import Path
from typing import IO

from flask import current_app
from PIL import Image, ImageOps, UnidentifiedImageError

from c2b.config import ROOT
from c2b.core.text import gettext as _

WIDTHS = (320, 480, 760, 1200)
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
    digest = hashlib.sha256(picture.mode.encode() + picture.tobytes()).hexdigest()[:32]
    ref = f"pic/{digest}-{width}x{height}"
    for wide in WIDTHS:
        _write_width(picture, _stored(ref, wide), wide)
    return ref


def save_document(stream: IO[bytes], name: str) -> str:
    """Keep a PDF, JPEG or PNG of at most 5 MB as it is; returns its reference."""
    content = _read(stream, PAPER_BYTES, _("The file is larger than 5 MB. Save it smaller and try again."))
    kind = next((kind for magic, kind in PAPER_MAGIC.items() if content.startswith(magic)), None)
    ending = Path(name).suffix.lower().lstrip(".").replace("jpeg", "jpg")
    if kind is None or ending != kind:
        raise BadFile(_("Choose a PDF, JPEG or PNG file whose name ends the same way."))
    if kind != "pdf":
        _decode(stream)
    ref = f"doc/{hashlib.sha256(content).hexdigest()}.{kind}"
    _put(_folder() / ref, content)
    return ref


def path_of(ref: str, width: int | None = None) -> Path | None:
    """Where the file is, or None. A picture is given in the narrowest kept width that is at least `width`."""
    if PICTURE_REF.fullmatch(ref):
        wide = next((w for w in WIDTHS if width is not None and w >= width), WIDTHS[-1])
        path = _stored(ref, wide)
    elif PAPER_REF.fullmatch(ref):
        path = _folder() / ref
    elif DEMO_REF.fullmatch(ref):
        path = ROOT / "static" / "img" / f"{ref}.webp"
    else:
        return None
    return path if path.is_file() else None


def picture_size(ref: str) -> tuple[int, int] | None:
    """Width and height in pixels of the picture as it was handed in; None where there is no such picture."""
    if found := PICTURE_REF.fullmatch(ref):
        return int(found[2]), int(found[3])
    return DEMO_SIZE if path_of(ref) and DEMO_REF.fullmatch(ref) else None


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


def _write_width(picture: Image.Image, path: Path, wide: int) -> None:
    if path.is_file():
        return
    small = picture
    if picture.width > wide:
        high = max(1, round(picture.height * wide / picture.width))
        small = picture.resize((wide, high), Image.Resampling.LANCZOS)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as new:
        small.save(new, "WEBP", quality=82, method=4)
    Path(new.name).replace(path)


def _put(path: Path, content: bytes) -> None:
    """Write whole or not at all, so that nobody ever reads half a file."""
    if path.is_file():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as new:
        new.write(content)
    Path(new.name).replace(path)


def _stored(ref: str, wide: int) -> Path:
    return _folder() / f"{ref}-{wide}.webp"


def _folder() -> Path:
    return Path(current_app.config["C2B"].files_dir)
