"""What stands beside damage is read, in time and memory that a file's size bounds, whatever its records claim."""

import io
import tracemalloc
from pathlib import Path

import pytest
from support import warcs

from qacrawl.archive.records import Record, records

WHOLE = [warcs.record(warcs.http(warcs.article(number)), warcs.url(number)) for number in range(1, 6)]
SIZES = [len(one) for one in WHOLE]
PACKED = [len(warcs.members(one)) for one in WHOLE]


class Counting(io.BytesIO):
    """A file that counts the bytes that are read of it."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(size)
        self.taken += len(piece)
        return piece


def read(content: bytes) -> tuple[list[str], list[int]]:
    """The addresses of the records of a file, and the places of what can't be read."""
    found = list(records(io.BytesIO(content)))
    good = [one.headers["warc-target-uri"] for _, one in found if isinstance(one, Record)]
    return good, [place for place, one in found if not isinstance(one, Record)]


def urls(*numbers: int) -> list[str]:
    return [warcs.url(number) for number in numbers]


@pytest.mark.parametrize("at", range(5))
def test_a_wrong_byte_where_a_plain_record_begins_costs_that_record_alone(at):
    content = bytearray(warcs.plain(*WHOLE))
    content[sum(SIZES[:3]) + at] ^= 0x20
    assert read(bytes(content)) == (urls(1, 2, 3, 5), [sum(SIZES[:3])])


@pytest.mark.parametrize("behind", [bytes(600), bytes(1), b"garbage here\n" * 5, b"WARC/1.0"], ids=ascii)
def test_what_follows_the_last_record_does_not_cost_it(behind):
    assert read(warcs.plain(*WHOLE) + behind) == (urls(1, 2, 3, 4, 5), [sum(SIZES)])
    assert read(warcs.one_member(*WHOLE, behind))[0] == urls(1, 2, 3, 4, 5)


def test_what_begins_within_a_header_is_the_next_record():
    assert read(WHOLE[0][:150] + b"\r\n" + WHOLE[1]) == (urls(2), [0])


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_wrong_byte_where_a_file_of_members_begins_costs_the_first_alone(at):
    content = bytearray(warcs.members(*WHOLE))
    content[at] ^= 0x55
    assert read(bytes(content)) == (urls(2, 3, 4, 5), [0])


@pytest.mark.parametrize("before", [bytes(512), b"\0", b"junk\n" * 50, bytes(3 << 20)], ids=len)
def test_what_stands_before_the_first_record_does_not_cost_it(before):
    assert read(before + warcs.members(*WHOLE)) == (urls(1, 2, 3, 4, 5), [0])
    assert read(before + b"\n" + warcs.plain(*WHOLE)) == (urls(1, 2, 3, 4, 5), [0])


@pytest.mark.parametrize("length", [320, 16_000_000, 10**11])
def test_false_lengths_take_no_more_time_than_their_bytes(length):
    content = warcs.record(b"x" * 300, warcs.url(1), length=length) * 3000 + WHOLE[1]
    with Counting(content) as file:
        found = list(records(file))
        assert file.taken < 4 * len(content)
    assert sum(isinstance(one, Record) for _, one in found) == 1
    assert len(found) == 3001


def test_headers_without_an_end_take_no_more_time_than_their_bytes():
    with Counting(b"WARC/1.0\r\n" * 20_000 + WHOLE[0]) as file:
        assert sum(isinstance(one, Record) for _, one in records(file)) == 1
        assert file.taken < 4 * len(file.getvalue())


@pytest.mark.parametrize("blank", [b"\r\n" * 10, b"\n" * 40, b"\r\n" * (1 << 20)], ids=len)
def test_blank_lines_between_records_have_nothing_held(tmp_path: Path, blank: bytes):
    path = tmp_path / "x.warc"
    path.write_bytes(WHOLE[0][:-4] + blank + warcs.record(b"x" * 100_000, warcs.url(2)) * 300)
    with path.open("rb") as file:
        tracemalloc.start()
        try:
            assert sum(isinstance(one, Record) for _, one in records(file)) == 301
            assert tracemalloc.get_traced_memory()[1] < 6 << 20
        finally:
            tracemalloc.stop()
