"""What the file of a site may say, and what of it can't be: each fault is one line, with the file and the key."""

import re
import tomllib
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from qacrawl import registry, urls
from qacrawl.errors import Exit, QacrawlError
from qacrawl.parse.markup.fields import LANG
from qacrawl.sitefile.patterns import Pattern, compiled

SLUG = re.compile(r"[a-z][a-z0-9_]{0,39}")
DAY = datetime(2026, 11, 27, 15, 4, 5)


def _list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _slug(name: str) -> str:
    if not SLUG.fullmatch(name):
        raise ValueError("takes small letters, digits and _, a letter first, at most 40")
    if name in registry.names():
        raise ValueError(f"{name} is the name of a site that is built in")
    return name


def _lang(tag: str) -> str:
    if not LANG.fullmatch(tag):
        raise ValueError(f"{tag!r} is no language tag such as en or pt-BR")
    return tag


def _start(url: str) -> str:
    try:
        return urls.canonical(url)
    except ValueError as error:
        raise ValueError(str(error)) from None


def _host(name: str) -> str:
    if not name or urlsplit(f"//{name}").netloc != name or "@" in name or name != name.lower():
        raise ValueError(f"{name!r} is no host such as www.example.org or 127.0.0.1:8000")
    return name


def _selector(text: str) -> str:
    try:
        LexborHTMLParser("<p>").css(text)
    except (SelectolaxError, ValueError):
        raise ValueError(f"the selector {text!r} can't be parsed") from None
    return text


def _format(text: str) -> str:
    try:
        read = datetime.strptime(DAY.strftime(text), text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no format of a date: {error}") from None
    if read.date() != DAY.date():
        raise ValueError(f"{text!r} does not say day, month and year")
    return text


class Strict(BaseModel):
    """A table of the file: a key that there is not is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Site(Strict):
    """[site]: what it is, and where a crawl begins."""

    name: Annotated[str, AfterValidator(_slug)]
    """The slug: folder of the output, beginning of the records' ids."""
    title: Annotated[str, Field(min_length=1, max_length=200)]
    lang: Annotated[str, AfterValidator(_lang)] = "und"
    """Language of pages that don't say theirs."""
    start: Annotated[tuple[Annotated[str, AfterValidator(_start)], ...], BeforeValidator(_list), Field(min_length=1)]
    hosts: Annotated[tuple[Annotated[str, AfterValidator(_host)], ...], BeforeValidator(_list)] = ()
    """Hosts that are crawled; by default those of the start pages."""
    contact: str | None = None
    delay: Annotated[float, Field(ge=0, le=24 * 3600)] | None = None
    """Seconds between two requests."""
    caveats: Annotated[tuple[str, ...], BeforeValidator(_list)] = ()
    """Sentences for those who use the data."""

    @model_validator(mode="after")
    def _begins_here(self) -> "Site":
        for url in self.start:
            if self.hosts and urlsplit(url).netloc not in self.hosts:
                raise ValueError(f"hosts lacks {urlsplit(url).netloc}, the host of start")
        return self


class Pages(Strict):
    """[pages]: what a page is, by its address."""

    article: Annotated[
        tuple[Annotated[Pattern, BeforeValidator(compiled)], ...], BeforeValidator(_list), Field(min_length=1)
    ]
    listing: Annotated[tuple[Annotated[Pattern, BeforeValidator(compiled)], ...], BeforeValidator(_list)] = ()
    query: Annotated[tuple[str, ...], BeforeValidator(_list)] = ()
    """Parameters that count: all others are dropped from addresses of articles and listings."""
    paging: str | None = None
    """Parameter that numbers the pages of a listing."""

    model_config = ConfigDict(arbitrary_types_allowed=True)


class Selector(Strict):
    """Where a field stands: the text of the first element that fits, or of `all`, or an `attribute`."""

    select: Annotated[str, AfterValidator(_selector)]
    attribute: Annotated[str, Field(min_length=1)] | None = None
    all: bool = False
    format: Annotated[str, AfterValidator(_format)] | None = None
    """Of a date, as in Python's strptime."""


def _short(value: Any) -> Any:
    return {"select": value} if isinstance(value, str) else value


Where = Annotated[Selector, BeforeValidator(_short)] | None


class Read(Strict):
    """[read]: by the markup of schema.org, or by a selector for each field."""

    with_: Literal["schema.org", "css"] = Field("schema.org", alias="with")
    title: Where = None
    question_subject: Where = None
    question: Where = None
    question_votes: Where = None
    asker: Where = None
    ask_date: Where = None
    doctor: Where = None
    hospital: Where = None
    specialty: Where = None
    reply: Where = None
    reply_date: Where = None
    reply_votes: Where = None
    replies: Annotated[str, AfterValidator(_selector)] | None = None
    """Elements that hold a reply each, where a page may have several. What is said of replies is looked for inside."""
    accepted: Where = None
    """What a reply has inside that is accepted."""

    def selectors(self) -> dict[str, Selector]:
        """Return the selectors by the fields that they are for."""
        return {name: value for name, value in self if isinstance(value, Selector)}

    @model_validator(mode="after")
    def _fits(self) -> "Read":
        found = self.selectors()
        if self.with_ == "css" and "question" not in found:
            raise ValueError('with = "css" takes a selector for question')
        if self.with_ != "css" and (found or self.replies):
            raise ValueError(f'{next(iter(found), "replies")} takes with = "css"')
        if self.replies and "reply" not in found:
            raise ValueError("replies takes a selector for reply, inside of each")
        if self.accepted and not self.replies:
            raise ValueError("accepted takes replies, in which it is looked for")
        wrong = [name for name, value in found.items() if value.format and name not in ("ask_date", "reply_date")]
        if wrong:
            raise ValueError(f"{wrong[0]} is no date and takes no format")
        return self


class SiteFile(Strict):
    """A whole file."""

    site: Site
    pages: Pages
    read: Read = Read()


def read(text: str, said: str) -> SiteFile:
    """Return what the file named `said` says. Raise QacrawlError for what can't be, the first of it."""
    try:
        return SiteFile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise QacrawlError(f"{said}: no TOML: {error}", Exit.USAGE) from None
    except ValidationError as problem:
        first = problem.errors()[0]
    keys = [str(key) for key in first["loc"]]
    key = ".".join(keys[: next((at for at, one in enumerate(keys) if one.isdigit()), len(keys))])
    raise fault(said, key, _words(first))


def fault(said: str, key: str, what: str) -> QacrawlError:
    """Return the error for what the key of a file says."""
    return QacrawlError(f"{said}: {key}: {' '.join(what.split())}", Exit.USAGE)


def _words(error: Any) -> str:
    """Say in words what is wrong with a value."""
    if error["type"] == "extra_forbidden":
        return "there is no such key"
    if error["type"] == "missing":
        return "is missing"
    said: str = error["msg"]
    return said.removeprefix("Value error, ")
