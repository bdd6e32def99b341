"""Names of third persons, found by a model that the user has: only where a setting names one."""

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from typing import Any, Protocol

from qacrawl.errors import Exit, QacrawlError
from qacrawl.redact.people import fold, is_doctors
from qacrawl.redact.spans import Span

PERSONS = ("PERSON", "PER")
"""What models of spaCy call people."""
LONGEST = 20_000
"""Characters that a model reads at once: its memory grows with them."""


class Detector(Protocol):
    """What finds names of people in a text."""

    label: str
    """Its name and version, without blanks and slashes; records say it in `parser_version`."""

    def find(self, text: str) -> Iterable[Span]:
        """Yield where names stand."""


class Model:
    """A pipeline of spaCy."""

    def __init__(self, pipeline: Any) -> None:
        self.pipeline = pipeline
        name = f"{pipeline.meta['lang']}_{pipeline.meta['name']}-{pipeline.meta['version']}"
        self.label = re.sub(r"[^\w.+-]+", "_", name)

    def find(self, text: str) -> Iterator[Span]:
        """Yield where names of people stand."""
        for start, end in _pieces(text):
            for found in self.pipeline(text[start:end]).ents:
                if found.label_ in PERSONS:
                    yield start + found.start_char, start + found.end_char


def _pieces(text: str) -> Iterator[Span]:
    """Yield parts of a text of at most LONGEST characters, cut between lines or words where there are some."""
    start = 0
    while start < len(text):
        end = start + LONGEST
        if end < len(text):
            cut = max(text.rfind(sign, start, end) for sign in "\n ")
            end = cut + 1 if cut > start else end
        yield start, min(end, len(text))
        start = end


@cache
def load(place: str) -> Detector:
    """Return the model in a folder, or of an installed package. Raise QacrawlError in one line where it is none."""
    if find_spec("spacy") is None:
        raise QacrawlError("--names-model takes the extra names: pip install 'qacrawl[names]'", Exit.USAGE)
    import spacy

    try:
        pipeline = spacy.load(place)
        labels = {label for found in pipeline.pipe_labels.values() for label in found}
    except Exception as error:  # whatever lies in the folder
        said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise QacrawlError(f"--names-model: {place} is no pipeline of spaCy: {said}", Exit.USAGE) from None
    if labels.isdisjoint(PERSONS):
        raise QacrawlError(f"--names-model: {place} finds no {' or '.join(PERSONS)}", Exit.USAGE)
    return Model(pipeline)


def names(detector: Detector, text: str, known: Collection[str]) -> Iterator[Span]:
    """Yield where names of people stand who are no doctors; `known` are words of doctors' names, in small letters."""
    for start, end in detector.find(text):
        parts = re.findall(r"\w+", fold(text[start:end]).casefold())
        if parts and not set(parts) <= set(known) and not is_doctors(text, start, end):
            yield start, end
