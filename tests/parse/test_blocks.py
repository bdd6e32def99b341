"""What a tree is built from: XHTML closes its elements, no tag or nesting takes long; each link keeps its line."""

import pytest

from qacrawl.parse import blocks
from qacrawl.parse.blocks import Block, Link
from qacrawl.parse.blocks.attributes import MOST, SMALL, few

XHTML = "application/xhtml+xml"
CLOSED = {
    "script": ('<script src="/a.js"/><p>a</p>', ["a"]),
    "title": ("<html><head><title/></head><body>a</body></html>", ["a"]),
    "style and template": ("<p><style/>a<template/>b</p>", ["ab"]),
    "textarea": ('<form><textarea name="a"/>a<iframe src="/b"/>b</form>', ["ab"]),
    "place": ('<p>a <a id="b"/>c</p>', ["a c"]),
    "block": ('<div class="a/b"/><p>a<br/>b<hr/>c</p>', ["a\nb", "c"]),
    "select": ("<p>a<select/>b<object data='c>d'/>e</p>", ["abe"]),
    "drawing": ("<p>a<svg><path d='M0'/></svg>b</p>", ["ab"]),
    "heading": ("<h2/><p>a</p>", ["a"]),
    "capitals": ("<SCRIPT SRC='a'/><p>a</p>", ["a"]),
    "comment": ("<p>a<!-- <script/> --></p><!-- <title/>", ["a"]),
    "CDATA": ("<p><![CDATA[a < b & <script/>]]>c</p>", ["a < b & <script/>c"]),
    "CDATA in a script": ("<script>//<![CDATA[\nif (a </script/> b) {}\n//]]></script><p>a</p>", ["a"]),
    "no end": ("<p>a<script/", ["a"]),
}


@pytest.mark.parametrize("name", CLOSED)
@pytest.mark.parametrize("served", [XHTML, "Application/XHTML+XML; charset=utf-8", "text/xml", "application/xml", None])
def test_elements_that_xml_closes_are_closed(name: str, served: str | None) -> None:
    page, texts = CLOSED[name]
    page = page if served else f'<?xml version="1.0"?>\n{page}'
    assert [block.text for block in blocks.read(page, served)] == texts


@pytest.mark.parametrize("served", ["text/html", "text/html; charset=utf-8"])
def test_html_leaves_them_open(served: str) -> None:
    page = '<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" ""><p>a</p><script/><p>b</p>'
    assert [block.text for block in blocks.read(page, served)] == ["a"]
    assert [block.text for block in blocks.read(page, XHTML)] == ["a", "b"]


TAGS = {
    "bare": "a{}",
    "valued": "a{}=1",
    "quoted": 'a{}="<b>"',
    "single quotes": "a{}='x' ",
    "with slashes": "/a{}",
    "nameless": "=a{}",
}


@pytest.mark.parametrize("name", TAGS)
def test_a_tag_is_cut_after_its_first_attributes(name: str) -> None:
    tag = "<p href=/x " + " ".join(TAGS[name].format(at) for at in range(20_000)) + ">"
    assert len(few(tag + "b")) < SMALL
    assert [block.text for block in blocks.read(f"<p>a{tag}b<p>c")] == ["a", "b", "c"]


def test_tags_that_people_write_stay() -> None:
    page = ("<p " + " ".join(f'data-a{at}="{at} > {at}"' for at in range(MOST)) + ">x") * 20
    assert few(page) == page


LINES = {
    "one each": ("<a href=/1>a</a><br><a href=/2>a</a>", [("a", ["/1"]), ("a", ["/2"])]),
    "a word of another": ("b a c<br><a href=/1>a</a>", [("b a c", []), ("a", ["/1"])]),
    "over lines": ("x<br><a href=/1>a<br>b</a> <a href=/2>c</a>", [("x", []), ("a", ["/1"]), ("b c", ["/2"])]),
    "breaks around": ("<br>&nbsp;<br>x<a href=/1><br>y</a><br>", [("x", []), ("y", ["/1"])]),
    "second paragraph": ("x<br><br>y<br><a href=/1>z</a>", [("x", []), ("y", []), ("z", ["/1"])]),
}


@pytest.mark.parametrize("name", LINES)
def test_a_link_goes_with_the_line_it_begins_on(name: str) -> None:
    markup, expected = LINES[name]
    found = blocks.fast(f"<p>{markup}")
    lines = [(text, [link.href for link in links]) for block in found for text, links in block.lines()]
    assert lines == expected
    assert found == blocks.reference(f"<p>{markup}")


def test_a_part_of_a_block_keeps_the_links_in_it() -> None:
    (block,) = blocks.fast("<p>x <a href=/1>a</a><br>b <a href=/2>a</a> <a href=/3>c</a><br><a href=/4>d</a>")
    text = block.text
    assert text == "x a\nb a c\nd"
    assert block.part(0, len(text)) == block
    assert block.part(text.index("b"), text.index(" c")) == Block("b a", (Link("a", "/2"),))
    assert block.part(3, len(text)) == Block(
        "b a c\nd", (Link("a", "/2"), Link("c", "/3"), Link("d", "/4")), rows=(0, 0, 1)
    )
    assert block.part(2, 6) == Block("a\nb", (Link("a", "/1"),), rows=(0,))


def test_a_button_is_a_link_that_leads_nowhere() -> None:
    assert blocks.fast("<p>a <button>b</button>") == [Block("a b", (Link("b", ""),))]


def test_a_tag_whose_name_holds_another_hides_no_text() -> None:
    page = "<p>Tea</p><b<br>Gout</b><p>Ice"
    assert [block.text for block in blocks.fast(page)] == ["Tea", "Gout", "Ice"]
    assert blocks.fast(page) == blocks.reference(page)


def test_spaces_in_an_address_stay_and_ends_of_lines_do_not() -> None:
    page = "<p><a title='x\n y' href='/a  b\n\tc'>d</a>"
    assert blocks.fast(page) == blocks.reference(page) == [Block("d", (Link("d", "/a  bc"),))]
