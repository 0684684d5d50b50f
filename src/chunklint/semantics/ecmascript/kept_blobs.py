"""How much an object URL keeps: a blob that was recorded or fetched lies in memory, a picked file on the disk."""

from __future__ import annotations

import re

from tree_sitter import Node

from chunklint.languages.base import SourceFile
from chunklint.semantics.ecmascript.functions import arguments_of, callee_of
from chunklint.semantics.ecmascript.names import dotted, resolve, unwrap

_TEXT = re.compile(r"text/|json|csv|xml|yaml|javascript")


def is_slight(file: SourceFile, hook: Node, call: Node) -> bool:
    """Whether `useMemo` makes an address of a text, or once of each file that it is given, and of nothing larger."""
    given = [unwrap(one) for one in arguments_of(call)]
    if not given:
        return False
    if _is_text(file, given[0]):
        return True
    chain, deps = dotted(file, given[0]), arguments_of(hook)[1:2]
    names = [dotted(file, dep) for dep in deps[0].named_children] if deps and deps[0].type == "array" else []
    return bool(chain) and chain in names and not _is_blob(file, chain[-1])


def _is_text(file: SourceFile, value: Node) -> bool:
    found = resolve(file, value) if value.type == "identifier" else None
    made = unwrap(found.value) if found is not None and found.value is not None and not found.keys else value
    callee = callee_of(made) if made.type == "new_expression" else None
    if callee is None or file.text(callee) != "Blob":
        return False
    return any(_TEXT.search(file.text(options)) for options in arguments_of(made)[1:2])


def _is_blob(file: SourceFile, name: str) -> bool:
    """Whether a name, or the type that is written behind it, says that it is a blob."""
    return "blob" in name.lower() or re.search(rf"\b{re.escape(name)}\??: *Blob\b", file.content) is not None
