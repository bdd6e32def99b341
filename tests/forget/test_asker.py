"""`qacrawl forget --asker`: the pages of one asker are listed, and taken out when told so; the file has no trace."""

from pathlib import Path

import pytest
from support import crawling
from support.faults import FaultSite

from qacrawl.redact.record import pseudonym, read_key


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("asker")
    with FaultSite(articles=6) as site:
        assert crawling.crawl(site.start, output).code == 0
    return output


def forget(output: Path, *options: str) -> crawling.Done:
    return crawling.qacrawl("forget", *options, "--output", str(output))


def askers(output: Path) -> dict[str, str]:
    return {row["url"]: row["asker"] for row in crawling.records(output)}


@pytest.mark.slow
def test_pages_of_an_asker_are_listed_and_go_only_when_told_so(output):
    before = askers(output)
    key = read_key(output / "doctorqna" / "asker.key")
    name = next(name for at in range(7) if pseudonym(name := f"Asker {at}", key) in before.values())
    theirs = sorted(url for url, asker in before.items() if asker == pseudonym(name, key))
    listed = forget(output, "--asker", f" {name} ")
    assert (listed.code, listed.err) == (0, "")
    assert listed.out.splitlines()[:-1] == theirs
    assert listed.out.splitlines()[-1].endswith("of this asker: --yes takes them out")
    assert askers(output) == before
    frontier = output / "doctorqna" / "frontier.sqlite"
    known = crawling.rows(output).items()
    digests = [row["digest"].encode() for path, row in known if any(url.endswith(path) for url in theirs)]
    assert digests
    assert all(digest in read(frontier) for digest in digests)
    done = forget(output, "--asker", name, "--yes")
    assert (done.code, done.err) == (0, "")
    assert "taken out: " in done.out
    assert not any(digest in read(frontier) for digest in digests)  # also in free pages and the log beside it
    assert all(url.encode() in read(frontier) for url in theirs)
    assert askers(output) == {url: asker for url, asker in before.items() if url not in theirs}
    again = forget(output, "--asker", name, "--yes")
    assert (again.code, again.out) == (0, "0 pages of this asker\n")


def read(frontier: Path) -> bytes:
    """All bytes of a SQLite file and of what lies beside it."""
    return b"".join(path.read_bytes() for path in sorted(frontier.parent.glob(frontier.name + "*")))


@pytest.mark.slow
def test_a_name_that_nobody_has_lists_nothing(output):
    done = forget(output, "--asker", "Nobody At All", "--yes")
    assert (done.code, done.out, done.err) == (0, "0 pages of this asker\n", "")


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["--asker", "A", "https://doctorqna.com/en/article/1"], ["--asker", " "]])
def test_addresses_and_a_name_together_or_neither_are_wrong_usage(output, options):
    done = forget(output, *options)
    assert (done.code, done.out) == (2, "")
