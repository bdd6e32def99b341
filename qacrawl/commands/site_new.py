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
from qacrawl.records import Article, Page
from qacrawl.sitefile import model

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
    has_markup = isinstance(fields.read(page, "und", lambda url: None), Article)
    text = _text(name, own, markup) + (_MARKUP if has_markup else _CSS)
    sitefile.use(text, str(file))  # what is written can be read
    file.write_text(text, encoding="utf-8")
    fixture.mkdir(parents=True)
    (fixture / "page.html").write_bytes(page.body)
    facts = {"url": own, "fetched_at": page.fetched_at.isoformat()}
    (fixture / "page.json").write_text(f"{json.dumps(facts)}\n", encoding="utf-8")
    yield f"{file}: {own} is one of {_pattern(own)}"
    yield f"  schema.org markup: {'yes' if has_markup else 'none; put selectors into [read]'}"
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
        article=_quoted(_pattern(url)),
    )


def _pattern(url: str) -> str:
    """Return the pattern that an article's address is one of: its last number varies, or else its last part."""
    path, query = urlsplit(url)[2:4]
    for part in query.split("&"):
        key, _, value = part.partition("=")
        if re.fullmatch("[1-9][0-9]{0,17}", value):
            return f"{path}?{key}={{number}}"
    parts = path.rstrip("/").split("/")
    numbers = [at for at, part in enumerate(parts) if re.fullmatch("[1-9][0-9]{0,17}", part)]
    last = numbers[-1] if numbers else len(parts)
    shown = [*parts[:last], *(["{number}"] if numbers else [])]
    shown += ["{slug}"] * (len(parts) - len(shown))
    if not numbers:
        shown = [*parts[:-1], "{slug}"]
    return "/".join(shown) or "/"


def _quoted(text: str) -> str:
    """Return a text as TOML writes it."""
    return json.dumps("".join(char for char in text if char.isprintable()), ensure_ascii=False)
