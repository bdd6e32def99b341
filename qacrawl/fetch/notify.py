"""Notifications of runs that went wrong, and of the first that went well again: through apprise, to any service."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from qacrawl.ending import Ending
from qacrawl.errors import Exit, QacrawlError
from qacrawl.options import Options

logger = logging.getLogger(__name__)

WORDS = {
    Exit.DONE: "is well again",
    Exit.FAILED: "failed",
    Exit.USAGE: "failed",
    Exit.HELD_BACK: "was held back",
    Exit.LOCKED: "could not begin",
}


def check(urls: Sequence[str]) -> None:
    """Raise QacrawlError where apprise is not installed, or knows no such address, which is secret: it is not shown."""
    if not urls:
        return
    try:
        import apprise  # noqa: F401
    except ImportError:
        raise QacrawlError("--notify needs `pip install 'qacrawl[notify]'`", Exit.USAGE) from None
    with _silent():
        for url in urls:
            service = _service(url)
            if service is None or not service.enabled:
                raise QacrawlError(f"--notify takes addresses of apprise, not this {_scheme(url)}", Exit.USAGE)


def tell(options: Options, site: str, ending: Ending, was_bad: bool, text: str = "") -> None:
    """Notify of a run of `site`, if it went wrong or the one before `was_bad`.

    `text` says more than the last line does. What a service refuses is one line in the log.
    """
    if options.notify and (ending.code != Exit.DONE or was_bad):
        _send(options.notify, f"qacrawl: {site} {WORDS[ending.code]}", "\n".join(filter(None, (ending.line, text))))


def went_well(report: Mapping[str, Any]) -> bool:
    """Return whether a run was a good one, by its report."""
    return not (
        report.get("problem") or report.get("doubts") or report.get("held_back") or report["reason"] == "interrupted"
    )


def _send(urls: Sequence[str], title: str, body: str) -> None:
    for url in urls:
        with _silent():
            service = _service(url)
            sent = service is not None and service.notify(body=body, title=title)
        if not sent:
            logger.warning("the notification '%s' could not be sent by %s", title, _scheme(url))


def _scheme(url: str) -> str:
    """Return all of an address that is no secret."""
    scheme, there, _ = url.partition("://")
    return f"{scheme}://..." if there else "text"


def _service(url: str) -> Any:
    """Return apprise's service at an address; None where it knows none."""
    from apprise import Apprise

    return Apprise.instantiate(url)


@contextmanager
def _silent() -> Iterator[None]:
    """Have apprise say nothing: its log may show addresses whole, and is more than a line."""
    log = logging.getLogger("apprise")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.setLevel(before)
