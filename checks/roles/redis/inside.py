"""A path as the processes of a container see it: links are followed below their root, and never lead out of it."""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import PurePosixPath

MOST_STEPS = 200  # of a path with all its links, of which Linux itself follows 40


@contextmanager
def opened(root: str, path: str) -> Iterator[str]:
    """A name that this process has for what `path` is below `root`, which holds whatever becomes of either.

    The kernel would follow an absolute link from our own root: who wrote the container's files could have us speak to
    any socket of this machine. So each step is looked at before it is taken. Raises OSError where nothing is there.
    """
    with ExitStack() as held:
        walked = [_held(held, root, os.O_PATH | os.O_DIRECTORY)]
        left = deque(_parts(path))
        for _ in range(MOST_STEPS):
            if not left:
                break
            _step(held, walked, left)
        if left:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        yield f"/proc/self/fd/{walked[-1]}"


def _step(held: ExitStack, walked: list[int], left: deque[str]) -> None:
    """Take the next name of those that are left: up, to where a link leads, or down."""
    name = left.popleft()
    if name == "..":
        del walked[max(len(walked) - 1, 1) :]  # above the root is the root
        return
    found = _held(held, name, os.O_PATH | os.O_NOFOLLOW, walked[-1])
    if not stat.S_ISLNK(os.fstat(found).st_mode):
        walked.append(found)
        return
    target = os.readlink("", dir_fd=found)
    left.extendleft(reversed(_parts(target)))
    if target.startswith("/"):
        del walked[1:]


def _parts(path: str) -> tuple[str, ...]:
    return PurePosixPath(path.lstrip("/")).parts


def _held(held: ExitStack, name: str, flags: int, folder: int | None = None) -> int:
    descriptor = os.open(name, flags | os.O_CLOEXEC, dir_fd=folder)
    held.callback(os.close, descriptor)
    return descriptor
