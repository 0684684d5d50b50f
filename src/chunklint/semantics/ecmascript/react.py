"""React: hooks, effects, components, state and JSX."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants, is_within
from chunklint.languages.ecmascript import ECMASCRIPT
from chunklint.records import record
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    called_name,
    callee_of,
    function_name,
    function_of,
    is_async,
    is_function,
    returned,
)
from chunklint.semantics.ecmascript.names import (
    Binding,
    bindings,
    dotted,
    qualified,
    resolve,
    root_of,
    scopes_around,
    unwrap,
    uses_of,
)

_SOLID = re.compile(r"""from ["']solid-js""")
_REACT = frozenset({"react", "preact/hooks", "preact/compat"})
_EFFECTS = frozenset({"useEffect", "useLayoutEffect", "useInsertionEffect"})

# Effect hooks of well-known packages, and whether they pass on the cleanup that the callback returns.
_LIBRARY_EFFECTS = {
    ("react-use", "useEffectOnce"): True,
    ("react-use", "useUpdateEffect"): True,
    ("react-use", "useIsomorphicLayoutEffect"): True,
    ("react-use", "useMount"): False,
    ("usehooks-ts", "useIsomorphicLayoutEffect"): True,
    ("ahooks", "useUpdateEffect"): True,
    ("use-deep-compare-effect", "default"): True,
    ("use-isomorphic-layout-effect", "default"): True,
}

# Hooks that run a function on unmount, and those that run one once.
_UNMOUNTS = re.compile(r"^use\w*Unmount")
_ONCE = re.compile(r"Mount|Once|Initial")

# Calls that return nothing a cleanup could be made of.
_RETURNS_NOTHING = frozenset(
    {
        "addEventListener",
        "removeEventListener",
        "setTimeout",
        "setInterval",
        "requestAnimationFrame",
        "clearTimeout",
        "clearInterval",
        "observe",
        "log",
        "focus",
        "watchPosition",
        "createObjectURL",
    }
)
_PLAIN_VALUES = frozenset(
    {"undefined", "null", "number", "string", "template_string", "true", "false", "object", "array"}
)

# What hooks of well-known packages return, or a part of it, is the same at every render.
_LASTING_HOOKS = frozenset({"useRef", "useDispatch", "useQueryClient", "useForm", "useApolloClient"})
_LASTING_EXPORTS = frozenset({("next/navigation", "useRouter")})
_LASTING_PARTS = frozenset({("useRouter", ("events",)), ("useTranslation", ("i18n",)), ("useTranslation", ("1",))})

_HOOK_CALLS = """(call_expression
  function: [(identifier) (member_expression property: (property_identifier))]
  arguments: (arguments . [(arrow_function) (function_expression) (identifier)])) @call"""


class Deps(Enum):
    """When an effect runs again."""

    NONE = "every render"
    EMPTY = "once"
    SOME = "changes"


class Cleanup(Enum):
    """Whether an effect's callback hands React a function to call on unmount."""

    ABSENT = "absent"
    PRESENT = "present"
    DROPPED = "dropped"


@record
class Effect:
    """One call of an effect hook.

    Attributes:
        callback: The function that runs as the effect.
        deps: The dependency array's elements; () for an absent or empty one, see `runs`.
        owner: The component or custom hook around it, or None.
        keeps_cleanup: Whether the hook passes on what the callback returns; `useMount` of react-use drops it.
        ends: Whether the callback itself is what unmounting runs, see `unmounting`.
    """

    call: Node
    callback: Node
    runs: Deps
    deps: tuple[Node, ...]
    owner: Node | None
    keeps_cleanup: bool
    ends: bool = False

    @property
    def runs_once(self) -> bool:
        """Whether nothing makes it run again while its component is there."""
        return self.runs is Deps.EMPTY


def effects(file: SourceFile) -> tuple[Effect, ...]:
    """Every effect of a file whose callback this file defines, in source order."""
    return file.remember("effects", lambda: tuple(_effects(file)))


def unmounting(file: SourceFile) -> tuple[Effect, ...]:
    """The calls of hooks that run a function on unmount, such as `useUnmount(stop)`, as effects that only clean up."""

    def find() -> Iterator[Effect]:
        for call in _calls(file) if "Unmount" in file.content else ():
            callback = function_of(file, arguments_of(call)[0])
            if callback is not None and _UNMOUNTS.match(called_name(file, call)):
                yield Effect(call, callback, Deps.EMPTY, (), component_of(file, call), True, ends=True)

    return file.remember("functions run on unmount", lambda: tuple(find()))


def hook_calls(file: SourceFile, name: str) -> Iterator[Node]:
    """The calls of a React hook, by its exported name, whose first argument is a function or a name."""
    return (call for call in _calls(file) if is_react(file, callee_of(call), name))


def is_react(file: SourceFile, callee: Node | None, name: str) -> bool:
    """Whether an expression is the React export of that name, or an undeclared name spelt like it."""
    if callee is None:
        return False
    origin = qualified(file, callee)
    if origin is not None:
        return origin[0] in _REACT and origin[1] == name
    return callee.type == "identifier" and file.text(callee) == name and resolve(file, callee) is None


def cleanup_of(file: SourceFile, effect: Effect) -> Cleanup:
    """Whether unmounting runs anything. What cannot be told counts as present."""
    if effect.ends:
        return Cleanup.PRESENT
    values = [value for value in returned(effect.callback) if not _is_plain(file, value)]
    if not values:
        return Cleanup.ABSENT
    if is_async(effect.callback) or not effect.keeps_cleanup:
        return Cleanup.DROPPED
    return Cleanup.PRESENT


def cleanups(file: SourceFile, effect: Effect) -> Iterator[Node]:
    """What an effect's callback returns as its cleanup: the functions, or the expressions that stand for them."""
    if effect.ends:
        yield effect.callback
        return
    for value in returned(effect.callback):
        if not _is_plain(file, value):
            yield function_of(file, value) or value


def component_of(file: SourceFile, node: Node) -> Node | None:
    """The innermost component or custom hook around a node, told by its name; None in files of Solid.

    Its components run once and not at each render, and their cleanups are given to `onCleanup`.
    """
    if file.remember("of Solid", lambda: _SOLID.search(file.content) is not None):
        return None
    known: dict[int, Node | None] = file.remember("components", dict)
    passed: list[Node] = []
    owner = None
    for function in scopes_around(file, node):
        if function.id in known:
            owner = known[function.id]
            break
        passed.append(function)
        if is_function(function) and is_component_or_hook(function_name(file, function)):
            owner = function
            break
    known.update((scope.id, owner) for scope in passed)
    return owner


def is_component_or_hook(name: str) -> bool:
    """`Panel` and `useSocket`, not `render` or `user`."""
    return name[:1].isupper() or is_hook(name)


def is_hook(name: str) -> bool:
    """`use`, `useSocket`, `useX1`; not `user`."""
    return name.startswith("use") and not name[3:4].islower()


def hook_of(file: SourceFile, found: Binding) -> tuple[str, Node] | None:
    """The hook whose result a binding is taken from, with its call: `v` of `const [v] = useState()`."""
    value = unwrap(found.value) if found.kind == "variable" and found.value is not None else None
    if value is None or value.type != "call_expression":
        return None
    name = called_name(file, value)
    return (name, value) if is_hook(name) else None


def state_of_setter(file: SourceFile, identifier: Node) -> str | None:
    """The state variable that a setter sets ("" when it is not named); None when the name is no state setter."""
    found = resolve(file, identifier)
    hook = hook_of(file, found) if found is not None else None
    if hook is None or hook[0] not in ("useState", "useReducer"):
        return None
    return state_of_pair(file, identifier)


def state_of_pair(file: SourceFile, identifier: Node) -> str | None:
    """As `state_of_setter`, for any hook that gives a pair: `const [busy, setBusy] = useLoaderState(false)`."""
    found = resolve(file, identifier)
    if found is None or hook_of(file, found) is None or found.keys != ("1",):
        return None
    siblings = bindings(file, found.scope).values()
    return next((other.name for other in siblings if other.value == found.value and other.keys == ("0",)), "")


def is_read(file: SourceFile, setter: Node) -> bool:
    """Whether anything reads the state that a setter sets."""
    found = resolve(file, setter)
    siblings = bindings(file, found.scope).values() if found is not None else ()
    states = (one for one in siblings if found is not None and one.value == found.value and one.keys != found.keys)
    return any(next(uses_of(file, one.node), None) is not None for one in states)


def jsx_elements(file: SourceFile) -> tuple[Node, ...]:
    """The opening and self-closing tags of a file; fragments have no name and are not among them."""

    def find() -> tuple[Node, ...]:
        query = "[(jsx_opening_element name: (_)) (jsx_self_closing_element)] @element"
        if not file.path.endswith((".tsx", ".jsx", ".js", ".mjs", ".cjs")):
            return ()
        return tuple(captures["element"][0] for _, captures in ECMASCRIPT.matches(file, (query,)))

    return file.remember("jsx_elements", find)


def _calls(file: SourceFile) -> tuple[Node, ...]:
    def find() -> tuple[Node, ...]:
        found = (captures["call"][0] for _, captures in ECMASCRIPT.matches(file, (_HOOK_CALLS,)))
        return tuple(sorted(found, key=lambda call: call.start_byte))

    return file.remember("calls with a function", find)


def _effects(file: SourceFile) -> Iterator[Effect]:
    for call in _calls(file):
        callee = callee_of(call)
        keeps = effect_hook(file, callee) if callee is not None else None
        given = arguments_of(call)
        callback = function_of(file, given[0]) if keeps is not None and given else None
        if keeps is not None and callback is not None:
            runs, deps = _deps(file, given[1:2])
            if callee is not None and runs is Deps.NONE and not any(is_react(file, callee, one) for one in _EFFECTS):
                runs = _runs_of(file, callee)
            yield Effect(call, callback, runs, deps, component_of(file, call), keeps)


def _runs_of(file: SourceFile, callee: Node) -> Deps:
    """When an effect hook that is not React's runs without dependencies: `useMount` once, by its name or its body."""
    name = callee.child_by_field_name("property") or callee
    if _ONCE.search(file.text(name)):
        return Deps.EMPTY
    function = function_of(file, callee)
    inner = [call for call in _calls(file) if function is not None and is_within(call, function)]
    lists = [_deps(file, arguments_of(call)[1:2])[0] for call in inner if effect_hook(file, callee_of(call) or call)]
    return lists[0] if len(lists) == 1 else Deps.NONE


def effect_hook(file: SourceFile, callee: Node, hops: int = 3) -> bool | None:
    """Whether the hook passes on its callback's cleanup; None when the expression is no effect hook."""
    if any(is_react(file, callee, name) for name in _EFFECTS):
        return True
    origin = qualified(file, callee)
    if origin is not None:
        return _LIBRARY_EFFECTS.get(origin)
    found = resolve(file, callee) if callee.type == "identifier" else None
    if found is None or found.value is None or found.keys or hops == 0:
        return None
    value = unwrap(found.value)
    if value.type == "ternary_expression":
        branches = [value.child_by_field_name(side) for side in ("consequence", "alternative")]
        kinds = [effect_hook(file, unwrap(branch), hops - 1) for branch in branches if branch is not None]
        return all(kinds) if kinds and None not in kinds else None
    if value.type in ("identifier", "member_expression"):
        return effect_hook(file, value, hops - 1)
    return _wraps_effect(file, value, hops - 1) if is_function(value) and is_hook(found.name) else None


def _wraps_effect(file: SourceFile, function: Node, hops: int) -> bool | None:
    """Whether a function gives its first parameter to an effect hook, and whether the cleanup survives that."""
    first = {name for name, found in bindings(file, function).items() if found.keys in ((), ("0",))}
    body = function.child_by_field_name("body")
    for call in _calls(file):
        callee, given = callee_of(call), arguments_of(call)
        inside = body is not None and is_within(call, body)
        keeps = effect_hook(file, callee, hops) if inside and callee is not None and hops else None
        if keeps is None:
            continue
        if given[0].type == "identifier" and file.text(given[0]) in first:
            return keeps
        if is_function(given[0]):
            passed = [inner for inner in descendants(given[0], "call_expression") if called_name(file, inner) in first]
            if passed:
                return keeps and any(value in passed for value in returned(given[0]))
    return None


def _deps(file: SourceFile, given: list[Node]) -> tuple[Deps, tuple[Node, ...]]:
    if not given:
        return Deps.NONE, ()
    if given[0].type != "array":
        return Deps.SOME, ()
    names = tuple(node for node in given[0].named_children if node.type != "comment")
    changing = tuple(node for node in names if not _is_stable(file, node))
    return (Deps.SOME if changing else Deps.EMPTY), changing


def _is_stable(file: SourceFile, dependency: Node) -> bool:
    """State setters, refs, what known hooks hand out once, and what the module defines, stay while mounted."""
    root = root_of(dependency)
    found = resolve(file, root) if root.type == "identifier" else None
    if found is None:
        return False
    members = dotted(file, dependency)[1:]
    if members:
        hook = hook_of(file, found)
        return hook is not None and (hook[0], (*found.keys, *members)) in _LASTING_PARTS
    if dependency.type != "identifier" or found.scope.type == "program":
        return dependency.type == "identifier"
    hook = hook_of(file, found)
    if hook is None:
        return False
    name, call = hook
    if name in ("useCallback", "useMemo"):
        given = arguments_of(call)
        return len(given) == 2 and given[1].type == "array" and not given[1].named_children
    if not found.keys and (name in _LASTING_HOOKS or qualified(file, callee_of(call) or call) in _LASTING_EXPORTS):
        return True
    return (name in ("useState", "useReducer") and found.keys == ("1",)) or (name, found.keys) in _LASTING_PARTS


def _is_plain(file: SourceFile, value: Node) -> bool:
    """A returned value that React has no use for: `undefined`, a timer's id, what a state setter returns."""
    if value.type in _PLAIN_VALUES or file.text(value) == "undefined":
        return True
    match value.type:
        case "unary_expression":
            return True
        case "assignment_expression":
            right = value.child_by_field_name("right")
            return right is not None and not is_function(unwrap(right)) and _is_plain(file, unwrap(right))
        case "call_expression":
            callee = callee_of(value)
            if callee is not None and callee.type == "identifier" and state_of_setter(file, callee) is not None:
                return True
            return called_name(file, value) in _RETURNS_NOTHING
    return False
