"""REDACT: askers become pseudonyms; e-mail addresses, phone and ID numbers leave the texts."""

import hmac
import secrets
from hashlib import sha256
from pathlib import Path
from typing import Any

from qacrawl import files
from qacrawl.errors import QacrawlError
from qacrawl.records import TEXTS, OtherReply, QARecord, SimilarQA
from qacrawl.redact import AskerNames
from qacrawl.redact.text import redact as redact_text
from qacrawl.redact.text import suspicious

KEY = "asker.key"
"""File in output/<site> with the key of the pseudonyms. Who has it can test names against them: never publish it."""
_BYTES = 32

_EXCERPTS = ("title", "question_excerpt", "reply_excerpt")


def load_key(folder: Path) -> bytes:
    """Return the key in `folder`, which is made where there is none.

    Raise QacrawlError for one that is damaged, and where parts are there whose key is missing.
    """
    check_key(folder)
    return read_key(folder / KEY)


def check_key(folder: Path) -> None:
    """Raise QacrawlError where the key is missing that made the pseudonyms in the parts of `folder`."""
    path = folder / KEY
    if path.exists() or files.read(path) or not _has_parts(folder):
        return
    raise QacrawlError(
        f"{path} is missing: another key would give every asker another pseudonym than the parts beside have; put it "
        f"back from a copy, or see 'What to back up' in docs/operations.md"
    )


def _has_parts(folder: Path) -> bool:
    there = files.names(folder) if files.is_copy(folder) else []
    return any((folder / "parts").glob("part-*.parquet")) or any(name.startswith("parts/") for name in there)


def read_key(path: Path) -> bytes:
    """Return the key in a file, which is made where there is none. Raise QacrawlError for one that is damaged."""
    if not path.exists():
        files.agree(path, secrets.token_hex(_BYTES).encode() + b"\n", 0o600)
    try:
        key = bytes.fromhex(path.read_text("ascii"))
    except ValueError:
        key = b""
    if len(key) != _BYTES:
        raise QacrawlError(f"{path} holds no key of {_BYTES} bytes in hex; put it back from a copy")
    return key


def pseudonym(name: str, key: bytes) -> str:
    """Return the pseudonym of an asker: "asker-" and 16 hex digits of HMAC-SHA256; the same name has the same one."""
    return f"asker-{hmac.new(key, name.encode(), sha256).hexdigest()[:16]}"


def redact(record: QARecord, *, key: bytes, askers: AskerNames = "pseudonym", texts: bool = True) -> QARecord:
    """Return `record` without what tells who asked; the note `redacted_<kind>` says what was found in its texts."""
    values: dict[str, Any] = {}
    if record.asker and askers != "keep":
        name = pseudonym(record.asker, key) if askers == "pseudonym" else None
        values = _renamed(record, name)
    kinds = _redact_texts(record, values) if texts and suspicious(_all_text(record)) else []
    if kinds:
        values["notes"] = (*record.notes, *(f"redacted_{kind}" for kind in dict.fromkeys(kinds)))
    return record.model_copy(update=values) if values else record


def _renamed(record: QARecord, name: str | None) -> dict[str, Any]:
    """Return the fields that name the asker, with another name: also as the author of replies in their own thread."""
    values: dict[str, Any] = {"asker": name}
    if record.reply_accepted is not None and record.doctor == record.asker:
        values["doctor"] = name
    if any(reply.author == record.asker for reply in record.other_replies):
        values["other_replies"] = tuple(
            reply.model_copy(update={"author": name}) if reply.author == record.asker else reply
            for reply in record.other_replies
        )
    return values


def _all_text(record: QARecord) -> str:
    texts = [getattr(record, name) for name in TEXTS]
    texts += [getattr(entry, name) for entry in record.similar_qa for name in _EXCERPTS]
    texts += [entry.reply for entry in record.other_replies]
    return "\n".join(filter(None, texts))


def _redact_texts(record: QARecord, values: dict[str, Any]) -> list[str]:
    """Put the redacted texts of `record` into `values`; return the kinds of data found."""
    texts, kinds = _redacted(record, TEXTS)
    values.update(texts)
    entries: list[SimilarQA] = []
    for entry in record.similar_qa:
        excerpts, more = _redacted(entry, _EXCERPTS)
        entries.append(entry.model_copy(update=excerpts))
        kinds += more
    values["similar_qa"] = tuple(entries)
    others: list[OtherReply] = []
    for other in values.get("other_replies", record.other_replies):
        reply, more = _redacted(other, ("reply",))
        others.append(other.model_copy(update=reply))
        kinds += more
    values["other_replies"] = tuple(others)
    return kinds


def _redacted(model: QARecord | SimilarQA | OtherReply, names: tuple[str, ...]) -> tuple[dict[str, str], list[str]]:
    texts: dict[str, str] = {}
    kinds: list[str] = []
    for name in names:
        if text := getattr(model, name):
            texts[name], found = redact_text(text)
            kinds += found
    return texts, kinds
