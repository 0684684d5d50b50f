"""Dialogs of the system in which a file or folder is picked: `await showOpenDialog()`, `await selectDirectory()`."""

from __future__ import annotations

import re

from tree_sitter import Node

from chunklint.languages.base import SourceFile
from chunklint.semantics.ecmascript.asking import requests_behind
from chunklint.semantics.ecmascript.functions import arguments_of, called_name, callee_of
from chunklint.semantics.ecmascript.names import qualified

_DIALOGS = re.compile(r"^show(?:Open|Save|Directory)\w*(?:Dialog(?:ue)?|Picker)$")
# A folder of the application's own is selected by its id, one of the system by nothing, or by options.
_FOLDERS = re.compile(r"^(?:select|pick|choose)\w*(?:Director(?:y|ies)|Folders?)$")


def is_picked(file: SourceFile, setter: Node) -> bool:
    """Whether a setter is called with what was picked in a dialog of the system."""
    call = setter.parent
    given = arguments_of(call)[:1] if call is not None and callee_of(call) == setter else []
    return any(_picks(file, request) for value in given for request in requests_behind(file, value))


def _picks(file: SourceFile, call: Node) -> bool:
    name, callee = called_name(file, call), callee_of(call)
    if _DIALOGS.match(name):
        return True
    if _FOLDERS.match(name):
        return all(one.type == "object" for one in arguments_of(call))
    module = (qualified(file, callee) or ("",))[0] if callee is not None else ""
    return name == "open" and module.startswith("@tauri-apps/") and "dialog" in module
