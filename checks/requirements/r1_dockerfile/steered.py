"""What has a container run programs of a mount that hides none of the image's: its command, folder or variables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from checks.requirements.r1_dockerfile.mounted_programs import Mount, is_program

LOADERS = """
    PATH LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT GCONV_PATH BASH_ENV ENV PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONUSERBASE
    NODE_PATH NODE_OPTIONS RUBYLIB RUBYOPT GEM_PATH GEM_HOME BUNDLE_GEMFILE PERL5LIB PERL5OPT PHPRC PHP_INI_SCAN_DIR
    CLASSPATH JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS _JAVA_OPTIONS DOTNET_STARTUP_HOOKS LUA_PATH LUA_CPATH
"""  # variables by which a program is told where to take more of itself from
BY_A_VARIABLE = tuple(LOADERS.split())
OF_THE_LOADER = {"/etc/ld.so.preload", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/ld.so.cache"}
PATHS = re.compile(r"/[^\s:;,=\"']*")
SEEN_BY_THEMSELVES = {"bind", "configs", "secrets"}  # files of this side, which are looked at


def steered(
    words: Sequence[str], folder: str, variables: Mapping[str, object], mounts: Sequence[Mount]
) -> tuple[str, ...]:
    """Each word, folder, variable and file of the loader that leads to something mounted, and not to the image."""
    found = [*_by_words(words, folder, [one for one in mounts if one.kind not in SEEN_BY_THEMSELVES])]
    for name in BY_A_VARIABLE:
        places = PATHS.findall(str(variables.get(name) or ""))
        found += [f"{name}: {place}" for place in places if any(_is_in(place, one) for one in mounts)]
    return (*found, *(one.target for one in mounts if one.target in OF_THE_LOADER))


def _by_words(words: Sequence[str], folder: str, volumes: Sequence[Mount]) -> Iterator[str]:
    """A program that a command names, or a module that Python looks for where it is started."""
    for at, word in enumerate(words):
        if (at == 0 or is_program(word)) and any(_is_in(word, one) for one in volumes):
            yield f"{word} is on a volume"
    if "-m" in words and any(_is_in(folder, one) for one in volumes):
        yield f"{folder} is on a volume, and Python begins there"


def _is_in(place: str, mount: Mount) -> bool:
    path = PurePosixPath(place)
    return path.is_absolute() and path.is_relative_to(mount.target) and mount.target != "/"
