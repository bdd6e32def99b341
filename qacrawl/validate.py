"""VALIDATE: the plain fields of a parser become a record, or a refusal that names the fields at fault.

What is wrong for sure becomes null and a note; what is only doubtful stays, with a note. Nothing is guessed.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, timedelta
from hashlib import sha256
from typing import Any

from pydantic import BaseModel, ValidationError

from qacrawl import departments, registry
from qacrawl.nfc import is_nfc, nfc
from qacrawl.records import OLDEST, Fields, OtherReply, Page, QARecord, Refusal, Reject, UsageSignal
from qacrawl.usage import signals

# No page means these: control characters but tab and newline, halves of surrogate pairs.
_BAD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_BAD_BYTES = bytes(code for code in range(0x80) if _BAD.match(chr(code)))
_C1_LEAD = b"\xc2"  # first byte of U+0080..U+00BF in UTF-8


def validate(page: Page, fields: Fields, version: int, rank: int = 0) -> QARecord | Refusal:
    """Return the record of question `rank` of `page` by parser `version`, or Refusal("invalid", fields at fault)."""
    values = _cleaned(fields)
    notes = [*fields.get("notes", ()), *_check_dates(values, page), *_check_ages(values), *_add_department(values)]
    if "reply" not in values:
        notes.append("unanswered")
    if not signals.are_read(page.signals):
        notes.append("unread_signal")
    values["notes"] = tuple(dict.fromkeys(notes))
    try:
        return QARecord(record_id=record_id(page, rank), rank=rank, **values, **_origin(page, version))
    except ValidationError as error:
        return Refusal("invalid", tuple(dict.fromkeys(str(fault["loc"][0]) for fault in error.errors())))


def reject(page: Page, refusal: Refusal, version: int) -> Reject:
    """Return the row that says why `page` became no record."""
    return Reject(reason=refusal.reason, fields=refusal.fields, **_origin(page, version))


def record_id(page: Page, rank: int = 0) -> str:
    """Return the record's key: "{site}:{number}", or 16 hex digits of the URL's SHA-256 where the URL has no number.

    Behind it "#{rank}" for all but the first question of a page.
    """
    number = registry.load(page.site).number(page.url)
    key = hashed(page.url) if number is None else f"{page.site}:{number}"
    return f"{key}#{rank}" if rank else key


def hashed(url: str) -> str:
    """Return the key of a record whose URL has no number, without its rank."""
    return sha256(url.encode()).hexdigest()[:16]


def _origin(page: Page, version: int) -> dict[str, Any]:
    """Return where a record or a reject comes from."""
    return {
        "site": page.site,
        "url": page.url,
        "fetched_at": page.fetched_at.astimezone(UTC),
        "run_id": page.run_id,
        "page_sha256": page.sha256,
        "warc_file": page.warc_file,
        "warc_offset": page.warc_offset,
        "parser_version": f"{page.site}/{version}",
        "may_train": signals.judge(page.signals),
        "usage_signals": tuple(_seen(page)),
    }


def _seen(page: Page) -> Iterator[UsageSignal]:
    """Yield what is said of the use of a page, each with when it was seen."""
    for signal in signals.kept(page.signals):
        seen = (signal.seen_at or page.fetched_at).astimezone(UTC)
        yield UsageSignal(source=signal.source, rule=signal.rule, seen_at=seen)


def _check_dates(values: dict[str, Any], page: Page) -> Iterator[str]:
    """Return notes on the days; one that was still to come when the page was fetched is dropped from `values`."""
    latest = (page.fetched_at.astimezone(UTC) + timedelta(days=1)).date()  # no time zone is further ahead
    for name in ("ask_date", "reply_date"):
        if name in values and values[name] > latest:
            del values[name]
            yield f"future_{name}"
    others: list[OtherReply] = values.get("other_replies", [])
    if any(reply.reply_date and reply.reply_date > latest for reply in others):
        values["other_replies"] = [
            reply.model_copy(update={"reply_date": None}) if reply.reply_date and reply.reply_date > latest else reply
            for reply in others
        ]
        yield "future_reply_date"
    if "ask_date" in values and "reply_date" in values and values["reply_date"] < values["ask_date"]:
        yield "reply_before_question"  # either may be the wrong one


def _check_ages(values: dict[str, Any]) -> Iterator[str]:
    """Return notes on the ages; both ends are dropped from `values` when they cannot be an age."""
    ages = [values[name] for name in ("asker_age_min", "asker_age_max") if name in values]
    if ages and (min(ages) < 0 or max(ages) > OLDEST or ages != sorted(ages)):
        values.pop("asker_age_min", None)
        values.pop("asker_age_max", None)
        yield "bad_age"


def _add_department(values: dict[str, Any]) -> Iterator[str]:
    """Add the slug of the department that the page names; a note if it is not known."""
    names = [values[name] for name in ("specialty", "reply_specialty") if name in values]
    slug = next(filter(None, map(departments.slug, names)), None)
    if slug:
        values["department"] = slug
    elif names:
        yield "unknown_department"


def _cleaned(fields: Fields) -> dict[str, Any]:
    """Return the fields that say something, their text as `clean` leaves it."""
    values: dict[str, Any] = {name: value for name, value in fields.items() if name != "notes"}
    if not _are_clean(_texts(values.values())):
        values = {name: _clean_value(value) for name, value in values.items()}
    return {name: value for name, value in values.items() if value not in (None, "")}


def _texts(values: Iterable[Any]) -> list[str]:
    """Return every text in the values of a record."""
    texts = []
    for value in values:
        if isinstance(value, str):
            texts.append(value)
        elif isinstance(value, list):
            for item in value:
                texts += [text for text in item.__dict__.values() if text and isinstance(text, str)]
    return texts


def _are_clean(texts: list[str]) -> bool:
    """Return whether `clean` would leave all texts as they are; much faster than to clean each."""
    text = "\n".join(texts)
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        return False
    lines = text.split("\n")
    return (
        len(raw.translate(None, _BAD_BYTES)) == len(raw)
        and (_C1_LEAD not in raw or not _BAD.search(text))
        and is_nfc(text)
        and lines == list(map(str.rstrip, lines))
        and texts == [text.strip("\n") for text in texts]
    )


def _clean_value(value: Any) -> Any:
    """Return a value with its texts cleaned; entries of lists that say nothing any more are left out."""
    if isinstance(value, str):
        return clean(value)
    return [kept for item in value if (kept := _clean_item(item))] if isinstance(value, list) else value


def _clean_item(item: BaseModel) -> BaseModel | None:
    values: dict[str, Any] = {
        name: (clean(value) or None) if isinstance(value, str) else value for name, value in item.__dict__.items()
    }
    try:
        return type(item)(**values) if any(values.values()) else None
    except ValidationError:  # its name or text was nothing but bad characters
        return None


def clean(text: str) -> str:
    """Return `text` in NFC, without control characters, halves of surrogate pairs and spaces at the ends of lines."""
    text = nfc(_BAD.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))
    return "\n".join(map(str.rstrip, text.split("\n"))).strip("\n")
