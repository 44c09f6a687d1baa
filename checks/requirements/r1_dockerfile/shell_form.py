"""Whether an image runs its program through a shell, as the shell form of CMD and ENTRYPOINT does."""

import re
from itertools import takewhile
from pathlib import PurePosixPath

from checks.core.wrappers import WRAPPERS, own_words

SHELLS = {"sh", "ash", "bash", "dash", "zsh", "ksh", "mksh", "fish", "csh", "tcsh"}
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
TOLD_BY = {
    "cmd": ("/c", "/k"),
    "su": ("-c", "--command"),
    **dict.fromkeys(("powershell", "pwsh"), ("-command", "-c")),
    **dict.fromkeys(("script", "flock", "expect"), ("-c", "--command", "-qc", "-qec")),
}
WITH_A_VALUE = {"--rcfile", "--init-file"}
INLINE = {  # the options that a program stands behind
    **dict.fromkeys(("python", "pypy", "ipython"), r"-(?![WXM])\w*c"),
    **dict.fromkeys(("node", "nodejs", "bun"), r"-\w*[ep]|--(?:eval|print)(?:=.*)?"),
    "perl": r"-(?![MmIxCD])\w*[eE]",
    "php": r"-\w*[rBRE]|--(?:run|process-\w+)",
    **dict.fromkeys(("ruby", "lua", "luajit", "elixir", "julia", "rscript", "r"), r"-(?![IrEXW])\w*e|--eval(?:=.*)?"),
}
TOLD_FIRST = {"awk", "gawk", "mawk", "nawk"}  # whose first word is the program, unless it stands in a file
ONLY_EXEC = re.compile(r"\s*exec\s+(?!\$\$?\()[^;&|\n`()<>]+")  # one command, which takes the shell's place
SHOWN = 2  # words that are shown of what is in exec form


def is_shell_form(words: tuple[str, ...]) -> bool:
    """Whether this is what Docker makes of `CMD words`: ["/bin/sh", "-c", "words"], `SHELL` and wrappers considered."""
    return _end_of_shell(words) > 0


def only_execs(words: tuple[str, ...]) -> bool:
    """Whether all that a shell is told is to make way for one program, as `sh -c 'exec serve --port $PORT'` does."""
    end = _end_of_shell(words)
    return bool(end and words[end : end + 1] and ONLY_EXEC.fullmatch(words[end]))


def is_inline(words: tuple[str, ...]) -> bool:
    """Whether an interpreter is told its program on the command line, which then stands in no file of an image.

    Whoever starts the interpreter is looked through.
    """
    return any(_is_inline_at(words, at) for at in range(len(words)))


def _is_inline_at(words: tuple[str, ...], at: int) -> bool:
    name = _name(words[at : at + 1]).rstrip("0123456789.")
    before = list(takewhile(lambda word: word.startswith("-") and word != "-m", words[at + 1 :]))
    if name in TOLD_FIRST:
        return at == _past_wrappers(words) and not any(word.startswith(("-f", "--file")) for word in before)
    option = INLINE.get(name)
    if name == "deno":
        return words[at + 1 : at + 2] == ("eval",)
    return option is not None and any(re.match(option, word, re.DOTALL) for word in before)


def start_of(words: tuple[str, ...]) -> tuple[str, ...]:
    """What may be kept of it: a shell with its options, else the program and one word; never what a shell is to run."""
    return words[: _end_of_shell(words) or SHOWN]


def _end_of_shell(words: tuple[str, ...]) -> int:
    """How many words there are up to the shell's `-c`; 0 where no shell is told a command, by whoever starts it."""
    if split := _split_by_env(words):
        return len(words) if _end_of_shell(split) or is_inline(split) else 0
    first = _past_wrappers(words)
    return next((end for at in range(first, len(words)) if (end := _end_of_shell_at(words, at))), 0)


def _end_of_shell_at(words: tuple[str, ...], at: int) -> int:
    program, options = _name(words[at : at + 1]), words[at + 1 :]
    found = _command_option(options) if program in SHELLS else _other_option(program, options)
    return at + 1 + found if found else 0


def _split_by_env(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words of which `env -S` makes a command, out of one."""
    at = next((at for at, word in enumerate(words) if re.match(r"-\w*S|--split-string", word)), 0)
    if not at or _name(words[:1]) != "env":
        return ()
    first = re.sub(r"^(?:-\w*S|--split-string=?)", "", words[at])
    return tuple(" ".join([first, *words[at + 1 :]]).split())


def _past_wrappers(words: tuple[str, ...]) -> int:
    at = 0
    while at < len(words):
        if (name := _name(words[at : at + 1])) in WRAPPERS:
            at += 1 + own_words(WRAPPERS[name], words[at + 1 :], str)
        elif at and ASSIGNMENT.fullmatch(words[at]):
            at += 1
        else:
            break
    return at


def _command_option(options: tuple[str, ...]) -> int:
    """The place of a `-c` among a shell's options, counted from 1; 0 where a script, or nothing, stands first."""
    skip = False
    for place, word in enumerate(options, 1):
        if skip:
            skip = False
        elif word in {"-", "--"} or word[:1] not in {"-", "+"}:
            return 0
        elif word.startswith("--"):
            skip = word in WITH_A_VALUE
        elif "c" in word and word.startswith("-"):
            return place
        else:
            skip = word[-1] in "oO"  # `-o pipefail`, `-eo pipefail`
    return 0


def _other_option(program: str, options: tuple[str, ...]) -> int:
    """The same of Windows' shells, and of `su`, which has the user's shell run a command."""
    wanted = TOLD_BY.get(program, ())
    return next((place for place, word in enumerate(options, 1) if word.lower() in wanted), 0)


def _name(word: tuple[str, ...]) -> str:
    return PurePosixPath(word[0].replace("\\", "/")).name.lower().removesuffix(".exe") if word else ""
