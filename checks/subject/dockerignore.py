"""What a `.dockerignore` keeps out of a build, as moby/patternmatcher has it; tests hold it against BuildKit."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

COMMENT = "#"
EXCEPTION = "!"


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """One line: what it matches, and whether it takes that in again."""

    matches: re.Pattern[str]
    exception: bool


@dataclass(frozen=True, kw_only=True)
class Ignored:
    """The lines of an ignore file, in their order: the last that matches decides."""

    patterns: tuple[Pattern, ...] = field(default=())

    @property
    def has_exceptions(self) -> bool:
        """Whether something below an ignored folder may be taken in again."""
        return any(one.exception for one in self.patterns)

    def ignores(self, path: str) -> bool:
        """Whether a path, relative to the context, is kept out: a line matches it, or a folder that it is in."""
        found = False
        for one in self.patterns:
            if one.exception == found and any(one.matches.fullmatch(name) for name in _with_parents(path)):
                found = not one.exception
        return found


def read(text: str) -> Ignored:
    """Read an ignore file; a line that is no pattern is left out, so that the more is taken for read."""
    return Ignored(patterns=tuple(_patterns(text.removeprefix("\ufeff"))))


def _patterns(text: str) -> Iterator[Pattern]:
    for line in text.splitlines():
        told = "" if line.startswith(COMMENT) else line.strip()
        exception = told.startswith(EXCEPTION)
        name = posixpath.normpath(told.removeprefix(EXCEPTION).strip() or ".").lstrip("/")
        if name in {"", "."}:
            continue
        try:
            yield Pattern(matches=re.compile(_expression(name), re.DOTALL), exception=exception)
        except re.error:
            continue


def _expression(name: str) -> str:
    """`**` stands for any number of folders, `*` and `?` for what is inside of one."""
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    tokens = re.findall(r"\*\*/|\*\*|\*|\?|\[[^\]]+\]|\\.|.", name, re.DOTALL)
    return "".join(
        parts.get(one) or (_escaped(one) if not one.startswith("[") or one == "[" else one) for one in tokens
    )


def _escaped(token: str) -> str:
    return re.escape(token[1:] if len(token) == 2 and token.startswith("\\") else token)


def _with_parents(path: str) -> Iterator[str]:
    while path:
        yield path
        path = posixpath.dirname(path)


def of_build(context: Path, dockerfile: Path) -> Ignored:
    """The ignore file of a build: the Dockerfile's own, else that of its context; none ignores nothing."""
    for file in (dockerfile.with_name(f"{dockerfile.name}.dockerignore"), context / ".dockerignore"):
        if file.is_file():
            return read(file.read_text(errors="replace"))
    return Ignored()
