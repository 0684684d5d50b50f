"""`chunklint new`: a rule file and its first fixture, which already run."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

_CODE = re.compile(r"[A-Z]{2,}\d{3,4}")
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

_RULE = Template('''"""$code: one line that says what the rule sees."""

from __future__ import annotations

from collections.abc import Iterator

from chunklint.api import Draft, Node, PythonFile, Rule, python

rule = Rule(
    code="$code",
    name="$name",
    ticket="$ticket",
    when="a function named `$word` is called",
    effect="say what goes wrong because of it",
    instead="say what to write instead",
    bad="$word()\\n",
    good="fine()\\n",
    example="example.py",
    mentions=("$word",),
)


@rule.on(python, '(call function: (identifier) @name (#eq? @name "$word")) @call')
def calls_it(call: Node, file: PythonFile) -> Iterator[Draft]:
    yield rule.at(call, f"`{file.text(call)}` is called here.")
''')

_FIXTURE = Template('''"""The bad, the good, and the tempting-but-fine for $code."""

$word()  # expect: $code "is called here"

fine()

text = "$word() in a string is only text"
''')


class ScaffoldError(Exception):
    """The rule cannot be written; the message says why and what to do."""


def write_rule(home: Path, code: str, name: str, topic: str) -> tuple[Path, Path]:
    """Write rules/TOPIC/NAME.py and fixtures/TOPIC/NAME/basics.py below a folder.

    Raises ScaffoldError; nothing is overwritten.
    """
    if not _CODE.fullmatch(code):
        raise ScaffoldError(f"{code!r} is no rule code; write capital letters and three or four digits, such as CL904")
    if not _NAME.fullmatch(name):
        raise ScaffoldError(f"{name!r} is no rule name; write it in kebab-case, such as irreversible-migration")
    if not topic.isidentifier():
        raise ScaffoldError(f"{topic!r} is no topic; write one word, such as migrations")
    word = name.replace("-", "_")
    rule, fixture = home / "rules" / topic / f"{word}.py", home / "fixtures" / topic / word / "basics.py"
    for path in (rule, fixture):
        if path.exists():
            raise ScaffoldError(f"{path} exists already; choose another name or remove it first")
    digits = code.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    values = {"code": code, "name": name, "word": word, "ticket": f"TICKET-{int(digits) // 100:03d}"}
    for path, template in ((rule, _RULE), (fixture, _FIXTURE)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(template.substitute(values), encoding="utf-8")
    return rule, fixture
