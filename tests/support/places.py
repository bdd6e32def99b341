"""Where things lie: the checkout, its fixtures, and what a developer may have beside it."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
SHARED = ROOT.parent / "shared"
"""Real pages, which are not part of the project: tests that read them skip where they are missing."""
