"""Whether the components that a fallback shows lead on from there: a button, a link, a reload, however deep in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.records import record
from chunklint.semantics.ecmascript.definitions import Definition, definitions
from chunklint.semantics.ecmascript.functions import is_function
from chunklint.semantics.ecmascript.mounts import Front, offered_by
from chunklint.semantics.ecmascript.names import bindings
from chunklint.semantics.ecmascript.resolution import Resolution
from chunklint.semantics.ecmascript.workspaces import Workspace

Named = tuple[str, str]
"""A component by the module that it comes from, "" for the file itself, and its name there."""

_DEPTH = 4
_LARGE = 6000  # characters: what is larger is no part of a fallback
# What may lead on, and what shows more than can be seen here.
_LEADS = re.compile(
    r"\bon[A-Z]\w*=|href\b|<a\b|<html|\bto=|<(?:Nav)?Link\b|location\b|history\b|"
    r"\b(?:reset|retry|reload|refresh|navigate|redirect|push|tryAgain)\w*|use(?:Navigate|Router|History)\b|"
    r"window\.open|setState\(|setTimeout\(|dangerouslySetInnerHTML|\brender\w*\("
)
_TAGS = ("jsx_self_closing_element", "jsx_opening_element")
_PICTURE = re.compile(r"\.(?:svg|png|webp|gif|jpe?g)(?:\?\w+)?$")
_OWN = re.compile(
    r"\.|[@~]/|@?src/|(?:[@~#][\w-]*/)?(?:components|containers|features|layouts|pages|screens|shared|views)/"
)
_FOR_ERRORS = re.compile(r"(?:rror|allback|Failed|Failure|Crash)")


@record
class Ends:
    """The components of a file that lead nowhere by themselves.

    Attributes:
        front: These components, and all that the file exports.
        shown: What each of them shows of others.
    """

    front: Front
    shown: tuple[tuple[str, tuple[Named, ...]], ...]


def ends(file: SourceFile) -> Ends:
    """The components of a file that lead nowhere by themselves."""
    found: list[Definition] = []
    shown: list[tuple[str, tuple[Named, ...]]] = []
    for one in definitions(file):
        size = one.node.end_byte - one.node.start_byte
        if one.fact.imported:
            found.append(one.fact)
        elif size <= _LARGE and _LEADS.search(file.text(one.node)) is None:
            found.append(replace(one.fact, wrappers=()))
            shown.append((one.fact.name, components_in(file, one.node)))
    return Ends(Front(tuple(found), (), offered_by(file)), tuple(shown))


def components_in(file: SourceFile, node: Node) -> tuple[Named, ...]:
    """The components that stand in a node, itself included, without those that it is given."""
    known = bindings(file, file.root)
    found: dict[Named, None] = {}
    for element in (node, *descendants(node, *_TAGS)):
        tag = element.child_by_field_name("name") if element.type in _TAGS else None
        name, _, member = (file.text(tag) if tag is not None else "").partition(".")
        binding = known.get(name) if name[:1].isupper() or member else None
        if binding is None or _PICTURE.search(binding.module):
            continue
        origin = (binding.module, binding.imported) if binding.kind == "import" else ("", name)
        found[origin[0], f"{origin[1]}.{member}" if member else origin[1]] = None
    return tuple(found)


def lead_nowhere(path: str, shown: Iterable[Named], known: Mapping[str, Ends], workspace: Workspace) -> bool:
    """Whether none of the components that a file shows leads on, as far as all of the project's can be seen."""
    pending = [(path, module, name, _DEPTH) for module, name in shown]
    while pending:
        importer, module, name, depth = pending.pop()
        found = workspace.find(importer, module, name)
        if found is None:
            if not module or workspace.file(importer, module) is not None or may_lead(module, name):
                return False
            continue  # a package's
        target, local = found[0]
        inner = dict(known[target].shown).get(local)
        if depth == 0 and inner:
            return False
        pending.extend((target, *one, depth - 1) for one in inner or ())
    return True


def workspace_of(known: Mapping[str, Ends], resolution: Resolution) -> Workspace:
    """The names across files by which components are followed."""
    return Workspace({path: one.front for path, one in known.items()}, resolution, lambda _: False)


def may_lead(module: str, name: str) -> bool:
    """Whether what is not in the scanned files may be the project's, or a package's that is made for errors."""
    return _OWN.match(module) is not None or (_FOR_ERRORS.search(name) is not None and not module.startswith("next/"))


def fallback_of(file: SourceFile, render: Node) -> Node:
    """The part of a class's `render` that is shown after an error; all of it where that cannot be told.

    Some show errors of a known kind in a way of their own, before the one for all others.
    """
    returns = [one for one in _returns(render) if "children" not in file.text(one) and "<" in file.text(one)]
    if not returns:
        return render
    *others, last = returns
    return last if all(_is_for_a_kind(file, one, render) for one in others) else render


def _returns(node: Node) -> list[Node]:
    found = []
    for child in node.named_children:
        if child.type == "return_statement":
            found.append(child)
        elif not is_function(child):
            found += _returns(child)
    return found


_KIND = re.compile(r"instanceof|rror\)?\??\.(?:status|code|name|message|response)")


def _is_for_a_kind(file: SourceFile, shown: Node, render: Node) -> bool:
    """Whether a condition on what the error is decides on what is shown."""
    around = shown.parent
    while around is not None and around != render:
        condition = around.child_by_field_name("condition") if around.type == "if_statement" else None
        if condition is not None and _KIND.search(file.text(condition)):
            return True
        around = around.parent
    return False
