"""A crawl obeys robots.txt however it is written, and reads the sitemaps that it names, each on its own."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support import crawling, faults

from qacrawl.archive import read, warc


@pytest.fixture
def site() -> Iterator[faults.FaultSite]:
    with faults.FaultSite(4) as running:
        yield running


def numbers(output: Path) -> list[int]:
    return [int(row["record_id"].rpartition(":")[2]) for row in crawling.records(output)]


def asked(site: faults.FaultSite) -> list[str]:
    return [visit.path for visit in site.log]


@pytest.mark.slow
@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16"])
def test_a_robots_txt_with_a_byte_order_mark_is_obeyed(site, tmp_path, codec):
    site.robots = faults.Reply("User-agent: *\nDisallow: /en/article/1\n".encode(codec))
    crawling.crawl(site.start, tmp_path)
    assert numbers(tmp_path) == [2, 3, 4]
    assert "/en/article/1" not in asked(site)


@pytest.mark.slow
def test_each_sitemap_line_stands_for_itself(site, tmp_path):
    """Relative, broken, without an address, on another host, an article, a list: one does not hide the next."""
    site["/en"] = faults.Reply(faults.listing("Nothing here", ["/en/faq/none-here/1"]))
    site["/one.txt"] = faults.Reply(
        "\ufeff# all\nno address\n{}\n".format(site.url("/en/article/1")).encode("utf-16-le")
    )
    site["/feed"] = faults.Reply(b"<rss><channel><item><link>/en/article/2</link></item></channel></rss>")
    lines = [
        "one.txt",
        "http://[",
        "",
        "/robots.txt#sitemap",
        f"{site.url('/x/')}../robots.txt?all",
        "//",
        "mailto:x@example.org",
        "http://other.invalid/map.xml",
        "\x1b[31m http://x",
    ]
    lines += ["/no.xml", "./x/../feed", "/en/article/3"]
    text = "User-agent: *\nDisallow:\n" + "".join(f"Sitemap: {line}\n" for line in lines)
    site.robots = faults.Reply(text.encode())
    done = crawling.crawl(site.start, tmp_path)
    assert done.code == 0, done.err
    assert "Traceback" not in done.err
    assert "no address of a sitemap: 'http://['" in done.err
    assert {1, 2, 3} <= set(numbers(tmp_path))
    rows = crawling.rows(tmp_path)
    assert rows["/en/article/3"]["kind"] == "article"
    assert rows["/no.xml"]["outcome"] == "gone"
    assert not [path for path in rows if path.startswith("/robots.txt")]
    assert len([path for path in asked(site) if path.startswith("/robots.txt")]) == 1


@pytest.mark.slow
def test_robots_txt_is_asked_before_a_page_whose_archived_copy_is_lost(site, tmp_path):
    crawling.crawl(site.start, tmp_path)
    with closing(sqlite3.connect(tmp_path / "doctorqna" / "frontier.sqlite")) as db, db:
        lost = "UPDATE qacrawl_urls SET state = 'due', priority = 0, archived_file = 'x.warc.gz', archived_offset = 0"
        assert db.execute(f"{lost} WHERE kind = 'article'").rowcount == 4
    site.forget()
    site.robots = faults.Reply(b"User-agent: qacrawl/1\nDisallow: /en/article/1\n")
    done = crawling.crawl(site.start, tmp_path)
    assert "is not in the archive where it should be" in done.err
    assert asked(site)[0] == "/robots.txt"
    assert "/en/article/1" not in asked(site)
    assert {"/en/article/2", "/en/article/3", "/en/article/4"} <= set(asked(site))


@pytest.mark.slow
@pytest.mark.parametrize("elsewhere", [True, False], ids=["another host", "the same host"])
def test_a_page_that_came_as_robots_txt_is_no_article(site, tmp_path, elsewhere):
    """It may not be what the page itself is; the archive says so, and `rebuild` agrees with the crawl."""
    with faults.FaultSite(4) as other:
        target = (other if elsewhere else site).url("/en/article/2")
        other["/en/article/2"] = faults.Reply(faults.article(2, version=1))
        site["/en/article/2"] = lambda visit: faults.Reply(faults.article(2, version=int(visit.count == 2)))
        site.robots = faults.redirect(target)
        for _ in range(2):  # the second time robots.txt is newer than the article
            crawling.crawl(site.start, tmp_path)
    before = crawling.contents(tmp_path)
    assert len(before) == 4
    archive = sorted((tmp_path / "doctorqna" / "archive").iterdir())
    entries = [entry for path in archive for _, entry in read.entries(path)]
    led = [entry.is_robots for entry in entries if isinstance(entry, warc.Exchange) and entry.url == target]
    assert led == ([True, True] if elsewhere else [True, False, True])
    assert crawling.qacrawl("rebuild", "doctorqna", "--output", str(tmp_path)).code == 0
    assert crawling.contents(tmp_path) == before
