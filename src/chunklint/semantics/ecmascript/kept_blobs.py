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


def is_of_object(file: SourceFile, call: Node) -> bool:
    """Whether an address is of the text of an object, which lies in memory already: `[JSON.stringify(settings)]`.

    Tables and recordings grow without limit; what a page offers as JSON beside a form is a few hundred bytes.
    """
    given = arguments_of(call)
    made = _made(file, given[0]) if given else None
    parts = arguments_of(made)[:1] if made is not None else []
    listed = parts[0].named_children if parts and parts[0].type == "array" else []
    return bool(listed) and all(_is_written_out(file, part) for part in listed)


def _is_written_out(file: SourceFile, part: Node) -> bool:
    found = resolve(file, part) if part.type == "identifier" else None
    value = unwrap(found.value) if found is not None and found.value is not None and not found.keys else unwrap(part)
    callee = callee_of(value) if value.type == "call_expression" else None
    return callee is not None and dotted(file, callee) == ("JSON", "stringify")


def _made(file: SourceFile, value: Node) -> Node | None:
    """The `new Blob(...)` that a value is; None for anything else."""
    found = resolve(file, value) if value.type == "identifier" else None
    made = unwrap(found.value) if found is not None and found.value is not None and not found.keys else unwrap(value)
    callee = callee_of(made) if made.type == "new_expression" else None
    return made if callee is not None and file.text(callee) == "Blob" else None


def _is_text(file: SourceFile, value: Node) -> bool:
    made = _made(file, value)
    return made is not None and any(_TEXT.search(file.text(options)) for options in arguments_of(made)[1:2])


def _is_blob(file: SourceFile, name: str) -> bool:
    """Whether a name, or the type that is written behind it, says that it is a blob."""
    return "blob" in name.lower() or re.search(rf"\b{re.escape(name)}\??: *Blob\b", file.content) is not None
