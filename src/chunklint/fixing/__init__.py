"""Fixes: made by the rules, tried in memory on what the whole scan knows, and kept when they do what they are for.

Nothing is written here: a fix that is not kept has left no trace, and there is nothing to restore.
"""

from __future__ import annotations

from chunklint.fixing.making import fixer_of
from chunklint.fixing.mending import Change, Done, Mended, Refused, mend
from chunklint.fixing.suggesting import suggested

__all__ = ["Change", "Done", "Mended", "Refused", "fixer_of", "mend", "suggested"]
