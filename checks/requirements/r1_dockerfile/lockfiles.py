"""What lock files pin: Python distributions by name, version and hash."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from checks.requirements.r1_dockerfile.image_layers import Saved

INSTALLED = re.compile(r"(?:^|/)(?:site|dist)-packages/([^/]+)-([^/-]+)\.dist-info/(?:METADATA|RECORD)$")
OF_THE_DISTRIBUTION = "usr/lib/python3/dist-packages/"  # Debian's own packages: pinned with the base
OF_THE_BASE = {"pip", "setuptools", "wheel"}
PINNED = re.compile(r"^([\w.-]+)(?:\[[^\]]*\])?\s*==\s*([^\s;\\]+)[^\n]*--hash=", re.MULTILINE)
LOCKS = ("*requirements*.txt", "*.lock", "pylock*.toml")
NEVER_LOCKS = {".venv", "node_modules", "site-packages"}


def installed(image: Saved) -> frozenset[str]:
    """'name==version' of every Python distribution that was installed into an image, the project itself left out."""
    found = (INSTALLED.search(path) for path in image.files if not path.startswith(OF_THE_DISTRIBUTION))
    return frozenset(
        pin(seen[1], seen[2])
        for seen in found
        if seen and canonical(seen[1]) not in OF_THE_BASE and not _is_the_project(image, seen.string)
    )


def files(folder: Path) -> list[Path]:
    """The lock files in a folder, the requirements files of pip included."""
    found = {path for pattern in LOCKS for path in folder.rglob(pattern) if path.is_file()}
    return sorted(path for path in found if not NEVER_LOCKS & set(path.relative_to(folder).parts))


def pinned(text: str) -> frozenset[str]:
    """'name==version' of everything that a lock file of pip, Pipenv or a TOML one pins with a hash."""
    for parse in (_toml, _json):
        try:
            return frozenset(parse(text))
        except ValueError:
            continue
    return frozenset(pin(name, version) for name, version in PINNED.findall(text.replace("\\\n", " ")))


def pin(name: str, version: str) -> str:
    return f"{canonical(name)}=={version}"


def canonical(name: str) -> str:
    """One name for `Foo.Bar`, `foo_bar` and `foo-bar`, as PyPI has it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _toml(text: str) -> Iterator[str]:
    """poetry.lock, uv.lock, pdm.lock and pylock.toml."""
    told = tomllib.loads(text)
    for package in (*told.get("package", ()), *told.get("packages", ())):
        if "version" in package and '"hash' in json.dumps(package, default=str):
            yield pin(package["name"], package["version"])


def _json(text: str) -> Iterator[str]:
    """Pipfile.lock."""
    told: Mapping[str, Any] = json.loads(text)
    for group in ("default", "develop"):
        for name, package in told.get(group, {}).items():
            if package.get("hashes") and str(package.get("version", "")).startswith("=="):
                yield pin(name, package["version"].removeprefix("=="))


def _is_the_project(image: Saved, path: str) -> bool:
    """Whether a distribution was installed from a folder and not from an index (PEP 610)."""
    told = image.text(f"{path.rpartition('/')[0]}/direct_url.json")
    return '"dir_info"' in told
