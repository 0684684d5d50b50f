"""Props and arguments that change in place: which mounts and calls feed a component or hook with what changes.

`<Panel id={selected} />` changes `id` of a `Panel` that stays; `<Row key={row.id} id={row.id} />` makes another `Row`.
A modal hides what it was opened with: as long as it stands open, only what is set inside of it changes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, begins_within, descendants
from chunklint.languages.ecmascript import ECMASCRIPT
from chunklint.semantics.ecmascript.changes import ITSELF, setter_of, ways_of
from chunklint.semantics.ecmascript.cleanup_scope import chains_in
from chunklint.semantics.ecmascript.definitions import definitions
from chunklint.semantics.ecmascript.functions import arguments_of, is_function
from chunklint.semantics.ecmascript.modules import exports
from chunklint.semantics.ecmascript.mounts import Front
from chunklint.semantics.ecmascript.names import bindings, resolve, unwrap, uses_of
from chunklint.semantics.ecmascript.react import component_of, hook_of, jsx_elements
from chunklint.semantics.ecmascript.resolution import Resolution
from chunklint.semantics.ecmascript.swaps import takes_its_place
from chunklint.semantics.ecmascript.workspaces import Key, Workspace

ALL = "*"
"""The prop of a spread: all that the owner is given is handed on under the same names."""

_HOOK_CALLS = (
    '(call_expression function: (identifier) @name arguments: (arguments (_)) (#match? @name "^use[A-Z]")) @call'
)
_REACT = frozenset({"react", "react-dom", "react-native"})
_MODAL = re.compile(r"Modal|Dialog|Popover|Confirm|Wizard|Sheet(?!s)|Lightbox")
_CLOSING = re.compile(r"^on(?:Close|Cancel|Hide|Dismiss|OpenChange|Exit|Done|Success)|^(?:close|cancel|hide|setOpen)")
_CHOICES = ("ternary_expression", "if_statement", "switch_case")


@dataclass(frozen=True, slots=True)
class Feed:
    """A mount of a component or a call of a hook, with what is given to it that changes.

    Attributes:
        owner: The definition of this file that mounts or calls it.
        module: Of the component or hook, "" for this file.
        imported: Its name there.
        given: Prop or argument (`0.id`, `0`, `ALL`; props are the first argument of a component), and the way of its
            value: `ITSELF`, or a prop or argument of the owner.
    """

    owner: str
    module: str
    imported: str
    given: tuple[tuple[str, str], ...]


def feeds(file: SourceFile) -> Iterator[Feed]:
    """What a file's components and hooks give to others; one for each place, those that give nothing once a name."""
    bare: set[tuple[str, str, str]] = set()
    for one in (*_mounted(file), *_called(file)):
        if not one.given:
            if (one.owner, one.module, one.imported) in bare:
                continue
            bare.add((one.owner, one.module, one.imported))
        yield one


def names_for(file: SourceFile, owners: Collection[str]) -> Front | None:
    """What other files call these definitions of a file and what it passes on; None for a file without any."""
    aliases = tuple(one.fact for one in definitions(file) if one.fact.name in owners or one.fact.imported)
    names = {one.node.id: one.fact.name for one in definitions(file)}
    kept = {one.name for one in aliases}
    offered = (
        (name, names.get(one.node.id, "") if one.node is not None else "", one.module, one.imported)
        for name, one in exports(file).items()
    )
    offers = tuple(entry for entry in offered if entry[1] in kept or entry[2])
    offers += tuple((one.exported, one.name, "", "") for one in aliases if one.exported)
    return Front(aliases, (), offers) if aliases or offers else None


def definition_around(file: SourceFile, node: Node) -> str:
    """The name of the definition at the top of the module that a node stands in; "" for none."""
    around = (one.fact.name for one in definitions(file) if begins_within(node, one.node))
    return next(around, "")


class Feeding:
    """The feeds of all files, joined: asks whether a prop changes in place, through any number of mounts."""

    def __init__(self, fronts: Mapping[str, Front], fed: Mapping[str, Iterable[Feed]], resolution: Resolution) -> None:
        workspace = Workspace(fronts, resolution, lambda key: False)
        self._sources: dict[Key, list[tuple[Key, Feed]]] = defaultdict(list)
        for path, own in fed.items():
            for one in own:
                found = workspace.find(path, one.module, one.imported)
                if found is not None:
                    self._sources[found[0]].append(((path, one.owner), one))

    def is_mounted(self, key: Key) -> bool:
        """Whether a component is mounted, or a hook is called, in any of the files."""
        return key in self._sources

    def changes(self, key: Key, way: str) -> bool:
        """Whether some mount or call changes what a definition is given, while that stays mounted."""
        pending, seen = [(key, way)], set[tuple[Key, str]]()
        while pending:
            asked = pending.pop()
            if asked[1] == ITSELF:
                return True
            if asked in seen:
                continue
            seen.add(asked)
            for owner, feed in self._sources.get(asked[0], ()):
                pending.extend((owner, way) for prop, source in feed.given for way in _traced(asked[1], prop, source))
        return False


def _traced(way: str, prop: str, source: str) -> Iterator[str]:
    """The way in the owner of a place that gives `source` as `prop`, for what is asked of there."""
    position, _, member = way.partition(".")
    if prop == way or (prop == ALL and member):
        yield source if prop == way else way
    elif prop == position and member:
        yield f"{source}.{member}" if source.isdigit() else source


def _mounted(file: SourceFile) -> Iterator[Feed]:
    for element in jsx_elements(file):
        name = element.child_by_field_name("name")
        owner = component_of(file, element) if name is not None else None
        if name is None or owner is None or not file.text(name)[:1].isupper() or name.type != "identifier":
            continue
        origin = _origin(file, name)
        if origin is not None:
            given_to = tuple(sorted(set(_props(file, element, file.text(name), owner))))
            yield Feed(definition_around(file, element), *origin, given_to)


def _called(file: SourceFile) -> Iterator[Feed]:
    for _, captures in ECMASCRIPT.matches(file, (_HOOK_CALLS,)):
        call, name = captures["call"][0], captures["name"][0]
        owner, origin = component_of(file, call), _origin(file, name)
        if owner is not None and origin is not None:
            yield Feed(definition_around(file, call), *origin, tuple(sorted(set(_arguments(file, call, owner)))))


def _origin(file: SourceFile, name: Node) -> tuple[str, str] | None:
    """Module and name of a component or hook; None for what is no import and nothing at the top of this file."""
    found = bindings(file, file.root).get(file.text(name))
    if found is None or found.module in _REACT:
        return None
    return (found.module, found.imported) if found.kind == "import" else ("", found.name)


def _props(file: SourceFile, element: Node, tag: str, owner: Node) -> Iterator[tuple[str, str]]:
    named = [part for part in element.named_children if part.type == "jsx_attribute" and len(part.named_children) == 2]
    around = _around(element, owner)
    keyed = {chain[0] for one in around for key in _keys(file, one) for chain in chains_in(file, key) if chain}
    hides = _modal(file, around)
    for attribute in named:
        prop, value = attribute.named_children
        ways = _settled(file, value, owner, keyed, hides)
        if ITSELF in ways and takes_its_place(file, element, value, owner):
            continue
        yield from ((f"0.{file.text(prop)}", way) for way in ways)
    for part in element.named_children:
        spread = next((one for one in part.named_children if one.type == "spread_element"), None)
        if spread is not None and _hands_all_on(file, spread.named_children[0], owner) and hides is None:
            yield ALL, ALL


def _settled(file: SourceFile, value: Node, owner: Node, keyed: Collection[str], hides: Node | None) -> frozenset[str]:
    """The ways of a prop's value, without what another key, or the modal that stands open, keeps as it is."""
    inner = next(iter(value.named_children), None) if value.type == "jsx_expression" else None
    if inner is None or is_function(unwrap(inner)) or unwrap(inner).type.startswith("jsx_"):
        return frozenset()
    if keyed and any(chain[:1] and chain[0] in keyed for chain in chains_in(file, inner)):
        return frozenset()
    ways = ways_of(file, inner, owner)
    if hides is None:
        return ways
    return frozenset({ITSELF}) if ITSELF in ways and _is_set_inside(file, inner, hides) else frozenset()


def _around(element: Node, owner: Node) -> list[Node]:
    """The element and the elements around it in the component, innermost first, as opening or self-closing tags."""
    found = [element]
    for around in ancestors(element):
        if around == owner:
            break
        if around.type == "jsx_element" and around.named_children[0] != element:
            found.append(around.named_children[0])
    return found


def _keys(file: SourceFile, element: Node) -> Iterator[Node]:
    for part in element.named_children:
        if part.type == "jsx_attribute" and file.text(part.named_children[0]) == "key" and len(part.named_children) > 1:
            yield part.named_children[1]


def _modal(file: SourceFile, around: list[Node]) -> Node | None:
    """The innermost modal around an element, whole, that is there only while it is open; None for none.

    An element in a modal's tags is there while that is open. A modal of its own name (`<UserDialog user={user} />`) is
    so where a condition decides on it, or one around it.
    """
    for at, tag in enumerate(around):
        name = tag.child_by_field_name("name")
        if name is None or not _MODAL.search(file.text(name)):
            continue
        if at > 0 or _is_conditional(tag, around[-1]):
            return tag.parent if tag.type == "jsx_opening_element" else tag
    return None


def _is_conditional(tag: Node, outermost: Node) -> bool:
    for around in ancestors(tag):
        if around.type in _CHOICES or (around.type == "binary_expression" and around.children[1].type in ("&&", "??")):
            return True
        if is_function(around):
            return False
    return False


def _is_set_inside(file: SourceFile, value: Node, modal: Node) -> bool:
    """Whether the setter of a state that a value names stands in the modal itself."""
    names = [value] if value.type == "identifier" else list(descendants(value, "identifier"))
    for name in names:
        found = resolve(file, name)
        setter = setter_of(file, found) if found is not None and hook_of(file, found) is not None else None
        uses = uses_of(file, setter.node) if setter is not None else ()
        if any(begins_within(use, modal) and not _closes(file, use, modal) for use in uses):
            return True
    return False


def _closes(file: SourceFile, use: Node, modal: Node) -> bool:
    """Whether a place is in a handler by which a modal is closed: `onClose={() => setUser(null)}`."""
    for around in ancestors(use):
        if around.type == "jsx_attribute":
            return _CLOSING.search(file.text(around.named_children[0])) is not None
        if around == modal:
            break
    return False


def _hands_all_on(file: SourceFile, spread: Node, owner: Node) -> bool:
    """Whether a spread hands on the props of its component, or the rest of them."""
    found = resolve(file, spread) if spread.type == "identifier" else None
    return found is not None and found.kind == "parameter" and found.scope == owner


def _arguments(file: SourceFile, call: Node, owner: Node) -> Iterator[tuple[str, str]]:
    for at, value in enumerate(arguments_of(call)):
        if is_function(unwrap(value)):
            continue
        if unwrap(value).type != "object":
            yield from ((f"{at}", way) for way in ways_of(file, value, owner))
            continue
        for part in unwrap(value).named_children:
            key = part.child_by_field_name("key") if part.type == "pair" else part
            inner = part.child_by_field_name("value") if part.type == "pair" else part
            if key is not None and inner is not None and not is_function(unwrap(inner)):
                yield from ((f"{at}.{file.text(key)}", way) for way in ways_of(file, inner, owner))
