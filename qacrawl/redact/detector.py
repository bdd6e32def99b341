"""Names of third persons: a detector that the user installs and names by a setting; by default there is none.

It is any Python object with a `version` and a method `find`; a setting `MODULE:FUNCTION` says what makes it. The function
gets the rest of the setting, if there is any (`MODULE:FUNCTION:/path/to/model`), and loads its model from disk: a
process that reads pages must not wait for the network.
"""

import re
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import Protocol, runtime_checkable

from qacrawl.errors import Exit, QacrawlError
from qacrawl.redact.spans import Span


@runtime_checkable
class Detector(Protocol):
    """Finds names of persons."""

    version: str
    """What found them, for `parser_version`: letters, digits, dots and dashes."""

    def find(self, text: str) -> Iterable[Span]:
        """Return where names of persons stand in a text."""


@cache
def load(named: str) -> Detector:
    """Return the detector that a setting names. Raise QacrawlError where there is none, or it can't be made."""
    module, _, rest = named.partition(":")
    function, _, argument = rest.partition(":")
    try:
        make = getattr(import_module(module), function)
        made = make(argument) if argument else make()
    except Exception as error:  # whatever a model's library raises
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise QacrawlError(f"no detector of names can be made of {named!r}: {said}", Exit.USAGE) from None
    if not isinstance(made, Detector) or not re.fullmatch(r"[\w.-]{1,60}", str(made.version), re.ASCII):
        raise QacrawlError(f"{named!r} makes no detector: it needs a method find and a version of letters and digits", Exit.USAGE)
    return made
