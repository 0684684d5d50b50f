"""What is rendered to text, as servers do it: nothing of that runs an effect, so it mounts nothing."""

from __future__ import annotations

import re

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors
from chunklint.semantics.ecmascript.functions import called_name
from chunklint.semantics.ecmascript.names import Binding, uses_bound
from chunklint.semantics.ecmascript.react import component_of

_TO_TEXT = frozenset(
    {"renderToString", "renderToStaticMarkup", "renderToPipeableStream", "renderToReadableStream"}
    | {"renderToNodeStream", "renderToStaticNodeStream", "prerenderToNodeStream"}
)
_SERVER = re.compile(r"""["'](?:react-dom/server|react-dom/static|preact-render-to-string)\b""")
_INTO_PAGES = re.compile(r"\b(?:createRoot|hydrateRoot|hydrate)\b")


def is_rendered_to_text(file: SourceFile, node: Node) -> bool:
    """Whether a place is given to a rendering to text, or stands outside of components where a file does only that."""
    if not file.remember("renders to text", lambda: _SERVER.search(file.content) is not None):
        return False
    calls = (one for one in ancestors(node) if one.type == "call_expression")
    if any(called_name(file, call) in _TO_TEXT for call in calls):
        return True
    return component_of(file, node) is None and _INTO_PAGES.search(file.content) is None


def is_for_text_alone(file: SourceFile, found: Binding) -> bool:
    """Whether all uses of a binding are rendered to text: `renderToString(createElement(App))`."""
    return all(is_rendered_to_text(file, use) for use in uses_bound(file, found))
