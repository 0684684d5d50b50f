"""Programs that speak with another machine or a daemon, and whether anything ends the wait for them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PythonFile
from chunklint.semantics.python.literals import elements_of
from chunklint.semantics.python.names import arguments, enclosing_function, qualified_name

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

# What a command that moves files, or runs somebody's command elsewhere, is given to end its silence: the whole of it
# takes as long as there is to move or to do.
_SILENCE: Mapping[str, str] = {
    "curl": "`--connect-timeout`, `--speed-time` and `--speed-limit`",
    "ssh": "`-o ConnectTimeout` and `-o ServerAliveInterval`",
    "scp": "`-o ConnectTimeout` and `-o ServerAliveInterval`",
    "sftp": "`-o ConnectTimeout` and `-o ServerAliveInterval`",
    "rsync": "`--timeout`",
    "git": "`-c http.lowSpeedLimit` and `-c http.lowSpeedTime`",
}
_MOVES_FILES = re.compile(r"-[a-zA-Z]*[oOTF]|--(?:output|remote-name|upload-file|form)\b")

_STARTERS = ("subprocess.Popen", "asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell")
_AROUND = frozenset({"await", "parenthesized_expression"})


def waits_for_program(name: str, call: Node, file: PythonFile) -> bool:
    """Whether a call starts a known program that may never end, and nothing limits the program itself."""
    program, words = _program(name, call, file)
    if program not in _PROGRAMS or not _asks(program, words):
        return False
    if any(word.startswith(limit) or limit in word.split("=")[0] for word in words for limit in _PROGRAMS[program]):
        return False
    return name not in _STARTERS or any(True for _ in waits_of(call, file))


def ends_silence(call: Node, file: PythonFile) -> str:
    """The options that end the silence of the program that a call starts; "" where the whole of it may be limited.

    A transfer takes as long as there is to move, and what `ssh` runs elsewhere as long as that takes.
    """
    function = call.child_by_field_name("function")
    program, words = _program((qualified_name(function, file) or "") if function is not None else "", call, file)
    return "" if _only_answers(program, words) else _SILENCE.get(program, "")


def _only_answers(program: str, words: Sequence[str]) -> bool:
    """Whether a command asks a question that a server answers: it keeps no file, sends none and feeds no program."""
    if program == "curl":
        moves = any(_MOVES_FILES.match(word) for word in words) and "/dev/null" not in words
        return not moves and "|" not in words
    return program == "git" and "ls-remote" in words


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


def _program(name: str, call: Node, file: PythonFile) -> tuple[str, tuple[str, ...]]:
    """The program of a command, "" for none that can be read, and the words of the command from there on."""
    words = _command(name, call, file)
    while words and words[0] in ("sudo", "env", "-E"):
        words = words[1:]
    return words[0].rpartition("/")[2] if words else "", words


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
