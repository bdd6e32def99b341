"""REDACT: personal data taken out of records."""

from typing import Literal

AskerNames = Literal["pseudonym", "keep", "drop"]
"""What becomes of askers' names."""
