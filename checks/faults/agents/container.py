"""Runs in a helper container, alone: breaks the container that a process is in, sees that it took hold, and mends it.

Nothing is needed inside that container, not even a shell: all of it is done to its cgroups, sockets, namespaces and
limits, from outside and past Docker. A restart of the container undoes each, since it gets new ones of all of these.
What it was before is said as JSON, for who reverts it.
"""

from __future__ import annotations

import array
import ctypes
import fcntl
import json
import os
import resource
import signal
import socket
import stat
import struct
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

CGROUPS = Path("/cgroup")  # where the helper sees the machine's /sys/fs/cgroup
SECONDS = 5.0
PIDFD_GETFD = 438  # the same number on every architecture
SIOCGIFFLAGS, SIOCSIFFLAGS, SIOCADDRT, SIOCOUTQ = 0x8913, 0x8914, 0x890B, 0x5411
IFF_UP, RTF_UP, RTF_GATEWAY = 1, 1, 2
MS_BIND = 4096
MNT_DETACH = 2
ATTACH_FILTER, DETACH_FILTER = 26, 27  # SO_ATTACH_FILTER, SO_DETACH_FILTER
# Classic BPF on a TCP segment: whatever carries data is dropped, and what only opens, acknowledges or closes passes.
WITHOUT_DATA = (
    (0x30, 0, 0, 12),  # A = the byte with the header's length, in words, in its upper half
    (0x74, 0, 0, 4),
    (0x64, 0, 0, 2),
    (0x07, 0, 0, 0),  # X = A: the header's length in bytes
    (0x80, 0, 0, 0),  # A = the length of all
    (0x2D, 1, 0, 0),  # more than the header?
    (0x06, 0, 0, 0xFFFFFFFF),
    (0x06, 0, 0, 0),
)
UNACKNOWLEDGED = 0.3  # seconds in which a kernel that took a byte in would have said so
CAUGHT_SECONDS = 0.1  # for what the engine is just starting in a container to be seen in it
FREEZES = 20  # tries
RUNS = 0.1  # seconds for which a program that crashes at its start has run
LIBC = ctypes.CDLL(None, use_errno=True)

Kept = dict[str, Any]


class FaultError(Exception):
    """What could not be done, in a sentence."""


class NothingThereError(FaultError):
    """The container has nothing that could be broken in this way."""


class LateError(FaultError):
    """It was not seen in time."""


class Target:
    """A process of this machine, of a container; raises FaultError where it is not of that one (any more)."""

    def __init__(self, pid: int, container: str) -> None:
        self.pid, self.proc = pid, Path(f"/proc/{pid}")
        try:
            self.memberships = (self.proc / "cgroup").read_text()
        except (FileNotFoundError, ProcessLookupError):
            raise FaultError("its main process has gone") from None
        if container not in self.memberships:
            raise FaultError("its main process is not in a cgroup that is named for the container")

    def group(self, controller: str) -> tuple[Path, bool]:
        """The cgroup of the process that this controller acts on, and whether it is of version 2."""
        lines = [line.split(":", 2) for line in self.memberships.splitlines()]
        for _, controllers, path in lines:
            if controller in controllers.split(","):
                return CGROUPS / controller / path.lstrip("/"), False
        return CGROUPS / next(path for number, _, path in lines if number == "0").lstrip("/"), True

    def processes(self) -> list[int]:
        """Every process of the container."""
        group, _ = self.group("pids")
        return [int(word) for word in (group / "cgroup.procs").read_text().split()]

    def enter(self, *namespaces: str) -> None:
        """Go into these namespaces of the process, for good."""
        for name in namespaces:
            with (self.proc / "ns" / name).open() as file:
                if LIBC.setns(file.fileno(), 0) != 0:
                    raise FaultError(f"its {name} namespace is closed to us: {os.strerror(ctypes.get_errno())}")


# the whole tree, frozen


def freeze(target: Target) -> Kept:
    """Freeze every process of the container, and whatever is started in it from now on, by the cgroup freezer.

    Between two probes: for one that is caught, the engine waits for ever and gives no verdict at all, since it can
    neither start nor kill what is frozen.
    """
    for _ in range(FREEZES):
        _write_freezer(target, frozen=True)
        time.sleep(CAUGHT_SECONDS)
        if not _from_outside(target):
            return {}
        _write_freezer(target, frozen=False)
        time.sleep(CAUGHT_SECONDS)
    raise FaultError("each time that it was frozen, something was just being started in it")


def _from_outside(target: Target) -> set[int]:
    """The processes of the container, other than its main one, whose parents are none of it: what was started in it."""
    group, _ = target.group("freezer")
    parents = {pid: _parent(pid) for pid in map(int, (group / "cgroup.procs").read_text().split())}
    return {pid for pid, parent in parents.items() if parent not in {0, *parents} and pid != target.pid}


def _parent(pid: int) -> int:
    """0 where there is none, or no such process any more."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def thaw(target: Target, _: Kept) -> None:
    _write_freezer(target, frozen=False)


def _write_freezer(target: Target, *, frozen: bool) -> None:
    group, unified = target.group("freezer")
    if unified:
        (group / "cgroup.freeze").write_text(str(int(frozen)))
        _until(lambda: f"frozen {int(frozen)}" in (group / "cgroup.events").read_text(), "the freezer has no effect")
    else:
        wanted = "FROZEN" if frozen else "THAWED"
        (group / "freezer.state").write_text(wanted)
        _until(lambda: (group / "freezer.state").read_text().strip() == wanted, "the freezer has no effect")


# no process left


def use_up_pids(target: Target) -> Kept:
    """Let the container's cgroup count as full: nobody in it can fork, and a probe cannot start.

    The limit goes below what is used. Filling it up to its limit would be the same to the kernel, but leave processes
    of ours in a group that Docker means to remove.
    """
    group, _ = target.group("pids")
    before = (group / "pids.max").read_text().strip()
    (group / "pids.max").write_text("1")
    if _can_fork_in(group):
        (group / "pids.max").write_text(before)
        raise FaultError("a process could still be started in it")
    return {"before": before}


def give_back_pids(target: Target, kept: Kept) -> None:
    group, _ = target.group("pids")
    (group / "pids.max").write_text(kept["before"])


def _can_fork_in(group: Path) -> bool:
    """Whether a process of ours that joins the group can have a child."""
    if (child := os.fork()) == 0:
        (group / "cgroup.procs").write_text("0")
        try:
            grandchild = os.fork()
        except BlockingIOError:
            os._exit(0)
        os._exit(0 if grandchild == 0 else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0


# a port that is open, and nobody answers


def deafen(target: Target) -> Kept:
    """Have the kernel drop what clients send to the container's listening TCP ports: they connect, and hear nothing.

    A socket filter, put on the sockets themselves from outside; a connection that comes in later inherits it.
    """
    ports = {port for one in _sockets(target) if (port := _listening_port(one))}
    if not ports:
        raise NothingThereError("it listens on no TCP port")
    for one in _sockets(target):
        if _local_port(one) in ports:
            _attach(one)
    target.enter("net")
    if not all(_silent(port) for port in ports):
        raise FaultError("a port still takes in what it is sent")
    return {}


def undeafen(target: Target, _: Kept) -> None:
    for one in _sockets(target):
        with suppress(OSError):  # it had none
            one.setsockopt(socket.SOL_SOCKET, DETACH_FILTER, 0)


def _sockets(target: Target) -> Iterator[socket.socket]:
    """The TCP sockets of the container's processes, as descriptors of our own."""
    for pid in target.processes():
        with suppress(ProcessLookupError, FileNotFoundError), _pidfd(pid) as process:
            for entry in list(Path(f"/proc/{pid}/fd").iterdir()):
                if (one := _socket(process, int(entry.name))) is not None:
                    with one:
                        yield one


def _socket(process: int, number: int) -> socket.socket | None:
    """That descriptor of a process, if it is a TCP socket."""
    descriptor = LIBC.syscall(PIDFD_GETFD, process, number, 0)
    if descriptor < 0:
        if (problem := ctypes.get_errno()) in (9, 3):  # EBADF, ESRCH: it went meanwhile
            return None
        raise FaultError(f"its sockets cannot be reached (pidfd_getfd: {os.strerror(problem)})")
    if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    one = socket.socket(fileno=descriptor)
    if one.family in (socket.AF_INET, socket.AF_INET6) and one.type == socket.SOCK_STREAM:
        return one
    one.close()
    return None


@contextmanager
def _pidfd(pid: int) -> Iterator[int]:
    descriptor = os.pidfd_open(pid)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _listening_port(one: socket.socket) -> int:
    return _local_port(one) if one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) else 0


def _local_port(one: socket.socket) -> int:
    return int(one.getsockname()[1])


def _attach(one: socket.socket) -> None:
    program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in WITHOUT_DATA))
    one.setsockopt(socket.SOL_SOCKET, ATTACH_FILTER, struct.pack("@HP", len(WITHOUT_DATA), ctypes.addressof(program)))


def _silent(port: int) -> bool:
    """Whether this port of the network we are in takes a connection, and not the byte that is sent through it."""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as client:
        client.send(b"\n")
        time.sleep(UNACKNOWLEDGED)
        left = array.array("i", [0])
        fcntl.ioctl(client, SIOCOUTQ, left)
        return left[0] > 0


# without its networks


def cut_off(target: Target) -> Kept:
    """Take the container's network interfaces down, all but its loopback."""
    target.enter("net")
    names = [name for _, name in socket.if_nameindex() if name != "lo" and _flags(name) & IFF_UP]
    if not names:
        raise NothingThereError("it is on no network")
    routes = [line.split()[:3] for line in Path("/proc/self/net/route").read_text().splitlines()[1:]]
    for name in names:
        _set_up(name, up=False)
    if any(_flags(name) & IFF_UP for name in names):
        raise FaultError("its interfaces stay up")
    return {"names": names, "gateways": [[name, via] for name, to, via in routes if int(to, 16) == 0]}


def reconnect(target: Target, kept: Kept) -> None:
    target.enter("net")
    for name in kept["names"]:
        _set_up(name, up=True)
    for name, via in kept["gateways"]:
        _add_gateway(name, bytes.fromhex(via)[::-1])


def _flags(name: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        answer = fcntl.ioctl(door, SIOCGIFFLAGS, struct.pack("16sH22x", name.encode(), 0))
    return int(struct.unpack_from("H", answer, 16)[0])


def _set_up(name: str, *, up: bool) -> None:
    flags = _flags(name) | IFF_UP if up else _flags(name) & ~IFF_UP
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        fcntl.ioctl(door, SIOCSIFFLAGS, struct.pack("16sH22x", name.encode(), flags))


def _add_gateway(name: str, via: bytes) -> None:
    """A default route, as struct rtentry has it."""
    anywhere, gateway = (struct.pack("=HH4s8x", socket.AF_INET, 0, address) for address in (bytes(4), via))
    device = ctypes.create_string_buffer(name.encode())
    entry = struct.pack(
        "@L16s16s16sHhLPhPLLH", 0, anywhere, gateway, anywhere, RTF_UP | RTF_GATEWAY, 0, 0, 0, 0,
        ctypes.addressof(device), 0, 0, 0,
    )  # fmt: skip
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door, suppress(FileExistsError):
        fcntl.ioctl(door, SIOCADDRT, entry)


# a health check that cannot be run


def cover(target: Target, *candidates: str) -> Kept:
    """Lay something that cannot be run over the first of these programs that the container has."""
    target.enter("mnt")
    found = next((path for path in candidates if os.access(path, os.X_OK)), None)
    if found is None:
        raise NothingThereError(f"it has no {' and no '.join(candidates) or 'health check'}")
    path = os.path.realpath(found)
    if LIBC.mount(b"/dev/null", path.encode(), None, MS_BIND, None) != 0:
        raise FaultError(f"nothing can be mounted over {path}: {os.strerror(ctypes.get_errno())}")
    if os.access(path, os.X_OK):
        raise FaultError(f"{path} can still be run")
    return {"path": path}


def uncover(target: Target, kept: Kept) -> None:
    target.enter("mnt")
    LIBC.umount2(kept["path"].encode(), MNT_DETACH)


# no file descriptor left


def use_up_files(target: Target) -> Kept:
    """Let the main process have no more files and sockets than it has open: it cannot accept a connection."""
    _become(target)
    soft, hard = resource.prlimit(target.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(target.pid, resource.RLIMIT_NOFILE, (0, hard))
    if resource.prlimit(target.pid, resource.RLIMIT_NOFILE)[0] != 0:
        raise FaultError("its limit of open files could not be lowered")
    return {"soft": soft, "hard": hard}


def give_back_files(target: Target, kept: Kept) -> None:
    _become(target)
    resource.prlimit(target.pid, resource.RLIMIT_NOFILE, (kept["soft"], kept["hard"]))


def _become(target: Target) -> None:
    """Go on as its user, who may change its limits: not every machine lets root have the capability that would do."""
    lines = dict(line.split(":", 1) for line in (target.proc / "status").read_text().splitlines())
    os.setgid(int(lines["Gid"].split()[0]))
    os.setuid(int(lines["Uid"].split()[0]))


# a program that ends as soon as it is started


def crash_at_start(target: Target, times: str) -> Kept:
    """Kill the container's first process, and so many times again soon after Docker has started it anew, if it does.

    {"at": of the last time, "crashes": how many there were}.
    """
    group, _ = target.group("pids")
    at, crashes = 0.0, 0
    while crashes <= int(times) and (first := _until(lambda: _first_process(group), "" if crashes else "it is gone")):
        time.sleep(RUNS)
        at, crashes = time.time(), crashes + 1
        _kill(first)
    return {"at": at, "crashes": crashes}


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    _until(lambda: not _alive(pid), "it could not be killed")


def _first_process(group: Path) -> int:
    """The container's process 1 once it runs its own program, else 0."""
    with suppress(OSError):
        for pid in (group / "cgroup.procs").read_text().split():
            status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
            if status["NSpid"].split()[-1] == "1" and status["State"][0] != "Z":
                return 0 if status["Name"].startswith("runc") else int(pid)
    return 0


# a stall that ends by itself


def stall(target: Target, seconds: str) -> Kept:
    """Stop the main process (SIGSTOP) for so long; somebody may have ended it meanwhile."""
    os.kill(target.pid, signal.SIGSTOP)
    _until(lambda: _state(target.pid) in "Tt", "it could not be stopped")
    time.sleep(float(seconds))
    with suppress(ProcessLookupError):
        os.kill(target.pid, signal.SIGCONT)
    return {}


def _alive(pid: int) -> bool:
    return _state(pid) not in "ZX"


def _state(pid: int) -> str:
    """A letter of proc(5); X for one that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):  # the latter if it goes between open and read
        return "X"


INJECT: dict[str, Callable[..., Kept]] = {
    "freeze": freeze,
    "pids": use_up_pids,
    "deafen": deafen,
    "cut-off": cut_off,
    "cover": cover,
    "files": use_up_files,
    "crash-at-start": crash_at_start,
    "stall": stall,
}
REVERT: dict[str, Callable[[Target, Kept], None]] = {
    "freeze": thaw,
    "pids": give_back_pids,
    "deafen": undeafen,
    "cut-off": reconnect,
    "cover": uncover,
    "files": give_back_files,
}


def _until(see: Callable[[], int], otherwise: str) -> int:
    """Look until there is something; raises LateError with these words when there is nothing for too long, if any."""
    deadline = time.monotonic() + SECONDS
    while not (seen := see()):
        if time.monotonic() > deadline:
            if otherwise:
                raise LateError(otherwise)
            return seen
        time.sleep(0.01)
    return seen


def main(do: str, what: str, pid: int, container: str, *more: str) -> Kept:
    """What was done: {"at": seconds since the epoch, ...}; {"error": why it was not}, and how."""
    at = time.time()
    try:
        target = Target(pid, container)
        if do == "inject":
            return {"at": at} | INJECT[what](target, *more)
        REVERT[what](target, json.loads(more[0]))
    except (OSError, FaultError) as problem:
        nothing, late = isinstance(problem, NothingThereError), isinstance(problem, LateError)
        return {"error": str(problem), "nothing there": nothing, "late": late}
    return {"at": at}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), *sys.argv[4:])) + "\n")
