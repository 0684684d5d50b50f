"""Flags that tell if a component is there, and nothing of which run of an effect is the last one."""

from __future__ import annotations

import re

from tree_sitter import Node

from chunklint.languages.base import SourceFile, begins_within, descendants
from chunklint.semantics.ecmascript.functions import enclosing_function
from chunklint.semantics.ecmascript.names import dotted, resolve, root_of, uses_of
from chunklint.semantics.ecmascript.react import Effect, effects, hook_of

_TRUTHS = frozenset({"true", "false"})
_TELLS_OF_MOUNT = re.compile(r"^use_?(?:Is_?)?(?:Un)?(?:Mounted|Mounted?State|MountedRef)$", re.IGNORECASE)


def asks_only_if_mounted(file: SourceFile, effect: Effect, condition: Node) -> bool:
    """Whether a condition asks nothing but a flag that is the same for each run of an effect while it is mounted.

    Such are a ref that the effect itself sets anew, so that the next run revives the last one, one that only an effect
    which runs once sets back, and what a hook like `useIsMounted` tells.
    """
    names = [condition] if condition.type == "identifier" else list(descendants(condition, "identifier"))
    return bool(names) and all(_lasts(file, effect, name) for name in names)


def _lasts(file: SourceFile, effect: Effect, name: Node) -> bool:
    found = resolve(file, name)
    hook = hook_of(file, found) if found is not None and not found.keys else None
    if found is None or hook is None:
        return False
    if _TELLS_OF_MOUNT.match(hook[0]):
        return True
    if hook[0] != "useRef":
        return False
    writes = [write for use in uses_of(file, found.node) if (write := _write_of(file, use)) is not None]
    if not writes or not all(_is_truth(write) for write in writes):
        return False
    return any(_revives(file, effect, write) for write in writes) or _is_of_the_end(file, effect, writes)


def _write_of(file: SourceFile, use: Node) -> Node | None:
    """The assignment to the `current` of a ref by one of its names; None for any other use."""
    member = use.parent
    around = member.parent if member is not None and member.type == "member_expression" else None
    writes = around is not None and around.type == "assignment_expression"
    left = around.child_by_field_name("left") if writes and around is not None else None
    own = left is not None and left == member and dotted(file, left)[1:] == ("current",) and root_of(left) == use
    return around if own else None


def _is_truth(write: Node) -> bool:
    right = write.child_by_field_name("right")
    return right is not None and right.type in _TRUTHS


def _revives(file: SourceFile, effect: Effect, write: Node) -> bool:
    """Whether an effect sets a flag as it begins, and so for the work of its earlier runs, too."""
    return enclosing_function(file, write) == effect.callback


def _is_of_the_end(file: SourceFile, effect: Effect, writes: list[Node]) -> bool:
    """Whether only effects that run once set a flag, at the beginning and in their cleanup."""
    once = [one for one in effects(file) if one.runs_once and one.owner == effect.owner and one != effect]
    return all(any(begins_within(write, one.callback) for one in once) for write in writes)
