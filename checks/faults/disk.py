"""A disk to fill up and to take the power from: what a helper container (power.py) provides, asked from here."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from stack.driver import docker
from stack.driver import labels as run_labels
from stack.driver.docker import from_words, refused_privileges
from stack.driver.errors import NotPrivilegedError, OutOfTimeError, StackError, last_lines
from stack.driver.helper import python_image
from stack.driver.labels import STACK_LABEL, Labels

POWER = (Path(__file__).parent / "agents" / "block_device.py").read_text()
ROOM = "size=160m,mode=0700"  # in memory, for a disk of 128 MiB; taken only as it fills
MOUNTED = "/power/mounted"  # where the helper looks for what it did not mount itself
NEEDED = ("KILL", "CHOWN", "DAC_OVERRIDE")
ENDING_SECONDS = 5.0


class NoDiskError(NotPrivilegedError):
    """The same, or this machine has no loop device or no ext4."""


class Disk:
    """A file system of our own, which belongs to the user of a process; `volume` is how a Compose file mounts it."""

    def __init__(self, helper: subprocess.Popen[str], volume: Mapping[str, Any] | None = None) -> None:
        self._helper = helper
        if not (line := helper.stdout.readline() if helper.stdout else ""):
            raise _refused(_said(helper))
        self.device = str(json.loads(line)["device"])
        self.volume = volume or {"driver_opts": {"type": "ext4", "device": self.device}}

    def cut(self, pid: int, *, end_first: float | None = None) -> bool:
        """SIGKILL a process, and at once take the disk's power away; whether the process was there until then.

        Where `end_first` is given, the process is asked to end (SIGTERM) that many seconds before. Raises StackError
        where the power was not cut.
        """
        return bool(self.ask("cut", pid=pid, end_first=end_first)["was_there"])

    def kill(self, pid: int) -> bool:
        """SIGKILL alone, past Docker; whether the process was there until then."""
        return bool(self.ask("kill", pid=pid)["was_there"])

    def renew(self) -> None:
        """Have the disk as it is found when the power is back; raises StackError while somebody has it mounted."""
        self.ask("renew")

    def freeze_next_child(self, pid: int, fork: Callable[[], object]) -> bool:
        """Stop (SIGSTOP) the next child of the process, which `fork` brings about; false where it had ended before."""
        self._tell("freeze_child", pid=pid, within=ENDING_SECONDS)
        self._answer()  # it looks
        fork()
        return bool(self._answer()["state"] == "T")

    def fill(self, *, leave: int) -> int:
        """Use up the disk but for so many bytes; gives the bytes that are left."""
        return int(self.ask("fill", leave=leave)["bytes"])

    def empty(self) -> int:
        """Give back what was filled; gives the bytes that are left."""
        return int(self.ask("empty")["bytes"])

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        self._tell(command, **arguments)
        return self._answer()

    def _tell(self, command: str, **arguments: Any) -> None:  # noqa: ANN401 - JSON
        assert self._helper.stdin
        with suppress(BrokenPipeError):  # told by the answer that does not come
            os.write(self._helper.stdin.fileno(), f"{json.dumps([command, arguments])}\n".encode())

    def _answer(self) -> dict[str, Any]:
        assert self._helper.stdout
        if not (line := self._helper.stdout.readline()):
            raise from_words(_said(self._helper), "go on with a disk of ours")
        told: dict[str, Any] = json.loads(line)
        if "error" in told:
            raise (OutOfTimeError if told.get("late") else StackError)(told["error"])
        return told


@contextmanager
def provided(labels: Labels, pid: int) -> Iterator[Disk]:
    """An ext4 file system on a loop device; it goes when nobody has it mounted any more.

    Raises NoDiskError where it is not to be had.
    """
    with _helper(labels, pid, "ext4", "--privileged", "--tmpfs", f"/power:{ROOM}", "--volume", "/dev:/dev") as helper:
        yield Disk(helper)


@contextmanager
def in_memory(labels: Labels, pid: int) -> Iterator[Disk]:
    """A tmpfs, for which nobody has to be privileged: it has no power to cut, and fills up as a disk does.

    It goes with the run that the labels are of.
    """
    name = f"{labels[STACK_LABEL]}-in-memory"
    tmpfs = ("--opt", "type=tmpfs", "--opt", "device=tmpfs", "--opt", f"o={ROOM}")
    docker.ask("volume", "create", *run_labels.options(labels), *tmpfs, name)
    allowed = ("--cap-drop", "ALL", *(word for one in NEEDED for word in ("--cap-add", one)))
    with _helper(labels, pid, "tmpfs", *allowed, "--volume", f"{name}:{MOUNTED}") as helper:
        yield Disk(helper, {"external": True, "name": name})


@contextmanager
def _helper(labels: Labels, pid: int, kind: str, *options: str) -> Iterator[subprocess.Popen[str]]:
    command = (
        *docker.UNTIL_WE_END, "docker", "run", "--interactive", "--rm", *run_labels.options(labels), "--pid", "host",
        "--network", "none", "--read-only", *options,
        python_image(), "python3", "-I", "-S", "-c", POWER, str(pid), kind,
    )  # fmt: skip
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as helper:
        try:
            yield helper
        finally:
            assert helper.stdin
            helper.stdin.close()  # the end of its input is its end
            helper.wait()


def _said(helper: subprocess.Popen[str]) -> str:
    return helper.stderr.read() if helper.stderr else ""


def _refused(said: str) -> StackError:
    """Why there is no disk: NoDiskError where it is not to be had, another where something went wrong."""
    problem = from_words(said, "provide a disk whose power can be cut")
    if type(problem) is StackError and refused_privileges(said):
        return NoDiskError(problem.sentence, details=last_lines(said, 1))
    return problem
