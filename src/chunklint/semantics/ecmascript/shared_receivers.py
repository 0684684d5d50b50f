"""Listeners on what another component makes, shares through a context or an atom, and ends itself.

`<Wire.Provider value={socket}>` whose effect disconnects the socket ends with it all that listens: what stays as long
as the provider has nothing to take away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from tree_sitter import Node

from chunklint.languages.base import SourceFile, begins_within, descendants
from chunklint.records import record
from chunklint.semantics.ecmascript.cleanup_scope import own_calls
from chunklint.semantics.ecmascript.definitions import definitions
from chunklint.semantics.ecmascript.feeds import definition_around, origin_of_use
from chunklint.semantics.ecmascript.functions import arguments_of, called_name, callee_of, receiver_of, returned
from chunklint.semantics.ecmascript.lifespans import Lifespans
from chunklint.semantics.ecmascript.modules import module_files
from chunklint.semantics.ecmascript.names import Binding, bindings, dotted, resolve, root_of, unwrap
from chunklint.semantics.ecmascript.places import Bound, Placed
from chunklint.semantics.ecmascript.react import (
    Cleanup,
    Deps,
    Effect,
    cleanup_of,
    effects,
    hook_of,
    is_hook,
    jsx_elements,
)
from chunklint.semantics.ecmascript.resources import EACH_RENDER, EACH_RUN, Acquisition, returned_by
from chunklint.semantics.ecmascript.void_methods import SlotMethod, VoidMethod

Origin = tuple[str, str]
"""Module ("" for the file itself) and name."""

_ENDS = frozenset({"disconnect", "close", "destroy", "terminate", "dispose"})
_MAKES = frozenset({"createContext", "atom"})
_WORDS = ("useContext", "use(", "Atom", "atom", "Recoil", "Provider", "createContext")
_CONTEXTS = frozenset({"useContext", "use"})
_ATOMS = frozenset({"useAtom", "useAtomValue", "useSetAtom", "useRecoilState", "useRecoilValue", "useSetRecoilState"})


@record
class Maker:
    """A component or hook that ends, in the cleanup of an effect, what it puts into a context or an atom."""

    owner: str
    module: str
    name: str


@record
class Reader:
    """A hook that returns what a context or an atom holds, or a part of it."""

    hook: str
    module: str
    name: str


@record
class Holders:
    """The contexts and atoms at the top of a file."""

    names: tuple[str, ...]


def makers(file: SourceFile) -> Iterator[Maker | Reader | Holders]:
    """A file's contexts and atoms, those that its effects end what they hold, and the hooks that read them."""
    if not any(word in file.content for word in _WORDS):
        return
    names = tuple(found.name for found in bindings(file, file.root).values() if _is_holder(file, found))
    if names:
        yield Holders(names)
    found = {
        Maker(owner, *holder)
        for effect in effects(file)
        if (owner := definition_around(file, effect.call)) and cleanup_of(file, effect) is Cleanup.PRESENT
        for holder in _ended(file, effect)
    }
    yield from sorted(found, key=lambda one: (one.owner, one.module, one.name))
    for one in definitions(file):
        holder = _read(file, one.node) if is_hook(one.fact.name) else None
        if holder is not None:
            yield Reader(one.fact.name, *holder)


def _is_holder(file: SourceFile, found: Binding) -> bool:
    value = unwrap(found.value) if found.kind == "variable" and found.value is not None else None
    return value is not None and value.type == "call_expression" and called_name(file, value) in _MAKES


def shared_origin(file: SourceFile, effect: Effect, acquired: Acquisition) -> Origin | None:
    """The atom, context or hook that a listener's receiver comes from, when only that can make the effect run again."""
    root = root_of(acquired.receiver) if acquired.receiver is not None else None
    if root is None or root.type != "identifier" or not only_receiver_changes(file, effect, acquired):
        return None
    found = resolve(file, root)
    return _origin(file, found) if found is not None else None


def only_receiver_changes(file: SourceFile, effect: Effect, acquired: Acquisition) -> bool:
    """Whether each re-run of an effect meets another receiver: its other dependencies stay."""
    if acquired.receiver is None or effect.runs is Deps.NONE:
        return False
    name = file.text(root_of(acquired.receiver))
    if effect.runs is Deps.SOME and not effect.deps:
        return False  # A list that cannot be read.
    return all(file.text(dep) == name for dep in effect.deps)


def _origin(file: SourceFile, found: Binding) -> Origin | None:
    hook = hook_of(file, found)
    if hook is None:
        return None
    name, call = hook
    given = arguments_of(call)
    named = given[0] if name in _CONTEXTS | _ATOMS and given else callee_of(call)
    return origin_of_use(file, named) if named is not None and named.type == "identifier" else None


def _read(file: SourceFile, definition: Node) -> Origin | None:
    """The context or atom whose value a hook returns."""
    function = next((one for one in (definition, *definition.named_children) if one.type.endswith("function")), None)
    function = definition if definition.type == "function_declaration" else function
    for value in returned(function) if function is not None else ():
        root = root_of(value)
        call = unwrap(value) if value.type == "call_expression" else None
        found = resolve(file, root) if root.type == "identifier" and call is None else None
        hook = hook_of(file, found) if found is not None else None
        call = hook[1] if hook is not None else call
        given = arguments_of(call) if call is not None else []
        if call is not None and called_name(file, call) in _CONTEXTS | _ATOMS and given:
            return origin_of_use(file, given[0]) if given[0].type == "identifier" else None
    return None


def _ended(file: SourceFile, effect: Effect) -> Iterator[Origin]:
    for call in own_calls(file, effect):
        receiver = receiver_of(call)
        chain = dotted(file, receiver) if receiver is not None and called_name(file, call) in _ENDS else ()
        if receiver is not None and len(chain) == 1:
            yield from _holders(file, effect, chain[0])


def _holders(file: SourceFile, effect: Effect, name: str) -> Iterator[Origin]:
    """The contexts and atoms that a name is put into: by the setter of an atom, or as a provider's value."""
    values = {name}
    for call in descendants(effect.callback, "call_expression"):
        callee, given = callee_of(call), arguments_of(call)
        if callee is None or callee.type != "identifier" or [file.text(one) for one in given] != [name]:
            continue
        setter = resolve(file, callee)
        hook = hook_of(file, setter) if setter is not None else None
        if setter is None or hook is None:
            continue
        if hook[0] in _ATOMS and (origin := _origin(file, setter)) is not None:
            yield origin
        values.update(_states(file, hook[1]))
    for element in jsx_elements(file):
        tag = element.child_by_field_name("name")
        if tag is None or effect.owner is None or not begins_within(element, effect.owner):
            continue
        if any(file.text(one) in values for one in _provided(file, element)):
            root = root_of(tag)
            origin = origin_of_use(file, root) if root.type == "identifier" else None
            yield from (origin,) if origin is not None else ()


def _states(file: SourceFile, call: Node) -> Iterator[str]:
    """The first name of `const [socket, setSocket] = useState()`."""
    pattern = call.parent.child_by_field_name("name") if call.parent is not None else None
    if called_name(file, call) == "useState" and pattern is not None and pattern.type == "array_pattern":
        yield from (file.text(one) for one in pattern.named_children[:1])


def _provided(file: SourceFile, element: Node) -> Iterator[Node]:
    """The names in the value of a provider, also of an object that a name stands for."""
    for part in element.named_children:
        if part.type != "jsx_attribute" or file.text(part.named_children[0]) != "value":
            continue
        for name in descendants(part, "identifier", "shorthand_property_identifier"):
            yield name
            found = resolve(file, name) if name.type == "identifier" else None
            if found is not None and found.value is not None and found.kind == "variable" and not found.keys:
                yield from descendants(found.value, "identifier", "shorthand_property_identifier")


class Shares:
    """The makers and readers of all files, joined: asks whether a receiver ends no later than what listens to it."""

    def __init__(self, facts: Mapping[str, Iterable[object]], spans: Lifespans) -> None:
        self._spans = spans
        self._files = {
            path
            for path, own in facts.items()
            if any(isinstance(one, Holders | Placed | SlotMethod | VoidMethod) for one in own)
        }
        self._readers: dict[Origin, list[Origin]] = defaultdict(list)
        self._makers: dict[Origin, list[Origin]] = defaultdict(list)
        self._void: dict[tuple[str, str, str], str] = {}
        self._slots: set[tuple[str, str, str]] = set()
        for path, own in facts.items():
            for one in own:
                if isinstance(one, SlotMethod):
                    self._slots.add((path, one.owner, one.name))
                if isinstance(one, VoidMethod):
                    self._void[path, one.owner, one.name] = one.ending
                if isinstance(one, Reader) and (holder := self._target(path, one.module)) is not None:
                    self._readers[path, one.hook].append((holder, one.name))
                elif isinstance(one, Maker) and (holder := self._target(path, one.module)) is not None:
                    self._makers[holder, one.name].append((path, one.owner))

    def _target(self, path: str, module: str) -> str | None:
        return module_files(path, module, self._files) if module else path

    def returns_nothing(self, path: str, bound: Bound) -> bool:
        """Whether a finding asks for the unsubscribe of a method of the project that returns none, nor has another."""
        return self._ending(path, bound) == ""

    def message(self, path: str, bound: Bound) -> str:
        """What a finding says, with the method that ends what another one keeps and hands back nothing for."""
        ending = self._ending(path, bound)
        if self.keeps_one(path, bound):
            return bound.message.removesuffix(EACH_RUN).removesuffix(EACH_RENDER)
        if not ending or bound.asks is None:
            return bound.message
        return bound.message.replace(returned_by(bound.asks.method), f"`{bound.asks.receiver}.{ending}`")

    def keeps_one(self, path: str, bound: Bound) -> bool:
        """Whether the method that keeps a handler puts it in the place of the one before."""
        return any(one in self._slots for one in self._asked(path, bound))

    def _ending(self, path: str, bound: Bound) -> str | None:
        """The method beside the one that keeps a handler ("" for none); None where that hands back the end of it."""
        found = (self._void.get(one) for one in self._asked(path, bound))
        return next((ending for ending in found if ending is not None), None)

    def _asked(self, path: str, bound: Bound) -> Iterator[tuple[str, str, str]]:
        """File, owner and name of the method that keeps the handler of a finding."""
        asked = bound.asks
        target = self._target(path, asked.module) if asked is not None else None
        if asked is not None and target is not None:
            names = self._spans.main(target) if asked.owner == "default" else (asked.owner,)
            yield from ((target, one, asked.method) for one in names)

    def ends_first(self, path: str, bound: Bound) -> bool:
        """Whether what a finding is about listens to something that its maker ends, and stays as long as that."""
        if bound.receiver is None:
            return False
        module, name = bound.receiver
        target = self._target(path, module)
        if target is None:
            return False
        names = self._spans.main(target) if name == "default" else (name,)
        origins = [origin for one in names for origin in (self._readers.get((target, one)) or [(target, one)])]
        ending = [maker for origin in origins for maker in self._makers.get(origin, ())]
        return bool(ending) and self._spans.lasts_with(path, bound.owner, ending)


def is_over(spans: Lifespans, shares: Shares, path: str, one: Bound) -> bool:
    """Whether nothing of a finding about a definition's lifespan is left.

    It stays for good, as far as anybody sees, or its receiver ends, or holds one handler and is the component's own.
    """
    slot = shares.keeps_one(path, one)
    if slot and one.asks is not None and one.asks.own:
        return True
    if (slot or not one.grows) and spans.is_there_for_good(path, one.owner):
        return True
    return shares.ends_first(path, one) or shares.returns_nothing(path, one)
