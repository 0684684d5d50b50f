"""'Did you mean': the known word nearest to a mistaken one."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The first known word that begins with this one, else the most alike, whatever the case; None if none is close."""
    from difflib import get_close_matches

    by_folded = {candidate.casefold(): candidate for candidate in sorted(known, reverse=True)}
    begun = sorted(folded for folded in by_folded if word and folded.startswith(word.casefold()))
    found = begun[:1] or get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A clause to append to a message, such as "; did you mean `exclude`?", or "" when no known word is close."""
    found = nearest(word, known)
    return f"; did you mean `{found}`?" if found is not None else ""
