"""Listeners on what dies with the component that lends it, or that ends where the page's root is taken down.

A hook that is given what a child of its caller has handed up (`<Carousel setApi={setApi} />`, `useDots(api)`) goes with
both: React takes them down together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, descendants
from chunklint.model import Location
from chunklint.records import record
from chunklint.semantics.ecmascript.feeds import calls_of_hooks, definition_around, origin_of_use
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    called_name,
    enclosing_function,
    is_function,
    receiver_of,
)
from chunklint.semantics.ecmascript.modals import is_conditional
from chunklint.semantics.ecmascript.modules import module_files
from chunklint.semantics.ecmascript.names import dotted, resolve, root_of, unwrap, uses_of, written_out
from chunklint.semantics.ecmascript.react import Effect, component_of, hook_of, is_hook, jsx_elements
from chunklint.semantics.ecmascript.resources import Acquisition
from chunklint.semantics.ecmascript.states import is_listed, setter_of

_WINDOW = "window"
# What tells others of something, by the names that props for it are given.
_TELLS = re.compile(
    r"(?:emitter|dispatcher|bus|events?|socket|client|channel|subject|stream|connection|player|manager|controller)$",
    re.IGNORECASE,
)
_MAKES = frozenset({"useMemo", "useState", "useConstant", "useInitialValue", "useLazyRef", "useOnce"})
# Such functions hand out what is there already.
_HANDS_OUT = re.compile(r"^(?:get|use|find|shared|current)(?:[A-Z]|$)")
_LENT = ("identifier", "shorthand_property_identifier", "member_expression")
_ENDS = frozenset({"destroy", "disconnect", "close", "terminate", "dispose", "removeAllListeners"})


@record
class Lending:
    """A mount that gives a component a prop that tells of events, or the end of what a global variable holds.

    `own` says that the mounting component has made it for itself, and nothing decides on the mount. For a call of a
    hook `prop` is the argument (`0`, `1.api`), and `own` says that a child of the caller has made it. For a global
    variable `module` and `name` are "window" and its name.
    """

    module: str
    name: str
    prop: str
    own: bool


@record
class Loan:
    """A finding about a listener, by its place, on a prop of its component or on what a global variable holds."""

    place: Location
    owner: str
    prop: str


def lendings(file: SourceFile) -> Iterator[Lending]:
    """What a file's components lend others, and what a global variable holds that ends where a root is taken down."""
    found: set[Lending] = set()
    for element in jsx_elements(file):
        name = element.child_by_field_name("name")
        given = [one for one in element.named_children if one.type == "jsx_attribute" and len(one.named_children) == 2]
        told = [one for one in given if _TELLS.search(file.text(one.named_children[0]))]
        origin = origin_of_use(file, name) if told and name is not None and name.type == "identifier" else None
        if origin is None:
            continue
        for part in told:
            prop, own = file.text(part.named_children[0]), _is_own(file, element, part.named_children[1])
            found.add(Lending(*origin, prop, own))
    for call, name in calls_of_hooks(file):
        origin = origin_of_use(file, name)
        if origin is not None:
            found.update(Lending(*origin, at, _is_handed_up(file, value)) for at, value in _arguments(file, call))
    if "unmount(" in file.content:
        found.update(_ended(file))
    yield from sorted(found, key=lambda one: (one.module, one.name, one.prop, one.own))


def _is_own(file: SourceFile, element: Node, value: Node) -> bool:
    owner = component_of(file, element)
    if owner is None or enclosing_function(file, element) != owner or is_conditional(element):
        return False
    inner = next(iter(value.named_children), None) if value.type == "jsx_expression" else None
    found = resolve(file, inner) if inner is not None and inner.type == "identifier" else None
    hook = hook_of(file, found) if found is not None else None
    if hook is None or hook[0] not in _MAKES:
        return False
    given = [unwrap(one) for one in arguments_of(hook[1])[:1]]
    made = [unwrap(one.child_by_field_name("body") or one) if is_function(one) else one for one in given]
    if hook[0] == "useMemo" and any(one.named_children for one in arguments_of(hook[1])[1:2]):
        return False
    if any(one.type == "new_expression" for one in made):
        return True
    return any(one.type == "call_expression" and not _HANDS_OUT.match(called_name(file, one)) for one in made)


def _arguments(file: SourceFile, call: Node) -> Iterator[tuple[str, Node]]:
    """What a hook is called with by a name, or with a member of something: `0`, or `1.api` for part of an object."""
    for at, value in enumerate(map(unwrap, arguments_of(call))):
        parts = value.named_children if value.type == "object" else [value]
        for part in parts:
            key = part.child_by_field_name("key") if part.type == "pair" else part
            inner = part.child_by_field_name("value") if part.type == "pair" else part
            if key is not None and inner is not None and unwrap(inner).type in _LENT:
                yield f"{at}" if part == value else f"{at}.{file.text(key)}", unwrap(inner)


def _is_handed_up(file: SourceFile, value: Node) -> bool:
    """Whether a value is state of the caller that nothing but the props of its elements set."""
    found = resolve(file, value) if value.type != "member_expression" else None
    hook = hook_of(file, found) if found is not None else None
    if found is None or hook is None or hook[0] != "useState" or found.keys != ("0",):
        return False
    setter = setter_of(file, found)
    uses = [use for use in uses_of(file, setter.node) if not is_listed(file, use)] if setter is not None else []
    handed = all(any(around.type == "jsx_attribute" for around in ancestors(use)) for use in uses)
    return bool(uses) and handed


def _ended(file: SourceFile) -> Iterator[Lending]:
    """The global variables whose value a function ends that takes a root down."""
    for call in descendants(file.root, "call_expression"):
        around = enclosing_function(file, call)
        if called_name(file, call) != "unmount" or arguments_of(call) or around is None:
            continue
        for other in descendants(around, "call_expression"):
            receiver = receiver_of(other)
            chain = dotted(file, receiver) if receiver is not None and called_name(file, other) in _ENDS else ()
            if len(chain) == 2 and chain[0] == _WINDOW:
                yield Lending(_WINDOW, chain[1], "", True)


def loan_of(file: SourceFile, effect: Effect, acquired: Acquisition, place: Location) -> Loan | None:
    """What a listener's receiver is lent by, where other files tell how long that lives."""
    receiver = acquired.receiver
    root = root_of(receiver) if receiver is not None else None
    if receiver is None or root is None or root.type != "identifier":
        return None
    owner, chain = definition_around(file, effect.call), written_out(file, receiver)
    if len(chain) == 2 and chain[0] == _WINDOW:
        return Loan(place, "", chain[1])
    found = resolve(file, root)
    if found is None or found.kind != "parameter" or found.scope != effect.owner or receiver.type != "identifier":
        return None
    if is_hook(owner):
        return Loan(place, owner, ".".join(found.keys or ("0",)))
    return Loan(place, owner, found.keys[-1]) if owner and found.keys else None


class Lent:
    """The lendings of all files, joined."""

    def __init__(self, facts: Mapping[str, Iterable[object]]) -> None:
        self._facts = facts
        self._given = [(path, one) for path, own in facts.items() for one in own if isinstance(one, Lending)]
        self._taken = {(path, one.place): one for path, own in facts.items() for one in own if isinstance(one, Loan)}

    def dies_with_it(self, path: str, place: Location) -> bool:
        """Whether what a finding's listener is on goes with each component that lends it, or with the root."""
        one = self._taken.get((path, place))
        if one is None:
            return False
        if not one.owner:
            return any((given.module, given.name) == (_WINDOW, one.prop) for _, given in self._given)
        lent = [
            given.own for user, given in self._given if given.prop == one.prop and self._means(user, given, path, one)
        ]
        return bool(lent) and all(lent)

    def _means(self, user: str, given: Lending, path: str, one: Loan) -> bool:
        """Whether a mount may be one of the component that borrows."""
        target = module_files(user, given.module, self._facts) if given.module else user
        return (target is None and given.name == one.owner) or (target == path and given.name in (one.owner, "default"))
