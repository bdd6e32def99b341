"""`qacrawl status` and `qacrawl frontier`: what waits and what failed; a crawl that goes on in another database."""

import json

import pytest
from support import crawling, faults
from support.faults import FaultSite


@pytest.mark.slow
def test_status_tells_what_there_is(tmp_path):
    with FaultSite(articles=4) as site:
        site["/en/article/2"] = faults.error(500)
        crawling.crawl(site.start, tmp_path)
    done = crawling.qacrawl("status", "doctorqna", "--output", str(tmp_path), "--json")
    assert done.code == 0
    found = json.loads(done.out)
    counts = {(count["kind"], count["state"]): count["number"] for count in found["counts"]}
    assert counts == {("article", "done"): 3, ("article", "failed"): 1, ("listing", "done"): 1, ("start", "done"): 1}
    (run,) = found["runs"]
    assert (run["reason"], run["fetches"], run["outcomes"]["record"]) == ("finished", 6, 3)
    (trouble,) = found["troubles"]
    assert (trouble["reason"], trouble["status"], trouble["failures"]) == ("http_500", 500, 1)
    assert found["due_now"] == 2  # the start page and the listing
    table = crawling.qacrawl("status", "doctorqna", "--output", str(tmp_path))
    assert "/en/article/2" in table.out.replace("\n", "")
    assert "http_500" in table.out


@pytest.mark.slow
def test_a_crawl_goes_on_in_another_database(tmp_path, postgres_url):
    moved = str(tmp_path / "moved.jsonl")
    output = ("--output", str(tmp_path))
    with FaultSite(articles=12) as site:
        crawling.crawl(site.start, tmp_path, "--max-pages", "8")
        done = crawling.qacrawl("frontier", "export", "doctorqna", moved, *output)
        assert (done.code, done.err) == (0, "")
        done = crawling.qacrawl("frontier", "import", "doctorqna", moved, *output, "--frontier", postgres_url)
        assert (done.code, done.err) == (0, "")
        assert crawling.crawl(site.start, tmp_path, "--frontier", postgres_url).code == 0
        assert len(crawling.records(tmp_path)) == 12
        assert all(len(site.visits(path)) == 1 for path in site.article_paths())
    again = crawling.qacrawl("frontier", "import", "doctorqna", moved, *output, "--frontier", postgres_url)
    assert (again.code, again.err.count("\n")) == (2, 1)


@pytest.mark.slow
def test_files_that_can_not_be_had_are_one_line(tmp_path):
    with FaultSite(articles=1) as site:
        crawling.crawl(site.start, tmp_path)
    output = ("--output", str(tmp_path))
    (tmp_path / "there").write_text("mine")
    done = crawling.qacrawl("frontier", "export", "doctorqna", str(tmp_path / "there"), *output)
    assert (done.code, done.err) == (1, f"qacrawl: cannot write {tmp_path / 'there'}: File exists\n")
    assert (tmp_path / "there").read_text() == "mine"
    done = crawling.qacrawl("frontier", "import", "doctorqna", str(tmp_path / "nowhere"), *output)
    assert (done.code, done.err.count("\n")) == (1, 1)
    done = crawling.qacrawl("status", "doctorqna", "--output", str(tmp_path / "nowhere"))
    assert (done.code, done.err.count("\n")) == (2, 1)
