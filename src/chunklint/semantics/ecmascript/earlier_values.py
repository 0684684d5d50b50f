"""Values of the render before: what `usePrevious(id)` gives, or a ref that an effect sets after each render."""

from __future__ import annotations

import re

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.semantics.ecmascript.names import Binding, dotted, resolve, root_of, unwrap
from chunklint.semantics.ecmascript.react import Deps, Effect, effects, hook_of

_HOOK = re.compile(r"^usePrev(?:ious)?(?:Value|State|Props?|Distinct)?$")


def is_of_render_before(file: SourceFile, name: Node) -> bool:
    """Whether a name stands for what something was at the last render, so that the next one changes it by itself."""
    root = root_of(name)
    found = resolve(file, root) if root.type == "identifier" else None
    if found is None or found.kind != "variable" or found.value is None:
        return False
    hook = hook_of(file, found)
    if hook is not None:
        return _HOOK.match(hook[0]) is not None
    chain = dotted(file, unwrap(found.value))
    return chain[-1:] == ("current",) and _is_set_after_renders(file, found, chain)


def _is_set_after_renders(file: SourceFile, found: Binding, chain: tuple[str, ...]) -> bool:
    """Whether an effect around which a value of a ref was taken writes the ref at the end of each render."""
    return any(
        _writes(file, effect, chain)
        for effect in effects(file)
        if effect.runs is Deps.NONE and effect.owner is not None and found.scope.parent == effect.owner
    )


def _writes(file: SourceFile, effect: Effect, chain: tuple[str, ...]) -> bool:
    targets = (one.child_by_field_name("left") for one in descendants(effect.callback, "assignment_expression"))
    return any(target is not None and dotted(file, target) == chain for target in targets)
