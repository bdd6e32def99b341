"""REDACT: askers become pseudonyms; their names, and what else leads to a person, leave the texts."""

import hmac
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from qacrawl import files
from qacrawl.errors import QacrawlError
from qacrawl.records import TEXTS, OtherReply, QARecord, RelatedFAQ, SimilarQA
from qacrawl.redact import AskerNames, people
from qacrawl.redact.people import Own
from qacrawl.redact.spans import Span
from qacrawl.redact.text import redact as redact_text
from qacrawl.redact.text import suspicious
from qacrawl.redact.third import Detector
from qacrawl.redact.third import names as names_of_others

KEY = "asker.key"
"""File in output/<site> with the key of the pseudonyms. Who has it can test names against them: never publish it."""
_BYTES = 32

_COLUMNS = (*TEXTS, "specialty", "doctor", "reply_specialty", "hospital")
_ENTRIES = (
    ("similar_qa", ("title", "question_excerpt", "doctor", "specialty", "reply_excerpt")),
    ("related_faq", ("name", "specialty")),
    ("other_replies", ("author", "reply")),
)
"""The columns that are searched: of a record, and of the entries of its lists."""
_REPLIES = ("reply", "reply_excerpt")
_QUESTIONS = ("question",)
_WITH_NAMES = frozenset((*TEXTS, *_REPLIES, *_QUESTIONS, "question_excerpt"))
"""Columns in which names are looked for: doctors' own stay."""


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


def redact(
    record: QARecord,
    *,
    key: bytes,
    askers: AskerNames = "pseudonym",
    texts: bool = True,
    own: bool = True,
    third: Detector | None = None,
) -> QARecord:
    """Return `record` without what tells who asked; the note `redacted_<kind>` says what was found in its texts.

    `texts` is whether texts are redacted at all, `own` whether the asker's name leaves them, too, where it is not kept
    in its column. `third` finds the names of other persons.
    """
    values: dict[str, Any] = {}
    notes = _redact_texts(record, own and askers != "keep", third, values) if texts else ()
    if third and texts:
        values["parser_version"] = f"{record.parser_version}/{third.label}"
    if record.asker and askers != "keep":
        _rename(record, values, pseudonym(record.asker, key) if askers == "pseudonym" else None)
    if notes:
        values["notes"] = (*record.notes, *dict.fromkeys(notes))
    return record.model_copy(update=values) if values else record


def _rename(record: QARecord, values: dict[str, Any], name: str | None) -> None:
    """Give the asker another name in `values`, also as the author of replies in their own thread."""
    values["asker"] = name
    if record.reply_accepted is not None and record.doctor == record.asker:
        values["doctor"] = name
    if any(reply.author == record.asker for reply in record.other_replies):
        values["other_replies"] = tuple(
            changed.model_copy(update={"author": name}) if reply.author == record.asker else changed
            for reply, changed in zip(
                record.other_replies, values.get("other_replies", record.other_replies), strict=True
            )
        )


@dataclass(frozen=True)
class _Search:
    """What is looked for in the texts of one record."""

    contact: bool
    """Whether there may be anything but names."""
    own: Own | None
    """The asker's name, where it may be in one of the texts."""
    names: bool
    """Whether greetings, farewells and introductions are read."""
    third: Callable[[str], Iterator[Span]] | None = None
    """What finds names of other persons."""

    def names_in(self, column: str) -> Callable[[str], Iterator[Span]]:
        """Return what finds names in the texts of a column."""

        def find(text: str) -> Iterator[Span]:
            if self.own:
                yield from self.own.find(text)
            if self.names:
                yield from people.called(text)
                if column in _REPLIES:
                    yield from people.greeted(text, self.own)
                if column in _QUESTIONS:
                    yield from people.signed(text, self.own)
            if self.third:
                yield from self.third(text)

        return find


def _redact_texts(record: QARecord, names: bool, third: Detector | None, values: dict[str, Any]) -> tuple[str, ...]:
    """Put the redacted texts of `record` into `values`; return notes on what was found."""
    joined = "\n".join(_all_texts(record))
    doctor = record.doctor if record.doctor != record.asker else None
    own = Own(record.asker, doctor) if names and record.asker else None
    others = partial(names_of_others, third, known=_doctors(record)) if third else None
    search = _Search(suspicious(joined), own if own and own.likely(joined) else None, names, others)
    texts, kinds = _redacted(record, _COLUMNS, search)
    values.update(texts)
    for name, columns in _ENTRIES:
        entries: list[SimilarQA | RelatedFAQ | OtherReply] = []
        for entry in getattr(record, name):
            changed, more = _redacted(entry, columns, search)
            entries.append(entry.model_copy(update=changed) if changed else entry)
            kinds += more
        values[name] = tuple(entries)
    notes = ["long_asker"] if own and own.is_long else []
    return (*notes, *(f"redacted_{kind}" for kind in kinds))


def _doctors(record: QARecord) -> frozenset[str]:
    """Return the words of the names of those who reply on a page, in small letters."""
    asker = record.asker
    named = [record.doctor, *(entry.doctor for entry in record.similar_qa)]
    named += [reply.author for reply in record.other_replies]
    said = " ".join(name for name in named if name and name != asker)
    return frozenset(re.findall(r"\w+", people.fold(said).casefold()))


def _all_texts(record: QARecord) -> Iterator[str]:
    """Return all texts of a record that people wrote."""
    models = [(_COLUMNS, [record]), *((columns, getattr(record, name)) for name, columns in _ENTRIES)]
    return (text for columns, found in models for one in found for name in columns if (text := getattr(one, name)))


def _redacted(
    model: QARecord | SimilarQA | RelatedFAQ | OtherReply, columns: tuple[str, ...], search: _Search
) -> tuple[dict[str, str], list[str]]:
    """Return what changes in some columns, and the kinds of data found there."""
    texts: dict[str, str] = {}
    kinds: list[str] = []
    for name in columns:
        if text := getattr(model, name):
            find = search.names_in(name) if name in _WITH_NAMES else None
            changed, found = redact_text(text, find, contact=search.contact)
            if found:
                texts[name] = changed
                kinds += found
    return texts, kinds
