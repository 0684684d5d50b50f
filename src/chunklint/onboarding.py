"""`chunklint init`: the configuration, the pre-commit entry and the workflow that a project starts with.

Nothing is overwritten. A file that is there is added to where that can be done safely, and otherwise the user is told
what to add.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from difflib import unified_diff
from importlib import metadata
from pathlib import Path
from string import Template

from chunklint import __version__, files
from chunklint.records import record

_SETTINGS = """\
# Scans exit with 1 from this severity up: note, warning or error.
fail-on = "warning"
# Paths not to scan, in gitignore's syntax, beside what git ignores.
extend-exclude = []
# Rules not to run: codes, prefixes, names or tickets. `chunklint rule` lists them.
ignore = []
"""

_HOSTED_HOOKS = Template("""\
- repo: $source
  rev: $revision
  hooks:
    - id: chunklint # the changed files
    - id: chunklint-project # the whole project, with the rules that join files
""")

# Without an address to clone from, the hook runs the chunklint that is installed.
_LOCAL_HOOKS = r"""- repo: local
  hooks:
    - id: chunklint
      name: chunklint
      entry: chunklint scan --force-exclude --output-format concise
      language: system
      types: [text]
      files: \.(py|pyi|[cm]?tsx?|[cm]?jsx?|sql)$
      require_serial: true
    - id: chunklint-project
      name: chunklint (whole project)
      entry: chunklint scan --output-format concise
      language: system
      types: [text]
      files: \.(py|pyi|[cm]?tsx?|[cm]?jsx?|sql)$
      pass_filenames: false
      require_serial: true
"""

_WORKFLOW = Template("""\
name: chunklint
on:
  push:
    branches: [main, master]
  pull_request:

permissions: {}

concurrency:
  group: chunklint-$${{ github.ref }}
  cancel-in-progress: true

jobs:
  chunklint:
    name: chunklint
    runs-on: ubuntu-latest
    permissions:
      contents: read
      actions: read # what an upload from a private repository needs
      security-events: write # the upload to code scanning
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - uses: $action@$revision
""")

_GITHUB = re.compile(r"(?:https://|(?:ssh://)?git@)github\.com[/:](?P<name>[\w.-]+/[\w.-]+?)(?:\.git)?/?")

# What `uses:` says until the user has put in where chunklint is hosted.
_NO_OWNER = "OWNER/chunklint"


@record
class Addition:
    """One file of the plan: what it holds (None: there is none yet) and what it will, or why it stays as it is.

    `after` is None when nothing is written; then `advice` says why, and what to add by hand.
    """

    path: str
    before: str | None
    after: str | None
    advice: str = ""

    @property
    def diff(self) -> str:
        """The change as a unified diff."""
        before, after = ((text or "").splitlines() for text in (self.before, self.after))
        name = "/dev/null" if self.before is None else self.path
        return "\n".join([*unified_diff(before, after, name, self.path, lineterm=""), ""])


@record
class Origin:
    """Where this chunklint comes from: the address of its repository, "" when unknown, and the revision to pin."""

    source: str
    revision: str


def origin(source: str | None) -> Origin:
    """The address that the user gave or that pip has noted when it installed from a repository."""
    noted = metadata.distribution("chunklint").read_text("direct_url.json") or "{}"
    installed = json.loads(noted)
    versioned = installed.get("vcs_info", {})
    release = f"v{__version__}"
    if source is not None:
        return Origin(source.removesuffix("/"), release)
    if versioned.get("vcs") != "git":
        return Origin("", release)
    return Origin(installed["url"], versioned.get("commit_id", release))


def plan(root: Path, origin: Origin) -> tuple[Addition, ...]:
    """What to write below a folder. Raises OSError and UnicodeDecodeError for files that cannot be read."""
    return (_configuration(root), _hooks(root, origin), _workflow(root, origin))


def write(root: Path, additions: tuple[Addition, ...]) -> Iterator[str]:
    """Write what the plan says; yields the path of each file. Raises OSError."""
    for one in additions:
        if one.after is None:
            continue
        target = root / one.path
        target.parent.mkdir(parents=True, exist_ok=True)
        files.write(target.resolve() if target.is_symlink() else target, one.after)
        yield one.path


def _configuration(root: Path) -> Addition:
    own, shared = "chunklint.toml", "pyproject.toml"
    if (root / own).exists():
        return Addition(own, None, None, "is there already")
    before = _read(root / shared)
    if before is None:
        return Addition(own, None, _SETTINGS)
    table = f"[tool.chunklint]\n{_SETTINGS}"
    if "chunklint" in _tools(before):
        return Addition(shared, before, None, "has [tool.chunklint] already")
    after = _appended(before, f"\n{table}")
    if "chunklint" not in _tools(after):
        return Addition(shared, before, None, f"cannot be added to safely; add this by hand:\n\n{table}")
    return Addition(shared, before, after)


def _tools(text: str) -> dict[str, object]:
    try:
        tools = tomllib.loads(text.removeprefix("\ufeff")).get("tool", {})
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}
    return tools if isinstance(tools, dict) else {}


def _hooks(root: Path, origin: Origin) -> Addition:
    name = ".pre-commit-config.yaml"
    values = {"source": origin.source, "revision": origin.revision}
    entry = _HOSTED_HOOKS.substitute(values) if origin.source else _LOCAL_HOOKS
    before = _read(root / name)
    if before is None:
        return Addition(name, None, f"repos:\n{_indented(entry, '  ')}")
    if re.search(r"\bid:\s*['\"]?chunklint\b", before):
        return Addition(name, before, None, "has chunklint already")
    after = _with_entry(before, entry)
    if after is None:
        return Addition(name, before, None, f"cannot be added to safely; add this to its `repos`:\n\n{entry}")
    return Addition(name, before, after)


def _with_entry(text: str, entry: str) -> str | None:
    """The text with one entry more at the end of its list `repos`; None when that is not a plain list of lines."""
    rows = text.split("\n")
    starts = [index for index, row in enumerate(rows) if re.match(r"repos:\s*(\[\s*\]\s*)?(#.*)?$", row)]
    if len(starts) != 1:
        return None
    start = starts[0]
    # The list goes on to the next key, whose line begins in the first column.
    after = (index for index in range(start + 1, len(rows)) if re.match(r"[^\s#-]|---", rows[index]))
    end = next(after, len(rows))
    items = [match[1] for row in rows[start + 1 : end] if (match := re.match(r"(\s*)-\s", row))]
    if "[" in rows[start].partition("#")[0]:
        rows[start] = "repos:"
    elif not items:
        return None
    while end > start + 1 and re.match(r"\s*$|#", rows[end - 1]):
        end -= 1
    line_end = "\r" if rows[start].endswith("\r") else ""
    added = _indented(entry, items[0] if items else "  ").rstrip("\n").split("\n")
    rest = rows[end:] or [""]
    return "\n".join([*rows[:end], *(f"{row}{line_end}" for row in added), *rest])


def _workflow(root: Path, origin: Origin) -> Addition:
    name = ".github/workflows/chunklint.yml"
    folder = root / ".github" / "workflows"
    there = sorted(path.name for path in folder.glob("*.y*ml")) if folder.is_dir() else []
    for file in there:
        if "chunklint" in file or re.search(r"uses:.*/chunklint@", _read(folder / file) or ""):
            return Addition(f".github/workflows/{file}", None, None, "is there already")
    hosted = _GITHUB.fullmatch(origin.source)
    action = hosted["name"] if hosted else _NO_OWNER
    text = _WORKFLOW.substitute(action=action, revision=origin.revision)
    advice = "" if hosted else f"put the repository that hosts chunklint in place of {_NO_OWNER}"
    return Addition(name, None, text, advice)


def _appended(text: str, more: str) -> str:
    """The text with lines added, ended as its own are."""
    end = "\r\n" if "\r\n" in text else "\n"
    whole = text if text.endswith("\n") or not text else text + end
    return whole + more.replace("\n", end)


def _indented(text: str, indent: str) -> str:
    return "".join(f"{indent}{row}" for row in text.splitlines(keepends=True))


def _read(path: Path) -> str | None:
    """A file's text with its own line ends, None when there is none."""
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None


def run(root: Path, source: str | None, say: Callable[[str], None], agree: Callable[[], bool]) -> None:
    """Show the plan, and write it once the user agrees. Raises OSError and UnicodeDecodeError."""
    additions = plan(root, origin(source))
    for one in additions:
        say(f"{one.path} {one.advice}\n" if one.after is None else one.diff)
    if all(one.after is None for one in additions):
        say("There is nothing to write.")
    elif agree():
        for path in write(root, additions):
            say(f"wrote {path}")
        for one in additions:
            if one.after is not None and one.advice:
                say(f"Next: in {one.path}, {one.advice}.")
        say("Next: chunklint scan --statistics")
