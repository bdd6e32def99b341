"""Scrapy's settings for a run: the project's, with a user's choices among them."""

from collections.abc import Mapping
from typing import Any

from scrapy import Spider
from scrapy.settings import BaseSettings, Settings

from qacrawl import options, registry
from qacrawl.options import Options


def make(site: str, chosen: Options, more: Mapping[str, Any] | None = None) -> Settings:
    """Return the project's settings for a run of `site`; `more` are settings of Scrapy's.

    Raise QacrawlError for an unknown site.
    """
    registry.load(site)
    settings = Settings()
    settings.setmodule("qacrawl.settings", priority="project")
    for name, value in {**(more or {}), **options.as_settings(chosen)}.items():
        settings.set(name, value, priority="cmdline")
    return settings


def read(settings: BaseSettings, spider: Spider | None = None) -> Options:
    """Return our own of these settings and of a spider's arguments, and put the contact into the user agent.

    `scrapy crawl SITE -a numbers=1-100 -a start_url=https://...` chooses pages as `--numbers` and `--start-url` do.
    """
    arguments = vars(spider) if spider else {}
    named = {"QACRAWL_NUMBERS": arguments.get("numbers"), "QACRAWL_START_URLS": arguments.get("start_url")}
    found = options.read({**settings, **{name: value for name, value in named.items() if value is not None}})
    if settings["USER_AGENT"] == options.user_agent(None):
        settings.set("USER_AGENT", options.user_agent(found.contact), priority="cmdline")
    return found
