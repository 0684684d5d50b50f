"""Functions of hooks that cleanups of their callers run, and the streams of devices that those would end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.model import Location
from chunklint.records import record
from chunklint.semantics.ecmascript.cleanup_code import cleanup_code
from chunklint.semantics.ecmascript.functions import called_name, callee_of, function_name
from chunklint.semantics.ecmascript.handler_streams import LeftOn
from chunklint.semantics.ecmascript.names import dotted, resolve
from chunklint.semantics.ecmascript.react import effects, hook_of, is_hook
from chunklint.semantics.ecmascript.shared_leaks import handed_out

# Names of fewer letters (`stop`) tell nothing of what they stop.
_TELLING = 8
_OF_REACT = frozenset({"useState", "useReducer", "useMemo", "useCallback", "useEffect", "useRef"})
_ALL = "*"
# No longer to hear of something does not end it.
_DEAF = (("removeEventListener",), ("removeListener",), ("off",))


@record
class Tidied:
    """What a cleanup names of what its component is given: by a hook, or by its parent, for whom `hook` is "".

    `name` is that under which it is given, `ALL` where a ref hides which function it is.
    """

    hook: str
    name: str


@record
class Recorder:
    """A hook whose function opens a stream: the place of its finding, and the functions that it hands out."""

    place: Location
    hook: str
    members: tuple[str, ...]


def recorder(file: SourceFile, place: Location, left: LeftOn) -> Recorder | None:
    """The hook that leaves a stream to whoever calls it; None for a component."""
    if left.hook is None:
        return None
    return Recorder(place, function_name(file, left.hook), tuple(name for name, _ in handed_out(file, left.hook)))


def tidied(file: SourceFile) -> Iterator[Tidied]:
    """What the cleanups of a file name of what hooks and parents give."""
    yield from sorted(frozenset(_tidied(file)), key=lambda one: (one.hook, one.name))


def _tidied(file: SourceFile) -> Iterator[Tidied]:
    parts = [part for effect in effects(file) for part in cleanup_code(file, effect)]
    if b"nmount" in file.source:
        parts += [call for call in _hook_calls(file) if "nmount" in called_name(file, call)]
    for part in parts:
        for node in (part, *descendants(part, "identifier")):
            if node.type == "identifier":
                yield from _given(file, node)


def _given(file: SourceFile, node: Node) -> Iterator[Tidied]:
    found = resolve(file, node)
    hook = hook_of(file, found) if found is not None else None
    if found is None or (hook is None and found.kind != "parameter"):
        return
    around = node.parent
    member = dotted(file, around)[-1:] if around is not None and around.type == "member_expression" else ()
    if hook is not None and hook[0] == "useRef":
        yield from _behind_ref(file, around) if around is not None and member == ("current",) else ()
        return
    if member in _DEAF:
        return
    name = (*found.keys, *member, found.name)[0]
    if hook is not None and hook[0] not in _OF_REACT:
        yield Tidied(hook[0], name)
    elif hook is None and len(name) >= _TELLING:
        yield Tidied("", name)


def _behind_ref(file: SourceFile, held: Node) -> Iterator[Tidied]:
    """What a ref may hold that is called: `stop.current()` may be any function, `tape.current.stopTape()` is one."""
    around = held.parent
    if around is not None and around.type == "call_expression" and callee_of(around) == held:
        names = {called_name(file, call) for call in _hook_calls(file)} - _OF_REACT
        yield from (Tidied(name, _ALL) for name in names)
    elif around is not None and around.type == "member_expression":
        name = dotted(file, around)[-1:]
        yield from (Tidied("", one) for one in name if len(one) >= _TELLING and name not in _DEAF)


def _hook_calls(file: SourceFile) -> tuple[Node, ...]:
    def find() -> tuple[Node, ...]:
        return tuple(call for call in descendants(file.root, "call_expression") if is_hook(called_name(file, call)))

    return file.remember("hook calls", find)


class Tidiness:
    """The hooks of all files that open a stream, and what cleanups anywhere call."""

    def __init__(self, facts: Mapping[str, Iterable[object]]) -> None:
        self._said = {one for own in facts.values() for one in own if isinstance(one, Tidied)}
        self._hooks = {
            (path, one.place): one for path, own in facts.items() for one in own if isinstance(one, Recorder)
        }

    def may_end(self, path: str, place: Location, whole: bool) -> bool:
        """Whether a cleanup of a caller may end what a finding is about, told by the name of what it calls."""
        one = self._hooks.get((path, place))
        if one is None:
            return False
        return not whole or any(
            said.hook == one.hook or any(_means(said.name, member) for member in one.members) for said in self._said
        )


def _means(name: str, member: str) -> bool:
    """Whether one name is the other, at least but for what stands around it: `externalStopRecording`."""
    short, long = sorted((name.lower(), member.lower()), key=len)
    return len(short) >= _TELLING and short in long
