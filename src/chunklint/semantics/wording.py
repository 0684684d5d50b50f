"""How messages put names and code into words."""

from __future__ import annotations

from collections.abc import Sequence


def in_series(parts: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"; "" for no part."""
    return " and ".join((", ".join(parts[:-1]), parts[-1])) if len(parts) > 1 else "".join(parts)


def capitalised(clause: str) -> str:
    """The clause with a capital first letter, the others left as they are."""
    return clause[:1].upper() + clause[1:]


def shortened(code: str, limit: int) -> str:
    """Source on one line, of at most as many characters."""
    text = " ".join(code.split())
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
