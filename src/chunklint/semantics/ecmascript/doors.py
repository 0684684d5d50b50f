"""Error files that are a way to log in: what they catch is thrown on purpose, and nobody has to hear of it."""

from __future__ import annotations

import posixpath
import re

from chunklint.languages.base import SourceFile, ancestors, descendants
from chunklint.records import record
from chunklint.semantics.ecmascript.names import FUNCTIONS

_PAGE = re.compile(r"^page\.[jt]sx?$")
_WHO = re.compile(r"session|user\b|auth|logged|login|sign(?:ed)?_?in|permission|isadmin", re.IGNORECASE)
_LOGIN = re.compile(r"<\w*(?:Log|Sign)-?[Ii]n\w*[\s/>]|\b(?:href|to)=[{\"'`]+[\w/]*(?:log|sign)-?in\b")


@record
class Door:
    """A folder whose page throws by itself when nobody is logged in, or without the right to see it."""

    folder: str


def door_of(file: SourceFile) -> Door | None:
    """The folder of Next whose page throws under a test of who is there; None for any other file."""
    folder, _, name = file.path.rpartition("/")
    if _PAGE.match(name) is None or "throw " not in file.content or _WHO.search(file.content) is None:
        return None
    for thrown in descendants(file.root, "throw_statement"):
        for around in ancestors(thrown):
            if around.type in FUNCTIONS:
                break
            test = around.child_by_field_name("condition") if around.type == "if_statement" else None
            if test is not None and _WHO.search(file.text(test)):
                return Door(folder)
    return None


def leads_to_login(file: SourceFile) -> bool:
    """Whether what an error file offers is to log in, and not to try again."""
    return _LOGIN.search(file.content) is not None and "reset" not in file.content


def is_at(door: Door, path: str) -> bool:
    """Whether a file lies beside the page that throws."""
    return posixpath.dirname(path) == door.folder
