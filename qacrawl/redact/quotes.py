"""What other pages quote of pages that were taken out: by its link, or word for word.

The sentences of those pages are gone. Salted digests of them are kept, by which a page that is read again loses what it
quotes; who has the file can only tell whether a sentence that they know is one of these.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from qacrawl import files
from qacrawl.records import TEXTS, OtherReply, QARecord, SimilarQA

FILE = "forgotten.json"
"""File in output/<site> with the digests. It is not published."""
MARK = "[quotation]"
COLUMNS = (*TEXTS, "other_replies", "similar_qa", "notes")
"""Columns of a record in which a page is quoted, and the one that says that it was."""
OWN = ("question_subject", "question", "reply")
"""Columns with the words of a page's own people; the rest the site may say on many pages."""
WIDE = 40
"""Columns of the shortest sentence that is known again, on a screen where a Chinese character takes two."""
_MANY = 3
_ENTRY = ("title", "question_excerpt", "reply_excerpt")
_END = re.compile(r"(?<![.!?…:])[.!?…:]++[\"'”’)\]]{0,3}(?=\s)|[\n。！？：]")
_CUT = re.compile(r"(?:\.{3,}|…)\s*\Z")


class Sentence(NamedTuple):
    """A sentence of a text."""

    start: int
    end: int
    words: str
    """Its words alone, in small letters."""


class Forgotten(NamedTuple):
    """Which pages were taken out, and what is known of their sentences."""

    urls: frozenset[str] = frozenset()
    """Canonical URLs."""
    salt: str = ""
    digests: frozenset[str] = frozenset()

    def knows(self, said: str) -> bool:
        """Return whether this is what `told` says of a sentence of those pages."""
        return digest(said, self.salt) in self.digests


NOTHING = Forgotten()


def digest(said: str, salt: str) -> str:
    """Return the digest of a sentence's words, in hex."""
    return blake2b(said.encode(), digest_size=16, key=salt.encode()[:64]).hexdigest()


def read(folder: Path, urls: Iterable[str] = ()) -> Forgotten:
    """Return what `folder` (output/<site>) keeps of forgotten pages, whose URLs are known elsewhere."""
    said = json.loads(files.read(folder / FILE) or b"{}")
    return Forgotten(frozenset(urls), said.get("salt", ""), frozenset(said.get("digests", ())))


def add(folder: Path, salt: str, digests: Iterable[str]) -> None:
    """Have `folder` keep more digests, made with the salt that it has, or with this one where it has none yet."""
    known = read(folder)
    said = {"salt": known.salt or salt, "digests": sorted(known.digests | set(digests))}
    files.write(folder / FILE, json.dumps(said).encode(), 0o600)


def sentences(text: str) -> Iterator[Sentence]:
    """Yield the sentences of a text that are long enough to be known again."""
    start = 0
    for end in (*(found.end() for found in _END.finditer(text)), len(text)):
        said, lead = text[start:end].rstrip(), len(text[start:end]) - len(text[start:end].lstrip())
        if len(said) >= WIDE // 2 and _prefix(words := _words(said)) is not None:
            yield Sentence(start + lead, start + len(said), words)
        start = end


def told(sentence: Sentence) -> tuple[str, str]:
    """Return what a sentence is known by: whole, and where the site cut it."""
    return sentence.words, f"{_prefix(sentence.words)}…"


def _words(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).casefold()))


def _prefix(words: str) -> str | None:
    """Return how a sentence begins, WIDE columns of it; None for a shorter one."""
    wide = 0
    for at, char in enumerate(words, 1):
        wide += 1 + (unicodedata.east_asian_width(char) in "WF")
        if wide >= WIDE:
            return words[:at]
    return None


def without(text: str, forgotten: Forgotten) -> str:
    """Return a text in which MARK stands for what it quotes, once for sentences in a row."""
    parts: list[str] = []
    end = 0
    for one in sentences(text):
        if forgotten.knows(one.words):
            between = text[end : one.start]
            if not parts or between.strip():
                parts += [between, MARK]
            end = one.end
    return "".join([*parts, text[end:]])


def is_quoted(entry: Mapping[str, Any], forgotten: Forgotten) -> bool:
    """Return whether an entry of `similar_qa` is about a forgotten page, by its link or by what it says."""
    return entry["url"] in forgotten.urls or any(_is_said(entry[name], forgotten) for name in _ENTRY if entry[name])


def _is_said(text: str, forgotten: Forgotten) -> bool:
    """Return whether a text has a sentence of a forgotten page, or ends in one that is cut."""
    found = list(sentences(text))
    if any(forgotten.knows(one.words) for one in found):
        return True
    return bool(found and _CUT.search(text) and forgotten.knows(told(found[-1])[1]))


def clean(row: Mapping[str, Any], forgotten: Forgotten) -> tuple[dict[str, Any], int]:
    """Return the columns of a record that change as it loses what it quotes, and how many quotations there were."""
    found: dict[str, Any] = {}
    count = 0
    if entries := row.get("similar_qa"):
        kept = [entry for entry in entries if not is_quoted(entry, forgotten)]
        if len(kept) < len(entries):
            found["similar_qa"], count = kept, len(entries) - len(kept)
    texts = _texts(row, lambda text: without(text, forgotten)) if forgotten.digests else {}
    if texts:
        marks = sum(str(value).count(MARK) - str(row[name]).count(MARK) for name, value in texts.items())
        found |= texts
        count += marks
        if "notes" in row:
            found["notes"] = list(dict.fromkeys([*row["notes"], "removed_quotation"]))
    return found, count


def _texts(row: Mapping[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    """Return the columns of running text that change."""
    found: dict[str, Any] = {name: change(row[name]) for name in TEXTS if row.get(name)}
    if row.get("other_replies"):
        found["other_replies"] = [reply | {"reply": change(reply["reply"])} for reply in row["other_replies"]]
    return {name: value for name, value in found.items() if value != row[name]}


def unquoted(record: QARecord, forgotten: Forgotten) -> QARecord:
    """Return a record without what it quotes of forgotten pages."""
    if not (forgotten.urls or forgotten.digests):
        return record
    row = record.model_dump(include=set(COLUMNS))
    found, _ = clean(row | {name: list(row[name]) for name in ("similar_qa", "other_replies")}, forgotten)
    for name, model in (("similar_qa", SimilarQA), ("other_replies", OtherReply)):
        if name in found:
            found[name] = tuple(model(**entry) for entry in found[name])
    if "notes" in found:
        found["notes"] = tuple(found["notes"])
    return record.model_copy(update=found) if found else record


def known_by(texts: Collection[str], others: Iterable[Collection[str]], salt: str) -> set[str]:
    """Return the digests by which the sentences of some texts are known again; what `_MANY` others say is left out.

    `others` are the texts of each other page: what many people say is nobody's own.
    """
    mine = {one.words: one for text in texts for one in sentences(text)}
    said = dict.fromkeys(mine, 0)
    for other in others if mine else ():
        for words in {one.words for text in other for one in sentences(text)} & mine.keys():
            said[words] += 1
    return {digest(by, salt) for words, one in mine.items() if said[words] < _MANY for by in told(one)}
