"""What every page has around its content: head, style sheet, script and masthead."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from chunklint.reporters.html.markup import Markup, element, joined


def document(title: str, body: Markup) -> Markup:
    """The whole document. Its content security policy allows its own script and style sheet by their hashes alone."""
    sheet, script = _own("page.css"), _own("page.js")
    policy = (
        f"default-src 'none'; script-src {_source(script)}; style-src {_source(sheet)}; "
        "base-uri 'none'; form-action 'none'"
    )
    head = [
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", sheet),
    ]
    return element(
        "html",
        element("head", joined(head, "\n")),
        Markup("\n"),
        element("body", body, Markup("\n"), element("script", script), Markup("\n")),
        lang="en",
    )


def _own(name: str) -> Markup:
    """A file of this package, as it is: it has no tags in it."""
    return Markup(files(__package__).joinpath(name).read_text(encoding="utf-8"))


def _source(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def masthead(project: str) -> Markup:
    """The head line of a page, with the choice of a theme."""
    themes = (("", "System"), ("light", "Light"), ("dark", "Dark"))
    options = (element("option", label, value=value) for value, label in themes)
    # Controls that need the script are hidden until it runs.
    theme = element(
        "label", element("span", "Theme"), element("select", *options, id="theme"), id="themes", hidden=True
    )
    heading = element("h1", project or "Findings", element("span", " chunklint report"))
    return element("header", heading, theme, class_="masthead")
