"""The collection as a whole: every rule has fixtures, every fixture a rule, and the documentation is the rules."""

from __future__ import annotations

import ast
import importlib.util
import pickle
import random
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from chunklint import engine, project
from chunklint.config import Settings
from chunklint.discovery import Discovered
from chunklint.engine import Job, Outcome, RuleSet, scan
from chunklint.fixing import mend
from chunklint.fixtures import Case, cases, differences, example_files, expectations
from chunklint.languages import language_of
from chunklint.loader import BUILTIN, load, rule_files
from chunklint.model import Rule
from chunklint.project import Examined, Request

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = ROOT / "fixtures"
RULES = load([BUILTIN])
RULE_FILES = tuple(rule_files(BUILTIN))
CASES = tuple(cases(FIXTURES, BUILTIN))
GOLDENS = tuple(sorted(FIXTURES.rglob("*.fixed.*")))
EVERY_RULE = RuleSet.of([BUILTIN], [rule for rule in RULES if rule.enabled])

every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
every_rule_file = pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.stem)


def with_rule(name: str) -> RuleSet:
    """The rules that run by default, and the one of that name, which may be opt-in."""
    return RuleSet.of([BUILTIN], [rule for rule in RULES if rule.enabled or rule.name == name])


def judge(source: str, path: str, tmp_path: Path, rules: RuleSet = EVERY_RULE) -> Outcome:
    contents = {name: text.encode() for name, text in example_files(source, path).items()}
    return scan(Job(tmp_path, rules, tuple(contents), 1_000_000, contents))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_fixture_is_found_exactly_as_annotated(case: Case) -> None:
    assert differences(case, with_rule(Path(case.rule).name.replace("_", "-"))) == []


@every_rule_file
def test_a_rule_has_fixtures_that_expect_it_and_lines_that_do_not(path: Path) -> None:
    (rule,) = [r for r in RULES if path.stem == r.name.replace("-", "_")]
    mine = [case for case in CASES if case.rule == path.relative_to(BUILTIN).with_suffix("").as_posix()]
    expected = [one for case in mine for file in case.files for one in expectations(case.root, file)]
    assert any(one.code == rule.code for one in expected)
    assert any(one.part for one in expected), "no fixture says what the message must contain"


def test_every_fixture_folder_belongs_to_a_rule() -> None:
    rules = {path.relative_to(BUILTIN).with_suffix("") for path in RULE_FILES}
    homes = {path.relative_to(FIXTURES) for path in FIXTURES.glob("*/*") if path.is_dir()}
    assert homes == rules


@every_rule
def test_the_head_is_a_specification(rule: Rule) -> None:
    assert re.fullmatch(r"CL\d{3,4}", rule.code)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", rule.name)
    number = int(rule.code.removeprefix("CL"))
    assert rule.ticket == f"TICKET-{number // 100:03d}"
    for clause in (rule.when, rule.effect, rule.instead):
        assert clause, "a clause is missing"
        assert not clause.endswith("."), clause
        assert not clause[0].isupper() or clause.split()[0].isupper(), clause
    assert rule.silent_on, "say what the rule deliberately leaves alone"
    assert rule.limits, "say what the rule knowingly misses"


@every_rule
def test_the_bad_example_has_exactly_one_finding_and_the_good_none(rule: Rule, tmp_path: Path) -> None:
    rules = with_rule(rule.name)
    bad, good = (judge(source, rule.example, tmp_path, rules) for source in (rule.bad, rule.good))
    assert [finding.code for finding in bad.findings] == [rule.code]
    assert good.findings == ()
    assert (bad.notifications, good.notifications) == ((), ())


@every_rule
def test_a_message_is_made_of_sentences_with_the_users_own_names(rule: Rule, tmp_path: Path) -> None:
    (finding,) = judge(rule.bad, rule.example, tmp_path, with_rule(rule.name)).findings
    assert finding.message.endswith(".")
    assert "`" in finding.message


@every_rule
def test_a_guard_never_hides_what_the_rule_would_find(rule: Rule, tmp_path: Path) -> None:
    """The same rule without its guard, as a copy in a folder of its own, finds the same in every fixture."""
    (path,) = [p for p in RULE_FILES if p.stem == rule.name.replace("-", "_")]
    assert rule.mentions, "a rule without a guard makes every file be parsed"
    copy = tmp_path / "rules" / path.name
    copy.parent.mkdir()
    unguarded = "\nfrom dataclasses import replace\nrule = replace(rule, mentions=())\n"
    copy.write_text(path.read_text(encoding="utf-8") + unguarded, encoding="utf-8")
    chosen = RuleSet((copy.parent,), frozenset({rule.code}))
    guarded = RuleSet((BUILTIN,), frozenset({rule.code}))
    for case in CASES:
        with_guard = scan(Job(case.root, guarded, case.files, 1_000_000)).findings
        without = scan(Job(case.root, chosen, case.files, 1_000_000)).findings
        assert [replace(f, key="") for f in without] == [replace(f, key="") for f in with_guard], case.name


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_found_in_a_fixture_can_travel_between_processes(case: Case) -> None:
    """Facts too: a class that a rule file defines cannot, for no other process can import it by name."""
    judged = engine.judge(Job(case.root, EVERY_RULE, case.files, 1_000_000))
    assert pickle.dumps(judged)


@every_rule_file
def test_a_rule_imports_only_the_public_names(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {name for name in imported if name and name.startswith("chunklint")} == {"chunklint.api"}


@every_rule_file
def test_a_rule_holds_no_state(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Global | ast.Nonlocal)]
    mutable = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
    assert not [
        node.lineno
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, mutable)
    ], "module-level data must be immutable: a tuple, a frozenset, a MappingProxyType"


def test_codes_and_names_are_unique_and_sorted_by_number() -> None:
    assert len({rule.name for rule in RULES}) == len({rule.code for rule in RULES}) == len(RULES)
    assert [rule.code for rule in RULES] == sorted((rule.code for rule in RULES), key=lambda code: int(code[2:]))


def test_the_rendered_documentation_equals_the_rules() -> None:
    spec = importlib.util.spec_from_file_location("render", ROOT / "docs" / "render.py")
    assert spec is not None
    assert spec.loader is not None
    render = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(render)
    on_disk = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "rules").glob("*.md")}
    assert on_disk == render.pages(RULES), "run `make docs`"
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert render.readme(text, RULES) == text, "run `make docs`"


def golden_of(path: Path) -> tuple[Case, str]:
    """The case that a golden file belongs to, and the path in it of the fixture that it is the mended text of."""
    source = path.with_name(path.name.replace(".fixed.", "."))
    (found,) = ((case, file) for case in CASES for file in case.files if case.root / file == source)
    return found


def examined(case: Case, contents: Mapping[str, bytes]) -> Examined:
    rules = [rule for rule in RULES if rule.enabled or rule.name == Path(case.rule).name.replace("_", "-")]
    request = Request(Discovered(case.root, case.files, ()), contents)
    return project.examined(request, Settings(None, case.root), rules, [BUILTIN], jobs=1)


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: path.relative_to(FIXTURES).as_posix())
def test_all_fixes_of_a_fixture_give_its_golden_file(path: Path) -> None:
    case, file = golden_of(path)
    before = examined(case, {})
    mended = mend(before, before.report().findings, unsafe=True)
    assert {change.path: change.after for change in mended.changes}[file].decode() == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: path.relative_to(FIXTURES).as_posix())
def test_a_golden_file_is_free_of_what_was_fixed_and_has_nothing_left_to_fix(path: Path, tmp_path: Path) -> None:
    case, file = golden_of(path)
    before = examined(case, {}).report().findings
    for name in case.files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((path if name == file else case.root / name).read_bytes())
    after = examined(replace(case, root=tmp_path), {})
    left = [one for one in after.report().findings if one.location.path == file]
    assert Counter(one.code for one in left) < Counter(one.code for one in before if one.location.path == file)
    assert file not in {change.path for change in mend(after, left, unsafe=True).changes}


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: path.relative_to(FIXTURES).as_posix())
def test_some_fixes_at_a_time_in_any_order_end_as_clean_as_the_golden_file(path: Path, tmp_path: Path) -> None:
    """Not in the same text: a release that one fix adds may be taken for that of an equal resource next to it."""
    case, file = golden_of(path)
    for name in case.files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((case.root / name).read_bytes())
    dice = random.Random(file)  # noqa: S311 - choices, not secrets
    refused: set[str] = set()
    while True:
        now = examined(replace(case, root=tmp_path), {})
        left = [one for one in now.report().findings if one.location.path == file and one.key not in refused]
        if not left:
            break
        chosen = dice.sample(left, min(len(left), dice.randint(1, 3)))
        mended = mend(now, chosen, unsafe=True)
        for change in mended.changes:
            (tmp_path / change.path).write_bytes(change.after)
        # What is left alone may be fixed once the others are.
        refused = set() if mended.changes else refused | {one.key for one in chosen}
    (tmp_path / file).write_bytes(path.read_bytes())
    golden = examined(replace(case, root=tmp_path), {})
    assert Counter(one.code for one in now.report().findings) == Counter(one.code for one in golden.report().findings)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.fixers], ids=lambda rule: rule.code)
def test_a_rule_with_fixes_has_a_golden_file_for_each_language(rule: Rule) -> None:
    (home,) = FIXTURES.glob(f"*/{rule.name.replace('-', '_')}")
    languages = {language.name for path in home.rglob("*.fixed.*") if (language := language_of(path.name))}
    assert languages >= {fixer.language for fixer in rule.fixers}


def test_every_fixture_is_a_source_file_that_some_language_reads() -> None:
    strays = [
        p for p in FIXTURES.rglob("*") if p.is_file() and language_of(p.name) is None and "__pycache__" not in p.parts
    ]
    allowed = {".cfg", ".ini", ".json", ".lock", ".md", ".toml", ".txt"}
    assert [path for path in strays if path.suffix not in allowed] == []
