"""Bodies without their Content-Encoding: whole ones come back, half ones never do."""

import gzip
import zlib
from collections.abc import Callable

import pytest
from scrapy.utils._compression import brotli, zstd

from qacrawl.archive import decode

PAGE = b"<p>" + b"".join(b"word %d " % (number * 7919 % 10007) for number in range(3000)) + b"</p>"
LARGEST = 1 << 20


def bare(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


PACK: dict[bytes, Callable[[bytes], bytes]] = {
    b"gzip": gzip.compress,
    b"x-gzip": gzip.compress,
    b"deflate": zlib.compress,
    b"Deflate ": bare,
    b"br": brotli.compress,
    b"zstd": zstd.compress,
}
packings = pytest.mark.parametrize(("name", "pack"), PACK.items(), ids=[name.decode() for name in PACK])


@packings
@pytest.mark.parametrize("data", [b"", b"x", PAGE, bytes(LARGEST)], ids=["empty", "short", "page", "largest"])
def test_a_whole_body_is_unpacked(name: bytes, pack: Callable[[bytes], bytes], data: bytes):
    assert decode.body(pack(data), [name], LARGEST) == data


@packings
def test_half_a_body_is_none(name: bytes, pack: Callable[[bytes], bytes]):
    whole = pack(PAGE)
    for end in (1, 5, len(whole) // 2, len(whole) * 9 // 10, len(whole) - 5, len(whole) - 1):
        with pytest.raises((decode.Cut, decode.NotEncoded)):
            decode.body(whole[:end], [name], LARGEST)
    with pytest.raises(decode.Cut):
        decode.body(whole[: len(whole) // 2], [name], LARGEST)


@packings
@pytest.mark.parametrize("said", [PAGE, b"<!DOCTYPE html>", b"\x89PNG\r\n\x1a\n" + bytes(50), b"%PDF-1.7"])
def test_a_body_that_is_not_what_its_header_says_is_none(name: bytes, pack: Callable[[bytes], bytes], said: bytes):
    with pytest.raises((decode.Cut, decode.NotEncoded)):
        decode.body(said, [name], LARGEST)


@packings
def test_a_body_that_was_damaged_on_its_way_is_none(name: bytes, pack: Callable[[bytes], bytes]):
    whole = bytearray(pack(PAGE))
    whole[len(whole) // 2] ^= 0xFF
    try:
        assert decode.body(bytes(whole), [name], LARGEST) != PAGE  # brotli and bare deflate have no checksum
    except decode.DecodeError:
        pass
    else:
        assert name in (b"br", b"Deflate ", b"zstd")


@packings
def test_a_bomb_is_not_unpacked(name: bytes, pack: Callable[[bytes], bytes]):
    with pytest.raises(decode.TooLarge):
        decode.body(pack(bytes(LARGEST + 1)), [name], LARGEST)


def test_encodings_one_in_another_are_undone_in_turn():
    packed = brotli.compress(gzip.compress(PAGE))
    assert decode.body(packed, [b"gzip, br"], LARGEST) == PAGE
    assert decode.body(packed, [b"gzip", b"br"], LARGEST) == PAGE
    with pytest.raises(decode.NotEncoded):
        decode.body(packed, [b"gzip," * 1000], LARGEST)


@pytest.mark.parametrize("said", [b"identity", b"", b"none", b"utf-8", b"compress", b"gzip, none"])
def test_a_body_in_no_known_encoding_stays_as_it_is(said: bytes):
    assert decode.body(PAGE, [said], LARGEST) == PAGE


@packings
def test_nothing_is_nothing_in_any_encoding(name: bytes, pack: Callable[[bytes], bytes]):
    assert decode.body(b"", [name], LARGEST) == b""


def test_gzip_may_have_several_members_and_padding():
    two = gzip.compress(PAGE[:100]) + gzip.compress(PAGE[100:])
    assert decode.body(two, [b"gzip"], LARGEST) == PAGE
    assert decode.body(two + bytes(20_000), [b"gzip"], LARGEST) == PAGE
    with pytest.raises(decode.Cut):
        decode.body(two[:-10], [b"gzip"], LARGEST)


def test_zstd_may_have_several_frames():
    two = zstd.compress(PAGE[:100]) + zstd.compress(PAGE[100:])
    assert decode.body(two, [b"zstd"], LARGEST) == PAGE


@pytest.mark.parametrize("name", [b"gzip", b"zstd"])
def test_many_empty_streams_take_no_time(name: bytes):
    with pytest.raises(decode.NotEncoded, match="streams"):
        decode.body(PACK[name](b"") * 1_000_000, [name], LARGEST)
