"""Programs that are mounted into a container: then what runs is not what the image holds and the Dockerfile built.

Where the image is not there to be asked (files alone are looked at), what is mounted is told by what lies on this side:
a folder or file with programs in it, put where services have theirs. Where it is, by what the mount hides, or lies
beside.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from checks.requirements.r1_dockerfile.image_layers import File, Saved
from checks.subject.programs import arguments_of
from stack.driver.project import Config

PROGRAM = re.compile(r".+\.(?:py|pyc|pth|so(?:\.[\d.]+)?|sh|rb|pl|php|jar|war|class|dll|exe|js|mjs|cjs|ts|lua|ex|beam)")
BYTECODE = "/__pycache__/"
FOR_BROWSERS = re.compile(
    r"(?:^|/)(?:static\w*|public|assets|www|html|media|docs?|share)/"
)  # where a .js runs elsewhere
PLACES = re.compile(r"/|/(?:app|code|src|srv|opt|usr|home|lib|bin|sbin|root|work\w*|service|venv|\.venv)(?:/.*)?")
NOT_ENTERED = {".git", "node_modules", "__pycache__", ".venv"}
MOST_FILES = 5_000  # of a mounted folder
REGULAR = "0"  # what tar calls a file


@dataclass(frozen=True, kw_only=True)
class Mount:
    """Something of this machine, or an empty file system, at a path of the container's."""

    kind: str
    source: str
    target: str
    text: str = ""  # of a setting that stands in the Compose file itself


def is_program(path: str) -> bool:
    """Whether a file could run, by its name: what browsers run, and what Python makes of its own sources, is none."""
    return bool(PROGRAM.fullmatch(path)) and BYTECODE not in f"/{path}" and not FOR_BROWSERS.search(path)


def brought_by(mounts: Sequence[Mount], project: Path, spec: Config) -> tuple[str, ...]:
    """The mounts that bring programs with them to where a service has its own, or to where it is told to run them."""
    words = [*arguments_of(spec), str(spec.get("working_dir") or "")]
    found = []
    for mount in mounts:
        wanted = PLACES.fullmatch(mount.target) or any(_is_at(mount.target, word) for word in words)
        if wanted and (program := _first_program(mount, project)):
            found.append(f"{mount.target}: {program}")
    return tuple(found)


def laid_over(mounts: Sequence[Mount], image: Saved) -> tuple[str, ...]:
    """The mounts that hide programs of the image, or put others beside them."""
    programs = sorted(path for path, file in image.files.items() if _runs(path, file))
    folders = {str(PurePosixPath(path).parent) for path in programs}
    return tuple(f"{mount.target}: {over}" for mount in mounts if (over := _covered(mount, programs, folders)))


def _covered(mount: Mount, programs: Sequence[str], folders: set[str]) -> str:
    target = mount.target.strip("/")
    hidden = next((path for path in programs if path == target or not target or path.startswith(f"{target}/")), "")
    if hidden:
        return f"{hidden} of the image"
    beside = str(PurePosixPath(target).parent) in folders or target in folders
    return _first_program(mount, Path("/")) if beside else ""


def _runs(path: str, file: File) -> bool:
    executable = file.kind == REGULAR and file.mode & 0o111 and not PurePosixPath(path).suffix
    return is_program(path) or bool(executable)


def _first_program(mount: Mount, project: Path) -> str:
    """A program that a mount brings, as far as can be seen: a volume of the engine's own is not looked into."""
    in_a_bin = PurePosixPath(mount.target).parent.name in {"bin", "sbin"}
    if mount.kind in {"configs", "secrets"} and (is_program(mount.target) or in_a_bin or mount.text.startswith("#!")):
        return f"a program as one of the {mount.kind}"
    if mount.kind not in {"bind", "configs", "secrets"} or not mount.source:
        return ""
    source = project / mount.source
    if source.is_file():
        return mount.target if is_program(mount.target) or is_program(source.name) or _is_script(source) else ""
    return next(_programs_below(source), "")


def _is_script(path: Path) -> bool:
    if not os.access(path, os.R_OK):  # nor is it for who runs this to say
        return False
    with path.open("rb") as file:
        return file.read(4).startswith((b"#!", b"\x7fELF"))


def _programs_below(folder: Path) -> Iterator[str]:
    seen = 0
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in NOT_ENTERED)
        seen += len(names)
        yield from (
            name for path in map(Path(base).joinpath, sorted(names)) if is_program(name := _below(path, folder))
        )
        if seen > MOST_FILES:
            return


def _below(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder))


def _is_at(target: str, word: str) -> bool:
    """Whether a word of a command is a path at a mount, or below it."""
    path = PurePosixPath(word)
    return path.is_absolute() and target != "/" and path.is_relative_to(target)
