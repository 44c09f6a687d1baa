"""A Dockerfile as far as its stages: what each starts from, and what it takes from another.

BuildKit's own parser reads it (`dockerfile` on PyPI). What BuildKit makes of the instructions is said here, after its
dockerfile2llb: stages are found by name or number, `ARG` before the first `FROM` fills in what stands behind `FROM`,
`ONBUILD` happens in the stage that starts from it, and only what the target needs is built.
"""

import csv
import platform
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.util import find_spec

from checks.subject.build_arguments import filled_in
from stack.driver.errors import StackError, SubjectError

DIRECTIVE = re.compile(r"#\s*(\w+)\s*=\s*(.+?)\s*")
IMAGE_CONTEXT = "docker-image://"
NOTHING_GIVEN: Mapping[str, str] = {}
NO_IMAGE = "scratch"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True, kw_only=True)
class Command:
    """An instruction as BuildKit's parser has it: its options apart, the lines that it goes over made one.

    In the exec form each word of its JSON is one of `value`; else a command line is one.
    """

    cmd: str
    flags: tuple[str, ...]
    value: tuple[str, ...]
    exec_form: bool
    original: str
    line: int

    @property
    def arguments(self) -> str:
        """Its options and words as one text; of what ONBUILD triggers, as it stands there."""
        behind = self.original.split(maxsplit=1)[1:] if self.cmd == "ONBUILD" else (*self.flags, *self.value)
        return " ".join(behind)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One FROM and what follows it.

    `takes_from` names stages (by name or number) and images that files are taken from, `lines` says where each is named
    first, `on_build` names those that a stage which starts from this one will take from. `replaced` is a stage that a
    named context stands for.
    """

    name: str
    base: str
    line: int = 0
    commands: tuple[Command, ...] = ()
    takes_from: tuple[str, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)
    on_build: tuple[str, ...] = ()
    replaced: bool = False

    @property
    def instructions(self) -> tuple[tuple[str, str], ...]:
        """(instruction, its arguments) of each."""
        return tuple((one.cmd, one.arguments) for one in self.commands)


@dataclass(frozen=True, kw_only=True)
class Dockerfile:
    """Its stages, in order, and the arguments that stand before them, each as given, else with its default."""

    arguments: Mapping[str, str]
    stages: tuple[Stage, ...]

    def final(self, target: str = "") -> Stage:
        """The stage that becomes the image: the one that is asked for, else the last; raises SubjectError for none."""
        if not target:
            return self.stages[-1]
        if (found := self._found(target)) is None:
            raise SubjectError(f"the Dockerfile has no stage `{target}`, which is to be built")
        return found

    def earlier(self, stage: Stage) -> frozenset[str]:
        """The names and numbers of the stages before this one."""
        before = self.stages[: self.stages.index(stage)]
        return frozenset({one.name for one in before if one.name} | {str(number) for number in range(len(before))})

    def lineage(self, stage: Stage) -> tuple[Stage, ...]:
        """The stage, the one that it starts from, and so on."""
        found = [stage]
        while (below := self._below(found[-1])) is not None:
            found.append(below)
        return tuple(found)

    def taken_from(self, stage: Stage) -> tuple[str, ...]:
        """The stages that files of this one come from: what they hold beside these stays behind.

        Taken by the stage itself or by one that it starts from; from a stage that it starts from nothing stays behind.
        """
        lineage = self.lineage(stage)
        wanted = [name for one in lineage for name in (*one.takes_from, *self._triggered(one))]
        return tuple(name for name in dict.fromkeys(wanted) if (found := self._found(name)) and found not in lineage)

    def needed(self, stage: Stage) -> tuple[Stage, ...]:
        """The stages that are built for this one, itself included: BuildKit builds no others."""
        found = [stage]
        for one in found:
            below = [self._below(one), *(self._found(name) for name in (*one.takes_from, *self._triggered(one)))]
            found += [new for new in below if new is not None and new not in found]
        return tuple(one for one in self.stages if one in found)

    def line_of(self, image: str) -> int | None:
        """The first line that starts from an image or takes files from it."""
        lines = [
            stage.line if stage.base == image else stage.lines[image]
            for stage in self.stages
            if stage.base == image or image in stage.lines
        ]
        return min(lines, default=None)

    @property
    def bases(self) -> tuple[str, ...]:
        """Every image from elsewhere that a stage starts from or takes files from."""
        return self.images(self.stages)

    def images(self, stages: tuple[Stage, ...]) -> tuple[str, ...]:
        """The images from elsewhere that these stages start from or take files from."""
        found: list[str] = []
        for stage in stages:
            found += [stage.base] if self._below(stage) is None else []
            taken = (*stage.takes_from, *self._triggered(stage))
            found += [name for name in taken if self._found(name) is None and name != NO_IMAGE]
        return tuple(dict.fromkeys(found))

    def _below(self, stage: Stage) -> Stage | None:
        """The stage that this one starts from; the latest of its name that stands before it."""
        before = self.stages[: self.stages.index(stage)]
        return next((one for one in reversed(before) if one.name and one.name == stage.base.lower()), None)

    def _triggered(self, stage: Stage) -> tuple[str, ...]:
        below = self._below(stage)
        return below.on_build if below else ()

    def _found(self, name: str) -> Stage | None:
        """A stage by its number or its name, the latest of that name."""
        if name.isdecimal():
            return self.stages[int(name)] if int(name) < len(self.stages) else None
        return next((one for one in reversed(self.stages) if one.name and one.name == name.lower()), None)


def read(
    text: str, given: Mapping[str, str] = NOTHING_GIVEN, contexts: Mapping[str, str] = NOTHING_GIVEN
) -> Dockerfile:
    """Read a Dockerfile that is built with these arguments and named contexts, as Compose and `docker build` give them.

    Raises SubjectError for what BuildKit refuses, a file without FROM included.
    """
    text = text.encode("utf-8", "replace").decode().removeprefix("\ufeff")  # a lone surrogate ends the parser's process
    reader = _Reader(given=given, contexts=contexts, escape=_escape(text))
    try:
        for command in _parsed(text):
            reader.take(command)
    except ValueError as problem:
        raise SubjectError(f"the Dockerfile cannot be built: {problem}") from problem
    if not reader.stages:
        raise SubjectError("the Dockerfile has no FROM")
    return Dockerfile(arguments=reader.arguments, stages=tuple(reader.stages))


@dataclass(kw_only=True)
class _Reader:
    """Takes in one instruction after another."""

    given: Mapping[str, str]
    contexts: Mapping[str, str]
    escape: str
    arguments: dict[str, str] = field(default_factory=dict)
    stages: list[Stage] = field(default_factory=list)

    def take(self, command: Command) -> None:
        if command.cmd == "FROM":
            self.stages.append(self._stage(command))
        elif self.stages:
            self.stages[-1] = self._with(self.stages[-1], command)
        elif command.cmd == "ARG":
            for declared in command.value:
                self._declare(*declared.partition("="))

    def _declare(self, name: str, assigned: str, default: str) -> None:
        if name in self.given:
            self.arguments[name] = self.given[name]
        elif assigned:
            self.arguments[name] = self._filled_in(default)

    def _stage(self, command: Command) -> Stage:
        base, *rest = command.value or ("",)
        name = rest[1].lower() if len(rest) == 2 and rest[0].upper() == "AS" else ""
        base = self._from_context(name) or self._from_context(base := self._filled_in(base)) or base
        return Stage(name=name, base=base, line=command.line, replaced=name in self.contexts)

    def _with(self, stage: Stage, command: Command) -> Stage:
        """With one more instruction; a stage that a named context stands for has none."""
        if stage.replaced:
            return stage
        taken = tuple(self._from_context(name) or name for name in _taken(command))
        whole = replace(stage, commands=(*stage.commands, command))
        if command.cmd != "ONBUILD":
            lines = {**dict.fromkeys(taken, command.line), **stage.lines}
            return replace(whole, takes_from=_added(stage.takes_from, taken), lines=lines)
        return replace(whole, on_build=_added(stage.on_build, self._triggers(command)))

    def _triggers(self, command: Command) -> tuple[str, ...]:
        """What `ONBUILD` will take from; the parser drops the options of what stands behind it."""
        behind = command.original.split(maxsplit=1)[1]
        return tuple(
            self._from_context(name) or name
            for trigger in _parsed(f"# escape={self.escape}\n{behind}\n")
            for name in _taken(trigger)
        )

    def _filled_in(self, word: str) -> str:
        return filled_in(word, {**platform_arguments(), **self.arguments}, self.escape)

    def _from_context(self, name: str) -> str:
        """The image of a named context, NO_IMAGE for one of another kind, '' for a name of none."""
        context = self.contexts.get(name) or self.contexts.get(name.removesuffix(":latest")) or ""
        is_image = context.startswith(IMAGE_CONTEXT)
        return context.removeprefix(IMAGE_CONTEXT) if is_image or not context else NO_IMAGE


def platform_arguments() -> Mapping[str, str]:
    """What BuildKit fills in without being told, for a build on and for this machine."""
    machine = platform.machine()
    architecture = ARCHITECTURES.get(machine, machine)
    told = {"PLATFORM": f"linux/{architecture}", "OS": "linux", "ARCH": architecture, "VARIANT": ""}
    return {side + name: value for side in ("BUILD", "TARGET") for name, value in told.items()}


def _parsed(text: str) -> Iterator[Command]:
    if not find_spec("dockerfile"):
        raise StackError("BuildKit's parser (PyPI `dockerfile`) is not here: it has no wheel for this kind of machine")
    from dockerfile import parse_string

    for one in parse_string(text):
        word = one.cmd.upper()
        yield Command(
            cmd=word, flags=one.flags, value=one.value, exec_form=one.json, original=one.original, line=one.start_line
        )


def _escape(text: str) -> str:
    """The escape directive; directives stand above everything else."""
    for line in text.splitlines():
        if not (directive := DIRECTIVE.fullmatch(line.strip())):
            break
        if directive[1].lower() == "escape":
            return directive[2]
    return "\\"


def _added(those: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*those, *more)))


def _taken(command: Command) -> Iterator[str]:
    """What `--from=` of COPY, and `from=` of a mount of RUN, name; raises ValueError for a variable, as BuildKit."""
    for name in _named_in(command):
        if "$" in name:
            raise ValueError(f"line {command.line}: `from={name}`: no variable is filled in there")
        yield name


def _named_in(command: Command) -> Iterator[str]:
    for flag in command.flags:
        option, _, value = flag.partition("=")
        if command.cmd in {"COPY", "ADD"} and option == "--from":
            yield value
        elif command.cmd == "RUN" and option == "--mount":
            fields = dict(one.partition("=")[::2] for one in next(csv.reader([value])))
            yield from [name for key, name in fields.items() if key.lower() == "from" and name]
