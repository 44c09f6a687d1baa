"""What comes from the distribution's packages: programs for this machine, and root file systems for images."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from stack.driver.errors import ImageError, PackageError, last_lines, no_room

ROOT_RELEASE = "trixie"  # the Debian stable that root file systems are made from
DROPPED = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/info",
    "usr/share/locale",
    "var/cache/apt",
    "var/lib/apt",
)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A Debian root file system: the packages in it, and shell commands that finish it (`$1` is the root)."""

    packages: tuple[str, ...]
    finish: tuple[str, ...] = ()

    def key(self) -> str:
        """Changes whenever the content would; names the cached file."""
        told = repr((ROOT_RELEASE, platform.machine(), self.packages, self.finish, DROPPED))
        return hashlib.sha256(told.encode()).hexdigest()[:12]


def distribution() -> str:
    """The os-release id of this machine ('debian', 'ubuntu', ...), or the system's name where it has none."""
    return platform.freedesktop_os_release().get("ID", "linux") if platform.system() == "Linux" else platform.system()


def apt(*arguments: str) -> None:
    """Run apt-get without questions; raises PackageError with what it said last."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    done = subprocess.run(
        ["apt-get", "--quiet", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        said = last_lines(done.stdout + done.stderr)
        if "No space left" in " ".join(said):
            raise no_room(f"apt-get could not {arguments[0]}")
        raise PackageError(f"`apt-get {arguments[0]}` failed", details=said, hint="is the package mirror reachable?")


@cache
def mirror() -> str:
    """URL of the Debian mirror that this machine already uses; DEBIAN_MIRROR names another.

    Raises PackageError where there is none (a machine that is no Debian has to name one).
    """
    if named := os.environ.get("DEBIAN_MIRROR"):
        return named
    fields = "$(ORIGIN) $(COMPONENT) $(CODENAME) $(REPO_URI)"
    for line in _output("apt-get", "indextargets", "--format", fields, "Created-By: Packages").splitlines():
        origin, component, codename, uri = line.split(" ", 3)
        if (origin, component) == ("Debian", "main") and "-" not in codename:
            return uri
    raise PackageError(
        "this machine has no Debian package mirror configured", hint="set DEBIAN_MIRROR to the URL of one"
    )


def cached_root(name: str, recipe: Recipe) -> Path:
    """Where the root file system of this recipe is kept between runs, made or not."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "compose-compliance" / f"{name}-{recipe.key()}.tar"


def start_making(target: Path, recipe: Recipe) -> subprocess.Popen[str]:
    """Start mmdebstrap on `target`; the caller waits for it and calls `settle`, or terminates it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    drop = 'cd "$1" && rm -rf ' + " ".join(f"{folder}/*" for folder in DROPPED)
    hooks = [f"--customize-hook={command}" for command in (*recipe.finish, drop)]
    options = ["--quiet", "--variant=essential", "--format=tar", f"--include={','.join(recipe.packages)}"]
    # An interrupted root is thrown away whole, so dpkg need not fsync its way through it.
    quick = ["--dpkgopt=force-unsafe-io", '--aptopt=Acquire::Languages "none"']
    proxy = [f"--aptopt={line}" for line in _output("apt-config", "dump", "Acquire::http").splitlines() if line]
    return subprocess.Popen(
        ["mmdebstrap", *options, *quick, *proxy, *hooks, ROOT_RELEASE, str(_unfinished(target)), mirror()],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def settle(target: Path, making: subprocess.Popen[str]) -> None:
    """Keep what a finished mmdebstrap made; raises ImageError, and keeps nothing, if it failed."""
    said, _ = making.communicate()
    if making.returncode == 0:
        _unfinished(target).rename(target)
        return
    abandon(target, making)
    if "No space left" in said:
        raise no_room(f"mmdebstrap could not make {target.name}")
    raise ImageError(f"mmdebstrap could not make {target.name}", details=last_lines(said))


def abandon(target: Path, making: subprocess.Popen[str]) -> None:
    """End a running mmdebstrap, which removes its own temporary files, and remove what it had written."""
    if making.poll() is None:
        making.terminate()
        making.communicate()
    _unfinished(target).unlink(missing_ok=True)


def require_mmdebstrap(say: Callable[[str], None]) -> None:
    """Install mmdebstrap where that is ours to do; raises ImageError with the reason where it is not."""
    if shutil.which("mmdebstrap"):
        return
    if distribution() not in {"debian", "ubuntu"}:
        raise ImageError("building images from packages needs mmdebstrap, which is not here")
    if os.geteuid() != 0:
        raise ImageError("building images from packages needs mmdebstrap", hint="run this once as root: it installs it")
    say("installing mmdebstrap with apt-get, to build images from packages")
    apt("update")
    apt("install", "--yes", "--no-install-recommends", "mmdebstrap", "debian-archive-keyring")


def _unfinished(target: Path) -> Path:
    return target.with_suffix(f".{os.getpid()}.tar.part")


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
