"""One module a language, behind one Protocol (`base.Language`). `BY_NAME` is the register of all of them."""

from __future__ import annotations

from chunklint.languages.base import Language
from chunklint.languages.ecmascript import ECMASCRIPT
from chunklint.languages.python import PYTHON
from chunklint.languages.sql import SQL

BY_NAME: dict[str, Language] = {language.name: language for language in (PYTHON, ECMASCRIPT, SQL)}

# Another version of these may read a file differently.
GRAMMAR_PACKAGES = ("tree_sitter_python", "tree_sitter_javascript", "tree_sitter_typescript")

_BY_SUFFIX = {suffix: language for language in BY_NAME.values() for suffix in language.suffixes}


def language_of(path: str) -> Language | None:
    """The language that reads a path, by its suffix in any letter case, or None."""
    stem, dot, ending = path[path.rfind("/") + 1 :].rpartition(".")
    return _BY_SUFFIX.get(f".{ending}".lower()) if stem and dot else None
