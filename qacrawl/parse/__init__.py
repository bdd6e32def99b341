"""PARSE: bytes to blocks of text, and those to fields."""
