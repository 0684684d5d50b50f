"""Pages of Next that are the only ones to be seen: nothing leads away from them, so they stay as long as the layout.

Others beside them may be there for what is not found, and to lead on: `router.replace("/chat")`. Those of Next's other
router are another application: whoever goes there loads the page anew.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePosixPath

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, descendants
from chunklint.semantics.ecmascript.functions import enclosing_function
from chunklint.semantics.ecmascript.react import component_of, jsx_elements

_PAGE = re.compile(r"^page\.[jt]sx?$")
_LAYOUT = re.compile(r"^layout\.[jt]sx?$")
_NO_PAGES = frozenset({"404", "500"})
_LEADS = re.compile(r"\brouter\.(?:replace|push)\(|\b(?:permanentR|r)edirect\(|<(?:Navigate|Redirect)\b")
_LARGE = 3000  # characters: what only leads on is short
_HANDLES = re.compile(r"\bon[A-Z]\w*=")
# What is so once stays so.
_READY = re.compile(r"^[!(\s]*\w*(?:[Rr]eady|[Mm]ounted|[Hh]ydrated|[Ii]nitiali[sz]ed|[Ll]oaded)[)\s]*$")
_BETWEEN = frozenset({"jsx_element", "jsx_expression", "parenthesized_expression", "return_statement"})
_CHOICES = frozenset({"ternary_expression", "if_statement"})


def only_leads_on(file: SourceFile) -> bool:
    """Whether a page shows at most a sign of loading, and leads to another one."""
    if len(file.content) > _LARGE or _LEADS.search(file.content) is None or _HANDLES.search(file.content):
        return False
    return sum(1 for _ in jsx_elements(file)) <= 1


def page_for_good(file: SourceFile) -> tuple[Node, Node] | None:
    """The page that Next's `_app` shows in any case, once what it needs is there, with the component that shows it.

    The tags around it are for the caller to judge.
    """
    if PurePosixPath(file.path).stem != "_app":
        return None
    shown = [
        one for one in jsx_elements(file) if (name := one.child_by_field_name("name")) and name.text == b"Component"
    ]
    owner = component_of(file, shown[0]) if len(shown) == 1 else None
    if owner is None or enclosing_function(file, shown[0]) != owner:
        return None
    for around in ancestors(shown[0]):
        if around == owner:
            break
        if not (around.type in _BETWEEN or _is_of_function(around, owner) or _is_readiness(file, around)):
            return None
    leaves = (one for one in descendants(owner, "return_statement") if enclosing_function(file, one) == owner)
    stays = all(_holds(one, shown[0]) or _waits(file, one, owner) for one in leaves)
    return (shown[0], owner) if stays else None


def _is_of_function(around: Node, owner: Node) -> bool:
    return around.type == "statement_block" and around.parent == owner


def _is_readiness(file: SourceFile, choice: Node) -> bool:
    condition = choice.child_by_field_name("condition") if choice.type in _CHOICES else None
    return condition is not None and _READY.match(file.text(condition)) is not None


def _holds(leave: Node, element: Node) -> bool:
    return leave.start_byte <= element.start_byte and element.end_byte <= leave.end_byte


def _waits(file: SourceFile, leave: Node, owner: Node) -> bool:
    """Whether a component returns early for nothing but what is not ready yet."""
    inside = []
    for around in ancestors(leave):
        if around == owner:
            break
        inside.append(around)
    choices = [one for one in inside if one.type in _CHOICES]
    return bool(choices) and all(_is_readiness(file, one) for one in choices)


def lone_pages(paths: Iterable[str], leading: Iterable[str], showing: Iterable[str]) -> frozenset[str]:
    """The pages that alone are to be seen in their application, by path.

    `leading` are the files that only lead on, `showing` those of `_app` that show their page for good.
    """
    known, skipped, frames = [PurePosixPath(one) for one in paths], set(leading), _frames(paths, showing)
    pages: dict[PurePosixPath, list[str]] = defaultdict(list)
    for page in known:
        root = next((frame for frame in frames if frame in page.parents and _is_page(page, frame)), None)
        if root is not None and str(page) not in skipped:
            pages[root].append(str(page))
    alone = ((root, found[0]) for root, found in pages.items() if len(found) == 1)
    # Next's `app` mounts a page anew for each value of a part of its address.
    return frozenset(page for root, page in alone if root.name != "app" or "[" not in page)


def _frames(paths: Iterable[str], showing: Iterable[str]) -> tuple[PurePosixPath, ...]:
    """The folders of pages: those with a layout of Next's `app`, and those with an `_app`, outermost first."""
    folders = {PurePosixPath(one).parent for one in showing}
    layouts = (place for place in map(PurePosixPath, paths) if _LAYOUT.match(place.name))
    folders |= {place.parent for place in layouts if place.parent.name == "app"}
    return tuple(sorted(folders, key=lambda folder: len(folder.parts)))


def _is_page(page: PurePosixPath, root: PurePosixPath) -> bool:
    if root.name == "app":
        return _PAGE.match(page.name) is not None
    inner = page.relative_to(root)
    return inner.parts[0] != "api" and not page.name.startswith("_") and page.stem not in _NO_PAGES
