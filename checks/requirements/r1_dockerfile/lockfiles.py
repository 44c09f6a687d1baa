"""What lock files pin: Python distributions by name, version and hash.

Requirements of pip (pip-tools, `uv pip compile`) are read as pip reads them, each of them by `packaging`; pylock.toml,
uv.lock, poetry.lock and pdm.lock are read by `tomllib`, Pipfile.lock by `json`, each by its own format.
"""

import codecs
import itertools
import json
import os
import re
import shlex
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, Specifier
from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename
from packaging.version import InvalidVersion

from checks.requirements.r1_dockerfile.image_layers import Saved

INSTALLED = re.compile(r"(?:^|/)(?:site|dist)-packages/([^/]+)-([^/-]+)\.dist-info/(?:METADATA|RECORD)$")
OF_THE_DISTRIBUTION = "usr/lib/python3/dist-packages/"  # Debian's own packages: pinned with the base
OF_THE_BASE = {"pip", "setuptools", "wheel"}
LOCKS = ("*requirements*.txt", "*.lock", "pylock*.toml")
NEVER_LOCKS = {".venv", "venv", ".tox", ".nox", ".git", "node_modules", "site-packages", "dist-packages"}
STRONG = ("sha256", "sha384", "sha512")  # what pip takes in its hash-checking mode
COMMENT = re.compile(r"(?:^|\s+)#.*$")
OPTION = re.compile(r"(?:^|\s)(?=--?[A-Za-z])")
INCLUDED = re.compile(r"^\s*(?:-r|-c|--requirements?|--constraints?)(?:\s*=\s*|\s*)(\S+)", re.MULTILINE)
MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def installed(image: Saved) -> frozenset[str]:
    """'name==version' of every Python distribution that was installed into an image, the project itself left out."""
    found = (INSTALLED.search(path) for path in image.files if not path.startswith(OF_THE_DISTRIBUTION))
    return frozenset(
        pin(seen[1], seen[2])
        for seen in found
        if seen and canonicalize_name(seen[1]) not in OF_THE_BASE and not _is_the_project(image, seen.string)
    )


def files(folder: Path) -> list[Path]:
    """The lock files in a folder: by their names, or requirements of pip by their hashes, since pip takes any name."""
    named = {path for pattern in LOCKS for path in folder.rglob(pattern) if path.is_file()}
    hashed = {path for path in folder.rglob("*.txt") if path.is_file() and b"--hash" in path.read_bytes()}
    found = sorted(path for path in named | hashed if not NEVER_LOCKS & set(path.relative_to(folder).parts))
    for path in found:
        found += [one for one in _included(path) if one not in found and one.is_relative_to(folder)]
    return sorted(found)


def text_of(path: Path) -> str:
    """The text of a lock file, in the encoding that its first bytes mark, else UTF-8."""
    told = path.read_bytes()
    for mark, encoding in MARKS.items():
        if told.startswith(mark):
            return told.removeprefix(mark).decode(encoding, "replace")
    return told.decode(errors="replace")


def pinned(text: str) -> frozenset[str]:
    """'name==version' of everything that a lock file pins with a hash."""
    for parse in (_toml, _json):
        try:
            return frozenset(parse(text.removeprefix("\ufeff")))
        except ValueError:
            continue
    return frozenset(_requirements(text.removeprefix("\ufeff")))


def unlocked(distributions: frozenset[str], locked: frozenset[str]) -> frozenset[str]:
    """Those that none of the pins means: `==1.0` means 1.0.0 and 1.0+cpu too (PEP 440)."""
    return frozenset(one for one in distributions if one not in locked and not any(_means(pin, one) for pin in locked))


def pin(name: str, version: str) -> str:
    """One name for `Foo.Bar`, `foo_bar` and `foo-bar`, as PyPI has it."""
    return f"{canonicalize_name(name)}=={version}"


def _means(locked: str, distribution: str) -> bool:
    (name, _, version), (its_name, _, its_version) = locked.partition("=="), distribution.partition("==")
    try:
        return name == its_name and Specifier(f"=={version}").contains(its_version, prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return False  # no versions of PEP 440: they are the same, or they are not


def _included(path: Path) -> Iterator[Path]:
    """The requirements files that one includes (`-r`, `-c`), as far as they are there."""
    if path.suffix in {".toml", ".lock", ".json"}:
        return
    for name in INCLUDED.findall(text_of(path)):
        found = Path(os.path.normpath(path.parent / name.strip("\"'")))
        if found.is_file():
            yield found


def _requirements(text: str) -> Iterator[str]:
    """Requirements of pip: continued lines are joined, comments dropped, and options stand behind the requirement."""
    for line in _logical_lines(text):
        requirement, *rest = OPTION.split(line, maxsplit=1)
        if requirement.strip() and (version := _required(requirement.strip(), _hashes(" ".join(rest)))):
            yield pin(*version)


def _logical_lines(text: str) -> Iterator[str]:
    """As pip's req_file joins them: a comment ends the line that it stands in, and a continued one with it."""
    begun = ""
    for line in text.splitlines():
        is_comment = COMMENT.match(line) is not None
        if line.endswith("\\") and not is_comment:
            begun += line.rstrip("\\")
            continue
        yield COMMENT.sub("", begun + (f" {line}" if is_comment else line)).strip()
        begun = ""
    yield COMMENT.sub("", begun).strip()


def _hashes(options: str) -> list[str]:
    """The values of `--hash=VALUE` and `--hash VALUE`."""
    try:
        words = shlex.split(options)
    except ValueError:  # a quote without its other: pip refuses the line
        return []
    assigned = [word.partition("=")[2] for word in words if word.startswith("--hash=")]
    return assigned + [value for word, value in itertools.pairwise(words) if word == "--hash"]


def _required(text: str, hashes: list[str]) -> tuple[str, str] | None:
    """(name, version) of a requirement that says both, and has a hash."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement:  # an address, or a path, of a file
        return _of_file(text, hashes)
    if requirement.url:
        return _of_file(requirement.url, hashes)
    exact = [one.version for one in requirement.specifier if one.operator in {"==", "==="}]
    if len(exact) != 1 or len(requirement.specifier) != 1 or exact[0].endswith(".*") or not any(map(_strong, hashes)):
        return None
    return requirement.name, exact[0]


def _of_file(address: str, hashes: list[str]) -> tuple[str, str] | None:
    """(name, version) by the name of a wheel or a source archive; its hash may stand behind a `#`, too."""
    parts = urlsplit(address.split(";")[0].strip())
    if "+" in parts.scheme or not any(map(_strong, [*hashes, *parts.fragment.split("&")])):
        return None
    return _named_by_file(unquote(parts.path).rpartition("/")[2])


def _named_by_file(file: str) -> tuple[str, str] | None:
    try:
        name, version, *_ = parse_wheel_filename(file) if file.endswith(".whl") else parse_sdist_filename(file)
    except ValueError:  # neither a wheel nor a source archive
        return None
    return name, str(version)


def _strong(told: object) -> bool:
    """Whether this is `sha256:0123` or `sha256=0123`, as lock files and addresses have them."""
    algorithm, parted, digits = re.sub("=", ":", str(told), count=1).partition(":")
    return algorithm in STRONG and bool(parted and digits)


def _toml(text: str) -> Iterator[str]:
    told = tomllib.loads(text)
    yield from _pylock(told.get("packages") or ())
    listed = _listed_apart(told.get("metadata") or {})
    for package in told.get("package") or ():
        name, version = package.get("name", ""), str(package.get("version", ""))
        apart = listed.get(name, ()) or listed.get(f"{name} {version}", ())
        if name and version and any(map(_strong, (*_of_package(package), *apart))):
            yield pin(name, version)


def _pylock(packages: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """pylock.toml (PEP 751); a version that is not said stands in the name of the file."""
    for package in packages:
        archives = [*package.get("wheels", ()), *(package[one] for one in ("sdist", "archive") if one in package)]
        if any(algorithm in STRONG for archive in archives for algorithm in archive.get("hashes", ())):
            name, version = _named_by_file(_name_of(archives[0])) or ("", "")
            if version := str(package.get("version", version)):
                yield pin(package.get("name", name), version)


def _name_of(archive: Mapping[str, Any]) -> str:
    address = str(archive.get("name") or archive.get("url") or archive.get("path") or "")
    return unquote(urlsplit(address).path).rpartition("/")[2]


def _of_package(package: Mapping[str, Any]) -> Iterator[str]:
    """The hashes of a package in poetry.lock and pdm.lock (`files`) and in uv.lock (`wheels`, `sdist`)."""
    sdist = [package["sdist"]] if isinstance(package.get("sdist"), dict) else []
    for file in (*package.get("files", ()), *package.get("wheels", ()), *sdist):
        yield str(file.get("hash", ""))


def _listed_apart(metadata: Mapping[str, Any]) -> Mapping[str, list[str]]:
    """The hashes that older Poetry and PDM keep of all packages in one place.

    `[metadata.files]` has files by name (Poetry before 1.5) or by 'name version' (PDM before 2.8), `[metadata.hashes]`
    bare SHA-256 by name (Poetry before 1.0).
    """
    files = {name: [str(file.get("hash", "")) for file in some] for name, some in metadata.get("files", {}).items()}
    return files | {name: [f"sha256:{one}" for one in some] for name, some in metadata.get("hashes", {}).items()}


def _json(text: str) -> Iterator[str]:
    """Pipfile.lock: every category but what it says of itself."""
    told: Mapping[str, Any] = json.loads(text)
    for category, packages in told.items() if isinstance(told, dict) else ():
        for name, package in packages.items() if category != "_meta" and isinstance(packages, dict) else ():
            if isinstance(package, dict) and any(map(_strong, package.get("hashes") or ())):
                yield from _piped(name, package)


def _piped(name: str, package: Mapping[str, Any]) -> Iterator[str]:
    version = str(package.get("version", ""))
    if version.startswith("==") and not version.endswith(".*"):
        yield pin(name, version.lstrip("="))
    elif found := _named_by_file(urlsplit(str(package.get("file", ""))).path.rpartition("/")[2]):
        yield pin(*found)


def _is_the_project(image: Saved, path: str) -> bool:
    """Whether a distribution was installed from a folder and not from an index (PEP 610)."""
    told = image.text(f"{path.rpartition('/')[0]}/direct_url.json")
    return '"dir_info"' in told
