"""Runs in a helper container, alone: a disk of our own, which can be filled and, on a loop device, lose its power.

The disk is a file in memory with an ext4 file system on it, for which the helper has to be privileged; without that it
is a tmpfs that Docker mounts, which has no power to lose. A power cut is SIGKILL for whoever writes to it, then the
kernel's own call for it (`EXT4_IOC_SHUTDOWN`, without flushing the log): from then on nothing reaches the file, and
what was not on it is gone with the next mount. That call goes only to a mount that was just seen to be ours. Device
and mounts go when their last user does, so nothing of them outlives the helper and the container that mounted the disk.
"""

from __future__ import annotations

import base64
import ctypes
import errno
import fcntl
import hashlib
import json
import os
import signal
import struct
import sys
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

HOME = Path("/power")  # in memory, in the helper
FILE, MOUNT = HOME / "disk", HOME / "mounted"
SIZE = 2**27
BLOCK = 4096
# What E2FSPROGS_FAKE_TIME=1 mkfs.ext4 -b 4096 -m 0 -N 512 -J size=4 -U 00000000-0000-0000-0000-000000000000
# -O ^metadata_csum,^uninit_bg,^resize_inode,^64bit,^huge_file,^dir_index,^flex_bg
# -E lazy_itable_init=0,nodiscard,hash_seed=00000000-0000-0000-0000-000000000000 makes of 128 MiB: the blocks that are
# not zero, each behind its number. Helper images have no mkfs, and the id could not be written into checksummed blocks.
EMPTY = (
    "c-rmVy-wRe902e;gVdHF5s9HIL&}GcqOPbz16$`VY#l(I5DdV?65fK5M`7zDRN@J`R2^C-24lxIn8*xKq0Ptd7oGFJ*zs2`C;MVw"
    "LI7r3lBIqTem@K0CO*8Jr@^>>l?kC3ou;3E#X%fvv#R1&nOV%9cCxhhA2;uHE&j5*cm1)|dw=<DIlfIk-Nteqt94)a9m9P6%~@t+"
    "q^0#9<yNvsd}7KsQ&x;R^S(*|0Fxk=hxT*D;cj*ga1)c@U=9EP0H#fT{-2J6=(7L-0Dza2|Nfu8`n!3g0002M*sEXlA8Tor{M^n4"
    "?WXOYEAJ&PhQs#?=hJnbVfiaVd6z^0{2TrAeAsKK|6^G>H`o88_Z6Z3XZ&1k4~l<7`A^ES*<Akf_?_|(FtIwJxF29K#H4#4CrP(k"
    "^y~FwX(2f{IzHL_dUSfYZ+`&*0KlZm+i_b%Z2*6kiZ%cM003ZmtX4tWz5oCKfN8d-4FCWD0A|9vHUIzs0GJ7Rzs6S|wk|@bx_oU{"
    ";V6F*pet7Z000<scTIs>=>"
)
UUID_AT = 1024 + 0x68  # in the superblock

LOOP = 7  # major number of loop devices
LOOP_GET_STATUS64, LOOP_CONFIGURE, LOOP_CTL_GET_FREE = 0x4C05, 0x4C0A, 0x4C82
LOOP_INFO = struct.Struct("=5Q4I64s64s32s2Q")  # struct loop_info64: first the backing file's device and inode
LOOP_CONFIG = struct.Struct(f"=2I{LOOP_INFO.size}s64x")  # struct loop_config (Linux 5.8): file, block size, the above
AUTOCLEAR = 4
SHUTDOWN, WITHOUT_LOG = 0x8004587D, struct.pack("=I", 2)
MNT_DETACH = 2
SECONDS = 5.0
FILLINGS = 50  # tries
LIBC = ctypes.CDLL(None, use_errno=True)


class PowerError(Exception):
    """What could not be done, in a sentence."""


class LateError(PowerError):
    """Somebody else was not done in time."""


class Disk:
    """The file, the loop device it is attached to, and the id of the file system on it."""

    def __init__(self) -> None:
        self.id = os.urandom(16)
        self.file = os.open(FILE, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        write_empty(self.file, self.id)
        self.device = attach(self.file)  # held open: it would be detached with its first unmount

    @property
    def path(self) -> str:
        return str(Path(f"/proc/self/fd/{self.device}").readlink())

    def mount(self) -> None:
        _call(LIBC.mount, self.path.encode(), str(MOUNT).encode(), b"ext4", 0, None)

    def unmount(self) -> None:
        """Unmount, and wait until nobody has it mounted: a file system without power may live on for 0.1 s."""
        _call(LIBC.umount2, str(MOUNT).encode(), 0)
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                os.close(os.open(self.path, os.O_RDONLY | os.O_EXCL))
            except OSError as problem:
                if problem.errno != errno.EBUSY or time.monotonic() > deadline:
                    raise LateError(f"somebody still has the disk mounted after {SECONDS:.0f} s") from problem
                time.sleep(0.002)
            else:
                return

    def cut(self) -> None:
        """Take its power away; raises PowerError for a mount that is not ours, or where it had no effect."""
        mounted = opened(MOUNT)
        try:
            if reason := refusal(mounted, self.file, self.id):
                raise PowerError(f"the power is not cut: {reason}")
            shut_down(mounted)
        finally:
            os.close(mounted)
        if not dead():
            raise PowerError("the file system still takes writes after its power was cut")


def write_empty(file: int, uuid: bytes) -> None:
    """Write an empty ext4 file system with this id."""
    blocks = zlib.decompress(base64.b85decode(EMPTY))
    os.ftruncate(file, SIZE)
    for at in range(0, len(blocks), 4 + BLOCK):
        number = int.from_bytes(blocks[at : at + 4], "little")
        os.pwrite(file, blocks[at + 4 : at + 4 + BLOCK], number * BLOCK)
    os.pwrite(file, uuid, UUID_AT)


def attach(file: int) -> int:
    """A descriptor of a loop device that nobody else has, attached to this file until its last user goes."""
    info = LOOP_INFO.pack(*[0] * 8, AUTOCLEAR, b"", b"", b"", 0, 0)
    for _ in range(20):  # between asking for a free one and taking it somebody else may
        with _opened("/dev/loop-control", os.O_RDWR) as control:
            number = fcntl.ioctl(control, LOOP_CTL_GET_FREE)
        path = f"/dev/loop{number}"
        with suppress(FileExistsError):
            os.mknod(path, 0o600 | 0o060000, os.makedev(LOOP, number))
        device = os.open(path, os.O_RDWR)
        try:
            fcntl.ioctl(device, LOOP_CONFIGURE, LOOP_CONFIG.pack(file, 0, info))
        except OSError as problem:
            os.close(device)
            if problem.errno != errno.EBUSY:
                raise
        else:
            return device
    raise PowerError("no loop device is free")


def opened(path: Path) -> int:
    """A descriptor of a directory; raises OSError for a symbolic link."""
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)


def refusal(mounted: int, file: int, uuid: bytes) -> str:
    """Why the file system that this descriptor is on is not the one with this id on a loop device of this file."""
    seen = os.fstat(mounted)
    if os.major(seen.st_dev) != LOOP:
        return f"device {os.major(seen.st_dev)}:{os.minor(seen.st_dev)} is not a loop device"
    with _opened(f"/dev/loop{os.minor(seen.st_dev)}", os.O_RDONLY) as device:
        backing = LOOP_INFO.unpack(fcntl.ioctl(device, LOOP_GET_STATUS64, bytes(LOOP_INFO.size)))[:2]
    ours = os.fstat(file)
    if backing != (ours.st_dev, ours.st_ino):
        return f"loop device {os.minor(seen.st_dev)} has another file behind it"
    if os.fstatvfs(mounted).f_fsid != file_system_id(uuid):
        return "the file system has another id"
    return ""


def file_system_id(uuid: bytes) -> int:
    """What statfs(2) gives for an ext4 file system with this UUID."""
    first, second = struct.unpack("<2Q", uuid)
    return int(first ^ second)


def shut_down(mounted: int) -> None:
    """No write to this file system reaches its device from now on."""
    fcntl.ioctl(mounted, SHUTDOWN, WITHOUT_LOG)


def dead() -> bool:
    """Whether the file system refuses a new file, as one without power does."""
    try:
        os.close(os.open(MOUNT / ".alive", os.O_CREAT | os.O_WRONLY, 0o600))
    except OSError as problem:
        return problem.errno == errno.EIO
    return False


class Room:
    """The commands, by name: what each is given and answers is JSON."""

    def kill(self, pid: int) -> dict[str, Any]:
        """SIGKILL alone: the disk keeps its power."""
        was_there = state(pid) not in {"Z", "X", "gone"}
        with suppress(ProcessLookupError):  # it may have ended by itself meanwhile
            os.kill(pid, signal.SIGKILL)
        return {"was_there": was_there}

    def freeze_child(self, pid: int, within: float) -> dict[str, Any]:
        """Stop (SIGSTOP) the next child that a process forks: a rewrite of Redis then stays under way."""
        known, deadline = children(pid), time.monotonic() + within
        answer({"armed": True})
        while not (new := children(pid) - known):
            if time.monotonic() > deadline:
                return {"state": "none came"}
        child = new.pop()
        os.kill(child, signal.SIGSTOP)
        while (seen := state(child)) not in {"T", "Z", "X", "gone"} and time.monotonic() < deadline:
            time.sleep(0.001)
        return {"state": seen}

    def fill(self, leave: int) -> dict[str, Any]:
        """Use the disk up but for so many bytes, rounded up to blocks, whoever takes some of it meanwhile."""
        with _opened(str(MOUNT / ".filling"), os.O_CREAT | os.O_WRONLY) as filling:
            for _ in range(FILLINGS):
                if (more := self.room()["bytes"] - leave) <= 0:
                    break
                try:
                    os.posix_fallocate(filling, os.fstat(filling).st_size, more)
                except OSError as problem:  # somebody was quicker with a block: it has got what came before that
                    if problem.errno != errno.ENOSPC:
                        raise
                    os.fsync(filling)  # what others have removed counts as room, and is none before the next commit;
                    time.sleep(0.1)  # nor is what ext4 keeps for a file that is being written to, until it is written
        return self.room()

    def empty(self) -> dict[str, Any]:
        """Give back what was filled."""
        (MOUNT / ".filling").unlink()
        return self.room()

    def room(self) -> dict[str, Any]:
        free = os.statvfs(MOUNT)
        return {"bytes": free.f_bavail * free.f_frsize}


class Power(Room):
    """The commands for a disk that has power."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk

    def cut(self, pid: int, end_first: float | None = None) -> dict[str, Any]:
        """SIGKILL a process, then take the disk's power away; SIGTERM came `end_first` seconds before, if told so."""
        if end_first is not None:
            os.kill(pid, signal.SIGTERM)
            time.sleep(end_first)
        seen = self.kill(pid)
        self.disk.cut()
        return seen

    def renew(self) -> dict[str, Any]:
        """The disk as whoever switches the machine on again finds it, once nobody has the old one mounted."""
        self.disk.unmount()
        self.disk.mount()
        return {}

    def guard(self, path: str) -> dict[str, Any]:
        """Why the power of the file system that this path is on would not be cut; '' if it is ours. Nothing is done."""
        try:
            mounted = opened(Path(path))
        except OSError as problem:
            return {"refusal": os.strerror(problem.errno or 0)}
        try:
            return {"refusal": refusal(mounted, self.disk.file, self.disk.id)}
        finally:
            os.close(mounted)


def children(pid: int) -> set[int]:
    return {int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def state(pid: int) -> str:
    """A letter of proc(5), or 'gone'."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):  # the latter if it goes between open and read
        return "gone"


def belongs_to(pid: int) -> tuple[int, int]:
    """The user and group that a process makes files as (proc(5): the file system uid and gid)."""
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(lines["Uid"].split()[3]), int(lines["Gid"].split()[3])


class _opened:  # noqa: N801 - reads as what it is
    """A descriptor for a while."""

    def __init__(self, path: str, flags: int) -> None:
        self.descriptor = os.open(path, flags, 0o600)

    def __enter__(self) -> int:
        return self.descriptor

    def __exit__(self, *_: object) -> None:
        os.close(self.descriptor)


def _call(function: Callable[..., int], *arguments: object) -> None:
    if function(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{getattr(function, '__name__', 'call')}: {os.strerror(number)}")


def answer(words: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def serve(room: Room) -> None:
    """Answer each line of standard input, [command, arguments], by a line; the end of the input is the end."""
    for line in sys.stdin:
        name, arguments = json.loads(line)
        try:
            answer(getattr(room, name)(**arguments))
        except (OSError, PowerError) as problem:
            answer({"error": str(problem), "late": isinstance(problem, LateError)})


def main(pid: int, kind: str) -> None:
    if kind == "tmpfs":
        given_to(pid)
        answer({"device": ""})
        serve(Room())
        return
    MOUNT.mkdir()
    disk = Disk()
    disk.mount()
    (MOUNT / "lost+found").rmdir()  # in its way, Docker would not give the disk's owner to a volume
    given_to(pid)
    answer({"device": disk.path, "id": hashlib.sha256(disk.id).hexdigest()[:12]})
    serve(Power(disk))


def given_to(pid: int) -> None:
    """The disk belongs to the user of a process, and does so after the first power cut as well."""
    with _opened(str(MOUNT), os.O_RDONLY) as mounted:
        os.fchown(mounted, *belongs_to(pid))
        os.fsync(mounted)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
