"""State variables and what sets them."""

from __future__ import annotations

from tree_sitter import Node

from chunklint.languages.base import SourceFile
from chunklint.semantics.ecmascript.functions import called_name
from chunklint.semantics.ecmascript.names import Binding, bindings
from chunklint.semantics.ecmascript.react import is_hook


def setter_of(file: SourceFile, state: Binding) -> Binding | None:
    """What sets a state variable: `setX` of `const [x, setX] = useState()`."""
    siblings = bindings(file, state.scope).values()
    return next((one for one in siblings if one.value == state.value and one.keys == ("1",)), None)


def is_listed(file: SourceFile, use: Node) -> bool:
    """Whether a name stands among the dependencies of a hook."""
    given = use.parent.parent if use.parent is not None and use.parent.type == "array" else None
    call = given.parent if given is not None and given.type == "arguments" else None
    return call is not None and is_hook(called_name(file, call))
