"""What the Dockerfile of a service that is built here brings: what it runs, and files of its folder put in place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from checks.subject import dockerfile
from checks.subject.build_arguments import filled_in
from checks.subject.configuration_texts import dockerfile_of
from checks.subject.dockerfile import Command, Stage
from stack.driver.errors import SubjectError
from stack.driver.project import Config

UNKNOWN = "unknown"  # stands for a build argument whose value is in the environment of who builds


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The stages that make an image: that which is built, behind those that it starts from."""

    stages: tuple[Stage, ...]
    context: Path
    given: Mapping[str, str] = field(default_factory=dict)
    """The build arguments that Compose gives."""

    @property
    def health_check(self) -> Command | None:
        """The last HEALTHCHECK."""
        return _last("HEALTHCHECK", self.stages)

    @property
    def entrypoint(self) -> tuple[str, ...]:
        return _run_by(_last("ENTRYPOINT", self.stages))

    @property
    def command(self) -> tuple[str, ...]:
        """None of a stage before the one that says how it is entered: that starts anew."""
        entered = [at for at, stage in enumerate(self.stages) if _last("ENTRYPOINT", (stage,))]
        return _run_by(_last("CMD", self.stages[max(entered, default=0) :]))

    @property
    def exposed(self) -> tuple[str, ...]:
        """The ports that it says others may ask it on."""
        return tuple(
            _filled_in(port, known) for step, known in self._steps() if step.cmd == "EXPOSE" for port in step.value
        )

    @property
    def environment(self) -> Mapping[str, str]:
        """What it sets for whoever runs in it."""
        return {
            name: value
            for step, known in self._steps()
            if step.cmd == "ENV"
            for name, value in _variables(step, known, self.given).items()
        }

    def _steps(self) -> Iterator[tuple[Command, Mapping[str, str]]]:
        """Each instruction, and the variables that it may name: arguments and those that were set before it."""
        for stage in self.stages:
            known: dict[str, str] = {}
            for step in stage.commands:
                yield step, known
                known |= _variables(step, known, self.given)

    def source_of(self, path: str) -> Path | None:
        """The file here that is copied to a path of the image; None for others, and what a command names too."""
        steps = [step for stage in self.stages for step in stage.commands]
        if any(step.cmd == "RUN" and PurePosixPath(path).name in step.original for step in steps):
            return None
        copies = [step for step in steps if step.cmd in {"COPY", "ADD"} and not _is_from_elsewhere(step)]
        found = [file for step in copies for file in self._copied(step, PurePosixPath(path))]
        return next((file for file in reversed(found) if file.is_file()), None)

    def _copied(self, step: Command, path: PurePosixPath) -> Iterator[Path]:
        """What one instruction may put at this path."""
        *sources, target = step.value or ("",)
        for source in (self.context / one.lstrip("/") for one in sources):
            into = PurePosixPath(target) / ("" if source.is_dir() else source.name)
            if path == PurePosixPath(target):
                yield source
            if path.is_relative_to(into):
                yield source / path.relative_to(into)


def recipe_of(spec: Config) -> Recipe | None:
    """How the image of a service is made; None for one that is not built here, or whose Dockerfile cannot be built.

    What is wrong with such a file is told by R1.
    """
    if not (lineage := _lineage(spec)):
        return None
    return Recipe(stages=lineage[::-1], context=Path(spec["build"].get("context", "")), given=_given(spec["build"]))


def base_of(spec: Config) -> str:
    """The image that a service's own image is built from at last, as its Dockerfile says; '' where it is not known."""
    lineage = _lineage(spec)
    return lineage[-1].base if lineage else ""


def _lineage(spec: Config) -> tuple[Stage, ...]:
    """The stage that is built, and those below; none for what is not built here, or cannot be."""
    build = spec.get("build") or {}
    if not (text := dockerfile_of(build)):
        return ()
    try:
        whole = dockerfile.read(text, _given(build), build.get("additional_contexts") or {})
        return whole.lineage(whole.final(str(build.get("target") or "")))
    except SubjectError:
        return ()


def _given(build: Config) -> Mapping[str, str]:
    return {name: UNKNOWN if value is None else str(value) for name, value in (build.get("args") or {}).items()}


def _variables(step: Command, known: Mapping[str, str], given: Mapping[str, str]) -> Mapping[str, str]:
    """What one instruction sets: ENV whatever it says, ARG what is given, else its default."""
    if step.cmd == "ENV":
        told = dict(zip(step.value[::2], step.value[1::2], strict=False))
    elif step.cmd == "ARG":
        declared = [one.partition("=") for one in step.value]
        told = {name: given.get(name, default) for name, _, default in declared if name not in known}
    else:
        return {}
    return {name: _filled_in(value, known) for name, value in told.items()}


def _filled_in(word: str, known: Mapping[str, str]) -> str:
    """A word with its variables replaced; as it stands where BuildKit refuses it, which R1 tells."""
    try:
        return filled_in(word, known)
    except ValueError:
        return word


def _last(word: str, stages: Sequence[Stage]) -> Command | None:
    return next((step for stage in reversed(stages) for step in reversed(stage.commands) if step.cmd == word), None)


def _run_by(told: Command | None) -> tuple[str, ...]:
    """A list of words, or a line for a shell."""
    if told is None or told.exec_form:
        return told.value if told else ()
    return ("sh", "-c", *told.value)


def _is_from_elsewhere(step: Command) -> bool:
    return any(flag.startswith("--from=") for flag in step.flags)
