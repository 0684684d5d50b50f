"""Comments that silence findings, `# chunklint: ignore[CL101] reason`, and what is wrong with them.

A comment after code covers its own line and the construct that ends there; one alone on its line, and
`ignore-next-line[...]`, cover the next line of code; `ignore-file[...]` before the first code covers the file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import accumulate

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.model import Finding, Notification, Severity, Span, Suppression
from chunklint.records import record
from chunklint.suggest import did_you_mean

# Only a file that holds it can hold a suppression.
MARK = "chunklint:"

# At the start of a comment or of one of its lines, or after a further comment mark within it.
_DIRECTIVE = re.compile(r"(?:^[ \t#/*!-]*|\s(?:#|//|--)[ \t]*)chunklint:[ \t]*(?P<rest>[^\n]*)", re.MULTILINE)
_PARTS = re.compile(r"(?P<verb>[\w-]*)\s*(?P<codes>\[[^\]]*\])?(?P<reason>.*)")
# A further pragma in the same comment is no part of the reason.
_NEXT_PRAGMA = re.compile(r"\s(?:#|//)\s.*")

# A comment, cut down to NUL, and the braces that it has in JSX.
_BRACED = re.compile(r"\{?\0\}?")

_VERBS = ("ignore", "ignore-next-line", "ignore-file")

# Inside these, lines are code in their own right, so the end of the construct speaks for its first line only.
_BLOCKS = frozenset({"block", "statement_block", "class_body", "function_definition", "class_definition"})
_OPENERS = frozenset({":", "{"})
_STATEMENT = re.compile(r"_statement$|_declaration$|_definition$|^decorated_definition$")


@record
class _Comment:
    text: str
    span: Span


def parse(file: SourceFile, codes: Mapping[str, str]) -> tuple[tuple[Suppression, ...], tuple[Notification, ...]]:
    """The file's suppressions in order, and a warning for each comment or code in one that cannot work.

    `codes` has the code of every known rule by its name. A comment that covers separate lines gives a suppression
    for each of them, all with the same `comment`.
    """
    if MARK not in file.content:
        return (), ()
    comments = [_Comment(text, span) for text, span in file.comments()]
    layout = _Layout(file, comments)
    suppressions: list[Suppression] = []
    complaints: list[Notification] = []
    for comment in comments:
        for found in _DIRECTIVE.finditer(comment.text):
            line = comment.span.start_line + comment.text.count("\n", 0, found.start("rest"))
            asked, problems = _read(found["rest"], codes)
            if asked is not None and asked.verb == "ignore-file" and not layout.before_code(comment):
                problems.append("`ignore-file` works only before the first code of a file; move it to the top")
                asked = None
            if asked is not None:
                suppressions.extend(
                    Suppression(asked.codes, first, last, asked.reason, comment.span)
                    for first, last in layout.covered(comment, asked.verb)
                )
            complaints.extend(
                Notification(file.path, f"Suppression comment: {problem}", Severity.WARNING, line)
                for problem in map(_sentence, problems)
            )
    return tuple(suppressions), tuple(complaints)


def apply(
    path: str, findings: Iterable[Finding], suppressions: Sequence[Suppression], codes: Collection[str]
) -> tuple[tuple[Finding, ...], tuple[Finding, ...], tuple[Notification, ...]]:
    """Divide one file's findings: those to report, those silenced (with the reason), and warnings of unused comments.

    `codes` are the rules that ran; a suppression of another rule cannot be known to be unused.
    """
    kept: list[Finding] = []
    silenced: list[Finding] = []
    used: set[tuple[Span, str]] = set()
    for finding in findings:
        covering = [one for one in suppressions if finding.code in one.codes and _covers(one, finding)]
        used.update((one.comment, finding.code) for one in covering)
        if covering:
            silenced.append(replace(finding, suppressed=covering[0].reason))
        else:
            kept.append(finding)
    asked = dict.fromkeys((one.comment, code) for one in suppressions for code in one.codes)
    unused = tuple(
        Notification(
            path,
            f"Suppression comment: {code} finds nothing here any more; remove it.",
            Severity.WARNING,
            comment.start_line,
            code,
        )
        for comment, code in asked
        if code in codes and (comment, code) not in used
    )
    return tuple(kept), tuple(silenced), unused


def _sentence(problem: str) -> str:
    return problem if problem.endswith("?") else problem + "."


def _covers(suppression: Suppression, finding: Finding) -> bool:
    whole_file = suppression.last_line == 0
    return whole_file or suppression.first_line <= finding.location.span.start_line <= suppression.last_line


@record
class _Asked:
    verb: str
    codes: tuple[str, ...]
    reason: str


def _read(rest: str, codes: Mapping[str, str]) -> tuple[_Asked | None, list[str]]:
    """What a directive asks for, None when nothing can be made of it, and what is wrong with it."""
    rest = rest.rstrip().removesuffix("}").rstrip().removesuffix("*/")
    parts = _PARTS.match(rest)
    verb = parts["verb"] if parts else ""
    if parts is None or verb not in _VERBS:
        return None, [f"`{verb}` is no directive{did_you_mean(verb, _VERBS) or '; write `ignore[CODE] reason`'}"]
    if parts["codes"] is None:
        return None, [f"it names no code; write `{verb}[CODE] reason`"]
    names = [name.strip() for name in parts["codes"][1:-1].split(",") if name.strip()]
    if not names:
        return None, [f"it names no code; write `{verb}[CODE] reason`"]
    known = {**codes, **{code: code for code in codes.values()}}
    unknown = [f"`{name}` is no rule{did_you_mean(name, known)}" for name in names if name not in known]
    chosen = tuple(dict.fromkeys(known[name] for name in names if name in known))
    reason = _NEXT_PRAGMA.sub("", parts["reason"].lstrip("-:\u2013\u2014 ")).strip()
    return (_Asked(verb, chosen, reason) if chosen else None), unknown


class _Layout:
    """Which lines of a file are code, and which of them a comment speaks for."""

    def __init__(self, file: SourceFile, comments: Sequence[_Comment]) -> None:
        self._file = file
        self._code = [line.strip() for line in file.lines]
        for number, rest in _lines_without(file, comments):
            self._code[number - 1] = rest
        self._starts = [0, *accumulate(len(line) + 1 for line in file.lines)]
        self._next = _next_code_lines(self._code)

    def covered(self, comment: _Comment, verb: str) -> Iterator[tuple[int, int]]:
        """The ranges of lines that a comment covers; (1, 0) is the whole file."""
        if verb == "ignore-file":
            yield 1, 0
        elif verb == "ignore-next-line" or not self._shares_line(comment):
            line = self._next[comment.span.end_line]
            yield line, line
        else:
            yield from self._ranges_ending_at(comment)

    def before_code(self, comment: _Comment) -> bool:
        """Whether nothing but comments and leading string statements (docstring, "use client") comes before."""
        return comment.span.start_line < self._first_code

    @cached_property
    def _first_code(self) -> int:
        if self._file.tree is None:
            return self._next[0]
        for node in self._file.root.children:
            if node.type not in ("comment", "hash_bang_line") and not _is_string_statement(node):
                return node.start_point[0] + 1
        return len(self._code) + 1

    def _shares_line(self, comment: _Comment) -> bool:
        return bool(self._code[comment.span.start_line - 1] or self._code[comment.span.end_line - 1])

    def _ranges_ending_at(self, comment: _Comment) -> Iterator[tuple[int, int]]:
        line = comment.span.start_line
        if self._file.tree is None:
            yield self._sql_statement_start(line), line
            return
        leaf = self._last_code_before(comment)
        if leaf is None:
            yield line, line
            return
        opens = leaf.type in _OPENERS
        construct = _owner_of_block(leaf) if opens else _widest_ending_on(leaf, line - 1)
        first = construct.start_point[0] + 1
        if opens or first == line or not _has_block(construct):
            yield first, line
        else:
            yield first, first
            yield line, line

    def _sql_statement_start(self, line: int) -> int:
        """The first line of the statement that ends on a line; the line itself when none ends there."""
        if not self._code[line - 1].endswith(b";"):
            return line
        start = line
        for above in range(line - 1, 0, -1):
            if self._code[above - 1].endswith(b";"):
                break
            if self._code[above - 1]:
                start = above
        return start

    def _last_code_before(self, comment: _Comment) -> Node | None:
        """The token that a trailing comment follows; what a comma separates counts rather than the comma."""
        row = comment.span.start_line - 1
        line = self._file.lines[row].decode("utf-8", "replace")[: comment.span.start_column - 1].rstrip()
        if line.endswith("{") and comment.text.startswith("/*"):
            line = line[:-1].rstrip()  # the brace that holds a comment in JSX
        if not line:
            return None
        at = self._starts[row] + len(line.encode("utf-8", "surrogatepass")) - 1
        leaf = self._file.root.descendant_for_byte_range(at, at + 1)
        if leaf is not None and leaf.type == "," and leaf.prev_sibling is not None:
            return leaf.prev_sibling
        return leaf


def _lines_without(file: SourceFile, comments: Sequence[_Comment]) -> Iterator[tuple[int, bytes]]:
    """What remains of each line that has a comment once comments and the braces around one in JSX are gone."""
    starts: dict[int, list[tuple[int, int | None]]] = {}
    for comment in comments:
        span = comment.span
        for number in range(span.start_line, span.end_line + 1):
            start = span.start_column - 1 if number == span.start_line else 0
            end = span.end_column - 1 if number == span.end_line else None
            starts.setdefault(number, []).append((start, end))
    for number, ranges in starts.items():
        text = file.lines[number - 1].decode("utf-8", "replace")
        ends = [0, *(len(text) if end is None else end for _, end in ranges)]
        pieces = [text[after:start] for after, (start, _) in zip(ends, ranges, strict=False)]
        yield number, _BRACED.sub("", "\0".join([*pieces, text[ends[-1] :]])).strip().encode()


def _next_code_lines(code: Sequence[bytes]) -> list[int]:
    """For each line, and 0 before the first, the next line of code; the line after it when none follows."""
    following: list[int] = []
    found = 0
    for line in range(len(code), -1, -1):
        following.append(found or line + 1)
        if line and code[line - 1]:
            found = line
    return following[::-1]


def _is_string_statement(node: Node) -> bool:
    return node.type == "expression_statement" and [child.type for child in node.named_children] == ["string"]


def _owner_of_block(opener: Node) -> Node:
    """What the block after a `:` or `{` belongs to: the comment speaks for the whole header."""
    owner = opener.parent or opener
    return owner.parent or owner if owner.type in ("statement_block", "class_body") else owner


def _widest_ending_on(leaf: Node, row: int) -> Node:
    """The widest construct around a token that ends on the row with it, at most a statement."""
    widest = leaf
    while not _STATEMENT.search(widest.type):
        around = widest.parent
        if around is None or around.end_point[0] != row or around.type in ("module", "program", "block"):
            break
        widest = around
    return widest


def _has_block(node: Node) -> bool:
    return node.type in _BLOCKS or next(descendants(node, *_BLOCKS), None) is not None
