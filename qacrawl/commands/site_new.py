"""`qacrawl site new`: one page looked at, and the file of its site written with what it says."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from qacrawl import sitefile, urls
from qacrawl.commands.site_check import fetch
from qacrawl.errors import Exit, QacrawlError
from qacrawl.options import Options
from qacrawl.parse import hrefs
from qacrawl.parse.encoding import decode
from qacrawl.parse.markup import fields
from qacrawl.records import Article, Page, Refusal
from qacrawl.sitefile import model
from qacrawl.sitefile.patterns import FIGURES

_FILE = """\
[site]
name = {name}
title = {title}
lang = {lang}
start = {start}
# contact = "you@example.org"
# delay = 3

[pages]
article = {article}
# listing = "/questions"
# paging = "page"
"""
_MARKUP = """
[read]
with = "schema.org"
"""
_CSS = """
# The page has no schema.org markup of questions: put the selectors of its fields here.
[read]
with = "css"
title = "h1"
question = "article"
# asker = ".author"
# ask_date = { select = "time", attribute = "datetime" }
# reply = { select = ".reply", all = true }
"""


def create(name: str, address: str, options: Options, console: Console) -> Iterator[str]:
    """Write NAME.toml and NAME/first/ for the site of a page; yield what was found and written.

    Raise QacrawlError for a name that can't be, for files that are there already, and for a page that can't be had.
    """
    file, fixture = Path(f"{name}.toml"), Path(name) / "first"
    if not model.SLUG.fullmatch(name):
        raise QacrawlError(f"{name!r} is no name: it takes small letters, digits and _, a letter first", Exit.USAGE)
    for path in (file, fixture):
        if path.exists():
            raise QacrawlError(f"{path} is there already", Exit.USAGE)
    page = _fetched(name, address, options, console) if "://" in address else _saved(name, Path(address))
    markup = decode(page.body, page.content_type) or ""
    own = _canonical(page.url, markup) if page.url.startswith("http") else _canonical("", markup)
    if not own:
        raise QacrawlError(f"{address} does not name its address in a canonical link; give its address", Exit.USAGE)
    page = page.model_copy(update={"url": own})
    found = fields.read(page, "und", lambda url: None)
    has_markup = isinstance(found, Article)
    text = _text(name, own, markup) + (_MARKUP if has_markup else _CSS)
    sitefile.use(text, str(file))  # what is written can be read
    file.write_text(text, encoding="utf-8")
    fixture.mkdir(parents=True)
    (fixture / "page.html").write_bytes(page.body)
    facts = {"url": own, "fetched_at": page.fetched_at.isoformat()}
    (fixture / "page.json").write_text(f"{json.dumps(facts)}\n", encoding="utf-8")
    yield f"{file}: {own} is one of {article_pattern(own)}"
    yield f"  schema.org markup: {_told(found)}"
    yield f"{fixture}: the page; replace its texts by invented ones before you publish it"
    yield f"Next: qacrawl site check {file}"


def _fetched(name: str, url: str, options: Options, console: Console) -> Page:
    """Fetch one page as a crawl would: by robots.txt, with its delay."""
    start = urls.check(url)
    nothing = f"/{'0' * 20}/{{number}}"
    said = {"name": name, "title": name, "start": start, "article": nothing}
    site = "\n".join(f"{key} = {_quoted(said[key])}" for key in ("name", "title", "start"))
    slug = sitefile.use(f"[site]\n{site}\n[pages]\narticle = {_quoted(nothing)}\n", f"{name}.toml")
    answer = fetch(slug, 1, options, console)[0]
    if answer.page is None:
        raise QacrawlError(f"{url}: the site answers with status {answer.status}", Exit.FAILED)
    return answer.page


def _saved(name: str, path: Path) -> Page:
    try:
        at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        return Page(site=name, url=path.resolve().as_uri(), body=path.read_bytes(), fetched_at=at)
    except OSError as error:
        raise QacrawlError(f"{path}: {error.strerror}", Exit.USAGE) from None


def _tree(markup: str) -> LexborHTMLParser | None:
    try:
        return LexborHTMLParser(markup)
    except (SelectolaxError, RuntimeError, ValueError):
        return None


def _canonical(url: str, markup: str) -> str:
    """Return the address that a page gives as its own, on the host of `url` if that is known; else `url`."""
    tree = _tree(markup)
    link = tree.css_first('link[rel="canonical"][href]') if tree else None
    try:
        href = (link.attributes["href"] or "").strip() if link else ""
        own = urls.canonical(urls.join(hrefs.base(markup, url) or href, href)) if href else url
    except ValueError:
        return url
    return own if not url or urlsplit(own).netloc == urlsplit(url).netloc else url


def _text(name: str, url: str, markup: str) -> str:
    """Return the file but for [read]."""
    tree = _tree(markup)
    heading = tree.css_first("title") if tree else None
    root = tree.root.attributes if tree and tree.root else {}
    lang = (root.get("lang") or "").strip().replace("_", "-")
    host = "{}://{}/".format(*urlsplit(url)[:2])
    title = " ".join((heading.text() if heading else "").split())[:200]
    return _FILE.format(
        name=_quoted(name),
        title=_quoted(title or urlsplit(url).netloc),
        lang=_quoted(lang if fields.LANG.fullmatch(lang) else "und"),
        start=_quoted(host),
        article=_quoted(article_pattern(url)),
    )


_EMBEDDED = (
    (re.compile(rf"{FIGURES}(\.[a-zA-Z]{{3,5}})"), "{{number}}{0}"),  # 345.html
    (re.compile(rf"{FIGURES}([-._])[^/]*[^/\d][^/]*"), "{{number}}{0}{{slug}}"),  # 345-why-it-hums
    (re.compile(rf"[^/]*[^/\d][^/]*(\.){FIGURES}"), "{{slug}}{0}{{number}}"),  # why-it-hums.345
)
_TITLED = re.compile(r"[^/]*[-_%][^/]*")
"""A part of a path that is made of several words, as titles are."""
_BESIDE = frozenset("f fid forum board b c cid cat category page start s offset".split())
"""Parameters that number something else than questions."""
_SCRIPT = re.compile(r".*\.(?:php|aspx?|cgi|pl|jsp|do)", re.IGNORECASE)


def article_pattern(url: str) -> str:
    """Return the pattern of an article's address: its number varies and what is a title, or else its last part."""
    path, query = urlsplit(url)[2:4]
    pairs = [part.partition("=")[::2] for part in query.split("&") if part]
    for key, value in sorted(pairs, key=lambda pair: pair[0].lower() in _BESIDE):
        if found := re.fullmatch(rf"{FIGURES}(\.\d+)?", value):
            return f"{path}?{key}={{number}}{found[1] or ''}"  # topic=12.0: what is behind the dot counts replies
    if pairs and _SCRIPT.fullmatch(path):
        return f"{path}?{pairs[0][0]}={{slug}}"
    parts = path.rstrip("/").split("/")
    of_day = _of_day(parts)
    numbers = [at for at, part in enumerate(parts) if re.fullmatch(FIGURES, part) and at not in of_day]
    last = len(parts) - 1
    if numbers and numbers[-1] >= last - 1:
        embedded = None  # 345/10-ways-to-boil: the title may begin with a number
    else:
        embedded = next(
            (said.format(found[1]) for one, said in _EMBEDDED if (found := one.fullmatch(parts[last]))), None
        )
    varies = last if embedded or not numbers else numbers[-1]
    shown = [
        "{slug}" if at in of_day or at in numbers or _TITLED.fullmatch(part) else part for at, part in enumerate(parts)
    ]
    shown[varies] = embedded or ("{number}" if numbers else "{slug}")
    shown[varies + 1 :] = ["{slug}"] * (last - varies)
    return "/".join(shown) if len(shown) > 1 else "/{slug}"


def _of_day(parts: list[str]) -> set[int]:
    """Return the places of parts that are a year, and a month and a day behind it."""
    for at, part in enumerate(parts):
        if re.fullmatch(r"(?:19|20)\d\d", part) and re.fullmatch(r"0?[1-9]|1[0-2]", "".join(parts[at + 1 : at + 2])):
            has_day = re.fullmatch(r"0?[1-9]|[12]\d|3[01]", "".join(parts[at + 2 : at + 3]))
            return {at, at + 1, at + 2} if has_day else {at, at + 1}
    return set()


def _told(found: Article | Refusal) -> str:
    """Return what is said of a page's markup."""
    if isinstance(found, Article):
        return "yes"
    lacks = f"broken ({'; '.join(found.fields)})" if found.reason == "broken_markup" else "none"
    return f"{lacks}; put selectors into [read]"


def _quoted(text: str) -> str:
    """Return a text as TOML writes it."""
    return json.dumps("".join(char for char in text if char.isprintable()), ensure_ascii=False)
