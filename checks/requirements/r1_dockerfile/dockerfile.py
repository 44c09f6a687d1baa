"""A Dockerfile as far as its stages: what each starts from, and what it takes from another."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

ONE_LINE = re.compile(r"\\[ \t]*\n(?:[ \t]*#[^\n]*\n|[ \t]*\n)*")  # comments may stand between continued lines
HERE_DOCUMENT = re.compile(r"<<-?[\"']?(\w+)[\"']?")
VARIABLE = re.compile(r"\$\{(\w+)(?::?-([^}]*))?\}|\$(\w+)")
TAKEN = re.compile(r"(?:--from=|\bfrom=)([^\s,]+)")


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One FROM and what follows it: (instruction, its arguments)."""

    name: str
    base: str
    instructions: tuple[tuple[str, str], ...]

    @property
    def takes_from(self) -> tuple[str, ...]:
        """Stages (by name or number) and images that files are taken from."""
        copying = [rest for word, rest in self.instructions if word in {"COPY", "ADD", "RUN"}]
        return tuple(dict.fromkeys(name for rest in copying for name in _options(rest)))


@dataclass(frozen=True, kw_only=True)
class Dockerfile:
    """Its stages, in order, and the arguments that stand before them, with their defaults."""

    arguments: Mapping[str, str]
    stages: tuple[Stage, ...]

    def final(self, target: str = "") -> Stage:
        """The stage that becomes the image: the one that is asked for, else the last."""
        named = [stage for stage in self.stages if target and stage.name == target.lower()]
        return (named or self.stages)[-1]

    def earlier(self, stage: Stage) -> frozenset[str]:
        """The names and numbers of the stages before this one."""
        before = self.stages[: self.stages.index(stage)]
        return frozenset({one.name for one in before} | {str(number) for number in range(len(before))})

    @property
    def bases(self) -> tuple[str, ...]:
        """Every image from elsewhere that a stage starts from or takes files from."""
        wanted = ((stage, name) for stage in self.stages for name in (stage.base, *stage.takes_from))
        return tuple(dict.fromkeys(name for stage, name in wanted if name.lower() not in self.earlier(stage)))


def read(text: str) -> Dockerfile:
    """Read a Dockerfile; variables in FROM are replaced by their defaults, as far as they have some."""
    arguments: dict[str, str] = {}
    stages: list[Stage] = []
    for word, rest in _instructions(text):
        if word == "FROM":
            stages.append(_stage(rest, arguments))
        elif stages:
            last = stages[-1]
            stages[-1] = Stage(name=last.name, base=last.base, instructions=(*last.instructions, (word, rest)))
        elif word == "ARG":
            name, _, default = rest.partition("=")
            arguments[name.strip()] = _filled_in(default.strip().strip("\"'"), arguments)
    return Dockerfile(arguments=arguments, stages=tuple(stages))


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    lines = iter(ONE_LINE.sub(" ", text.replace("\r\n", "\n")).splitlines())
    for line in lines:
        word, _, rest = line.strip().partition(" ")
        if not word or word.startswith("#"):
            continue
        for delimiter in HERE_DOCUMENT.findall(rest) if word.upper() in {"RUN", "COPY", "ADD"} else ():
            next((inner for inner in lines if inner.strip() == delimiter), None)
        yield word.upper(), rest.strip()


def _stage(rest: str, arguments: Mapping[str, str]) -> Stage:
    words = [word for word in rest.split() if not word.startswith("--")]
    name = words[2].lower() if len(words) == 3 and words[1].upper() == "AS" else ""
    return Stage(name=name, base=_filled_in(words[0] if words else "", arguments), instructions=())


def _options(rest: str) -> Iterator[str]:
    """What `--from=` and a mount's `from=` name; options stand before everything else."""
    for word in rest.split():
        if not word.startswith("--"):
            return
        yield from TAKEN.findall(word)


def _filled_in(text: str, values: Mapping[str, str]) -> str:
    return VARIABLE.sub(lambda seen: values.get(seen[1] or seen[3]) or seen[2] or "", text)
