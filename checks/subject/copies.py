"""Copies of folders: owners, modes and links kept, and blocks shared with the original where the file system can."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

FICLONE = 0x40049409  # ioctl_ficlonerange(2): XFS, Btrfs; the copy's blocks are its own from its first write on
CANNOT = {errno.EOPNOTSUPP, errno.EXDEV, errno.EINVAL, errno.ENOTTY, errno.ENOSYS, errno.EPERM, errno.ETXTBSY}
LINKED_FROM = 1 << 20  # bytes: below, a copy costs no more than a link, and people's own edits of sources stay apart


def copy_tree(source: Path, target: Path, wants: Callable[[Path], bool], links: Callable[[Path], bool]) -> None:
    """Copy a file or a folder; `wants` is asked of everything below it, `links` where a hard link would do.

    What is no file (a socket, a pipe) is made anew by who needs it, and is not copied. Raises OSError.
    """
    if source.is_symlink() or not source.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy_file(source, target, links)
        return
    target.mkdir(parents=True, exist_ok=True)
    with os.scandir(source) as entries:
        for entry in entries:
            path, copy = source / entry.name, target / entry.name
            if not (entry.is_symlink() or entry.is_file() or entry.is_dir()) or not wants(path):
                continue
            if entry.is_dir(follow_symlinks=False):
                copy_tree(path, copy, wants, links)
            else:
                _copy_file(path, copy, links)
    _as_it_was(source, target)


def _copy_file(source: Path, target: Path, links: Callable[[Path], bool]) -> None:
    if source.is_symlink():
        shutil.copy2(source, target, follow_symlinks=False)
        _as_it_was(source, target)
        return
    large = source.stat().st_size >= LINKED_FROM
    if large and _reflinked(source, target):
        pass  # its blocks are there
    elif large and links(source) and _linked(source, target):
        return  # owner, mode and times are those of the same file
    else:
        shutil.copyfile(source, target)
    _as_it_was(source, target)


def _reflinked(source: Path, target: Path) -> bool:
    with source.open("rb") as given, target.open("wb") as made:
        try:
            fcntl.ioctl(made, FICLONE, given.fileno())
        except OSError as problem:
            if problem.errno not in CANNOT:
                raise
            return False
    return True


def _linked(source: Path, target: Path) -> bool:
    """A second name for the same file; not over the border of a file system."""
    target.unlink(missing_ok=True)
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as problem:
        if problem.errno not in CANNOT | {errno.EMLINK}:
            raise
        return False
    return True


def _as_it_was(source: Path, target: Path) -> None:
    """Whoever runs in the container finds its files its own; only root can give files away."""
    if os.geteuid() == 0:
        owner = source.lstat()
        os.chown(target, owner.st_uid, owner.st_gid, follow_symlinks=False)
    shutil.copystat(source, target, follow_symlinks=False)
