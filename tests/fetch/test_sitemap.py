"""Which addresses a sitemap names, in any of its formats, whole or broken.

The kinds are those of crawler-commons' sitemap tests (Apache-2.0); the files are our own.
"""

import gzip
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qacrawl.fetch import sitemap

A, B, C = "https://site.example/a", "https://site.example/b?x=1&y=2", "https://site.example/c"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
SITEMAPS = "http://www.sitemaps.org/schemas/sitemap/0.9"


def named(body: str | bytes, largest: int = 1 << 20, most: int = 100) -> list[str]:
    return list(sitemap.parse(body if isinstance(body, bytes) else body.encode(), largest, most).addresses)


def escaped(address: str) -> str:
    return address.replace("&", "&amp;")


def urlset(*inside: str, head: str = HEAD) -> str:
    return f'{head}<urlset xmlns="{SITEMAPS}">{"".join(f"<url>{one}</url>" for one in inside)}</urlset>'


def loc(address: str) -> str:
    return f"<loc>{escaped(address)}</loc>"


URLSETS = {
    "as it should be": urlset(loc(A), loc(B)),
    "white space in front": "\n \t\r\n" + urlset(loc(A), loc(B)),
    "white space around addresses": urlset(loc(f"\n\t{A} "), loc(f"\u00a0{B}\u2000\u200b")),
    "other things beside": urlset(f"<priority>1</priority>{loc(A)}<lastmod>x</lastmod>", loc(B)),
    "no namespace": f"<urlset><url>{loc(A)}</url><url>{loc(B)}</url></urlset>",
    "another namespace": urlset(loc(A), loc(B)).replace(SITEMAPS, "http://www.google.com/schemas/sitemap/0.84"),
    "a prefix": f'<s:urlset xmlns:s="{SITEMAPS}"><s:url><s:loc>{A}</s:loc></s:url>'
    f"<s:url><s:loc>{escaped(B)}</s:loc></s:url></s:urlset>",
    "an unknown prefix": f"<urlset><x:url><x:loc>{A}</x:loc></x:url><url>{loc(B)}</url></urlset>",
    "images": urlset(f"<image:image><image:loc>{C}</image:loc></image:image>{loc(A)}", loc(B)),
    "CDATA": urlset(f"<loc><![CDATA[ {A} ]]></loc>", f"<loc>\n<![CDATA[{B}]]>\n</loc>"),
    "comments": urlset(f"<!-- {C} --><loc><!-- x -->{A}</loc>", loc(B), f"<!-- {loc(C)} -->"),
    "elements inside": urlset(f"<loc><url>{A}</url></loc>", loc(B)),
    "two addresses in an entry": urlset(loc(A) + loc(B)),
    "one twice": urlset(loc(A), loc(B), loc(A)),
    "empty entries": urlset("", "<loc/>", loc(A), "<loc> </loc>", loc(B)),
    "no element for the address": urlset(A, escaped(B)),
    "torn off in an end tag": urlset(loc(A), loc(B))[: -len("oc></url></urlset>")],
    "torn off behind an entry": urlset(loc(A), loc(B), "<loc>")[: -len("<loc></url></urlset>")],
    "bare ampersand": urlset(loc(A), f"<loc>{B}</loc>"),
    "UTF-8 that is called UTF-16": urlset(loc(A), loc(B), head='<?xml version="1.0" encoding="UTF-16"?>'),
    "capitals": f"<URLSET><Url><LOC>{A}</LOC></Url><url>{loc(B)}</url></URLSET>",
    "lines broken in an address": urlset(loc("\n  https://site.example/\n   a\r\n"), loc(B.replace("?", "\n?"))),
    "a warning before": "<br />\n<b>Warning</b>: x in <b>y.php</b>\n" + urlset(loc(A), loc(B)),
    "text before": "Warning: x in y.php\n" + urlset(loc(A), loc(B)),
    "text before, and no declaration": "Warning: x & y\n" + urlset(loc(A), loc(B), head=""),
    "a root in a comment before": f"<!-- <urlset> -->{urlset(loc(A), loc(B), head='')}",
    "no declaration": urlset(loc(A), loc(B), head=""),
}


@pytest.mark.parametrize("name", URLSETS)
def test_a_urlset(name):
    assert named(URLSETS[name]) == [A, B]


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le"])
@pytest.mark.parametrize("declared", ["UTF-8", "utf-16", "iso-8859-1"])
@pytest.mark.parametrize("space", ["", "\n "])
def test_a_byte_order_mark_counts_more_than_what_is_declared(codec, declared, space):
    address = "https://site.example/\u9580\u8a3a"
    text = "\ufeff" + space + urlset(loc(address), head=f'<?xml version="1.0" encoding="{declared}"?>')
    assert named(text.encode(codec)) == [address]
    assert named(f"\ufeff{space}{address}\r\n{A}".encode(codec)) == [address, A]


def test_an_encoding_that_is_declared_is_heeded():
    body = urlset(loc("https://site.example/b\u00fcro"), head='<?xml version="1.0" encoding="iso-8859-1"?>')
    assert named(body.encode("latin-1")) == ["https://site.example/b\u00fcro"]


@pytest.mark.parametrize("inside", [loc(A) + "<lastmod>x</lastmod>", f"\n{A}\n", loc(A) + "</sitemap><sitemap>"])
def test_an_index_names_sitemaps(inside):
    body = f"{HEAD}<sitemapindex><sitemap>{inside}</sitemap><sitemap>{loc(B)}</sitemap></sitemapindex>".encode()
    found = sitemap.parse(body, 1 << 20, 100)
    assert found == sitemap.Sitemap((A, B), is_index=True)
    assert sitemap.parse(body[: -len("itemap></sitemapindex>")], 1 << 20, 100) == found


def test_a_sitemap_may_stand_among_pages():
    body = urlset(loc(A)).replace("</urlset>", f"<sitemap>{loc(B)}</sitemap></urlset>")
    found = sitemap.parse(body.encode(), 1 << 20, 100)
    assert (found.addresses, found.is_index, found.nested) == ((A, B), False, frozenset([B]))


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "iso-8859-1"])
def test_text_before_a_document_does_not_hide_its_encoding(codec):
    address = "https://site.example/b\u00fcro"
    head = f'<?xml version="1.0" encoding="{codec}"?>'
    assert named(("Warning: x\n" + urlset(loc(A), loc(address), head=head)).encode(codec)) == [A, address]


ATOM = f"""<feed xmlns="http://www.w3.org/2005/Atom"><link href="{C}"/><link rel="self" href="{C}/self"/>
<entry><link rel="edit" href="{C}/edit"/><link href="{A}"/><link rel="alternate" href="{C}/two"/></entry>
<entry><link rel="alternate" type="text/html" href="{escaped(B)}"/><content><div><a href="{C}"/></div></content></entry>
<entry><id>{C}</id></entry></feed>"""
RSS = f"""<rss version="2.0"><channel><title>x</title><link>{C}</link>
<item><title>x</title><link>{A}</link><guid isPermaLink="false">{C}</guid></item>
<item><guid>{escaped(B)}</guid></item><item><guid>7</guid></item><item/></channel></rss>"""
RDF = f"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
<channel rdf:about="{C}"><link>{C}</link></channel><image><link>{C}</link></image>
<item rdf:about="{A}"><link>{A}</link></item><item><link>{escaped(B)}</link></item></rdf:RDF>"""


ODD_ATOM = f"""<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://site.example/x/">
<entry xml:base="../"><link rel="self" href="{C}"/><link rel=" Alternate" href=" a "/></entry>
<entry><link rel="http://www.iana.org/assignments/relation/alternate" href="/b?x=1&amp;y=2"/></entry></feed>"""
ODD_RSS = f"""<RSS><Channel><item><guid isPermaLink="True">{A}</guid></item>
<item><guid isPermaLink="False">{C}</guid></item>
<item><link>https://site.example/
  b?x=1&y=2</link></item></Channel></RSS>"""
ODD_RDF = RDF.replace(f"<link>{A}</link>", "")


@pytest.mark.parametrize(
    "feed",
    [ATOM, RSS, RDF, ODD_ATOM, ODD_RSS, ODD_RDF],
    ids=["Atom", "RSS 2.0", "RSS 1.0", "odd Atom", "odd RSS 2.0", "odd RSS 1.0"],
)
def test_a_feed_names_its_entries(feed):
    assert named(feed) == [A, B]
    assert named(HEAD + "\n<!-- a feed -->" + feed) == [A, B]
    assert named(("\ufeff" + feed).encode("utf-16-le")) == [A, B]


LISTS = {
    "lines": f"{A}\n{B}",
    "any ends of lines": f"\r\n{A}\r{B}\r\n\r\n",
    "lines that are no address": f"# all pages\n{A}\nsite.example/x\n\n /relative \n{B}\nftp://site.example/\nhttp://\n",
    "white space": f"  {A}\t\n\t{B} ",
    "several in a line": f"{A} {B}",
    "dates behind": f"{A}\t2024-01-01\t0.5\n{B} daily\n",
}


@pytest.mark.parametrize("name", LISTS)
def test_a_plain_list(name):
    assert named(LISTS[name]) == [A, B]


@pytest.mark.parametrize("body", [URLSETS["as it should be"], ATOM, RSS, LISTS["lines"]])
def test_gzip(body):
    packed = gzip.compress(body.encode())
    assert named(packed) == [A, B]
    assert named(gzip.compress(packed)) == [A, B]
    assert named(gzip.compress(body[:40].encode()) + gzip.compress(body[40:].encode())) == [A, B]
    assert named(packed[:-8]) == [A, B]  # without the sum that should end it
    assert named(packed + b"\0" * 20) == [A, B]


def test_a_list_that_is_too_long_is_read_to_a_limit_one_that_is_too_large_not_at_all():
    many = [f"{A}/{number}" for number in range(200)]
    for body in ("\n".join(many), urlset(*map(loc, many))):
        assert named(body, most=100) == many[:100]
        with pytest.raises(ValueError, match="too large"):
            named(gzip.compress(body.encode()), largest=500)


@pytest.mark.parametrize(
    "body", ["<html><a href='x'>x</a></html>", "<feed/>", "this is a bogus sitemap", "see http://x", "<"]
)
def test_what_is_none(body):
    with pytest.raises(ValueError, match="no sitemap"):
        named(body)


def test_an_empty_one_names_nothing():
    assert named(b"") == named("\ufeff\n") == named("<urlset/>") == []


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: urlset(text).encode()))
@settings(max_examples=200, deadline=None)
def test_whatever_is_sent_is_read_or_refused(body):
    with suppress(ValueError):
        assert all(isinstance(one, str) for one in named(body))


NOON = 1_714_737_600.0  # 2024-05-03T12:00:00Z


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2024-05-03T12:00:00Z", NOON),
        ("2024-05-03T12:00Z", NOON),
        ("2024-05-03T14:00:00+02:00", NOON),
        ("\n 2024-05-03T12:00:00.25+00:00 ", NOON + 0.25),
        ("2024-05-03T12:00:00", NOON),
        ("2024-05-03 12:00:00Z", NOON),
        ("2024-05-03", NOON + 12 * 3600),
        ("9999-12-31", 253_402_300_800.0),
        *dict.fromkeys(
            ("2024", "2024-05", "2024-05-33", "2024-W18-5", "20240503", "03.05.2024", "1714737600", "")
        ).items(),
        ("2024-05-03T25:00Z", None),
        ("\u0662\u0660\u0662\u0664-05-03", None),
    ],
)
def test_when_a_page_was_modified(text, at):
    body = urlset(f"{loc(A)}<lastmod>{text}</lastmod>", loc(B)).encode()
    found = sitemap.parse(body, 1 << 20, 100)
    assert found.addresses == (A, B)
    assert found.modified == ({} if at is None else {A: at})


def test_of_several_times_of_an_address_the_last_counts():
    early, late = "<lastmod>2023-01-01</lastmod>", "<lastmod>2024-05-03T12:00Z</lastmod>"
    for inside in ((early + late + loc(A),), (loc(A) + late, loc(A) + early), (loc(A) + early, late + loc(A), loc(A))):
        assert sitemap.parse(urlset(*inside).encode(), 1 << 20, 100).modified == {A: NOON}


@given(st.text(max_size=30) | st.text("0123456789-T:Z+. ", max_size=30) | st.datetimes().map(str))
def test_whatever_stands_there_is_a_time_or_none(text):
    at = sitemap.moment(text)
    assert at is None or -1e12 < at < 1e12
