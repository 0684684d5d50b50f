"""Leaks over two files: what functions and hooks acquire for their caller, and the effects that call them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tree_sitter import Node

from chunklint.languages.base import SourceFile, begins_within, descendants
from chunklint.model import Location
from chunklint.records import record
from chunklint.semantics.ecmascript.classes import members
from chunklint.semantics.ecmascript.cleanup_scope import chains_in, conditions
from chunklint.semantics.ecmascript.constructors import asks_its_class, constructed, ending_method, is_ending
from chunklint.semantics.ecmascript.feeds import definition_around
from chunklint.semantics.ecmascript.functions import (
    CONTINUES,
    arguments_of,
    called_name,
    callee_of,
    function_of,
    is_async,
    is_function,
    returned,
)
from chunklint.semantics.ecmascript.leaks import has_no_cleanup, is_app_root, leak_of
from chunklint.semantics.ecmascript.modules import exports, module_files, module_folders
from chunklint.semantics.ecmascript.names import Binding, bindings, resolve, root_of, unwrap, uses_of
from chunklint.semantics.ecmascript.react import (
    Deps,
    Effect,
    cleanups,
    component_of,
    effects,
    hook_calls,
    hook_of,
    is_component_or_hook,
    is_hook,
    unmounting,
)
from chunklint.semantics.ecmascript.reducers import Reduced, never_written, reduced
from chunklint.semantics.ecmascript.registries import registry_of
from chunklint.semantics.ecmascript.releases import RELEASES, Kind
from chunklint.semantics.ecmascript.reruns import runs_again
from chunklint.semantics.ecmascript.resources import acquisitions, reached
from chunklint.semantics.ecmascript.shutting import comes_each_time
from chunklint.semantics.ecmascript.singletons import Ended, replaced

_KINDS = frozenset(
    {Kind.LISTENER, Kind.INTERVAL, Kind.LOOP, Kind.CONNECTION, Kind.SUBSCRIPTION, Kind.STREAM, Kind.WATCH}
)


@record
class Offer:
    """A function that acquires for its caller.

    Attributes:
        name: The name it is exported under; of a hook's function or a method, the hook's or class's.
        member: The name of the function in what the hook returns, or of the method; "" for an exported function.
        keeps: What stays, as a clause.
        hands_back: Whether it returns something that could release it.
        replaces: Whether it belongs to what lives as long as the page, and each call puts another in the last one's
            place, which nothing can end any more.
        by_hand: What the function calls to release it, though no unmount makes it do so; "" for nothing.
        beside: Whether other functions of the file call what releases such things, for a caller to call them in turn.
    """

    name: str
    member: str
    keeps: str
    release: str
    hands_back: bool
    place: Location
    replaces: bool = False
    by_hand: str = ""
    beside: bool = False


@record
class Start:
    """An effect without a cleanup that calls a function from elsewhere and drops what it returns.

    `module` is the specifier of the import, "" for a hook of the same file. `to_react` says that the function is given
    to `useSyncExternalStore`, which calls it and needs what it returns, `asked` that the effect asks the same module
    before. `owner` is the definition around the effect. `reduced` are the members of reducers' states without which it
    would not run again.
    """

    module: str
    name: str
    member: str
    text: str
    reruns: bool
    in_root: bool
    place: Location
    to_react: bool = False
    asked: bool = False
    owner: str = ""
    reduced: tuple[Reduced, ...] = ()


def offers(file: SourceFile) -> Iterator[Offer]:
    """What the exported functions and hooks of a file acquire and leave to their caller."""
    for name, export in exports(file).items():
        if export.node is not None and export.node.type == "class_declaration":
            for member, method in members(file, export.node):
                if method.type == "method_definition":
                    yield from _offered(file, method, None, name, member)
            continue
        yield from _shared(file, name, export.node) if export.node is not None else ()
        function = function_of(file, export.node) if export.node is not None else None
        if function is None:
            continue
        if not is_component_or_hook(name):
            yield from _offered(file, function, None, name, "")
            yield from _replaced(file, function, name, "")
            yield from _registered(file, function, name, "")
        elif is_hook(name):
            for member, inner in handed_out(file, function):
                yield from _offered(file, inner, function, name, member)


def _shared(file: SourceFile, name: str, node: Node) -> Iterator[Offer]:
    """What the methods of an exported object take in and hand back the end of: `export const feed = new Feed()`."""
    found = resolve(file, node) if node.type == "identifier" else None
    made = unwrap(found.value) if found is not None and found.value is not None else unwrap(node)
    callee = callee_of(made) if made.type == "new_expression" else None
    source = resolve(file, callee) if callee is not None and callee.type == "identifier" else None
    if source is None or source.kind != "class" or source.value is None:
        return
    for member, method in members(file, source.value):
        value = method if method.type == "method_definition" else method.child_by_field_name("value")
        function = function_of(file, value) if value is not None else None
        if function is not None:
            yield from _registered(file, function, name, member)
            yield from _replaced(file, function, name, member)


def _replaced(file: SourceFile, function: Node, name: str, member: str) -> Iterator[Offer]:
    found = replaced(file, function)
    if found is not None:
        ending = ending_method(file, function) if function.type == "method_definition" else ""
        release = f"`{ending}`" if ending else found.release
        yield Offer(name, member, found.keeps, release, False, file.location(found.node), replaces=True)


def _registered(file: SourceFile, function: Node, name: str, member: str) -> Iterator[Offer]:
    registry = registry_of(file, function)
    if registry:
        keeps = f"`{registry}` keeps what it is given"
        yield Offer(name, member, keeps, "the function that would take it out", True, file.location(function))


def starts(file: SourceFile) -> Iterator[Start]:
    """The calls of imported functions, and of functions that hooks return, in effects that clean nothing up."""
    for effect in effects(file):
        if not has_no_cleanup(file, effect):
            continue
        for run, path in reached(file, effect.callback):
            target = _target(file, effect, run.node)
            if target is not None and not _is_ended_beside(file, effect, target):
                new = "new " if run.node.type == "new_expression" else ""
                text = new + _called(file, run.node)
                reruns = runs_again(file, effect) and comes_each_time(file, effect, (*path, run.node))
                in_root = is_app_root(file, effect.owner)
                place = file.location(callee_of(run.node) or run.node)
                asked, owner = _is_asked(file, effect, run.node), definition_around(file, run.node)
                members = reduced(file, effect) if reruns else ()
                yield Start(*target, text, reruns, in_root, place, asked=asked, owner=owner, reduced=members)
    for call in hook_calls(file, "useSyncExternalStore"):
        given = arguments_of(call)[0]
        found = resolve(file, given) if given.type == "identifier" else None
        if found is not None and found.kind == "import":
            in_root = is_app_root(file, component_of(file, call))
            place = file.location(given)
            yield Start(found.module, found.imported, "", file.text(given), False, in_root, place, to_react=True)


def _is_ended_beside(file: SourceFile, effect: Effect, target: tuple[str, str, str]) -> bool:
    """Whether the cleanup of another effect calls what ends things in the same module or hook: `stopPolling()`."""
    every = (*effects(file), *unmounting(file))
    others = (one for one in every if one.owner == effect.owner and one.call != effect.call)
    for cleanup in (cleanup for other in others for cleanup in cleanups(file, other)):
        # `useEffect(() => timer.stop, [])` gives what is called.
        given = [] if is_function(cleanup) else [cleanup]
        for callee in (*given, *filter(None, map(callee_of, descendants(cleanup, "call_expression")))):
            called = _imported(file, callee)
            if called is None or called[0] != target[0]:
                continue
            # A hook's list has no names of its own: `const [start, stop] = useTimer()`.
            if not (is_ending(called[2] or called[1]) or (called[2].isdigit() and is_ending(file.text(callee)))):
                continue
            if not target[2] or called[1] == target[1]:
                return True
    return False


def _called(file: SourceFile, call: Node) -> str:
    """What is called or made, on one line."""
    return " ".join(file.text(callee_of(call) or call).split())


def _is_asked(file: SourceFile, effect: Effect, call: Node) -> bool:
    """Whether the effect asks anything of what it calls, such as `if (!line.isOpen())`."""
    callee = callee_of(call)
    name = file.text(root_of(callee)) if callee is not None else ""
    return any((name,) in chains_in(file, asked) for asked in conditions(effect.callback))


def _target(file: SourceFile, effect: Effect, node: Node) -> tuple[str, str, str] | None:
    """Module, name and member of what an effect calls or makes, when what it returns is dropped or left."""
    if node.type == "new_expression":
        made = constructed(file, effect, node)
        return (*made, "constructor") if made is not None else None
    callee = callee_of(node) if _is_dropped(node) or _is_left(file, node) else None
    return _imported(file, callee) if callee is not None else None


def joined(facts: Mapping[str, tuple[object, ...]]) -> Iterator[tuple[Start, Offer]]:
    """The calls that start something, each with what it starts."""
    offered = {
        (path, fact.name, fact.member): fact for path, own in facts.items() for fact in own if isinstance(fact, Offer)
    }
    known = {path for path, _, _ in offered}
    ends = {
        module_files(path, fact.module, known) for path, own in facts.items() for fact in own if isinstance(fact, Ended)
    }
    for path, own in facts.items():
        for start in (one for one in own if isinstance(one, Start)):
            found = _find(path, start, offered)
            if found is None or (start.to_react and found.hands_back):
                continue
            reruns = start.reruns and not (start.reduced and never_written(facts, path, start.reduced))
            if start.in_root and not reruns and not start.to_react:
                continue  # What the root sets up once, with a function of another file, lasts as long as the page.
            if found.replaces and (start.asked or found.place.path in ends):
                continue
            yield replace(start, reruns=reruns), found


def _find(path: str, start: Start, offered: Mapping[tuple[str, str, str], Offer]) -> Offer | None:
    known = {owner for owner, _, _ in offered}
    target = module_files(path, start.module, known) if start.module else path
    if target is not None:
        return offered.get((target, start.name, start.member))
    # A barrel file acquires nothing and is not read: the only one of that name below its folder is meant.
    for folder in module_folders(path, start.module):
        inside = [
            offer
            for key, offer in offered.items()
            if key[0].startswith(folder) and key[1:] == (start.name, start.member)
        ]
        if inside:
            return inside[0] if len(inside) == 1 else None
    return None


def _offered(file: SourceFile, function: Node, owner: Node | None, name: str, member: str) -> Iterator[Offer]:
    makes = member == "constructor"
    if _is_once_only(file, function) or (makes and asks_its_class(file, function)):
        return
    ending = ending_method(file, function) if makes else ""
    run = Effect(function, function, Deps.EMPTY, (), owner, keeps_cleanup=True)
    hands_back = not is_async(function) and any(not _is_no_end(file, value) for value in returned(function))
    for found in acquisitions(file, function):
        # Its caller is in another file; the root stands for it, so that returning the handle is not the end of the way.
        acquired = replace(found, path=(file.root, *found.path))
        leak = leak_of(file, run, acquired) if acquired.kind in _KINDS else None
        if leak is not None:
            release = f"`{ending}`" if ending else acquired.release
            # Another function that releases it is for the caller, who may forget it.
            own = leak.by_hand is not None and begins_within(leak.by_hand, function)
            by_hand = _called(file, leak.by_hand) if leak.by_hand is not None and own else ""
            place = file.location(acquired.node)
            beside = any(
                called_name(file, call) in RELEASES[acquired.kind] and not begins_within(call, function)
                for call in descendants(file.root, "call_expression")
                if not _is_about_its_own(file, call, function)
            )
            yield Offer(name, member, acquired.keeps, release, hands_back, place, by_hand=by_hand, beside=beside)
            return


def _is_no_end(file: SourceFile, value: Node) -> bool:
    """Whether what a function returns is nothing, or a promise, which ends nothing."""
    value = unwrap(value)
    if value.type == "new_expression":
        constructor = value.child_by_field_name("constructor")
        return constructor is not None and file.text(constructor) == "Promise"
    return value.type == "undefined" or called_name(file, value) in CONTINUES


def _is_about_its_own(file: SourceFile, call: Node, function: Node) -> bool:
    """Whether a call releases what a variable holds that the function which acquires does not see."""
    callee = callee_of(call)
    receiver = callee.child_by_field_name("object") if callee is not None else None
    for node in (*([receiver] if receiver is not None else []), *arguments_of(call)):
        root = root_of(node)
        found = resolve(file, root) if root.type == "identifier" else None
        if found is not None and found.kind == "variable" and not begins_within(function, found.scope):
            return True
    return False


def _is_once_only(file: SourceFile, function: Node) -> bool:
    """Whether a variable of the module guards the function: a singleton that lives as long as the page."""
    module = bindings(file, file.root)
    for test in descendants(function, "if_statement"):
        condition = test.child_by_field_name("condition")
        for name in descendants(condition, "identifier") if condition is not None else ():
            found = module.get(file.text(name))
            if found is not None and found.kind == "variable" and resolve(file, name) == found:
                return True
    return False


def handed_out(file: SourceFile, hook: Node) -> Iterator[tuple[str, Node]]:
    """The functions that a hook returns, by the name or position under which it returns them."""
    for value in returned(hook):
        pairs: list[tuple[str, Node]] = []
        match value.type:
            case "object":
                for part in value.named_children:
                    key, inner = part.child_by_field_name("key"), part.child_by_field_name("value")
                    if key is not None and inner is not None:
                        pairs.append((file.text(key), inner))
                    elif part.type == "shorthand_property_identifier":
                        pairs.append((file.text(part), part))
            case "array":
                pairs.extend((str(at), inner) for at, inner in enumerate(value.named_children))
            case "identifier":
                pairs.append(("", value))
        for name, inner in pairs:
            function = _function_behind(file, inner)
            if function is not None:
                yield name, function


def _function_behind(file: SourceFile, node: Node) -> Node | None:
    if node.type != "shorthand_property_identifier":
        return function_of(file, node)
    found = resolve(file, node)
    return function_of(file, found.value) if found is not None and found.value is not None and not found.keys else None


def _is_dropped(call: Node) -> bool:
    around = call.parent
    while around is not None and around.type in ("await_expression", "unary_expression", "parenthesized_expression"):
        around = around.parent
    return call.type == "call_expression" and around is not None and around.type == "expression_statement"


def _is_left(file: SourceFile, call: Node) -> bool:
    """Whether a local variable takes the result, and the effect uses it without ending it or passing it on."""
    declarator = call.parent
    name = declarator.child_by_field_name("name") if declarator is not None else None
    if declarator is None or declarator.type != "variable_declarator" or name is None or name.type != "identifier":
        return False
    return _ends_nowhere(file, name)


def _ends_nowhere(file: SourceFile, name: Node) -> bool:
    """Whether all uses of a local variable go to its members, and to none that ends it."""
    found = resolve(file, name)
    if found is None or found.scope.type == "program":
        return False
    for use in uses_of(file, found.node):
        if resolve(file, use) != found:
            continue
        member = use.parent.child_by_field_name("property") if use.parent is not None else None
        if member is None or is_ending(file.text(member)):
            return False
    return True


def _method(file: SourceFile, found: Binding, member: Node | None) -> tuple[str, str, str] | None:
    """Module, class and method of `poller.start()`, for a `new Poller()` that stays in the effect."""
    made = unwrap(found.value) if found.kind == "variable" and found.value is not None and not found.keys else None
    callee = callee_of(made) if made is not None and made.type == "new_expression" else None
    source = resolve(file, callee) if callee is not None and callee.type == "identifier" else None
    if source is None or member is None or not _ends_nowhere(file, found.node):
        return None
    if source.kind == "import":
        return source.module, source.imported, file.text(member)
    return ("", source.name, file.text(member)) if source.kind == "class" else None


def _imported(file: SourceFile, callee: Node) -> tuple[str, str, str] | None:
    """Module, name and member of what is called: `start` of `const {start} = useRecorder()`."""
    if is_function(callee):
        return None
    owner = callee.child_by_field_name("object") if callee.type == "member_expression" else None
    root, member = (unwrap(owner), callee.child_by_field_name("property")) if owner is not None else (callee, None)
    found = resolve(file, root) if root.type == "identifier" else None
    if found is None:
        return None
    if found.kind == "import":
        return found.module, found.imported, "" if member is None else file.text(member)
    if found.value is not None and unwrap(found.value).type == "new_expression":
        return _method(file, found, member)
    hook = hook_of(file, found)
    called = callee_of(hook[1]) if hook is not None else None
    source = resolve(file, called) if called is not None and called.type == "identifier" else None
    keys = (*found.keys, *([file.text(member)] if member is not None else []))
    if source is None or source.scope.type != "program" or len(keys) > 1:
        return None
    module, name = (source.module, source.imported) if source.kind == "import" else ("", source.name)
    return module, name, (keys or ("",))[0]
