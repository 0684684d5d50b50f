"""Addresses that a component leads to, and the parameters of its own that fill them: which page is reached from which.

`navigate(`/letters/${next.id}`)` leads from one letter to another; `/letters/${encodeURIComponent(letter)}/edit`, where
`letter` is the parameter of the route, to a part of the same one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.semantics.ecmascript.asking import ACTS
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    awaited,
    called_name,
    chain_start,
    continues_with,
    enclosing_function,
    function_name,
    receiver_of,
)
from chunklint.semantics.ecmascript.names import FUNCTIONS, Binding, resolve, unwrap
from chunklint.semantics.ecmascript.react import hook_of

ROUTE = frozenset({"useParams", "useLocalSearchParams"})
"""The hooks that give the parameters of the route."""

Loaded = Callable[[Node, Binding, tuple[str, Node]], list[Node] | None]
"""What the requests ask with whose answers alone are in a state, by name, binding and hook; None if others set it."""

_REPLACES = re.compile(r"\breplace:\s*true")
_WRITTEN = frozenset({"encodeURIComponent", "encodeURI", "decodeURIComponent", "decodeURI", "String", "Number"})
_NAMED = ("identifier", "shorthand_property_identifier")
_NAMES = ("id", "_id", "uuid", "uid", "slug", "name", "key")
_WORD = re.compile(r"([\w-]*)/$")
_CONSTANT = re.compile(r"(?:[A-Z]\w*\.)*[A-Z][A-Z\d_]*$")
# What stands before the addresses of all pages: `BASE_PATH`, `ROUTES.ROOT`.
_BASES = frozenset(
    {"base", "url", "urls", "path", "paths", "root", "prefix", "host", "origin", "route", "routes", "app"}
)
_HOPS = 5
# Where a component may say the name of what it sets in the query.
_TEXTS = ("string", "template_string", "property_identifier", "shorthand_property_identifier")


def leads_on(file: SourceFile, call: Node) -> bool:
    """Whether the component that reads the query of the address itself leads to another one, by a text with a hole."""
    owner = enclosing_function(file, call)
    return any(
        "?" in (text := file.text(node)) and "${" in text and _is_address(file, node, "?")
        for node in (descendants(owner, "template_string") if owner is not None else ())
    )


def keeps_word(file: SourceFile, query: Node, owner: Node, hook: str) -> bool:
    """Whether a component only reads one word of the query, and no name, text or key of its own is that word.

    `query.get("copy")`, where all that it sets is `current.set("tab", key)`: what came with the page stays.
    """
    around = query.parent
    call = around.parent if around is not None and around.type == "member_expression" else None
    given = arguments_of(call) if call is not None and call.type == "call_expression" else []
    if hook != "useSearchParams" or call is None or called_name(file, call) != "get" or len(given) != 1:
        return False
    if given[0].type != "string":
        return False
    word = file.text(given[0])[1:-1]
    said = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])")
    texts = (one for one in descendants(owner, *_TEXTS) if said.search(file.text(one)) is not None)
    return bool(word) and all(_is_read(file, one) for one in texts)


def _is_read(file: SourceFile, text: Node) -> bool:
    """Whether a text only names what is read of the query: `query.get("copy")`."""
    call = text.parent.parent if text.parent is not None and text.parent.type == "arguments" else None
    return call is not None and called_name(file, call) in ("get", "getAll", "has")


def words_on(file: SourceFile, call: Node, name: str, parameter: str, loaded: Loaded) -> Iterator[str]:
    """The words before the holes of the addresses to which the component that reads a parameter itself leads.

    One that has the parameter itself in a hole, or the name of what was loaded for it, leads to a part of the same
    page, and another parameter of the route stays what it is. Where the page leads on once something has been done
    with what it shows, and answered, no answer of its own is still to come.
    """
    owner = enclosing_function(file, call)
    for node in descendants(owner, "template_string") if owner is not None else ():
        holes = tuple(_holes(file, node))
        if not holes or not _is_address(file, node, "/") or _has_acted(file, node, owner):
            continue
        filled = [_filled(file, value, parameter, loaded) for *_, value in holes]
        if parameter in filled:
            continue
        words = [
            word
            for (word, constant, _), own in zip(holes, filled, strict=True)
            if word is not None and not own and _may_be_of(file, constant, owner, name)
        ]
        if _names_page(file, words, owner, name):
            yield from words


def _has_acted(file: SourceFile, place: Node, owner: Node | None) -> bool:
    """Whether a place in a component waits for a request that changes something: `await move(); navigate(there)`."""
    function = enclosing_function(file, place)
    while function is not None and function != owner:
        waits = (awaited(one) for one in descendants(function, "await_expression", stop=FUNCTIONS))
        before = [one for one in waits if one.end_byte <= place.start_byte]
        around = function.parent
        goes_on = around is not None and around.type == "arguments" and continues_with(file, function)
        before += [start] if goes_on and around is not None and (start := chain_start(file, around.parent)) else []
        if any(called_name(file, one).lower().startswith(ACTS) for one in before if one.type == "call_expression"):
            return True
        function = enclosing_function(file, function)
    return False


def parameter_of(file: SourceFile, name: Node, found: Binding) -> str:
    """What a route calls a parameter: `id` of `const { id: order } = useParams()`, or of `params.id`; "" if unknown."""
    around = name.parent
    part = around.child_by_field_name("property") if around is not None and not found.keys else None
    return found.keys[0] if found.keys else file.text(part) if part is not None else ""


def parameter_in(file: SourceFile, value: Node) -> str | None:
    """The parameter of the route that a value is, under whatever name and however encoded; None for another value."""
    for _ in range(_HOPS):
        node = unwrap(value)
        if node.type == "binary_expression" and node.children[1].type in ("??", "||"):
            value = node.children[0]
        elif node.type == "call_expression" and (inner := _written(file, node)) is not None:
            value = inner
        elif node.type == "ternary_expression":
            # Whichever it is: `legacy ? data.id : id`.
            arms = (parameter_in(file, node.children[at]) for at in (2, 4))
            return next((one for one in arms if one is not None), None)
        else:
            name = node.child_by_field_name("object") if node.type == "member_expression" else node
            found = resolve(file, name) if name is not None and name.type in _NAMED else None
            hook = hook_of(file, found) if found is not None else None
            if found is None or name is None:
                return None
            if hook is not None:
                return (parameter_of(file, name, found) or None) if hook[0] in ROUTE else None
            if node.type not in _NAMED or found.kind != "variable" or found.value is None:
                return None
            if found.keys:
                return _taken_from(file, found)
            value = found.value
    return None


def _filled(file: SourceFile, value: Node, parameter: str, loaded: Loaded) -> str | None:
    """The parameter of the route that fills a hole, itself, by the name of what was loaded for it, or in a path.

    `generatePath(ROUTES.LABELS, { id })` is the path of a part of the same page.
    """
    if (own := parameter_in(file, value) or _named_by(file, value, parameter, loaded)) is not None:
        return own
    node = unwrap(value)
    makes = node.type == "call_expression" and called_name(file, node) == "generatePath"
    names = (one for given in (arguments_of(node)[1:2] if makes else ()) for one in descendants(given, *_NAMED))
    return next((found for name in names if (found := parameter_in(file, name)) is not None), None)


def _named_by(file: SourceFile, value: Node, parameter: str, loaded: Loaded) -> str | None:
    """The parameter, where a value is the name of what was loaded for it: `data.id` of `useOrder(orderId)`."""
    node = unwrap(value)
    whole, part = node.child_by_field_name("object"), node.child_by_field_name("property")
    if node.type != "member_expression" or whole is None or part is None or unwrap(whole).type != "identifier":
        return None
    found = resolve(file, unwrap(whole))
    hook = hook_of(file, found) if found is not None else None
    if found is None or hook is None or hook[0] in ROUTE or file.text(part) not in (*_NAMES, parameter):
        return None
    sources = loaded(unwrap(whole), found, hook) if hook[0] == "useState" else arguments_of(hook[1])
    asked = [name for given in sources or () for name in (given, *descendants(given, "identifier"))]
    return parameter if any(parameter_in(file, name) == parameter for name in asked) else None


def _taken_from(file: SourceFile, found: Binding) -> str | None:
    """The parameter that a name is taken from the whole of them as: `const { id } = params`."""
    whole = unwrap(found.value) if found.value is not None else None
    source = resolve(file, whole) if whole is not None and whole.type == "identifier" else None
    hook = hook_of(file, source) if source is not None and not source.keys else None
    return found.keys[0] if hook is not None and hook[0] in ROUTE else None


def _written(file: SourceFile, call: Node) -> Node | None:
    """What a call only writes in another form: `id` of `encodeURIComponent(id)`, `id.toString()`."""
    given = arguments_of(call)
    if called_name(file, call) in _WRITTEN:
        return given[0] if given else None
    return receiver_of(call) if called_name(file, call) in ("toString", "trim") and not given else None


def _holes(file: SourceFile, text: Node) -> Iterator[tuple[str | None, str, Node]]:
    """The holes in the path of an address, each with the word before it, and the constant where there is no word.

    The word is None where the hole is no segment of its own.

    A path that only tells another page where it was left from is no other page of the same kind.
    """
    if "/" not in file.text(text):
        return
    before, constant = "/", ""
    for part in text.named_children:
        if part.type == "string_fragment":
            before = file.text(part)
            if "?" in before:
                return
        elif part.type == "template_substitution" and part.named_children:
            word, value = _WORD.search(before), part.named_children[0]
            leads = constant if before == "/" else ""
            before, constant = "", file.text(value) if _CONSTANT.match(file.text(value)) else ""
            if not constant:
                yield word.group(1) if word is not None else None, leads, value


def _names_page(file: SourceFile, words: list[str], owner: Node | None, name: str) -> bool:
    """Whether a path may lead to the page that a component is: some hole in it follows a word for what that shows.

    `/teams/${id}` is no page of `Letter` in `pages/letter.tsx`, which reads `letterId`; a hole behind nothing may be.
    """
    members = re.findall(rf"\b{re.escape(name)}\??\.(\w+)", file.text(owner)) if owner is not None and name else []
    shown = " ".join((file.path, function_name(file, owner) if owner is not None else "", name, *members))
    plain = re.sub(r"[\W_]", "", shown).lower()
    return any(len(word) < 2 or _stem(word) in plain for word in words)


def _may_be_of(file: SourceFile, constant: str, owner: Node | None, name: str) -> bool:
    """Whether the constant that stands right before a hole may be the address of the page that a component is.

    `${ROUTES.STORE}/${id}` leads to no `Order`. One that names nothing may stand before all addresses.
    """
    parts = constant.rpartition(".")[2].lower().split("_")
    words = [word for word in parts if len(word) > 1 and word not in _BASES]
    return not words or _names_page(file, words, owner, name)


def _stem(word: str) -> str:
    """What the singular and the plural of a word in an address begin with: `categor` of `categories`."""
    return re.sub(r"(?:ies|es|s|y)$", "", re.sub(r"[\W_]", "", word).lower())


def _is_address(file: SourceFile, text: Node, mark: str) -> bool:
    """Whether a text is where a link or a router leads to: `navigate(text)`, `<Link to={text}>`.

    A page that puts another path in its own place says only by what name it goes.
    """
    around = text.parent
    while around is not None and around.type in ("arguments", "jsx_expression", "parenthesized_expression"):
        around = around.parent
    if around is None:
        return False
    if around.type == "jsx_attribute":
        return file.text(around.named_children[0]) in ("to", "href")
    if around.type != "call_expression":
        return False
    renames = called_name(file, around) == "replace" or any(
        _REPLACES.search(file.text(one)) for one in arguments_of(around)[1:]
    )
    return called_name(file, around) in ("navigate", "push", "replace") and (mark == "?" or not renames)
