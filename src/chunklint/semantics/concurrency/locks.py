"""What is a lock in Python code, and which one it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

from tree_sitter import Node

from chunklint.languages.base import descendants, enclosing
from chunklint.languages.python import PythonFile
from chunklint.records import record
from chunklint.semantics.concurrency.lock_types import TYPES, Form, LockKind, LockType, names_lock
from chunklint.semantics.python.helpers import returned_values
from chunklint.semantics.python.names import (
    HERE,
    annotated_type,
    arguments,
    attributes_of_self,
    enclosing_function,
    local_function,
    qualified_name,
    type_of,
)
from chunklint.semantics.python.scopes import Binding, Kind, attribute_bindings, bindings_in, reaching

# Longer chains of aliases and accessors do not occur; the bound keeps cycles finite.
_MAX_DEPTH = 6

_FACTORIES = ("default_factory", "factory")
_FIELDS = frozenset({"field", "Field", "PrivateAttr", "ib", "attrib"})
_LOOKUPS = frozenset({"get", "setdefault", "pop"})
_PLACES = ("attribute", "subscript")
_REMOTE = re.compile(r"redis|cache|valkey|consul|etcd|zookeeper|locker|lock_manager", re.IGNORECASE)
_REMOTE_METHODS = frozenset({"lock", "Lock", "get_lock", "semaphore"})
_REMOTE_OPTIONS = frozenset({"blocking_timeout", "lock_timeout", "lock_ttl", "ttl", "timeout", "expire", "sleep"})


@record
class Lock:
    """A lock as an expression of one file names it.

    Two expressions name the same lock when `home` and `holder` are equal, provided that the holders are the same
    object: `self._lock` in two methods is the same lock only if both run on one instance.

    Attributes:
        name: As the code spells it.
        home: Where it is kept, dotted: "<module>.name", "Class.attribute", "Class.method.variable"; "[]" follows for
            an item of a container of locks, "()" for what a function returns; "" for one made on the spot.
        holder: The expression of the object that keeps it, with the key of an item: "self", "entry", "self[key]";
            "" for locks of the module, of a class as a whole, and for local variables.
        reentrant: Whether its holder may take it again.
        exclusive: Whether it lets in one at a time: False for semaphores with more permits, or a number of them that
            cannot be seen, and for readers.
        shared: Whether it outlives the call: kept in the module, in a class or an object, or handed in.
    """

    name: str
    home: str
    holder: str
    kind: LockKind
    form: Form = Form.MUTEX
    reentrant: bool = False
    exclusive: bool = True
    shared: bool = True

    def is_same(self, other: Lock) -> bool:
        """Whether both name one lock, if seen from methods of one object."""
        return bool(self.home) and (self.home, self.holder) == (other.home, other.holder)


def lock_of(expression: Node, file: PythonFile) -> Lock | None:
    """The lock that an expression gives, or None for anything that is not known, and not named, as one.

    Known are the classes in `lock_types`, whether made in the module, a class, `__init__`, a dataclass field or a
    container of locks, or declared by an annotation; aliases and accessors of this module are followed. What only
    its name tells is of the kind PRESUMED.
    """
    return _lock(expression, file, 0)


def _lock(expression: Node, file: PythonFile, depth: int) -> Lock | None:
    if depth > _MAX_DEPTH:
        return None
    return file.remember(("lock", expression.id), partial(_find, expression, file, depth))


def _find(expression: Node, file: PythonFile, depth: int) -> Lock | None:
    match expression.type:
        case "await" | "parenthesized_expression" | "as_pattern" if expression.named_children:
            return _lock(expression.named_children[0], file, depth + 1)
        case "identifier":
            return _variable(expression, file, depth) or _presumed(expression, file)
        case "attribute":
            return _attribute(expression, file, depth) or _presumed(expression, file)
        case "subscript":
            return _item(expression, expression.child_by_field_name("value"), file) or _presumed(expression, file)
        case "call":
            return _called(expression, file, depth) or _presumed(expression, file)
        case "conditional_expression" | "boolean_operator":
            found = {one for child in expression.named_children if (one := _lock(child, file, depth + 1)) is not None}
            return found.pop() if len(found) == 1 else None
    return None


def _variable(name: Node, file: PythonFile, depth: int) -> Lock | None:
    found = [one for one in reaching(name, file) if not _is_none(one.value)]
    if not found or found[0].kind is Kind.IMPORT:
        return None
    values = [one.value for one in found if one.kind in (Kind.ASSIGNMENT, Kind.CONTEXT) and not one.path]
    aliased = [one for value in values if value is not None and (one := _lock(value, file, depth + 1)) is not None]
    kept = next((one for one in aliased if one.shared and one.kind is not LockKind.PRESUMED), None)
    if kept is not None:
        return replace(kept, name=file.text(name))
    made = _made_by(found, file)
    if made is None:
        return replace(aliased[0], name=file.text(name)) if aliased else None
    made = replace(made, name=file.text(name))
    stored = _stored(name, file)
    if stored is not None:
        home, holder = _place(stored, file)
        return replace(made, home=home, holder=holder)
    home = _home_of_variable(found[0], file)
    return replace(made, home=home, shared=found[0].kind is Kind.PARAMETER or home.startswith(f"{HERE}."))


def _home_of_variable(binding: Binding, file: PythonFile) -> str:
    if binding in bindings_in(file.root, file).get(binding.name, ()):
        return f"{HERE}.{binding.name}"
    return _dotted(file.symbol(binding.node), binding.name)


def _stored(name: Node, file: PythonFile) -> Node | None:
    """Where a function keeps its variable for later: `self.locks[key]` in `self.locks[key] = lock`."""
    around = enclosing_function(name)
    body = around.child_by_field_name("body") if around is not None else None
    if body is None:
        return None
    kept = file.remember(("stored", body.id), partial(_collect_stored, body, file))
    return kept.get(file.text(name))


def _collect_stored(body: Node, file: PythonFile) -> dict[str, Node]:
    kept: dict[str, Node] = {}
    for assignment in descendants(body, "assignment"):
        left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
        if left is not None and right is not None and right.type == "identifier" and left.type in _PLACES:
            kept[file.text(right)] = left
    return kept


def _place(target: Node, file: PythonFile) -> tuple[str, str]:
    """Home and holder of what is kept in an attribute or an item."""
    if target.type == "subscript":
        container = target.child_by_field_name("value")
        home, holder = _home_of_container(container, file) if container is not None else ("", "")
        return f"{home}[]", f"{holder}[{_key(target, file)}]"
    return _home_of_container(target, file)


def _attribute(expression: Node, file: PythonFile, depth: int) -> Lock | None:
    receiver, name = expression.child_by_field_name("object"), expression.child_by_field_name("attribute")
    if receiver is None or name is None:
        return None
    if (side := TYPES.get(f"{type_of(receiver, file)}.{file.text(name)}")) is not None:
        return _of_type(side, None, file, name=file.text(expression), home=file.text(expression), holder="self")
    found = [one for one in _bindings_of_attribute(expression, receiver, name, file) if not _is_none(one.value)]
    if not found:
        return None
    made = _made_by(found, file)
    if made is not None:
        # A condition built on a lock is that lock, wherever it is kept.
        home = made.home or _dotted(_owner(found[0], file), file.text(name))
        holder = made.holder if made.home else file.text(receiver) if _is_per_object(found, file) else ""
        return replace(made, name=file.text(expression), home=home, holder="self" if holder == "cls" else holder)
    for value in (one.value for one in found if one.kind is Kind.ASSIGNMENT and not one.path):
        if value is not None and value.type in ("identifier", "attribute", "call", "subscript"):
            aliased = _lock(value, file, depth + 1)
            if aliased is not None and aliased.kind is not LockKind.PRESUMED:
                return _kept_alias(aliased, expression, found, file)
    return None


def _kept_alias(aliased: Lock, expression: Node, found: Sequence[Binding], file: PythonFile) -> Lock:
    """A lock made or kept elsewhere that an attribute names: it is that lock if there is only one of it."""
    receiver, name = expression.child_by_field_name("object"), expression.child_by_field_name("attribute")
    if aliased.home.startswith(f"{HERE}.") and not aliased.holder:
        return replace(aliased, name=file.text(expression))
    holder, word = ("" if node is None else file.text(node) for node in (receiver, name))
    home = _dotted(_owner(found[0], file), word)
    return replace(aliased, name=file.text(expression), home=home, holder=holder, shared=True)


def _bindings_of_attribute(expression: Node, receiver: Node, name: Node, file: PythonFile) -> tuple[Binding, ...]:
    """Where the attribute gets its value: in the class around it, in a class of this module that the receiver names."""
    if found := attributes_of_self(expression, file):
        return found
    named = qualified_name(receiver, file) or type_of(receiver, file) or ""
    if not named.startswith(f"{HERE}."):
        return ()
    classes = [one.value for one in bindings_in(file.root, file).get(named.removeprefix(f"{HERE}."), ())]
    owners = [one for one in classes if one is not None and one.type == "class_definition"]
    return attribute_bindings(owners[0], file.text(name), file) if len(owners) == 1 else ()


def _owner(binding: Binding, file: PythonFile) -> str:
    owner = enclosing(binding.node, "class_definition")
    return _dotted(file.symbol(owner), _name_of(owner, file)) if owner is not None else ""


def _is_per_object(found: Iterable[Binding], file: PythonFile) -> bool:
    """Whether each instance has its own: assigned on `self`, or a field of a dataclass or model."""
    for one in found:
        if one.node.type == "attribute":
            receiver = one.node.child_by_field_name("object")
            return receiver is None or file.text(receiver) != "cls"
        if one.value is None or (one.value.type == "call" and _callee_word(one.value, file) in _FIELDS):
            return True
    return False


def _made_by(found: Iterable[Binding], file: PythonFile) -> Lock | None:
    """The nameless lock that the bindings make or declare; its home is set when it is another lock's condition."""
    for one in found:
        if one.annotation is not None and (known := TYPES.get(annotated_type(one.annotation, file) or "")) is not None:
            return _of_type(known, _constructor(one.value, file) if one.value is not None else None, file)
        if one.value is not None and one.kind is Kind.ASSIGNMENT and not one.path:
            call = _constructor(one.value, file)
            known = TYPES.get(_constructed(call, file)) if call is not None else None
            if known is not None:
                return _of_type(known, call, file)
    return None


def _constructor(value: Node, file: PythonFile) -> Node | None:
    """The call of a lock's class in a value, or the class itself where a field or a container is told to call it."""
    for call in (value, *descendants(value, "call", "lambda", stop=frozenset({"lambda"}))):
        if call.type == "lambda":
            return None
        if call.type != "call":
            continue
        if _constructed(call, file) in TYPES:
            return call
        if _callee_word(call, file) in _FIELDS:
            given = arguments(call, file).keywords
            factory = next((given[word] for word in _FACTORIES if word in given), None)
            return _produced(factory) if factory is not None else None
        if call == value:
            return None
    return None


def _produced(factory: Node) -> Node:
    """What a factory calls: itself, or the body of a lambda."""
    body = factory.child_by_field_name("body") if factory.type == "lambda" else None
    return body or factory


def _constructed(call: Node, file: PythonFile) -> str:
    """The qualified name of the class that a call instantiates, or that is handed over to be instantiated."""
    function = call.child_by_field_name("function") if call.type == "call" else call
    return (qualified_name(function, file) or "") if function is not None else ""


def _of_type(
    known: LockType, call: Node | None, file: PythonFile, *, name: str = "", home: str = "", holder: str = ""
) -> Lock:
    given = arguments(call, file) if call is not None and call.type == "call" else None
    first = given.get("lock", 0) or given.get("value") if given is not None else None
    if known.form is Form.CONDITION and first is not None and (inner := lock_of(first, file)) is not None:
        return replace(inner, form=Form.CONDITION)
    # Without the call that makes it the permits of a semaphore are unknown; its default is one.
    single = given is not None and (first is None or file.text(first) == "1")
    exclusive = single if known.form is Form.SEMAPHORE else known.form is not Form.READER
    return Lock(name, home, holder, known.kind, known.form, known.reentrant, exclusive)


def _item(expression: Node, container: Node | None, file: PythonFile) -> Lock | None:
    """An item of a container of locks."""
    known = _item_type(container, file) if container is not None else None
    if container is None or known is None:
        return None
    return _kept_item(expression, container, known, file)


def _kept_item(expression: Node, container: Node, known: LockType, file: PythonFile) -> Lock:
    home, holder = _home_of_container(container, file)
    holder = f"{holder}[{_key(expression, file)}]"
    return _of_type(known, None, file, name=file.text(expression), home=f"{home}[]", holder=holder)


def _key(expression: Node, file: PythonFile) -> str:
    if expression.type == "call":
        given = arguments(expression, file).positional
        return file.text(given[0]) if given else ""
    key = expression.child_by_field_name("subscript")
    return file.text(key) if key is not None else ""


def _home_of_container(container: Node, file: PythonFile) -> tuple[str, str]:
    found = _bindings(container, file)
    if container.type == "identifier":
        return (_home_of_variable(found[0], file) if found else file.text(container)), ""
    receiver, name = container.child_by_field_name("object"), container.child_by_field_name("attribute")
    word = file.text(name) if name is not None else file.text(container)
    owner = _owner(found[0], file) if found else ""
    return _dotted(owner, word), file.text(receiver) if receiver is not None and _is_per_object(found, file) else ""


def _bindings(expression: Node, file: PythonFile) -> tuple[Binding, ...]:
    return reaching(expression, file) if expression.type == "identifier" else attributes_of_self(expression, file)


def _item_type(container: Node, file: PythonFile) -> LockType | None:
    """The type of lock that a container holds, by its annotation or by what it is filled with."""
    for one in _bindings(container, file):
        for part in (one.annotation, one.value):
            if part is None or part.type in ("identifier", "attribute"):
                continue
            for name in descendants(part, "identifier", "attribute"):
                known = TYPES.get(qualified_name(name, file) or "")
                if known is not None:
                    return known
    return None


def _called(call: Node, file: PythonFile, depth: int) -> Lock | None:
    """A lock made on the spot, looked up in a container, taken from an accessor, or asked of a remote server."""
    known = TYPES.get(_constructed(call, file))
    if known is not None:
        return replace(_of_type(known, call, file), name=file.text(call), shared=known.kind is LockKind.DISTRIBUTED)
    function = call.child_by_field_name("function")
    if function is None:
        return None
    receiver = function.child_by_field_name("object")
    word = _callee_word(call, file)
    if receiver is not None and word in _LOOKUPS:
        return _looked_up(call, receiver, file)
    if receiver is not None and word in _REMOTE_METHODS and _is_remote(call, receiver, file):
        return Lock(file.text(call), f"{file.text(function)}()", file.text(call), LockKind.DISTRIBUTED)
    definition = local_function(function, file)
    return _accessed(call, definition, file, depth) if definition is not None else None


def _looked_up(call: Node, receiver: Node, file: PythonFile) -> Lock | None:
    found = _item(call, receiver, file)
    if found is not None:
        return found
    default = arguments(call, file).get("default", 1)
    known = TYPES.get(_constructed(default, file)) if default is not None else None
    return _kept_item(call, receiver, known, file) if known is not None else None


def _is_remote(call: Node, receiver: Node, file: PythonFile) -> bool:
    given = arguments(call, file)
    spelled = f"{file.text(receiver)} {type_of(receiver, file) or ''}"
    return _REMOTE.search(spelled) is not None or not _REMOTE_OPTIONS.isdisjoint(given.keywords)


def _accessed(call: Node, definition: Node, file: PythonFile, depth: int) -> Lock | None:
    """The lock that a function of this module returns: the one that it keeps, or one for these arguments."""
    given = arguments(call, file)
    returned = [_lock(one, file, depth + 1) for one in returned_values(definition) if not _is_none(one)]
    found = [one for one in returned if one is not None and one.kind is not LockKind.PRESUMED]
    if len(found) == len(returned) == 1 and found[0].shared and not (given.positional or given.keywords):
        return replace(found[0], name=file.text(call))
    annotation = definition.child_by_field_name("return_type")
    known = TYPES.get(annotated_type(annotation, file) or "") if annotation is not None else None
    if known is not None:
        found = [_of_type(known, None, file)]
    if not found:
        return None
    function = call.child_by_field_name("function")
    receiver = function.child_by_field_name("object") if function is not None else None
    keys = ", ".join(file.text(one) for one in (*given.positional, *given.keywords.values()))
    home = f"{_dotted(file.symbol(definition), _name_of(definition, file))}()"
    holder = f"{file.text(receiver) if receiver is not None else ''}[{keys}]"
    return replace(found[0], name=file.text(call), home=home, holder=holder, shared=True)


def _presumed(expression: Node, file: PythonFile) -> Lock | None:
    """A lock by its name alone, unless its type is known to be something else."""
    named = expression
    if named.type == "call":
        named = named.child_by_field_name("function") or named
    if named.type == "subscript":
        named = named.child_by_field_name("value") or named
    word = file.text(named).rsplit(".", 1)[-1]
    if not names_lock(word):
        return None
    known = type_of(expression, file)
    if known is not None and not names_lock(known.rsplit(".", 1)[-1]):
        return None
    return Lock(file.text(expression), file.text(expression), "", LockKind.PRESUMED)


def _callee_word(call: Node, file: PythonFile) -> str:
    function = call.child_by_field_name("function")
    return file.text(function).rsplit(".", 1)[-1] if function is not None else ""


def _name_of(definition: Node, file: PythonFile) -> str:
    name = definition.child_by_field_name("name")
    return file.text(name) if name is not None else ""


def _dotted(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name


def _is_none(value: Node | None) -> bool:
    return value is not None and value.type == "none"
