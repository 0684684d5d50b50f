"""Repositories that are there to be copied, by the first words of their README."""

from __future__ import annotations

import re

# Of several, the first one is read.
READMES = ("README.md", "readme.md", "Readme.md", "README")

_HIDDEN = re.compile(r"<!--.*?(?:-->|\Z)|!\[[^\]\n]*\]\([^)\n]*\)|<[^<>]*>|[*_`]", re.DOTALL)
_LINK = re.compile(r"\[([^\[\]\n]*)\]\([^()\n]*\)")
_KIND = r"(?:boilerplate|starter(?:[- ](?:kit|template|app))?|template|reference implementation)"
_TITLE = re.compile(rf"^# .*\b{_KIND}(?:$|\s+(?:with|for|using|built|in|by)\b|\s*[-:(|])", re.IGNORECASE | re.MULTILINE)
_SENTENCE = re.compile(
    rf"(?:^|\b(?:is|contains) )an? (?:[\w.,/+-]+ ){{0,5}}?{_KIND}(?:[.,;]|\s+(?:to|for|that|which|with|built|of)\b)|"
    r"\bthis (?:template|boilerplate|starter kit) (?:provides|includes|contains|comes|gives|helps|is)\b",
    re.IGNORECASE | re.MULTILINE,
)
# What scaffolding leaves behind tells of itself, not of what was made with it.
_LEFT_BEHIND = re.compile(
    r"minimal setup to get|bootstrapped with|official starter|\bnot an? [\w ]*template", re.IGNORECASE
)
_BEGINNING = 700
_MOST = 8000  # badges and pictures come first, and take room


def is_copied(readme: str) -> bool:
    """Whether a README calls its repository a template, boilerplate, starter or reference implementation at once."""
    shown = _LINK.sub(r"\1", _HIDDEN.sub("", readme[:_MOST]))
    first = "\n".join(line.strip() for line in shown.splitlines() if line.strip())[:_BEGINNING]
    if _LEFT_BEHIND.search(first) is not None:
        return False
    title = next((line for line in first.splitlines() if line.startswith("# ")), "")
    return _TITLE.match(title) is not None or _SENTENCE.search(first) is not None
