"""Uploads are judged by what is in them, and bad ones are answered with a sentence."""

import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from c2b.core.files import (
    WIDTHS,
    BadFile,
    Cut,
    change_picture,
    content_of,
    middle,
    picture_size,
    save_document,
    save_picture,
)

pytestmark = pytest.mark.parametrize("database", ["sqlite"])  # no database is asked


def picture(width=960, height=640, kind="PNG", colour="red", **more):
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, kind, **more)
    out.seek(0)
    return out


def bomb(width=50_000, height=50_000):
    """A small PNG whose header promises far too many pixels."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_kept_in_every_width_as_webp(app, kind):
    ref = save_picture(picture(1600, 1000, kind))
    assert picture_size(ref) == (1600, 1000)
    for width in WIDTHS:
        with Image.open(io.BytesIO(content_of(ref, width))) as kept:
            assert (kept.format, kept.width) == ("WEBP", width)


def test_a_small_picture_is_not_blown_up(app):
    ref = save_picture(picture(400, 300))
    with Image.open(io.BytesIO(content_of(ref, 1200))) as kept:
        assert kept.size == (400, 300)


def test_the_same_picture_has_the_same_name_whatever_its_metadata(app):
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    assert save_picture(picture(kind="JPEG", quality=100)) == save_picture(
        picture(kind="JPEG", quality=100, exif=exif)
    )
    assert save_picture(picture(colour="red")) != save_picture(picture(colour="blue"))


def test_no_metadata_is_served(app):
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    ref = save_picture(picture(kind="JPEG", exif=exif))
    with Image.open(io.BytesIO(content_of(ref))) as kept:
        assert not kept.getexif()


def test_the_least_size_is_met_at_its_edge(app):
    save_picture(picture(960, 640), least=(960, 640))
    for size in ((959, 640), (960, 639)):
        with pytest.raises(BadFile, match="at least 960 × 640"):
            save_picture(picture(*size), least=(960, 640))


@pytest.mark.parametrize(
    "content",
    [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a" + bytes(40), b"\x89PNG\r\n\x1a\n", b"hello"],
    ids=["svg", "gif", "png header only", "text"],
)
def test_what_is_no_picture_is_refused_with_a_sentence(app, content):
    with pytest.raises(BadFile, match="JPEG, PNG or WebP"):
        save_picture(io.BytesIO(content))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_truncated_picture_is_refused(app, kind):
    noise = Image.effect_noise((300, 300), 90).convert("RGB")
    out = io.BytesIO()
    noise.save(out, kind)
    with pytest.raises(BadFile):
        save_picture(io.BytesIO(out.getvalue()[: len(out.getvalue()) // 2]))


def test_an_empty_file_is_refused(app):
    with pytest.raises(BadFile, match="empty"):
        save_picture(io.BytesIO())
    with pytest.raises(BadFile, match="empty"):
        save_document(io.BytesIO(), "a.pdf")


@pytest.mark.parametrize("size", [(50_000, 50_000), (10_000, 10_000), (5_001, 5_000)])
def test_a_bomb_is_refused_before_it_is_unpacked(app, size):
    with pytest.raises(BadFile, match="too many pixels"):
        save_picture(bomb(*size))


def test_a_picture_above_one_megabyte_is_refused(app):
    small = picture(10, 10).getvalue()
    save_picture(io.BytesIO(small + bytes(1024 * 1024 - len(small))))
    with pytest.raises(BadFile, match="1 MB"):
        save_picture(io.BytesIO(small + bytes(1024 * 1024 - len(small) + 1)))


def test_a_paper_is_kept_as_it_is(app):
    content = b"%PDF-1.7 hello"
    assert content_of(save_document(io.BytesIO(content), "Licence.PDF")) == content
    assert save_document(picture(kind="JPEG"), "scan.jpeg").endswith(".jpg")


@pytest.mark.parametrize(
    ("content", "name"),
    [(b"%PDF-1.7", "licence.exe"), (b"%PDF-1.7", "licence.png"), (b"MZ", "licence.pdf"), (b"%PDF-1.7", "")],
)
def test_a_paper_is_judged_by_content_and_name(app, content, name):
    with pytest.raises(BadFile, match="PDF, JPEG or PNG"):
        save_document(io.BytesIO(content), name)


def test_a_paper_above_five_megabytes_is_refused(app):
    save_document(io.BytesIO(b"%PDF-" + bytes(5 * 1024 * 1024 - 5)), "a.pdf")
    with pytest.raises(BadFile, match="5 MB"):
        save_document(io.BytesIO(b"%PDF-" + bytes(5 * 1024 * 1024 - 4)), "a.pdf")


@pytest.mark.parametrize("ref", ["pic/../../etc/passwd", "/etc/passwd", "demo/../tokens", "", "doc/x.pdf"])
def test_a_made_up_reference_leads_nowhere(app, ref):
    assert content_of(ref) is None
    assert picture_size(ref) is None


def test_the_demo_pictures_have_a_size(app):
    assert picture_size("demo/pot") is not None


def halves(width=1600, height=1000):
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (width, height), "red")
    image.paste("blue", (width // 2, 0, width, height))
    out = io.BytesIO()
    image.save(out, "PNG")
    return io.BytesIO(out.getvalue())


def shown(ref):
    return Image.open(io.BytesIO(content_of(ref))).convert("RGB")


def test_a_picture_is_turned_and_cut_to_a_square(app):
    ref = save_picture(halves())
    turned = change_picture(ref, turn=90)
    assert picture_size(turned) == (1000, 1600)
    red, _green, blue = shown(turned).getpixel((500, 100))
    assert red > 200 > blue, "the left side is on top"
    assert picture_size(change_picture(ref, cut=middle(1600, 1000))) == (1000, 1000)
    right = change_picture(ref, cut=Cut(900, 0, 500))
    assert picture_size(right) == (500, 500)
    assert shown(right).getpixel((100, 100))[2] > 200
    assert ref == save_picture(halves()), "the one that was handed in stays"
    with pytest.raises(BadFile, match="not there"):
        change_picture("pic/" + "0" * 32 + "-9x9", turn=90)


def test_a_cut_is_a_square_inside_the_picture_whatever_is_asked(app):
    asked, long = st.integers(-9999, 9999), st.integers(1, 3000)

    @given(asked, asked, asked, long, long)
    def inside(x, y, side, width, height):
        left, top, right, bottom = Cut(x, y, side).box(width, height)
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
        assert right - left == bottom - top

    inside()


def test_a_picture_that_is_also_a_web_page_loses_the_page(app):
    page = b"<script>alert(1)</script>"
    ref = save_picture(io.BytesIO(picture(kind="JPEG").getvalue() + page))
    assert page not in b"".join(content_of(ref, width) for width in WIDTHS)


def test_a_zip_and_a_test_virus_are_no_pictures_and_no_papers(app):
    eicar = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
    for content in (b"PK\x03\x04" + bytes(60), eicar):
        with pytest.raises(BadFile):
            save_picture(io.BytesIO(content))
        with pytest.raises(BadFile):
            save_document(io.BytesIO(content), "licence.pdf")


@pytest.mark.parametrize("name", ["../../x.pdf", "con.pdf", "a" * 4000 + ".pdf", "a\x00b.pdf"])
def test_the_name_of_a_paper_names_no_file_of_ours(app, name):
    assert save_document(io.BytesIO(b"%PDF-1.7"), name).startswith("doc/")
