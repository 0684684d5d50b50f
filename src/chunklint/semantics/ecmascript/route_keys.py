"""Keys that a route object is given in another way than by name: by an object that is spread, or by what it loads."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile
from chunklint.semantics.ecmascript.names import resolve, unwrap

_KEYED = ("pair", "shorthand_property_identifier", "method_definition")
# `lazy: async () => ({ Component: Home, ErrorBoundary: Sorry })`, and the same of an object of loaders.
_LOADS = re.compile(r"\bErrorBoundary\s*[:,}]")


def keys_given(file: SourceFile, part: Node) -> Iterator[str]:
    """The keys of a part of a route object, other than its own."""
    if part.type == "spread_element" and part.named_children:
        spread = unwrap(part.named_children[0])
        found = resolve(file, spread) if spread.type == "identifier" else None
        value = unwrap(found.value) if found is not None and found.value is not None and not found.keys else spread
        for pair in value.named_children if value.type == "object" else ():
            if pair.type in _KEYED:
                yield file.text(pair.child_by_field_name("key") or pair.child_by_field_name("name") or pair)
    named = part.child_by_field_name("key") or part.child_by_field_name("name")
    if named is not None and file.text(named) == "lazy" and _LOADS.search(file.text(part)):
        yield "ErrorBoundary"
