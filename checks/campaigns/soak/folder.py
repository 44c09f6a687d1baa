"""The evidence of a soak: a folder that an interrupted one goes on in."""

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

from checks.core.codec import UnfitError, read_as
from checks.core.evidence import Folder, listed, said_in_a_sentence
from checks.core.run import OBSERVATIONS, RUN, SUMS, Run, now
from checks.subject.profile import Subject

PLAN = "plan.json"


class Happened(Protocol):
    """Something that a plan had asked for."""

    @property
    def step(self) -> Any: ...  # noqa: ANN401 - a step of that plan


One = TypeVar("One", bound=Happened)


class SoakFolder(Folder):
    """`run.json` and `plan.json`, and a line for each thing as it happens."""

    prefix = "soak"

    @classmethod
    def of(cls, base: Path, plan: object, tested: Subject) -> Self:
        """Make a new folder under `base`, named for the present second."""
        with said_in_a_sentence(base):
            path = base / f"{cls.prefix}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
            path.mkdir(parents=True)
            folder = cls(path)
            folder._write_run(Run(start=now(), subject=str(tested.compose_file)))
            folder._append(PLAN, folder._line(plan))
            folder._append(OBSERVATIONS, "")
        return folder

    def happened(self, one: object) -> None:
        """Store what happened, on the disk before anything else does."""
        self._append(OBSERVATIONS, self._line(one))

    def _so_far(self, kind: type[One], planned: Sequence[object]) -> tuple[One, ...]:
        """What happened; raises UnfitError where that is not how the plan begins."""
        found = tuple(read_as(kind, line) for line in self._whole_lines())
        if [one.step for one in found] != list(planned[: len(found)]):
            raise UnfitError(f"`{self.path / OBSERVATIONS}` is not what its plan asks for: another version made it")
        return found

    def _whole_lines(self) -> list[str]:
        """A machine that went down may have left half a line, which goes."""
        file = self.path / OBSERVATIONS
        text = file.read_text("utf-8")
        if not text.endswith("\n"):
            text = text[: text.rfind("\n") + 1]
            with said_in_a_sentence(self.path):
                file.write_text(text, encoding="utf-8")
        return text.splitlines()


def take_up(path: Path) -> None:
    """Have a folder go on; raises UnfitError for what no soak has left so."""
    for name in (RUN, PLAN, OBSERVATIONS):
        try:
            (path / name).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as problem:
            raise UnfitError(f"`{path}` is no folder of a soak: {name}: {problem}") from problem
    if (sums := path / SUMS).exists():  # without, it was killed before it could list them
        if sums.read_text("utf-8", "replace") != listed(path):
            raise UnfitError(f"`{path}` was altered since: its files are not those that {SUMS} lists")
        sums.unlink()


@contextmanager
def at_work_on(path: Path) -> Iterator[None]:
    """Nobody else goes on with the soak in this folder meanwhile; raises UnfitError where somebody does."""
    with (path / PLAN).open() as plan:
        try:
            fcntl.flock(plan, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            raise UnfitError(f"`{path}`: somebody else is at work on this soak") from problem
        yield
