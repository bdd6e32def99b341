"""A wider net than redaction's, for who looks through a dataset: signs of personal data, most of which are none."""

import re
from collections.abc import Callable, Iterable

from qacrawl.redact.spans import Span, clusters

_AT = re.compile(r"\S{0,64}@\S{0,64}")
_WEB = re.compile(r"(?i)https?://\S{1,500}|\bwww\.\S{1,500}")
_FEWEST = 8
"""Digits of a number that may be somebody's."""


def numbers(plain: str) -> Iterable[Span]:
    """Yield the stretches of a plain text with so many digits that they may be a person's number."""
    for start, end in clusters(plain):
        if sum(map(str.isdigit, plain[start:end])) >= _FEWEST:
            yield start, end


def signs(plain: str) -> Iterable[Span]:
    """Yield words with an at sign."""
    return (found.span() for found in _AT.finditer(plain))


def pages(plain: str) -> Iterable[Span]:
    """Yield addresses on the net, whoever's they are."""
    return (found.span() for found in _WEB.finditer(plain))


FINDERS: tuple[tuple[str, Callable[[str], Iterable[Span]]], ...] = (
    ("long number", numbers),
    ("at sign", signs),
    ("web address", pages),
)
"""The signs by name."""
