"""Settings: where they come from, who overrides whom, and that every mistake is named at once."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from chunklint import config
from chunklint.config import DEFAULT_EXCLUDE, ConfigError, Overrides, Settings
from chunklint.model import Rule, Severity, Ticket

FORMATS = ("text", "json", "sarif")


@dataclass(frozen=True, slots=True)
class TimeoutOptions:
    max_seconds: float = 5.0
    calls: tuple[str, ...] = ("get",)
    strict: bool = False
    retries: int = 3
    label: str = ""

    def __post_init__(self) -> None:
        if self.retries < 0:
            raise ValueError("retries must not be negative")


def rule(code: str, name: str, ticket: str) -> Rule:
    return Rule(
        code=code, name=name, ticket=ticket, when="it", effect="is", instead="other", bad="", good="", example="a.py",
        mentions=(),
    )  # fmt: skip


RULES = (
    rule("CL101", "sql-interpolation", "TICKET-001"),
    rule("CL102", "unbounded-ddl-parameter", "TICKET-001"),
    rule("CL801", "missing-timeout", "TICKET-008"),
    replace(rule("CL803", "hard-coded-timeout", "TICKET-008"), options=TimeoutOptions(), enabled=False),
    rule("CL1001", "test-without-assertion", "TICKET-010"),
)


def load(
    folder: Path, *pairs: str, overrides: Overrides | None = None, isolated: bool = False, start: str = "."
) -> Settings:
    found = config.read(folder / start, isolated=isolated, config=pairs)
    return config.load(found, rules=RULES, overrides=overrides or Overrides(), formats=FORMATS)


def mistakes(folder: Path, text: str, *pairs: str, overrides: Overrides | None = None) -> tuple[str, ...]:
    (folder / "chunklint.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(folder, *pairs, overrides=overrides)
    return caught.value.mistakes


def codes(folder: Path, text: str = "", **flags: list[str]) -> tuple[str, ...]:
    (folder / "chunklint.toml").write_text(text)
    return load(folder, overrides=Overrides(**flags)).codes  # type: ignore[arg-type]  # the flags are lists of codes


def test_without_a_file_all_but_the_opt_in_rules_run(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.codes == ("CL101", "CL102", "CL801", "CL1001")
    assert (settings.file, settings.folder, settings.exclude) == (None, tmp_path, DEFAULT_EXCLUDE)
    assert settings.fail_on is Severity.WARNING


def test_the_nearest_file_with_a_table_wins_up_to_the_git_root(tmp_path: Path) -> None:
    repository = tmp_path / "repo"
    (repository / "app/deep").mkdir(parents=True)
    (tmp_path / "chunklint.toml").write_text('fail-on = "error"\n')
    assert load(repository, start="app/deep").fail_on is Severity.ERROR
    (repository / ".git").mkdir()
    assert load(repository, start="app/deep").fail_on is Severity.WARNING
    (repository / "pyproject.toml").write_text('[tool.chunklint]\nfail-on = "note"\n')
    (repository / "app/pyproject.toml").write_text("[tool.other]\n")
    settings = load(repository, start="app/deep")
    assert (settings.fail_on, settings.folder) == (Severity.NOTE, repository)
    (repository / "chunklint.toml").write_text('fail-on = "error"\n')
    assert load(repository, start="app/deep").fail_on is Severity.ERROR
    assert load(repository, isolated=True).fail_on is Severity.WARNING


def test_a_named_file_replaces_the_nearest_and_pairs_override_it(tmp_path: Path) -> None:
    (tmp_path / "chunklint.toml").write_text('fail-on = "error"\nmax-file-size = 7\n')
    (tmp_path / "strict=1.toml").write_text('fail-on = "note"\n')
    settings = load(tmp_path, "strict=1.toml", 'severity.CL101 = "note"', "respect-gitignore=false")
    assert (settings.fail_on, settings.max_file_size) == (Severity.NOTE, 1_000_000)
    assert settings.severity == {"CL101": Severity.NOTE}
    assert not settings.respect_gitignore
    assert load(tmp_path, "max-file-size = 9", isolated=True).max_file_size == 9


@pytest.mark.parametrize(
    ("text", "flags", "expected"),
    [
        ('select = ["CL8"]', {}, "CL801"),
        ('select = ["CL1"]', {}, "CL101 CL102 CL1001"),
        ('select = ["TICKET-001"]', {}, "CL101 CL102"),
        ('select = ["missing-timeout", "CL10"]', {}, "CL101 CL102 CL801 CL1001"),
        ('select = ["CL803"]', {}, "CL803"),
        ('select = ["ALL"]', {}, "CL101 CL102 CL801 CL1001"),
        ("select = []", {}, ""),
        ('extend-select = ["hard-coded-timeout"]', {}, "CL101 CL102 CL801 CL803 CL1001"),
        ('ignore = ["CL1"]', {}, "CL801"),
        ('select = ["CL102"]\nignore = ["CL10"]', {}, "CL102"),
        ('select = ["CL10"]\nignore = ["CL102"]', {}, "CL101 CL1001"),
        ('select = ["CL801"]\nignore = ["CL801"]', {}, ""),
        ('select = ["CL10"]\nignore = ["TICKET-010"]', {}, "CL101 CL102 CL1001"),
        ('select = ["ALL"]\nignore = ["TICKET-010"]', {}, "CL101 CL102 CL801"),
        ('ignore = ["CL801"]', {"select": ["CL801,CL101"]}, "CL101 CL801"),
        ('select = ["CL8"]', {"ignore": ["CL8"]}, ""),
        ('select = ["CL8"]', {"extend_select": ["CL101", "CL803"]}, "CL101 CL801 CL803"),
        ('select = ["CL803"]', {"ignore": ["CL8"]}, ""),
    ],
)
def test_selection(tmp_path: Path, text: str, flags: dict[str, list[str]], expected: str) -> None:
    assert codes(tmp_path, text, **flags) == tuple(expected.split())


def test_every_mistake_is_named_at_once_with_its_place_and_a_suggestion(tmp_path: Path) -> None:
    text = """
        selct = ["CL101"]
        select = ["CL1O1", "sql-interpolaton"]
        ignore = "CL101"
        exclude = ["ok/", "[", "# no"]
        fail-on = "eror"
        respect-gitignore = "yes"
        max-file-size = true
        output-format = "sarf"
        rules-dirs = ["no-such-folder"]
        [severity]
        CL101 = "high"
        CL999 = "error"
        [per-file-ignores]
        "tests/**" = ["CL8O1"]
        "!x" = ["CL801"]
        [rules.CL803]
        max-second = 1
        calls = ["a", 1]
        strict = 1
        [rules.CL101]
        x = 1
        [tickets]
        url = "https://x.test/browse/"
        maps = 1
        map = { TICKET-01 = "A", CL801 = "", "TICKET-008" = "B" }
        per-path = { "!y" = { CL801 = "A" }, "app" = 3 }
    """
    overrides = Overrides(select=["CL77"], extend_exclude=["["], fail_on="warn")
    found = mistakes(tmp_path, text, 'severity.CL801="warnin"', overrides=overrides)
    hint = "; rules of `rules-dirs` are known only with --trust-rules"
    glob = "is no gitignore pattern that could match anything"
    assert sorted(found) == sorted(
        [
            "chunklint.toml: selct: unknown setting; did you mean `select`?",
            f"chunklint.toml: select: unknown rule `CL1O1`; did you mean `CL101`?{hint}",
            f"chunklint.toml: select: unknown rule `sql-interpolaton`; did you mean `sql-interpolation`?{hint}",
            "chunklint.toml: ignore: expected a list of strings, not a string ('CL101')",
            f"chunklint.toml: exclude: `[` {glob}",
            f"chunklint.toml: exclude: `# no` {glob}",
            "chunklint.toml: fail-on: 'eror' is no severity, which is error, warning or note; did you mean `error`?",
            "chunklint.toml: respect-gitignore: expected a boolean, not a string ('yes')",
            "chunklint.toml: max-file-size: expected an integer, not a boolean (True)",
            "chunklint.toml: output-format: unknown format `sarf`; did you mean `sarif`?",
            f"chunklint.toml: rules-dirs: there is no folder `no-such-folder` in {tmp_path}",
            "chunklint.toml: severity.CL101: 'high' is no severity, which is error, warning or note",
            f"chunklint.toml: severity.CL999: unknown rule `CL999`{_near('CL999')}{hint}",
            f'chunklint.toml: per-file-ignores."tests/**": unknown rule `CL8O1`; did you mean `CL801`?{hint}',
            f'chunklint.toml: per-file-ignores."!x": the glob {glob}',
            "chunklint.toml: rules.CL803.max-second: CL803 has no such option; did you mean `max-seconds`?",
            "chunklint.toml: rules.CL803.calls: expected a list of strings, not a list (['a', 1])",
            "chunklint.toml: rules.CL803.strict: expected a boolean, not an integer (1)",
            "chunklint.toml: rules.CL101: CL101 has no options",
            "chunklint.toml: tickets.url: 'https://x.test/browse/' has no {ticket}, the place of the ticket's id",
            "chunklint.toml: tickets.maps: unknown setting; did you mean `map`?",
            f'chunklint.toml: tickets.per-path."!y": the glob {glob}',
            "chunklint.toml: tickets.per-path.app: expected a table from seed tickets or codes to your ticket ids",
            "chunklint.toml: tickets.map.TICKET-01: unknown rule or ticket `TICKET-01`; did you mean `TICKET-010`?"
            + hint,
            "chunklint.toml: tickets.map.CL801: expected a ticket id, not ''",
            "--config severity.CL801: 'warnin' is no severity, which is error, warning or note"
            "; did you mean `warning`?",
            f"--select: unknown rule `CL77`{_near('CL77')}{hint}",
            f"--exclude: `[` {glob}",
            "--fail-on: 'warn' is no severity, which is error, warning or note; did you mean `warning`?",
        ]
    )


def _near(word: str) -> str:
    from chunklint.suggest import did_you_mean

    return did_you_mean(word, [*("ALL",), *(w for one in RULES for w in (one.code, one.name, one.ticket))])


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (("fail-on=note",), "strings need quotes"),
        (("chunklnt.toml",), r"neither a file nor KEY=VALUE; did you mean `chunklint.toml`\?"),
        (("nowhere/x.toml",), "neither a file nor KEY=VALUE"),
        (("a.toml", "b.toml"), "only one file can be used"),
        (("bare/pyproject.toml",), r"no table \[tool.chunklint\]"),
        (("a = " + "[" * 5000,), "neither a file nor KEY=VALUE|nested too deeply"),
    ],
)
def test_a_bad_config_argument_says_what_is_wrong(tmp_path: Path, pairs: tuple[str, ...], message: str) -> None:
    (tmp_path / "bare").mkdir()
    for name in ("chunklint.toml", "a.toml", "b.toml", "bare/pyproject.toml"):
        (tmp_path / name).write_text("")
    with pytest.raises(ConfigError, match=message):
        load(tmp_path, *pairs)


def test_a_file_and_isolated_exclude_each_other(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("")
    with pytest.raises(ConfigError, match=r"a\.toml cannot be used together with --isolated"):
        load(tmp_path, "a.toml", isolated=True)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"select = [\nfail", r"chunklint\.toml: it is not valid TOML: .*line 2"),
        (b"\xff", "not valid UTF-8"),
        (b"a = " + b"[" * 5000 + b"]" * 5000, "nested too deeply"),
        (b"\xef\xbb\xbfselct = 1", "unknown setting"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "chunklint.toml").write_bytes(data)
    with pytest.raises(ConfigError, match=message):
        load(tmp_path)


def test_a_message_about_pyproject_names_the_whole_key(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.chunklint]\nfail-on = 1\n")
    (tmp_path / "sub").mkdir()
    with pytest.raises(ConfigError, match=rf"{tmp_path}/pyproject\.toml: tool\.chunklint\.fail-on: 1 is no severity"):
        load(tmp_path, start="sub")
    (tmp_path / "pyproject.toml").write_text("[tool]\nchunklint = 1\n")
    with pytest.raises(ConfigError, match=r"tool\.chunklint must be a table"):
        load(tmp_path)


def test_options_and_severities_reach_the_selected_rules(tmp_path: Path) -> None:
    (tmp_path / "chunklint.toml").write_text(
        'select = ["CL803"]\n[severity]\nhard-coded-timeout = "note"\n'
        '[rules.CL803]\nmax-seconds = 2\ncalls = ["a", "b"]\n'
    )
    settings = load(tmp_path, "rules.hard-coded-timeout.strict = true")
    (chosen,) = config.selected(settings, RULES)
    assert chosen.options == TimeoutOptions(max_seconds=2.0, calls=("a", "b"), strict=True)
    assert chosen.severity is Severity.NOTE
    assert RULES[3].options == TimeoutOptions()


def test_what_the_options_themselves_refuse_is_a_mistake(tmp_path: Path) -> None:
    (found,) = mistakes(tmp_path, "[rules.CL803]\nretries = -1\n")
    assert found == "chunklint.toml: rules.CL803: retries must not be negative"


def test_a_ticket_is_the_users_own(tmp_path: Path) -> None:
    (tmp_path / "chunklint.toml").write_text(
        '[tickets]\nurl = "https://x.test/browse/{ticket}"\n'
        'map = { TICKET-001 = "PROJ-12", CL102 = "OPS 3/4", TICKET-002 = "PROJ-13" }\n'
    )
    settings = load(tmp_path)
    assert [config.ticket_of(settings, one) for one in RULES[:3]] == [
        Ticket("PROJ-12", "https://x.test/browse/PROJ-12"),
        Ticket("OPS 3/4", "https://x.test/browse/OPS%203%2F4"),
        Ticket("TICKET-008", "https://x.test/browse/TICKET-008"),
    ]
    assert config.ticket_of(load(tmp_path, isolated=True), RULES[0]) == Ticket("TICKET-001")


@pytest.mark.parametrize("url", ["javascript:alert('{ticket}')", "file:///{ticket}", "https:///{ticket}", "{ticket}"])
def test_only_web_addresses_can_be_ticket_pages(tmp_path: Path, url: str) -> None:
    (found,) = mistakes(tmp_path, f'[tickets]\nurl = "{url}"\n')
    assert "is no http or https address" in found


def test_per_file_ignores_start_from_the_folder_of_the_file(tmp_path: Path) -> None:
    backend = tmp_path / "backend"
    backend.mkdir()
    (backend / "chunklint.toml").write_text(
        '[per-file-ignores]\n"/tests/" = ["CL8", "sql-interpolation"]\n"*_gen.py" = ["ALL"]\n'
    )
    settings = load(backend)

    def ignored(path: str, code: str) -> bool:
        return config.ignored(settings, tmp_path, path, code)

    assert ignored("backend/tests/deep/a.py", "CL801")
    assert ignored("backend/tests/a.py", "CL101")
    assert not ignored("backend/tests/a.py", "CL102")
    assert not ignored("tests/a.py", "CL801")
    assert not ignored("backend/src/tests/a.py", "CL801")
    assert ignored("web/x_gen.py", "CL803")


def test_patterns_of_flags_start_from_the_current_folder(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "chunklint.toml").write_text('exclude = ["/old"]\nextend-exclude = ["*.sql"]\n')
    flags = Overrides(extend_exclude=["/gone", "sub/x.py", "any", "!**/kept"])
    settings = load(tmp_path, start="app", overrides=flags)
    assert settings.exclude == ("/old", "*.sql", "/app/gone", "/app/sub/x.py", "any", "!**/kept")


def test_rule_folders_are_known_before_the_rules_are(tmp_path: Path) -> None:
    (tmp_path / "lint/rules").mkdir(parents=True)
    (tmp_path / "chunklint.toml").write_text('rules-dirs = ["lint/rules", 1]\nunknown = 1\n')
    assert config.read(tmp_path).rule_folders == (tmp_path / "lint/rules",)
    assert config.read(tmp_path, isolated=True).rule_folders == ()


def test_a_configuration_cannot_name_a_file_to_write(tmp_path: Path) -> None:
    (found,) = mistakes(tmp_path, 'output-format = "sarif=/etc/passwd"\n')
    assert "unknown format" in found


def test_shown_settings_can_be_loaded_again(tmp_path: Path) -> None:
    (tmp_path / "lint").mkdir()
    (tmp_path / "chunklint.toml").write_text(
        'select = ["CL8", "CL803"]\nextend-exclude = ["a b\\u007f", "ü"]\nfail-on = "note"\nrules-dirs = ["lint"]\n'
        'respect-gitignore = false\n[severity]\nCL801 = "error"\n[per-file-ignores]\n"tests/**" = ["CL1"]\n'
        '[rules.CL803]\nmax-seconds = 0.5\n[tickets]\nurl = "https://x.test/{ticket}"\nmap = { "CL801" = "A\\"B" }\n'
    )
    settings = load(tmp_path)
    shown = config.show(settings)
    assert shown.startswith(f"# {tmp_path / 'chunklint.toml'}\n")
    assert tomllib.loads(shown)["rules"]["CL803"]["max-seconds"] == 0.5
    (tmp_path / "chunklint.toml").write_text(shown)
    assert load(tmp_path) == settings
