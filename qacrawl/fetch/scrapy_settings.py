"""Scrapy's settings for a run: the project's, with a user's choices among them."""

import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from scrapy import Spider
from scrapy.settings import BaseSettings, Settings

from qacrawl import options, registry, sitefile
from qacrawl.errors import Exit, QacrawlError
from qacrawl.options import Options


def project() -> Settings:
    """Return Scrapy's settings as the project has them."""
    settings = Settings()
    settings.setmodule("qacrawl.settings", priority="project")
    return settings


def make(site: str, chosen: Options, more: Mapping[str, Any] | None = None) -> Settings:
    """Return the project's settings for a run of `site`; `more` are settings of Scrapy's.

    Raise QacrawlError for an unknown site, and for one whose modules can't be loaded.
    """
    registry.check(site)
    settings = project()
    modules = [] if registry.source(site) else [f"qacrawl.sites.{site}"]  # another may be broken
    settings.set("SPIDER_MODULES", modules, priority="cmdline")
    for name, value in {**(more or {}), **options.as_settings(chosen)}.items():
        settings.set(name, value, priority="cmdline")
    return settings


def check(more: Mapping[str, str]) -> None:
    """Raise QacrawlError for a setting that neither Scrapy nor the project has, or whose value is of another type."""
    known = project()
    for name, text in more.items():
        if name not in known:
            raise options.unknown(name, known)
        try:
            given = Settings({name: text})
            if isinstance(known[name], bool):
                given.getbool(name)
            elif isinstance(known[name], int | float):
                given.getfloat(name)
            elif isinstance(known[name], Mapping):
                given.getdict(name)
            elif name == "LOG_LEVEL" and text not in logging.getLevelNamesMapping():
                raise ValueError
        except ValueError:
            usual = "a JSON object" if isinstance(known[name], Mapping) else repr(known[name])
            raise QacrawlError(f"{name} can't be {text!r}; by default it is {usual}", Exit.USAGE) from None


@contextmanager
def one_line() -> Iterator[None]:
    """End `scrapy crawl` as `qacrawl` ends for a QacrawlError: with its line and exit code, no traceback."""
    try:
        yield
    except QacrawlError as error:
        print(f"qacrawl: {error}", file=sys.stderr)
        raise SystemExit(error.code) from None


def read(settings: BaseSettings, spider: Spider | None = None) -> Options:
    """Return our own of these settings and of a spider's arguments, and put the contact into the user agent.

    `scrapy crawl SITE -a numbers=1-100 -a start_url=https://...` chooses pages as `--numbers` and `--start-url` do.
    """
    arguments = vars(spider) if spider else {}
    named = {"QACRAWL_NUMBERS": arguments.get("numbers"), "QACRAWL_START_URLS": arguments.get("start_url")}
    found = options.read({**settings, **{name: value for name, value in named.items() if value is not None}})
    if spider:
        found = sitefile.chosen(found, spider.name)
    if settings["USER_AGENT"] == options.user_agent(None):
        settings.set("USER_AGENT", options.user_agent(found.contact, found.bot_url), priority="cmdline")
    return found
