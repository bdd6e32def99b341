"""What goes to stderr: lines for people, or one JSON object a line for machines."""

import json
import logging
import sys
import time
from typing import Any, Literal

from qacrawl.escape import visible

Format = Literal["text", "json"]

_chosen: dict[str, Format] = {"format": "text"}
"""Of this process: whoever complains last does not know the settings any more."""


class TextFormatter(logging.Formatter):
    """A record as another formatter has it, made visible: what a site says, and its pages, go into messages."""

    def __init__(self, usual: logging.Formatter | None) -> None:
        super().__init__()
        self.usual = usual or logging.Formatter()

    def format(self, record: logging.LogRecord) -> str:
        """Return the record, on as many lines as the other makes of it."""
        return visible(self.usual.format(record))


class JsonFormatter(logging.Formatter):
    """A record as a JSON object: time, level, logger, message, where there is one the traceback, and what came along.

    What came along are the record's `extra={"fields": {...}}`.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the record on one line."""
        fields: dict[str, Any] = getattr(record, "fields", {})
        trace = {"traceback": self.formatException(record.exc_info)} if record.exc_info else {}
        return _line(record.levelname, record.name, record.getMessage(), at=record.created, **fields, **trace)


def use(chosen: Format) -> None:
    """Choose the format of what this process writes to stderr."""
    _chosen["format"] = chosen


def install(level: str, file: str | None) -> None:
    """Have all records from a level up written as JSON, to stderr or to a file."""
    handler = logging.FileHandler(file, encoding="utf-8") if file else logging.StreamHandler()
    handler.setLevel(level)
    handler.setFormatter(JsonFormatter())
    logging.root.setLevel(logging.NOTSET)
    logging.root.addHandler(handler)


def format_handler(handler: logging.Handler | None) -> None:
    """Have a handler of `logging` write the format that was chosen."""
    if handler and _chosen["format"] == "json":
        handler.setFormatter(JsonFormatter())
    elif handler and not isinstance(handler.formatter, TextFormatter):
        handler.setFormatter(TextFormatter(handler.formatter))


def complain(line: str, **fields: Any) -> None:
    """Say what is wrong, in one line; `fields` go into the JSON."""
    text = (
        visible(f"qacrawl: {line}").replace("\n", "\\n")
        if _chosen["format"] == "text"
        else _line("ERROR", "qacrawl", line, **fields)
    )
    print(text, file=sys.stderr, flush=True)


def note(line: str, **fields: Any) -> None:
    """Tell machines that something went well; people read it on stdout."""
    if _chosen["format"] == "json":
        print(_line("INFO", "qacrawl", line, **fields), file=sys.stderr, flush=True)


def _line(level: str, logger: str, message: str, at: float | None = None, **fields: Any) -> str:
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
    return json.dumps({"time": moment, "level": level, "logger": logger, "message": message} | fields, default=str)
