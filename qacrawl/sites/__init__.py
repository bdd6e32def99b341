"""The sites, a folder each: `addresses` (what its URLs say), `spider` (which pages exist), `parser` (what they say)."""
