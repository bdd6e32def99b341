"""Our own settings: what a user may choose, whoever gives it."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scrapy.settings import Settings

from qacrawl import registry, urls
from qacrawl.errors import Exit, QacrawlError
from qacrawl.reader import limits


@dataclass(frozen=True)
class Options:
    """What a user may choose of a crawl; None is the setting's default."""

    output: str = "output"
    start_urls: tuple[str, ...] = ()
    numbers: tuple[int, int] | None = None
    frontier: str | None = None
    delay: float | None = None
    concurrency: int | None = None
    max_pages: int | None = None
    max_seconds: float | None = None
    full: bool = False
    worker: bool = False
    allow_private: bool = False
    contact: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    """More settings, as text; Scrapy's and ours."""


def make_settings(site: str, options: Options) -> Settings:
    """The project's settings with a user's choices. Raises QacrawlError for choices that make no sense."""
    registry.load(site)
    settings = Settings()
    settings.setmodule("qacrawl.settings", priority="project")
    given = {name: value for name, value in vars(options).items() if value is not None and value is not False}
    given["start_urls"] = [urls.check(url) for url in options.start_urls]
    for name, value in given.items():
        if name != "settings":
            settings.set(f"QACRAWL_{name.upper()}", value, priority="cmdline")
    for name, text in options.settings.items():
        settings.set(name, text, priority="cmdline")
    return settings


def _within(value: float, least: float, most: float) -> float:
    """`value`. Raises ValueError for one out of bounds, or no number."""
    if not least <= value <= most:
        raise ValueError(value)
    return value


_TYPES: dict[str, Callable[[Settings, str], Any]] = {
    "START_URLS": Settings.getlist,
    "NUMBERS": lambda settings, name: registry.number_range(settings[name]),
    **dict.fromkeys(("CONCURRENCY", "MAX_PAGES", "TRIES", "PART_RECORDS"), Settings.getint),
    **dict.fromkeys(("DELAY", "MAX_SECONDS", "RETRY_PAUSE", "LONGEST_WAIT", "PART_SECONDS"), Settings.getfloat),
    **dict.fromkeys(("LEASE", "GATE_REJECTS", "GATE_COVERAGE", "GATE_GONE"), Settings.getfloat),
    "READ_SECONDS": lambda settings, name: _within(settings.getfloat(name), *limits.SECONDS),
    "READ_MEGABYTES": lambda settings, name: _within(settings.getint(name), *limits.MEGABYTES),
    **dict.fromkeys(("FULL", "WORKER", "ALLOW_PRIVATE"), Settings.getbool),
    **dict.fromkeys(("OUTPUT", "FRONTIER", "CONTACT"), Settings.get),
}


def choices(settings: Settings) -> dict[str, Any]:
    """Our own settings with their types, whoever gave them, and the user agent with the contact address.

    Raises QacrawlError for a value of another type.
    """
    found = {}
    for short, read in _TYPES.items():
        name = f"QACRAWL_{short}"
        try:
            found[name] = read(settings, name)
        except (ValueError, TypeError):
            raise QacrawlError(f"{name} can't be {settings[name]!r}", Exit.USAGE) from None
    contact = found["QACRAWL_CONTACT"] or os.environ.get("QACRAWL_CONTACT") or ""
    if contact := " ".join(contact.split()).encode("ascii", "replace").decode():
        agent = settings["USER_AGENT"].replace("no contact address was set", f"contact: {contact}")
        settings.set("USER_AGENT", agent, priority="cmdline")
    return found | {"USER_AGENT": settings["USER_AGENT"]}


def settings_of(site: str, given: Mapping[str, str]) -> dict[str, Any]:
    """Our own settings for a command that fetches nothing; `given` are some, as text."""
    return choices(make_settings(site, Options(settings=given)))
