"""Which lines a suppression comment covers, and what is said of one that does not work."""

from __future__ import annotations

import pytest

from chunklint.languages import language_of
from chunklint.model import Finding, Location, Notification, Severity, Span, Suppression
from chunklint.suppressions import apply, parse

NAMES = {"sql-interpolation": "CL101", "missing-timeout": "CL801", "effect-without-cleanup": "CL501"}


def read(path: str, text: str) -> tuple[tuple[Suppression, ...], tuple[Notification, ...]]:
    language = language_of(path)
    assert language is not None
    return parse(language.parse(path, text), NAMES)


def covered(path: str, text: str) -> set[int]:
    """The lines on which a finding of CL101 is silenced; every comment must be well-formed."""
    suppressions, complaints = read(path, text)
    assert complaints == ()
    lines = range(1, text.count("\n") + 2)
    return {line for line in lines if not apply(path, [finding(line)], suppressions, ())[0]}


def finding(line: int, code: str = "CL101") -> Finding:
    return Finding(code, Location("a", Span(line, 1, line, 2)), "Bad.", Severity.ERROR)


MARKED = "chunklint: ignore[CL101] why"


@pytest.mark.parametrize(
    ("path", "text", "lines"),
    [
        ("a.py", f"a()\nb()  # {MARKED}\nc()\n", {2}),
        ("a.py", f"a()\n# {MARKED}\n\n# more\nb()\nc()\n", {5}),
        ("a.py", f"a()\nfoo(\n    b,\n)  # {MARKED}\nc()\n", {2, 3, 4}),
        ("a.py", f"foo(\n    b,\n    bar(\n        c\n    ),  # {MARKED}\n    d,\n)\n", {3, 4, 5}),
        ("a.py", f"foo(\n    b,  # {MARKED}\n    c,\n)\n", {2}),
        ("a.py", f"foo(  # {MARKED}\n    c,\n)\n", {1}),
        ("a.py", f'foo("""\nSELECT\n""")  # {MARKED}\nc()\n', {1, 2, 3}),
        ("a.py", f"def f(\n    a,\n):  # {MARKED}\n    b()\n    c()\n", {1, 2, 3}),
        ("a.py", f"def f():\n    a()\n    b()  # {MARKED}\n", {3}),
        ("a.py", f"if x:\n    a()\n    b()  # {MARKED}\nelse:\n    c()\n", {3}),
        ("a.py", f"with open(\n    x\n) as f:  # {MARKED}\n    b()\n", {1, 2, 3}),
        ("a.py", f"a = 'ü'; b()  # noqa: S608  # {MARKED}\n", {1}),
        ("a.py", "# chunklint: ignore-next-line[CL101] why\na()\nb()\n", {2}),
        ("a.py", "a()  # chunklint: ignore-next-line[CL101]\nb()\nc()\n", {2}),
        ("a.py", '"""Doc."""\n# chunklint: ignore-file[CL101] why\na()\n', {1, 2, 3, 4}),
        ("a.py", f"s = '# {MARKED}'\n", set()),
        ("a.py", f"# Write `# {MARKED}` at the end of the line.\na()\n", set()),
        ("a.ts", f"a();\nb(\n  1,\n); // {MARKED}\nc();\n", {2, 3, 4}),
        ("a.ts", f"/* {MARKED} */\nb();\nc();\n", {2}),
        ("a.ts", f"/* {MARKED} */ b();\nc();\n", {1}),
        ("a.ts", f"/*\n * {MARKED}\n */\nb();\nc();\n", {4}),
        ("a.ts", f"function f(\n  a,\n) {{ // {MARKED}\n  b();\n}}\n", {1, 2, 3}),
        ("a.ts", f"useEffect(() => {{\n  a();\n  b();\n}}, []); // {MARKED}\nc();\n", {1, 4}),
        ("a.ts", "#!/usr/bin/env node\n'use client';\n// chunklint: ignore-file[CL101]\na();\n", {1, 2, 3, 4, 5}),
        ("a.tsx", f"const a = (\n  <p>\n    {{/* {MARKED} */}}\n    <b />\n    <i />\n  </p>\n);\n", {4}),
        ("a.tsx", f"const a = (\n  <p>\n    <b\n      c\n    /> {{/* {MARKED} */}}\n    <i/>\n  </p>\n);\n", {3, 4, 5}),
        ("a.tsx", f"const a = <p\n  // {MARKED}\n  b={{1}}\n/>;\n", {3}),
        ("a.sql", f"SELECT 1;\nDROP\n TABLE a; -- {MARKED}\nSELECT 2;\n", {2, 3}),
        ("a.sql", f"-- {MARKED}\n\nDROP TABLE a;\nSELECT 2;\n", {3}),
        ("a.sql", f"/* {MARKED} */\nDROP TABLE a;\n", {2}),
        ("a.sql", "-- chunklint: ignore-file[CL101]\nDROP TABLE a;\n", {1, 2, 3}),
    ],
)
def test_a_comment_covers_what_it_speaks_for(path: str, text: str, lines: set[int]) -> None:
    assert covered(path, text) == lines


@pytest.mark.parametrize(
    ("comment", "reason"),
    [
        ("# chunklint: ignore[CL101]", ""),
        ("# chunklint: ignore[CL101] checked by hand", "checked by hand"),
        ("# chunklint: ignore[CL101] -- checked", "checked"),
        ("# chunklint: ignore[CL101]: checked", "checked"),
        ("# chunklint: ignore[CL101] see https://x.test/1  # noqa: E501", "see https://x.test/1"),
        ("#chunklint:ignore[ sql-interpolation ]  checked ", "checked"),
    ],
)
def test_the_reason_is_kept(comment: str, reason: str) -> None:
    (suppression,), complaints = read("a.py", f"a()  {comment}\n")
    assert (suppression.codes, suppression.reason, complaints) == (("CL101",), reason, ())
    _, (silenced,), _ = apply("a.py", [finding(1)], [suppression], ())
    assert silenced.suppressed == reason


def test_the_end_of_a_block_comment_is_no_part_of_the_reason() -> None:
    (suppression,), _ = read("a.tsx", "const a = <p>{/* chunklint: ignore[CL501] shared */}</p>;\n")
    assert suppression.reason == "shared"


def test_codes_and_names_can_be_mixed_and_count_once() -> None:
    (suppression,), _ = read("a.py", "a()  # chunklint: ignore[CL801, sql-interpolation, CL101] why\n")
    assert suppression.codes == ("CL801", "CL101")


@pytest.mark.parametrize(
    ("comment", "complaint"),
    [
        ("ignore", "it names no code; write `ignore[CODE] reason`."),
        ("ignore CL101", "it names no code; write `ignore[CODE] reason`."),
        ("ignore[CL101", "it names no code; write `ignore[CODE] reason`."),
        ("ignore[ ]", "it names no code; write `ignore[CODE] reason`."),
        ("ingore[CL101]", "`ingore` is no directive; did you mean `ignore`?"),
        ("off", "`off` is no directive; write `ignore[CODE] reason`."),
        ("", "`` is no directive; write `ignore[CODE] reason`."),
        ("ignore[CL1O1]", "`CL1O1` is no rule; did you mean `CL101`?"),
        ("ignore[sql-interpolaton]", "`sql-interpolaton` is no rule; did you mean `sql-interpolation`?"),
        ("ignore[CL1]", "`CL1` is no rule; did you mean `CL101`?"),
    ],
)
def test_a_comment_that_cannot_work_is_reported(comment: str, complaint: str) -> None:
    suppressions, complaints = read("a.py", f"x\na()  # chunklint: {comment}\n")
    assert suppressions == ()
    assert complaints == (Notification("a.py", f"Suppression comment: {complaint}", Severity.WARNING, 2),)


def test_a_known_code_beside_an_unknown_one_still_counts() -> None:
    (suppression,), (complaint,) = read("a.py", "a()  # chunklint: ignore[CL101, XX] why\n")
    assert suppression.codes == ("CL101",)
    assert "`XX` is no rule" in complaint.message


def test_ignore_file_after_the_first_code_is_reported_and_does_nothing() -> None:
    suppressions, (complaint,) = read("a.py", "a()\n# chunklint: ignore-file[CL101]\nb()\n")
    assert suppressions == ()
    assert "before the first code" in complaint.message
    assert complaint.line == 2


def test_every_directive_of_a_block_comment_counts() -> None:
    text = "/*\n * chunklint: ignore[CL101] one\n * chunklint: ignore[CL501] two\n */\na();\n"
    suppressions, complaints = read("a.ts", text)
    assert [(one.codes, one.reason) for one in suppressions] == [(("CL101",), "one"), (("CL501",), "two")]
    assert complaints == ()


def test_findings_are_divided_and_unused_codes_are_reported_with_their_line() -> None:
    text = "a()  # chunklint: ignore[CL101, CL801] why\nb()  # chunklint: ignore[CL501]\nc()\n"
    suppressions, _ = read("a.py", text)
    findings = [finding(1), finding(1, "CL501"), finding(3)]
    kept, silenced, unused = apply("a.py", findings, suppressions, {"CL101", "CL801"})
    assert kept == (findings[1], findings[2])
    assert [(one.code, one.suppressed) for one in silenced] == [("CL101", "why")]
    assert [(note.line, note.code, note.severity) for note in unused] == [(1, "CL801", Severity.WARNING)]


def test_a_comment_that_covers_two_places_is_used_when_one_of_them_is() -> None:
    text = "useEffect(() => {\n  a();\n}, []); // chunklint: ignore[CL501] why\n"
    suppressions, _ = read("a.ts", text)
    kept, silenced, unused = apply("a.ts", [finding(1, "CL501")], suppressions, {"CL501"})
    assert (kept, len(silenced), unused) == ((), 1, ())


@pytest.mark.parametrize("path", ["a.py", "a.ts", "a.tsx", "a.sql"])
@pytest.mark.parametrize("lead", ["", "((((", "'", "{" * 2000, "\ufeff", "x = \\\n"])
def test_no_text_around_a_comment_breaks_the_reading(path: str, lead: str) -> None:
    for mark in ("#", "//", "/*", "--"):
        read(path, f"{lead} {mark} {MARKED}")


def test_a_file_full_of_comments_is_read_in_passing() -> None:
    # Quadratic work on any of these would take minutes.
    read("a.ts", "/*" + "\n" * 300_000 + " chunklint: " + " " * 300_000 + "x */ a();\n")
    read("a.py", f"# {MARKED}\n" * 20_000)
    read("a.py", f"a()  # {MARKED}\n" * 20_000)
