"""The folder of one run: what was planned, seen and concluded, on disk before anyone judges it."""

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, TextIO, TypeVar, Unpack

from checks.core.codec import as_data, read_as
from checks.core.redaction import SHORTEST_SECRET, Secrets
from checks.core.run import OBSERVATIONS, OUTCOMES, RUN, SUMS, Kind, Known, Outcome, Planned, Record, Run, now
from stack.driver.errors import StackError
from stack.driver.flock import locked

LATEST = "latest"
Seen = TypeVar("Seen")


class EvidenceError(StackError):
    """Evidence could not be written."""

    exit_code = 2


class Folder:
    """The evidence of one run, which several processes may add to. Whatever is written goes through redaction first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._secrets = Secrets()

    @classmethod
    def begin(cls, base: Path) -> "Folder":
        """Make a new folder under `base`, named for the present second, and point `latest` at it."""
        with said_in_a_sentence(base):
            folder = cls(_fresh(base))
            folder._write_run(Run(start=now()))
            for name in (OBSERVATIONS, OUTCOMES):
                folder._append(name, "")
            _point(base / LATEST, folder.path.name)
        return folder

    @property
    def run(self) -> Run:
        """What is known of the run by now."""
        return read_as(Run, (self.path / RUN).read_text("utf-8"))

    @property
    def secrets(self) -> list[str]:
        """What this process hides, to be told to the one that searches the folder at the end."""
        return self._secrets.known

    def describe(self, **known: Unpack[Known]) -> None:
        """Add what is known of the run: subject, commit, versions, images."""
        self._change(lambda _: known)

    def plan(self, planned: list[Planned], left_out: list[Planned] | None = None) -> None:
        """Say what the run sets out to do, and what was not selected. What is planned must happen."""
        self._change(lambda _: {"planned": tuple(planned), "left_out": tuple(left_out or ())})

    def doubt(self, problem: str) -> None:
        """Record something that keeps this run from being proven."""
        self._change(lambda run: {"problems": _with(run.problems, problem)})

    def note(self, note: str) -> None:
        """Record something that a reader of the verdict should know."""
        self._change(lambda run: {"notes": _with(run.notes, note)})

    def hide(self, *secrets: str) -> None:
        """Redact these from now on, and search for them at the end."""
        for secret in secrets:
            if len(secret) < SHORTEST_SECRET:
                self.note(f"a secret shorter than {SHORTEST_SECRET} characters was neither hidden nor searched for")
            else:
                self._secrets.add(secret)

    def keep(self, name: str, text: str) -> Path:
        """Store a text under this name; what already has the name stays, and this one gets a number."""
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise ValueError(f"`{name}` leads out of the evidence folder")
        with said_in_a_sentence(self.path):
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            with _free(self.path / name) as file:
                file.write(self._secrets.redacted(text))
        return Path(file.name)

    def record(self, planned: Planned, observation: Seen, attempt: int = 1) -> Seen:
        """Store an observation and give it back as the disk has it: that is what gets judged."""
        record = Record(
            time=now(),
            name=planned.name,
            requirement=planned.requirement,
            mutation=planned.kind is Kind.MUTATION,
            kind=type(observation).__name__,
            data=as_data(observation),
            attempt=attempt,
        )
        line = self._line(record)
        self._append(OBSERVATIONS, line)
        return read_as(type(observation), json.dumps(json.loads(line)["data"]))

    def records(self, planned: Planned, attempt: int) -> list[Record]:
        """What one try at a check has seen so far."""
        with locked(self.path, fcntl.LOCK_SH):
            lines = (self.path / OBSERVATIONS).read_text("utf-8").splitlines()
        read = (read_as(Record, line) for line in lines)
        return [record for record in read if (record.name, record.attempt) == (planned.name, attempt)]

    def conclude(self, outcome: Outcome) -> None:
        """Store how a planned check ended."""
        self._append(OUTCOMES, self._line(outcome))

    def end(self) -> None:
        """Search the folder for secrets, close the run and list the digests of its files."""
        with said_in_a_sentence(self.path):
            for name in self._leaks():
                self.doubt(f"a secret of the run stands in `{name}`")
            self._change(lambda _: {"end": now()})
            seal(self.path)

    def _leaks(self) -> list[str]:
        texts = ((name, (self.path / name).read_text("utf-8", "replace")) for name in _names(self.path))
        return [name for name, text in texts if self._secrets.stand_in(text)]

    def _line(self, value: object) -> str:
        return json.dumps(self._secrets.redacted_data(as_data(value)), allow_nan=False) + "\n"

    def _change(self, change: Callable[[Run], Mapping[str, Any]]) -> None:
        with said_in_a_sentence(self.path), locked(self.path, fcntl.LOCK_EX):
            run = self.run
            self._write_run(replace(run, **change(run)))

    def _write_run(self, run: Run) -> None:
        data = self._secrets.redacted_data(as_data(run))
        _replace(self.path / RUN, json.dumps(data, indent=2, allow_nan=False) + "\n")

    def _append(self, name: str, line: str) -> None:
        with (
            said_in_a_sentence(self.path),
            locked(self.path, fcntl.LOCK_EX),
            (self.path / name).open("a", encoding="utf-8") as file,
        ):
            file.write(line)
            file.flush()
            os.fsync(file.fileno())


class Evidence:
    """The evidence of one test. Observations should hold no secrets: hiding them is only the second net."""

    def __init__(self, folder: Folder, planned: Planned, attempt: int = 1) -> None:
        self._folder = folder
        self._planned = planned
        self._attempt = attempt
        self.seen: list[object] = []

    @property
    def run(self) -> Run:
        """What is known of the run by now."""
        return self._folder.run

    def saw(self, observation: Seen) -> Seen:
        """Store what was seen, and give it back as stored, to be judged."""
        stored = self._folder.record(self._planned, observation, self._attempt)
        self.seen.append(stored)
        return stored

    def keep(self, name: str, text: str) -> Path:
        """Store a text, such as a container's log."""
        return self._folder.keep(name, text)

    def note(self, note: str) -> None:
        """Tell the reader of the verdict something that decides nothing."""
        self._folder.note(note)

    def hide(self, *secrets: str) -> None:
        """Keep these secrets out of everything written from now on."""
        self._folder.hide(*secrets)


def digests(folder: Path) -> dict[str, str]:
    """Give the SHA-256 of every file in the folder, by name, the list itself left out."""
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in _names(folder) if name != SUMS}


def seal(folder: Path) -> None:
    """List the digests of the folder's files, as `sha256sum --check` reads them."""
    (folder / SUMS).write_text(listed(folder), encoding="utf-8")


def listed(folder: Path) -> str:
    """That list."""
    return "".join(f"{digest}  {name}\n" for name, digest in digests(folder).items())


@contextmanager
def said_in_a_sentence(path: Path) -> Iterator[None]:
    """Turn what the file system refuses into an error that says so."""
    try:
        yield
    except OSError as error:
        raise EvidenceError(
            f"evidence cannot be written to `{path}`: {error.strerror or error}",
            hint="make room or choose another folder with `--evidence DIR`",
        ) from None


def _names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _fresh(base: Path) -> Path:
    base.mkdir(parents=True, exist_ok=True)
    start = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    for name in (start, *(f"{start}-{number}" for number in range(2, 1000))):
        try:
            (base / name).mkdir(mode=0o700)
        except FileExistsError:
            continue
        return base / name
    raise FileExistsError(f"a thousand runs began at {start}")


def _free(path: Path) -> TextIO:
    """A new file of this name or, where another process or check has taken it, of this name and a number."""
    for name in (path.name, *(f"{path.stem}.{number}{path.suffix}" for number in range(2, 1000))):
        try:
            return path.with_name(name).open("x", encoding="utf-8")
        except FileExistsError:
            continue
    raise FileExistsError(f"a thousand files are called {path}")


def _with(known: tuple[str, ...], one: str) -> tuple[str, ...]:
    return known if one in known else (*known, one)


def _point(link: Path, target: str) -> None:
    aside = link.with_name(f".{LATEST}-{target}")
    aside.symlink_to(target)
    aside.replace(link)


def _replace(path: Path, text: str) -> None:
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).chmod(0o644)
    Path(file.name).replace(path)
