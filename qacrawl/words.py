"""Numbers and nouns that agree."""


def counted(number: int, noun: str, several: str | None = None) -> str:
    """Return "1 record", or "2,000 records"; `several` is the plural where an "s" does not make it."""
    return f"{number:,} {noun if number == 1 else several or noun + 's'}"
