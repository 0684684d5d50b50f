"""Programs that speak with another machine or a daemon, and whether anything ends the wait for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PythonFile
from chunklint.semantics.python.literals import elements_of
from chunklint.semantics.python.names import arguments, enclosing_function

# Network programs without a limit of their own, and the arguments that set one.
_PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "curl": ("-m", "--max-time", "--connect-timeout", "--speed-time", "-y"),
    "ssh": ("ConnectTimeout", "ServerAliveInterval"),
    "scp": ("ConnectTimeout", "ServerAliveInterval"),
    "sftp": ("ConnectTimeout", "ServerAliveInterval"),
    "rsync": ("--timeout", "--contimeout"),
    "git": ("http.lowSpeedTime",),
    "docker": (),
    "nvidia-smi": (),
}

# The commands of git that speak with another machine, and those of docker that only ask its daemon a question: the
# others build, pull or follow a log for as long as that takes.
_COMMANDS: Mapping[str, frozenset[str]] = {
    "git": frozenset({"clone", "fetch", "pull", "push", "ls-remote"}),
    "docker": frozenset({"version", "info", "ps", "inspect", "images", "--version"}),
}

_STARTERS = ("subprocess.Popen", "asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell")
_AROUND = frozenset({"await", "parenthesized_expression"})


def waits_for_program(name: str, call: Node, file: PythonFile) -> bool:
    """Whether a call starts a known program that may never end, and nothing limits the program itself."""
    words = _command(name, call, file)
    while words and words[0] in ("sudo", "env", "-E"):
        words = words[1:]
    program = words[0].rpartition("/")[2] if words else ""
    if program not in _PROGRAMS or not _asks(program, words):
        return False
    if any(word.startswith(limit) or limit in word.split("=")[0] for word in words for limit in _PROGRAMS[program]):
        return False
    return name not in _STARTERS or any(True for _ in waits_of(call, file))


def waits_of(process: Node, file: PythonFile) -> Iterator[Node]:
    """The calls in the same function that wait for a process, if none of them has a limit of its own."""
    kept = next((around for around in ancestors(process) if around.type not in _AROUND), None)
    target = kept.child_by_field_name("left") if kept is not None and kept.type == "assignment" else None
    if target is None:
        return
    name = file.text(target)
    wanted = {f"{name}.wait", f"{name}.communicate"}
    found = []
    for call in descendants(enclosing_function(process) or file.root, "call"):
        function = call.child_by_field_name("function")
        if function is not None and file.text(function) in wanted:
            found.append(call)
    if not any(_has_limit(call, file) for call in found):
        yield from found


def _has_limit(wait: Node, file: PythonFile) -> bool:
    """Whether `wait` or `communicate` is given a time; the first argument of `communicate` is the input."""
    given = arguments(wait, file)
    by_position = 0 if file.text(wait).partition("(")[0].endswith(".wait") else 1
    return given.get("timeout", by_position) is not None


def _asks(program: str, words: Sequence[str]) -> bool:
    commands = _COMMANDS.get(program)
    if commands is None:
        return True
    if program == "git":
        return not commands.isdisjoint(words)
    rest = [word for word in words[1:] if word != "compose"]
    return bool(rest) and rest[0] in commands


def _command(name: str, call: Node, file: PythonFile) -> tuple[str, ...]:
    """The words of a command as far as they are literals; another expression counts as an empty word."""
    given = arguments(call, file)
    if name == "asyncio.create_subprocess_exec":
        return tuple(_word(one, file) for one in given.positional)
    command = given.get("cmd" if name.startswith("asyncio.") else "args", 0)
    if command is None:
        return ()
    if command.type == "string":
        return tuple(_word(command, file).split())
    return tuple(_word(one, file) for one in elements_of(command, file) or ())


def _word(node: Node, file: PythonFile) -> str:
    """The text of a plain string literal; "" for what is none."""
    if node.type != "string":
        return ""
    return "".join(file.text(part) for part in node.named_children if part.type == "string_content")
