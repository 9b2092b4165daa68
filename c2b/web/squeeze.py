"""Pages compressed in pieces, so that a page can be kept compressed and still have a secret of its reader in it.

Each piece ends on a whole byte and remembers nothing of the piece before it; what belongs to one reader stands between
them as it is. So the secret is never compressed together with anything, and its length tells nobody anything either.
"""

import struct
import zlib
from collections.abc import Sequence

HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
LAST = b"\x03\x00"  # an empty block that says that it is the last one
LARGEST = 0xFFFF  # bytes in a block that is not compressed


def piece(content: bytes, level: int = 6) -> bytes:
    """One piece of a page, compressed by itself."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush(zlib.Z_FULL_FLUSH)


def as_it_is(content: bytes) -> bytes:
    """A piece that stays readable."""
    if len(content) > LARGEST:
        return as_it_is(content[:LARGEST]) + as_it_is(content[LARGEST:])
    return b"\x00" + struct.pack("<HH", len(content), len(content) ^ LARGEST) + content


def joined(pieces: Sequence[bytes], whole: bytes) -> bytes:
    """The pieces as one gzip stream; `whole` is what they say, for its sum."""
    end = struct.pack("<II", zlib.crc32(whole), len(whole) & 0xFFFFFFFF)
    return b"".join((HEAD, *pieces, LAST, end))
