"""A site as a TOML file: what it may say, and that it crawls, publishes, rebuilds and forgets as any other."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from support.crawling import QUICK, Done, finish, qacrawl, records, start, started
from support.faults import FaultSite, Reply

from qacrawl import registry, sitefile, steps
from qacrawl.commands import site_new
from qacrawl.errors import QacrawlError
from qacrawl.records import Page, QARecord, Refusal

FILE = """
[site]
name = "kettles"
title = "Kettles, an invented forum"
lang = "en"
start = "{start}"
delay = 0
contact = "me@example.org"

[pages]
article = ["/t/{{number}}", "/t/{{number}}/{{slug}}"]
listing = "/threads"
paging = "page"
"""
CSS = """
[read]
with = "css"
title = "h1"
question = ".question"
asker = { select = "article", attribute = "data-by" }
ask_date = { select = "time", format = "%d.%m.%Y" }
reply = { select = ".reply p", all = true }
"""

CSS_ONLY = '[read]\nwith = "css"\nquestion = "p"\n'


def thread(number: int) -> bytes:
    """A thread that says the same in markup and in classes."""
    said = {
        "@type": "QAPage",
        "mainEntity": {
            "@type": "Question",
            "name": f"Kettle {number}?",
            "text": f"Does kettle {number} whistle?",
            "author": {"@type": "Person", "name": "Tilda"},
            "dateCreated": "2024-05-03T10:00:00+02:00",
            "acceptedAnswer": {"@type": "Answer", "text": "<p>It does.</p><p>Loudly.</p>"},
        },
    }
    return (
        f'<!doctype html><html lang="en"><script type="application/ld+json">{json.dumps(said)}</script>'
        f'<h1>Kettle {number}?</h1><article data-by="Tilda"><time>03.05.2024</time>'
        f'<div class="question">Does kettle {number} whistle?</div></article>'
        f'<div class="reply"><p>It does.</p><p>Loudly.</p></div>'
        f'<a href="/t/{number % 6 + 1}/next?utm_source=x&sid=9">next</a> <a href="/about">about</a>'
    ).encode()


@pytest.fixture
def site() -> Iterator[FaultSite]:
    """The forum: two pages of a listing, six threads, one of which has a page that says nothing."""
    with FaultSite(articles=0) as site:
        site["/threads"] = Reply(b'<a href="/t/1">1</a> <a href="/t/2/">2</a> <a href="/threads?page=2&x=1">more</a>')
        site["/threads?page=2"] = Reply(b'<a href="/t/03">3</a> <a href="/t/9">9</a>')
        for number in range(1, 7):
            site[f"/t/{number}"] = Reply(thread(number))
            site[f"/t/{number}/next"] = Reply(thread(number))
        site["/t/9"] = Reply(b"<h1>Nothing</h1><p>" + b"Only a page. " * 300)
        yield site


def written(folder: Path, site: FaultSite, more: str = "") -> Path:
    """The file of the forum."""
    path = folder / "kettles.toml"
    path.write_text(FILE.format(start=site.url("/threads")) + more)
    return path


def run(*arguments: str | Path) -> Done:
    return finish(start([str(one) for one in arguments], env=QUICK))


@pytest.mark.slow
@pytest.mark.parametrize("more", ["", CSS], ids=["schema.org", "css"])
def test_a_file_is_all_that_a_crawl_takes_and_its_name_all_that_later_commands_take(site, tmp_path, more):
    output = tmp_path / "output"
    file, place = written(tmp_path, site, more), ("--output", output)
    done = run("crawl", file, *place, "--allow-private")
    assert done.code == 0, done.err + done.out
    first = records(output, "kettles")
    assert {row["record_id"] for row in first} == {f"kettles:{number}" for number in range(1, 7)}
    (row,) = (row for row in first if row["record_id"] == "kettles:4")
    assert (row["question"], row["reply"]) == ("Does kettle 4 whistle?", "It does.\n\nLoudly.")
    assert (str(row["ask_date"]), row["lang"]) == ("2024-05-03", "en")
    assert row["asker"].startswith("asker-")
    assert all(visit.path != "/about" for visit in site.log)
    assert "me@example.org" in site.log[-1].headers["user-agent"]

    file.unlink()  # the output has it
    for command in ("status", "rebuild", "rejects", "publish"):
        done = run(command, "kettles", *place)
        assert done.code == 0, (command, done.err)
    assert [row["question"] for row in records(output, "kettles")] == [row["question"] for row in first]
    done = run("forget", site.url("/t/4/next"), "--site", "kettles", *place)
    assert done.code == 0, done.err
    assert run("verify", output / "kettles").code == 0
    assert site.url("/t/4/next") not in {row["url"] for row in records(output, "kettles")}
    asked = len(site.log)
    assert run("crawl", "kettles", *place, "--allow-private", "--numbers", "5").code == 0
    assert len(site.log) > asked


@pytest.mark.slow
def test_scrapy_crawl_takes_a_file(site, tmp_path):
    import subprocess

    line = [sys.executable, "-m", "scrapy", "crawl", str(written(tmp_path, site)), "-s"]
    line += [f"QACRAWL_OUTPUT={tmp_path / 'output'}", "-s", "QACRAWL_ALLOW_PRIVATE=1"]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert len(records(tmp_path / "output", "kettles")) == 6
    line[4] = str(tmp_path / "no.toml")
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (2, f"qacrawl: {line[4]}: No such file or directory\n")
    assert not started


@pytest.mark.slow
def test_a_start_page_at_a_private_address_is_refused_in_one_line(site, tmp_path):
    done = run("crawl", written(tmp_path, site), "--output", tmp_path)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "127.0.0.1 is at a private address; --allow-private admits it" in done.err
    assert site.log == []


@pytest.mark.slow
def test_numbers_need_a_pattern_that_says_where_they_are(site, tmp_path):
    file = written(tmp_path, site)
    file.write_text(file.read_text().replace('"/t/{number}", ', ""))
    done = run("crawl", file, "--output", tmp_path, "--allow-private", "--numbers", "5")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "--numbers takes a site whose pages.article has" in done.err


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "kettles"', 'nam = "kettles"', "site.name: is missing"),
        ('lang = "en"', 'lang = "en"\nlange = 1', "site.lange: there is no such key"),
        ('lang = "en"', 'lang = "english language"', "site.lang: 'english language' is no language tag"),
        ('"kettles"', '"tweh"', "site.name: tweh is the name of a site that is built in"),
        ('"kettles"', '"../kettles"', "site.name: takes small letters"),
        ("delay = 0", "delay = -1", "site.delay: "),
        ("delay = 0", 'hosts = ["http://x"]', "site.hosts: 'http://x' is no host"),
        ('start = "', 'start = "ftp:', "site.start: not an http(s) URL"),
        ("/threads", "/t/12", "pages.article: matches the start page http://h.example/t/12"),
        ("/t/{number}", "/t/{num}", "pages.article: '/t/{num}': {num} is neither {number} nor {slug}"),
        ("/t/{number}", "/t/{number}/{number}", "pages.article: "),
        ("/t/{number}", "/t/{number", "pages.article: '/t/{number' has a brace without the other"),
        ("/t/{number}", "/t/number}", "pages.article: '/t/number}' has a brace without the other"),
        ("delay = 0", 'hosts = ["www.h.example"]', "site: hosts lacks h.example, the host of start"),
        ("/t/{number}", "t/{number}", "pages.article: 't/{number}' is no pattern"),
        ("/t/{number}", "^/t((", "pages.article: the regular expression '^/t((' can't be parsed"),
        ("[pages]", "[pages", "no TOML: "),
        ("[pages]", '[read]\nwith = "xml"\n[pages]', "read.with: "),
        ("[pages]", '[read]\nwith = "css"\n[pages]', 'read: with = "css" takes a selector for question'),
        ("[pages]", '[read]\ntitle = "h1"\n[pages]', 'read: title takes with = "css"'),
        ("[pages]", '[read]\nreplies = "p"\n[pages]', 'read: replies takes with = "css"'),
        (
            "[pages]",
            '[read]\nwith="css"\nquestion="p"\nreplies="p"\n[pages]',
            "read: replies takes a selector for reply",
        ),
        ("[pages]", '[read]\nwith="css"\nquestion="p"\naccepted="p"\n[pages]', "read: accepted takes replies"),
        (
            "[pages]",
            '[read]\nwith="css"\nquestion="p"\nreplies="p >>"\n[pages]',
            "read.replies: the selector 'p >>' can't",
        ),
        ("[pages]", '[read]\nwith="css"\nquestion="p..x"\n[pages]', "read.question.select: the selector 'p..x' can't"),
        (
            "[pages]",
            '[read]\nwith="css"\nquestion="p"\nask_date={select="p",format="%Y"}\n[pages]',
            "read.ask_date.format: '%Y' does not say day, month and year",
        ),
    ],
)
def test_what_can_not_be_is_one_line_with_file_and_key(tmp_path, old, new, said):
    text = FILE.format(start="http://h.example/threads")
    assert old in text
    file = tmp_path / "kettles.toml"
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(QacrawlError) as raised:
        sitefile.find(str(file), str(tmp_path))
    assert str(raised.value).startswith(f"{file}: {said}")
    assert "\n" not in str(raised.value)
    assert raised.value.code == 2


def test_such_a_fault_ends_the_command(tmp_path):
    (tmp_path / "x.toml").write_text("[site]\n")
    done = qacrawl("crawl", str(tmp_path / "x.toml"), "--output", str(tmp_path))
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)


@pytest.mark.parametrize(
    ("article", "url", "canonical", "number"),
    [
        ("/q/{number}", "https://h.example/q/012/?x=1", "https://h.example/q/12", 12),
        ("/10{number}", "https://h.example/105", "https://h.example/105", 5),
        ("/q/{number}/", "https://h.example/q/12", "https://h.example/q/12/", 12),
        ("/show?id={number}", "https://h.example/show?x=1&id=12", "https://h.example/show?id=12", 12),
        (r"^/q-(?P<number>\d+)\.html", "https://h.example/q-12.html?x=1", "https://h.example/q-12.html", 12),
        (r"^/q/(?P<number>\d+)", "https://h.example/q/007", "https://h.example/q/7", 7),
        (r"^/q/(?P<number>[a-z]+)", "https://h.example/q/abc", "https://h.example/q/abc", None),
        (r"^/q/(?P<number>[^/]+)", "https://h.example/q/٣", "https://h.example/q/%D9%A3", None),
        ("/show?id={number}", "https://h.example/show?id=0012", "https://h.example/show?id=12", 12),
        ("/q/{slug}", "https://h.example/q/why", "https://h.example/q/why", None),
        ("/frage/für/{number}", "https://h.example/frage/f%C3%BCr/7", "https://h.example/frage/f%C3%BCr/7", 7),
    ],
)
def test_patterns_say_what_an_address_is_and_how_it_is_spelt(tmp_path, article, url, canonical, number):
    text = FILE.format(start="https://h.example/threads").replace("[pages]\n", "[pages]\n#")
    sitefile.use(text.replace("listing =", f"article = '{article}'\nlisting ="))
    about = registry.load("kettles")
    assert (about.kind(url), about.canonical(url), about.number(url)) == ("article", canonical, number)
    assert about.canonical(canonical) == canonical
    assert about.kind("https://h.example/elsewhere") is None


@pytest.mark.parametrize(
    ("body", "url", "reason"),
    [
        (b"<title>Just a moment...</title><p>Wait.</p>", "/t/1", "captcha"),
        (b"<h1>Log in</h1><p>Please log in.</p>", "/threads", "login"),
        (b"<p>" + b"Much text without any markup. " * 300, "/t/1", "no_markup"),
        (b"\x00\x01\x02" * 99, "/t/1", "binary"),
    ],
)
def test_a_page_that_is_none_is_refused_with_its_reason(body, url, reason):
    sitefile.use(FILE.format(start="https://h.example/threads"))
    at = datetime(2026, 11, 1, tzinfo=UTC)
    found = steps.read(Page(site="kettles", url=f"https://h.example{url}", body=body, fetched_at=at))
    assert isinstance(found, Refusal)
    assert found.reason == reason


REPLIES = """
[read]
with = "css"
question = ".question"
replies = "li.reply"
reply = { select = "p", all = true }
doctor = "b"
reply_date = { select = "time", format = "%d.%m.%Y" }
reply_votes = "i"
accepted = ".tick"
"""


def reply(said: str, who: str = "", day: str = "", votes: str = "", more: str = "") -> str:
    return f'<li class="reply"><b>{who}</b><time>{day}</time><i>{votes}</i><p>{said}</p><p></p>{more}</li>'


@pytest.mark.parametrize(
    ("replies", "chosen", "others"),
    [
        ([], None, []),
        ([reply("Yes.", "Olaf", "03.05.2024", "2")], ("Yes.", "Olaf", date(2024, 5, 3), 2, False), []),
        (
            [reply("Yes.", "Olaf", "03.05.2024", "2"), reply("No.", "Tilda", "", "7"), reply("Maybe.")],
            ("No.", "Tilda", None, 7, False),
            [("Yes.", "Olaf", date(2024, 5, 3), 2), ("Maybe.", None, None, None)],
        ),
        (
            [reply("Yes.", votes="9"), reply("No.", more="<u class=tick>ok</u>"), reply("Yes."), reply("")],
            ("No.", None, None, None, True),
            [("Yes.", None, None, 9)],
        ),
    ],
    ids=["none", "one", "by votes", "accepted"],
)
def test_selectors_inside_of_each_reply_tell_the_reply_from_others(replies, chosen, others):
    sitefile.use(FILE.format(start="https://h.example/threads") + REPLIES)
    body = f"<p class=question>Does it whistle?</p><ul>{''.join(replies)}</ul><p>Not in a reply.</p><i>99</i>"
    at = datetime(2026, 11, 1, tzinfo=UTC)
    found = steps.read(Page(site="kettles", url="https://h.example/t/1", body=body.encode(), fetched_at=at))
    assert isinstance(found, QARecord)
    told = (found.reply, found.doctor, found.reply_date, found.reply_votes, found.reply_accepted)
    assert told == (chosen or (None, None, None, None, None))
    assert [(one.reply, one.author, one.reply_date, one.votes) for one in found.other_replies] == others


def test_a_day_of_the_reply_that_can_not_be_read_is_noted():
    sitefile.use(FILE.format(start="https://h.example/threads") + REPLIES)
    body = f"<p class=question>Does it whistle?</p>{reply('Yes.', day='yesterday')}".encode()
    at = datetime(2026, 11, 1, tzinfo=UTC)
    found = steps.read(Page(site="kettles", url="https://h.example/t/1", body=body, fetched_at=at))
    assert isinstance(found, QARecord)
    assert (found.reply, found.reply_date, "bad_reply_date" in found.notes) == ("Yes.", None, True)


@pytest.mark.slow
def test_the_snapshot_of_a_site_that_is_not_known_here_can_be_verified(site, tmp_path):
    output = tmp_path / "output"
    assert run("crawl", written(tmp_path, site), "--output", output, "--allow-private").code == 0
    (output / "kettles" / "site.toml").unlink()
    assert run("verify", output / "kettles").code == 0
    done = run("publish", "kettles", "--output", output)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "unknown site 'kettles'" in done.err


@pytest.mark.parametrize(
    ("address", "pattern"),
    [
        ("/t/how-to-fix-a-kettle/123", "/t/{slug}/{number}"),
        ("/questions/123/10-ways", "/questions/{number}/{slug}"),
        ("/threads/why-it-hums.123/", "/threads/{slug}.{number}"),
        ("/d/77-why-it-hums", "/d/{number}-{slug}"),
        ("/c/12/t/345-why", "/c/{slug}/t/{number}-{slug}"),
        ("/2024/05/12/kettle", "/{slug}/{slug}/{slug}/{slug}"),
        ("/q/345.html", "/q/{number}.html"),
        ("/q/why", "/q/{slug}"),
        ("/index.php?topic=123.0", "/index.php?topic={number}.0"),
        ("/viewtopic.php?f=2&t=9", "/viewtopic.php?t={number}"),
        ("/view.php?t=why", "/view.php?t={slug}"),
        ("/en/article/5", "/en/article/{number}"),
    ],
)
def test_the_pattern_of_an_address_fits_its_siblings_and_knows_their_numbers(address: str, pattern: str):
    assert site_new.article_pattern(f"https://h.example{address}") == pattern
