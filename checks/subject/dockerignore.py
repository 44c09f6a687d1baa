"""What a `.dockerignore` keeps out of a build, as moby/patternmatcher has it; tests hold it against BuildKit."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from checks.subject.plain_text import plain_text

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
        """Whether a path, relative to the context, is kept out: a line matches it, or a folder that it is in.

        What matched a folder counts below it, and a line is looked at only where it would change what was found before
        (patternmatcher, MatchesUsingParentResults).
        """
        found, above = False, [False] * len(self.patterns)
        for name in _from_the_top(path):
            found, own = False, []
            for one, before in zip(self.patterns, above, strict=True):
                own.append(before or (one.exception == found and bool(one.matches.fullmatch(name))))
                found = found if not own[-1] else not one.exception
            above = own
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


def _from_the_top(path: str) -> Iterator[str]:
    """The folders that a path is in, and itself."""
    parts = path.split("/")
    return ("/".join(parts[:end]) for end in range(1, len(parts) + 1))


def of_build(context: Path, dockerfile: Path) -> Ignored:
    """The ignore file of a build; none ignores nothing."""
    for file in files_of(context, dockerfile):
        if file.is_file():
            return read(plain_text(file))
    return Ignored()


def files_of(context: Path, dockerfile: Path) -> tuple[Path, Path]:
    """Where the ignore file of a build may lie: the Dockerfile's own goes before that of its context."""
    return beside(dockerfile), context / ".dockerignore"


def beside(dockerfile: Path) -> Path:
    """The ignore file of one Dockerfile."""
    return dockerfile.with_name(f"{dockerfile.name}.dockerignore")
