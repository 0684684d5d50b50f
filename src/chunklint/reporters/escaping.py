"""Text of strangers on its way to a terminal, an annotation or a URI: nothing in it may act, all of it must show."""

from __future__ import annotations

import os
from urllib.parse import quote, urlsplit


def escape(text: str) -> str:
    r"""The text with every character that does not print shown by its Python escape.

    That covers control characters and line ends (`\x1b`, `\n`), bidi overrides and other invisible format
    characters (`\u202e`), separators other than the space, and lone surrogates of undecodable file names.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def well_formed(text: str) -> str:
    """The text with lone surrogates shown by their escapes: JSON cannot carry them to strict readers."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def uri_path(path: str) -> str:
    """A relative path as a relative URI reference: every segment %-encoded, never absolute."""
    return quote(os.fsencode(path.lstrip("/")), safe="/")


def web_address(url: str) -> str:
    """The URL when it is an absolute http(s) address, stray characters %-encoded; otherwise ""."""
    quoted = quote(url, safe=":/?#@!$&'()*+,;=%~", errors="replace")
    parts = urlsplit(quoted)
    return quoted if parts.scheme in {"http", "https"} and parts.netloc else ""
