"""Programs that only run another one, whose exit code they pass on: their options, and the words that are their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

Word = TypeVar("Word")


@dataclass(frozen=True, kw_only=True)
class Wrapper:
    """Its options whose value is a word of its own, and how many words stand before the other program's name."""

    with_value: frozenset[str] = frozenset()
    words: int = 0


def _taking(options: str, words: int = 0) -> Wrapper:
    return Wrapper(with_value=frozenset(options.split()), words=words)


WRAPPERS: Mapping[str, Wrapper] = {
    "env": _taking("-u --unset -C --chdir"),
    "exec": _taking("-a"),
    "nice": _taking("-n --adjustment"),
    "ionice": _taking("-c -n --class --classdata"),
    "timeout": _taking("-s --signal -k --kill-after", words=1),
    "stdbuf": _taking("-i -o -e"),
    "tini": _taking("-p -e"),
    "tini-static": _taking("-p -e"),
    "docker-init": _taking("-p -e"),
    "dumb-init": _taking("-r --rewrite"),
    "setpriv": _taking("--reuid --regid --groups --inh-caps --ambient-caps --bounding-set --securebits --pdeathsig"),
    "chpst": _taking("-u -U -b -e -/ -C -n -l -L -m -d -o -p -f -c -t"),
    "xvfb-run": _taking("-e -f -p -s -n --server-args --error-file --auth-file --server-num"),
    **dict.fromkeys(("sudo", "doas", "runuser"), _taking("-u -g -U -C --user --group")),
    **dict.fromkeys(("gosu", "su-exec", "s6-setuidgid", "setuidgid", "chroot", "taskset", "chrt"), Wrapper(words=1)),
    **dict.fromkeys(("command", "builtin", "nohup", "setsid", "time", "busybox", "toybox", "catatonit"), Wrapper()),
    **dict.fromkeys(("with-contenv", "unbuffer", "catchsegv"), Wrapper()),
}


def own_words(wrapper: Wrapper, words: Sequence[Word], text: Callable[[Word], str]) -> int:
    """How many of the words behind a wrapper's name are its own.

    `text` gives what a word begins with, '' where that is not known. Options end at `--`, or at the first word that is
    none.
    """
    at = 0
    while at < len(words) and text(words[at]).startswith("-"):
        told = text(words[at])
        at += 2 if told in wrapper.with_value else 1
        if told == "--":
            break
    return at + wrapper.words
