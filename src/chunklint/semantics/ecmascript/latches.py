"""States that are set once and stay so: `const [typed, setTyped] = useState(false)`, and only `setTyped(true)`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tree_sitter import Node

from chunklint.languages.base import SourceFile, begins_within, descendants
from chunklint.semantics.ecmascript.functions import arguments_of, callee_of
from chunklint.semantics.ecmascript.names import Binding, dotted, resolve, unwrap, uses_of
from chunklint.semantics.ecmascript.react import Effect, hook_of
from chunklint.semantics.ecmascript.reruns import changes
from chunklint.semantics.ecmascript.states import is_listed, setter_of
from chunklint.semantics.ecmascript.swaps import is_literal

# What a whole application stands behind, by the names that such things are given.
_SIGNED_IN = re.compile(
    r"^(?:is|has)?_?(?:authenticated|authed|auth|authori[sz]ed|logged_?in|signed_?in)(?:_?user)?$"
    r"|^(?:current|auth)_?user$",
    re.IGNORECASE,
)
# What comes true once the page has been taken over from the server.
_ON_CLIENT = re.compile(
    r"^_?(?:is|has)?_?(?:mounted|re_?hydrated|hydrated|client|client_?side|browser)$", re.IGNORECASE
)
_SIGN_IN = re.compile(
    r"<(?:\w+\.)?(?:(?:Log|Sign)[Ii]n\w*|Unauth\w*|Auth(?:Page|Screen|Flow|Stack|Navigator|Form|Layout|Routes?|View)?)\b"
)
_OTHER_SIDE = {"consequence": "alternative", "alternative": "consequence"}


def waits_for_a_latch(file: SourceFile, effect: Effect, asked: Iterable[Node]) -> bool:
    """Whether all that makes an effect run again is one state that is set once, and it asks for that state.

    `asked` are the conditions under which it acquires: it does so before or after the one change.
    """
    listed = effect.deps or tuple(arguments_of(effect.call)[1:2])
    changing = [dep for dep in listed if changes(file, dep)]
    found = resolve(file, changing[0]) if len(changing) == 1 and changing[0].type == "identifier" else None
    if found is None or _set_once(file, found) is None:
        return False
    return any(resolve(file, name) == found for one in asked for name in _names(one))


def is_on_for_good(file: SourceFile, choice: Node, inner: Node) -> bool:
    """Whether a place is on the side of a choice that is shown from some time on, for good or until somebody signs out.

    `ready ? <App /> : <Splash />`, with `setReady(true)` as all that sets it, and `isLoggedIn ? <App /> : <Login />`.
    """
    asked = choice.child_by_field_name("condition") or choice.child_by_field_name("left")
    if asked is None:
        return False
    asked, side = unwrap(asked), "right" if choice.type == "binary_expression" else "consequence"
    if asked.type == "unary_expression" and file.text(asked).startswith("!"):
        asked, side = unwrap(asked.named_children[0]), "alternative"
    shown = choice.child_by_field_name(side)
    if shown is None or not begins_within(inner, shown):
        return False
    chain, other = dotted(file, asked), choice.child_by_field_name(_OTHER_SIDE.get(side, ""))
    # `user ? <App /> : <Login />`, whatever it is called by.
    if chain and (_SIGNED_IN.match(chain[-1]) or (other is not None and _SIGN_IN.search(file.text(other)))):
        return True
    if chain and _ON_CLIENT.match(chain[-1]):
        return True
    found = resolve(file, asked) if asked.type == "identifier" else None
    return found is not None and _set_once(file, found) == "true"


def _names(condition: Node) -> Iterable[Node]:
    return (condition,) if condition.type == "identifier" else descendants(condition, "identifier")


def _set_once(file: SourceFile, state: Binding) -> str | None:
    """The one literal that a state which begins with another one is ever set to; None for any other state."""
    hook, setter = hook_of(file, state), setter_of(file, state)
    if hook is None or hook[0] != "useState" or state.keys != ("0",) or setter is None:
        return None
    begins = _literal(file, arguments_of(hook[1]))
    uses = [use for use in uses_of(file, setter.node) if not is_listed(file, use)]
    values = {_set_to(file, use) for use in uses}
    return values.pop() if begins is not None and len(values) == 1 and begins not in values else None


def _set_to(file: SourceFile, use: Node) -> str | None:
    """The literal that a use of a setter sets its state to; None for any other use."""
    call = use.parent
    called = call is not None and call.type == "call_expression" and callee_of(call) == use
    return _literal(file, arguments_of(call)) if call is not None and called else None


def _literal(file: SourceFile, given: list[Node]) -> str | None:
    value = unwrap(given[0]) if given else None
    if value is None:
        return "undefined"
    return file.text(value) if is_literal(file, value) else None
