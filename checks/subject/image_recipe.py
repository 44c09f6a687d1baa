"""What the Dockerfile of a service that is built here brings: what it runs, and files of its folder put in place.

Only what a reader of the Compose file needs is read: R1 has BuildKit's own parser for the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from checks.subject.configuration_texts import FROM, dockerfile_of
from stack.driver.project import Config

CONTINUED = re.compile(r"\\[ \t]*\n(?:[ \t]*#[^\n]*\n)*")
HERE_DOCUMENT = re.compile(r"<<-?(?P<quote>[\"']?)(?P<end>\w+)(?P=quote)")
OPTION = re.compile(r"--\S+\s+")
Step = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The instructions that make an image, those of the stages that it starts from first; `FROM` begins each."""

    steps: tuple[Step, ...]
    context: Path

    @property
    def entrypoint(self) -> tuple[str, ...]:
        return _command(next((rest for word, rest in reversed(self.steps) if word == "ENTRYPOINT"), ""))

    @property
    def command(self) -> tuple[str, ...]:
        """None of a stage before the one that says how it is entered: that starts anew."""
        last = next((at for at in reversed(range(len(self.steps))) if self.steps[at][0] == "ENTRYPOINT"), 0)
        since = next((at for at in reversed(range(last)) if self.steps[at][0] == "FROM"), 0)
        return _command(next((rest for word, rest in reversed(self.steps[since:]) if word == "CMD"), ""))

    def source_of(self, path: str) -> Path | None:
        """The file here that is copied to a path of the image; None for others, and what a command names too."""
        if any(word == "RUN" and PurePosixPath(path).name in rest for word, rest in self.steps):
            return None
        copies = [rest for word, rest in self.steps if word in {"COPY", "ADD"} and "--from=" not in rest]
        found = [file for rest in copies for file in self._copied(rest, PurePosixPath(path))]
        return next((file for file in reversed(found) if file.is_file()), None)

    def _copied(self, rest: str, path: PurePosixPath) -> Iterator[Path]:
        """What one instruction may put at this path."""
        *sources, target = _words(OPTION.sub("", rest)) or ("",)
        for source in (self.context / one.lstrip("/") for one in sources):
            into = PurePosixPath(target) / ("" if source.is_dir() else source.name)
            if path == PurePosixPath(target):
                yield source
            if path.is_relative_to(into):
                yield source / path.relative_to(into)


def recipe_of(spec: Config) -> Recipe | None:
    """How the image of a service is made; None for one that is not built here, or whose Dockerfile is not there."""
    build = spec.get("build") or {}
    if not (text := dockerfile_of(build)):
        return None
    return Recipe(steps=tuple(steps_of(text, str(build.get("target") or ""))), context=Path(build.get("context", "")))


def steps_of(text: str, target: str = "") -> list[Step]:
    """The steps of the stage that is asked for, or the last, behind those of the stages it starts from."""
    stages: dict[str, list[Step]] = {}
    last: list[Step] = []
    for word, rest in _steps(text):
        if word == "FROM" and (told := FROM.match(f"FROM {rest}")):
            last = [*stages.get(told["base"].lower(), ()), (word, rest)]
            stages[(told["name"] or str(len(stages))).lower()] = last
        else:
            last.append((word, rest))
    return stages.get(target.lower(), last)


def _steps(text: str) -> Iterator[Step]:
    lines = iter(CONTINUED.sub(" ", text.replace("\r\n", "\n")).splitlines())
    for line in lines:
        word, _, rest = line.strip().partition(" ")
        if not word or word.startswith("#"):
            continue
        ends = [found["end"] for found in HERE_DOCUMENT.finditer(rest)]
        while ends:  # what stands in it is for a shell, or a file
            inside = next(lines, ends[0])
            rest += f"\n{inside}"
            ends = ends[1:] if inside.strip() == ends[0] else ends
        yield word.upper(), rest.strip()


def _command(rest: str) -> tuple[str, ...]:
    """What is run: a list of words, or a line for a shell."""
    return _listed(rest) if rest.startswith("[") else ("sh", "-c", rest) if rest else ()


def _words(rest: str) -> tuple[str, ...]:
    return _listed(rest) if rest.startswith("[") else tuple(rest.split())


def _listed(rest: str) -> tuple[str, ...]:
    try:
        return tuple(map(str, json.loads(rest)))
    except ValueError:  # Docker takes it for words, and so it finds no program
        return ()
