"""Render docs/rules/ and the README's table from the rules: `python docs/render.py` (or `make docs`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from chunklint.loader import BUILTIN, load
from chunklint.model import Rule, Ticket
from chunklint.reporters import rulepage

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- rules: rendered by docs/render.py -->", "<!-- end of rules -->"


def pages(rules: tuple[Rule, ...]) -> Mapping[str, str]:
    """What docs/rules/ must hold: file name to text."""
    index = "# Rules\n\n" + table(rules, "") + "\n"
    return {"README.md": index} | {f"{rule.code}.md": rulepage.markdown(rule, Ticket(rule.ticket)) for rule in rules}


def table(rules: tuple[Rule, ...], folder: str) -> str:
    """The rules as a Markdown table; links lead into the folder ("" or one that ends in a slash)."""
    rows = (
        f"| [{rule.code}]({folder}{rule.code}.md) | {rule.name} | {rule.when} | {rule.ticket} | {rule.severity} |"
        for rule in rules
    )
    return "\n".join(("| code | name | sees | ticket | severity |", "|---|---|---|---|---|", *rows))


def readme(text: str, rules: tuple[Rule, ...]) -> str:
    """The README with its table of rules renewed. Raises ValueError when the marks are missing."""
    before, middle, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not middle or not end:
        raise ValueError(f"README.md lacks {BEGIN!r} or {END!r}; put both around the table of rules")
    return f"{before}{BEGIN}\n{table(rules, 'docs/rules/')}\n{END}{after}"


def main() -> None:
    """Write all of it; pages of rules that are gone are removed."""
    rules = load([BUILTIN])
    folder = ROOT / "docs" / "rules"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = pages(rules)
    for stale in {path.name for path in folder.glob("*.md")} - set(wanted):
        (folder / stale).unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")
    home = ROOT / "README.md"
    home.write_text(readme(home.read_text(encoding="utf-8"), rules), encoding="utf-8")


if __name__ == "__main__":
    main()
