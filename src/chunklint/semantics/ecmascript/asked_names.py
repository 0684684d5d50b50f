"""What a request asks with: which names count, and which of them a message tells."""

from __future__ import annotations

import re
from collections.abc import Collection

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors
from chunklint.semantics.ecmascript.changes import DELAYED
from chunklint.semantics.ecmascript.functions import arguments_of
from chunklint.semantics.ecmascript.names import Binding, bindings, dotted, resolve
from chunklint.semantics.ecmascript.react import Effect, hook_of
from chunklint.semantics.ecmascript.swaps import set_at

# What a request needs but does not ask for: another token gives the same answer. A group of users is no user.
_CREDENTIALS = re.compile(
    r"token|session|auth|client|header|apikey|secret|password|apiurl|baseurl|getter|user(?!group)", re.IGNORECASE
)
_CHOSEN = re.compile(r"^(?:selected|chosen|picked)[A-Z_]")
_PLACES = re.compile(r"[Pp]age|[Oo]ffset|[Cc]ursor|[Ll]imit|[Ss]ort|[Oo]rder|[Ss]ize|^skip$")
_WORDS = re.compile(r"search|query|words?|term|keyword", re.IGNORECASE)
_HANDLER = re.compile(r"^on[A-Z]")


def is_credential(text: str) -> bool:
    """Whether a dependency says who asks, not what for; whoever is chosen is asked for: `selectedUser`."""
    return _CREDENTIALS.search(text) is not None and _CHOSEN.match(text) is None


def is_place(text: str) -> bool:
    """Whether a dependency says where in a list the answer begins or how it is sorted: `page`, `orderBy`."""
    return _PLACES.search(text) is not None


def state_named(file: SourceFile, owner: Node, text: str) -> Binding | None:
    """The binding of a component that a dependency begins with: that of `filters` for `filters.page`."""
    body = owner.child_by_field_name("body")
    name = re.split(r"[^\w$]", text, maxsplit=1)[0]
    return (bindings(file, body).get(name) if body is not None else None) or bindings(file, owner).get(name)


def named(file: SourceFile, dependency: Node) -> str:
    """A dependency as a chain of names, however it is written: `plot.id` for `plot?.id` and `plot!.id`."""
    return ".".join(dotted(file, dependency)) or file.text(dependency)


def told(file: SourceFile, effect: Effect, asked: Collection[str]) -> str:
    """Of what a request asks with, what a reader finds first.

    What the effect lists comes before what its callbacks list, what a click here sets before what is set elsewhere,
    and words before pages and switches.
    """
    listed = {named(file, dependency) for dependency in effect.deps}

    def rank(one: str) -> tuple[bool, bool, bool, bool, str]:
        return one not in listed, not _is_set_here(file, effect, one), is_place(one), not _WORDS.search(one), one

    return min(asked, key=rank)


def _is_set_here(file: SourceFile, effect: Effect, text: str) -> bool:
    """Whether a handler in the markup of the component sets a state: `onClick={() => setPage(2)}`."""
    found = state_named(file, effect.owner, text) if effect.owner is not None else None
    hook = hook_of(file, found) if found is not None else None
    if hook is not None and hook[0].startswith(DELAYED):
        behind = next((one for one in arguments_of(hook[1]) if one.type == "identifier"), None)
        found = resolve(file, behind) if behind is not None else None
    return found is not None and any(_is_in_handler(file, place) for place in set_at(file, found))


def _is_in_handler(file: SourceFile, place: Node) -> bool:
    attribute = next((around for around in ancestors(place) if around.type == "jsx_attribute"), None)
    return attribute is not None and _HANDLER.match(file.text(attribute.named_children[0])) is not None
