"""`chunklint scan --add-ignores REASON`: a comment for every finding, where it silences it and changes nothing else.

Each comment is tried before it is kept: the file, parsed again, must have the same code as before and a suppression of
the finding. So no place needs to be known to be safe, and a finding inside a string or between JSX tags is no special
case: what does not work there is passed over for the next place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from tree_sitter import Node

from chunklint import suppressions
from chunklint.discovery import Source
from chunklint.languages import language_of
from chunklint.languages.base import SourceFile, ancestors
from chunklint.model import Finding, Notification
from chunklint.records import record

Read = Callable[[str], Source | Notification]

# A comment that makes a line wider than this goes above it.
_WIDEST = 120

# Read as one word: the parser gives a string's escapes as nodes, but not the text between them.
_WHOLE = frozenset({"string", "template_string", "regex"})
_STATEMENT = re.compile(r"_statement$|_declaration$|_definition$")

# Comments that speak of the very next line, so that none may come between.
_OF_NEXT_LINE = re.compile(r"next-line|@ts-|-ignore\b|ignore next")
_COMMENT_LINE = re.compile(r"\s*(?:#|//|/\*|\{/\*|--)")


@record
class Edit:
    """A file with its comments added: what it was, what it becomes, and how many comments that took."""

    path: str
    before: str
    after: str
    comments: int


@record
class _Place:
    """Where a comment can go: at the end of a line, or above it; `braces` as between JSX tags."""

    line: int
    above: bool
    braces: bool = False
    verb: str = "ignore"


def edits(findings: Iterable[Finding], reason: str, read: Read, names: Mapping[str, str]) -> Iterator[Edit]:
    """The files as they become with comments that silence the findings, as far as that can be done.

    `names` has the code of every rule by its name. A file that is not UTF-8 throughout is left alone.
    """
    by_path: dict[str, dict[int, list[str]]] = {}
    for finding in findings:
        lines = by_path.setdefault(finding.location.path, {})
        lines.setdefault(finding.location.span.start_line, []).append(finding.code)
    for path, lines in by_path.items():
        source = read(path)
        if isinstance(source, Notification) or source.skipped or source.notifications or not source.is_utf8:
            continue
        after, comments = _silenced(path, source.text, lines, reason, names)
        if comments:
            yield Edit(path, source.text, after, comments)


def complaint(reason: str) -> str:
    """What is wrong with a reason, "" when nothing is."""
    if not reason.strip():
        return "--add-ignores needs a reason, which the next reader will want to know"
    if not reason.isprintable() or "*/" in reason:
        return "the reason of --add-ignores must be one line of plain text without */, to fit into a comment"
    return ""


def _silenced(
    path: str, text: str, lines: Mapping[int, Collection[str]], reason: str, names: Mapping[str, str]
) -> tuple[str, int]:
    """The text with a comment for each of the lines where one can be put, and how many that were."""
    language = language_of(path)
    if language is None:
        return text, 0
    file = language.parse(path, text)
    code = _code(file)
    comments = 0
    # From the bottom up, so that a new line moves none that is still to come.
    for line in sorted(lines, reverse=True):
        wanted = [one for one in dict.fromkeys(lines[line]) if not _covered(file, line, (one,), names)]
        if not wanted:
            continue
        rest = f"[{', '.join(wanted)}] {reason.strip()}"
        for place in _places(file, line, len(rest)):
            tried = language.parse(path, _with(file, place, f"chunklint: {place.verb}{rest}"))
            moved = line + (place.above and place.line <= line)
            if _covered(tried, moved, wanted, names) and _code(tried) == code:
                file = tried
                comments += 1
                break
    return file.content, comments


def _covered(file: SourceFile, line: int, codes: Collection[str], names: Mapping[str, str]) -> bool:
    found, _ = suppressions.parse(file, names)
    here = {
        code for one in found if one.last_line == 0 or one.first_line <= line <= one.last_line for code in one.codes
    }
    return here.issuperset(codes)


def _places(file: SourceFile, line: int, width: int) -> Iterator[_Place]:
    """The places to try, the most usual first."""
    text = _text(file, line)
    taken = any(line in (span.start_line, span.end_line) for _, span in file.comments())
    crowded = taken or len(text) + width + len("  # chunklint: ignore") > _WIDEST
    near = [_Place(line, above=False), _Place(_above_pragmas(file, line), above=True)]
    if line == 1:
        # A finding on the file as a whole stands here too, and does not move down with the code.
        near = near[:1] if not text.startswith("#!") else []
    elif crowded:
        near.reverse()
    ends = [_Place(end, above=False) for end in _ends(file, line)]
    # A construct's end speaks for all of it, so it comes last.
    for places in (near, ends):
        yield from places
        if _marks(file)[1]:
            yield from (replace(place, braces=True) for place in places)
    if line == 1:
        yield _Place(_after_head(file), above=True, verb="ignore-file")


def _after_head(file: SourceFile) -> int:
    """The first line that need not stay where it is, as `#!` and Python's encoding must."""
    head = (number for number in (1, 2) if re.match(r"\ufeff?#(?:!|.*coding[:=])", _text(file, number)))
    return max(head, default=0) + 1


def _above_pragmas(file: SourceFile, line: int) -> int:
    """The first of the comment lines right above a line, when one of them speaks of its next line; else the line."""
    first = line
    while first > 1 and _COMMENT_LINE.match(_text(file, first - 1)):
        first -= 1
    return first if any(_OF_NEXT_LINE.search(_text(file, above)) for above in range(first, line)) else line


def _ends(file: SourceFile, line: int) -> Iterator[int]:
    """The last lines of the constructs around a line's first character, innermost first, up to the statement."""
    if file.tree is None:
        return
    row = file.lines[line - 1]
    at = sum(len(above) + 1 for above in file.lines[: line - 1]) + len(row) - len(row.lstrip())
    node = file.root.descendant_for_byte_range(at, at)
    if node is None:
        return
    last = line
    for around in (node, *ancestors(node)):
        end = around.end_point[0] + 1
        if end > last and around.parent is not None:
            yield end
            last = end
        if _STATEMENT.search(around.type):
            return


def _with(file: SourceFile, place: _Place, directive: str) -> str:
    """The file's text with one comment more."""
    mark, braced = _marks(file)
    comment = f"{{/* {directive} */}}" if place.braces and braced else f"{mark} {directive}"
    rows = file.content.split("\n")
    row = rows[place.line - 1]
    end = "\r" if row.endswith("\r") else ""
    if place.above:
        indent = row[: len(row) - len(row.removeprefix("\ufeff").lstrip())]
        rows[place.line - 1] = row.removeprefix("\ufeff")
        rows.insert(place.line - 1, f"{indent}{comment}{end}")
    else:
        gap = "  " if mark == "#" else " "
        rows[place.line - 1] = f"{row.rstrip()}{gap}{comment}{end}"
    return "\n".join(rows)


def _marks(file: SourceFile) -> tuple[str, bool]:
    """What begins a comment to the end of the line, and whether one may also stand in JSX."""
    match file.path.rpartition(".")[2].lower():
        case "py" | "pyi":
            return "#", False
        case "sql":
            return "--", False
        case "tsx" | "jsx" | "js":
            return "//", True
    return "//", False


def _text(file: SourceFile, line: int) -> str:
    return file.lines[line - 1].decode("utf-8", "replace") if line <= len(file.lines) else ""


def _code(file: SourceFile) -> list[tuple[int, str, str]]:
    """All of the file but its comments: the depth and type of every node, and the text of every token."""
    if file.tree is None:
        return [(0, "word", word) for word in _without_comments(file).split()]
    code: list[tuple[int, str, str]] = []
    pending = [(0, file.root)]
    while pending:
        depth, node = pending.pop()
        if node.type == "comment" or _holds_only_a_comment(node):
            continue
        if node.type == "jsx_text":
            text = _rendered(file.text(node))
            if text:
                code.append((depth, node.type, text))
        elif node.child_count and node.type not in _WHOLE:
            code.append((depth, node.type, ""))
            pending.extend((depth + 1, child) for child in reversed(node.children))
        else:
            code.append((depth, node.type, file.text(node)))
    return code


def _without_comments(file: SourceFile) -> str:
    rows = file.content.split("\n")
    for _, span in reversed(list(file.comments())):
        head, tail = rows[span.start_line - 1][: span.start_column - 1], rows[span.end_line - 1][span.end_column - 1 :]
        rows[span.start_line - 1 : span.end_line] = [f"{head} {tail}"]
    return "\n".join(rows)


def _holds_only_a_comment(node: Node) -> bool:
    return node.type == "jsx_expression" and {child.type for child in node.named_children} == {"comment"}


def _rendered(text: str) -> str:
    """What JSX makes of text between tags: lines lose the space at their ends, except the text's own first and last."""
    rows = text.split("\n")
    for index in range(len(rows)):
        rows[index] = rows[index].lstrip() if index else rows[index]
        rows[index] = rows[index].rstrip() if index < len(rows) - 1 else rows[index]
    return " ".join(row for row in rows if row)
