"""Where each image comes from: already here, a registry, or built from distribution packages."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from stack import ROOT
from stack.driver import debian, docker
from stack.driver.debian import Recipe
from stack.driver.docker import from_docker, from_words
from stack.driver.errors import ImageError, StackError, last_lines
from stack.driver.progress import Board

SOURCE_LABEL = "compose-compliance.source"
REGISTRY_SECONDS = 5.0  # the time a registry has to name the image; pulling then takes what it takes
CA_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")


class Source(StrEnum):
    LOCAL = "local"
    REGISTRY = "registry"
    PACKAGES = "packages"


EVERY_SOURCE = (Source.LOCAL, Source.REGISTRY, Source.PACKAGES)


@dataclass(frozen=True, kw_only=True)
class Base:
    """An image that others make: the official reference, and its twin from Debian packages with the same interface."""

    official: str
    packaged: str
    recipe: Recipe


@dataclass(frozen=True, kw_only=True)
class Own:
    """An image built from a folder of this project, on the Python base."""

    name: str
    context: Path


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image that is here: its digest (its id, where no registry knows it), and where it came from."""

    reference: str
    digest: str
    source: str


REDIS = Base(
    official="redis:8.0",
    packaged="compliance-redis:8.0-debian13",
    recipe=Recipe(
        packages=("redis-server",),
        finish=(
            'chroot "$1" groupmod --gid 999 redis && chroot "$1" usermod --uid 999 --gid 999 redis',
            'install -d -o 999 -g 999 "$1/data"',
        ),
    ),
)
PROMETHEUS = Base(
    official="prom/prometheus:v2.53.3",
    packaged="compliance-prometheus:2.53-debian13",
    recipe=Recipe(packages=("prometheus",), finish=('install -d -o 65534 -g 65534 "$1/prometheus"',)),
)
PYTHON = Base(
    official="python:3.13-slim",
    packaged="compliance-python:3.13-debian13",
    recipe=Recipe(packages=("python3", "python3-venv")),
)
ENGINE = Base(  # for checks that need an engine of their own
    official="docker:26-dind",
    packaged="compliance-engine:26-debian13",
    recipe=Recipe(packages=("docker.io", "iptables")),
)
BASES = (REDIS, PROMETHEUS, PYTHON)
API = Own(name="compliance-api", context=ROOT / "service")
HEALER = Own(name="compliance-healer", context=ROOT / "stack" / "healer")


def chosen(text: str = "") -> tuple[Source, ...]:
    """The sources named in `text`, else in IMAGE_SOURCES, else all of them."""
    wanted = text or os.environ.get("IMAGE_SOURCES", "")
    return sources_from(wanted) if wanted else EVERY_SOURCE


def sources_from(text: str) -> tuple[Source, ...]:
    """'registry,packages' as sources in that order; raises ImageError for a word that names none."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    unknown = [word for word in words if word not in set(EVERY_SOURCE)]
    if unknown or not words:
        raise ImageError(
            f"{unknown[0] if unknown else 'nothing'!r} is no image source",
            hint=f"name one or more of {', '.join(EVERY_SOURCE)}, separated by commas",
        )
    return tuple(Source(word) for word in words)


def provide(board: Board, sources: tuple[Source, ...] = EVERY_SOURCE, *, refresh: bool = False) -> dict[str, str]:
    """See to it that every image of the shipped stack is here: {variable of compose.yaml: reference}.

    `refresh` makes root file systems again, with today's packages. Raises ImageError naming the first image that none
    of `sources` has.
    """
    if refresh:
        for base in BASES:
            _cached(base).unlink(missing_ok=True)
    bases = provide_bases(BASES, board, sources)
    return {
        "REDIS_IMAGE": bases[REDIS],
        "PROMETHEUS_IMAGE": bases[PROMETHEUS],
        "API_IMAGE": build(API, bases[PYTHON], board),
        "HEALER_IMAGE": build(HEALER, bases[PYTHON], board),
    }


def provide_bases(
    wanted: tuple[Base, ...], board: Board, sources: tuple[Source, ...] = EVERY_SOURCE
) -> dict[Base, str]:
    """{base: reference that is here now}, each from the first source that has it."""
    found: dict[Base, str] = {}
    why: tuple[str, ...] = ()
    for source in sources:
        missing = tuple(base for base in wanted if base not in found)
        if not missing:
            break
        match source:
            case Source.LOCAL:
                found |= _already_here(missing, board)
            case Source.REGISTRY:
                pulled, why = _pull_all(missing, board)
                found |= pulled
            case Source.PACKAGES:
                found |= _make_all(missing, board)
    for base in wanted:
        if base not in found:
            raise ImageError(
                f"image {base.official} is not to be had from: {', '.join(sources)}",
                details=why,
                hint="allow another source, e.g. `invoke images --sources packages`",
            )
    return found


def build(own: Own, python: str, board: Board) -> str:
    """The reference of an image of this project's own, built unless one of exactly this content is here."""
    here = _here()
    reference = f"{own.name}:{_content_key(own.context, here[python])}"
    if reference in here:
        board.show(own.name, "here")
        return reference
    board.show(own.name, f"building on {python}")
    arguments = {"PYTHON_IMAGE": python, "REVISION": _revision()}
    build_folder(own.context, reference, arguments=arguments, labels={SOURCE_LABEL: "built here"})
    board.show(own.name, "built")
    return reference


def build_folder(
    folder: Path,
    tag: str,
    *,
    dockerfile: str = "Dockerfile",
    target: str = "",
    arguments: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    no_cache: bool = False,
) -> str:
    """Build a folder as `tag`, with this machine's build secrets: what the builder said, step by step.

    Raises StackError with the builder's last words where it could not.
    """
    words = [f"--file={folder / dockerfile}", f"--tag={tag}", "--load"]
    words += [f"--build-arg={name}={value}" for name, value in (arguments or {}).items()]
    words += [f"--label={name}={value}" for name, value in (labels or {}).items()]
    words += [f"--target={target}"] * bool(target) + ["--no-cache"] * no_cache
    with _build_secrets() as secrets:
        return _buildx(folder, *words, *(f"--secret={secret}" for secret in secrets))


def context_of(folder: Path, dockerfile: str, tar: Path) -> None:
    """Write to `tar` what of a folder enters a build, as the `.dockerignore` that Docker would read leaves it."""
    with tempfile.TemporaryDirectory() as beside:
        everything = Path(beside) / "Dockerfile"
        everything.write_text("FROM scratch\nCOPY . /\n")
        ignored = folder / f"{dockerfile}.dockerignore"  # preferred to `.dockerignore` where there is one
        if ignored.is_file():
            everything.with_name("Dockerfile.dockerignore").write_bytes(ignored.read_bytes())
        _buildx(folder, f"--file={everything}", f"--output=type=tar,dest={tar}")


def base_arguments(arguments: Mapping[str, str]) -> dict[str, str]:
    """{build argument: reference that is here} of each that names a base which this project can provide."""
    wanted = {name: base for name, value in arguments.items() for base in BASES if base.official == value}
    if not wanted:
        return {}
    with Board() as board:
        found = provide_bases(tuple(dict.fromkeys(wanted.values())), board)
    return {name: found[base] for name, base in wanted.items()}


def inspect(reference: str) -> Mapping[str, Any]:
    """What `docker image inspect` says of an image."""
    found: list[Mapping[str, Any]] = json.loads(docker.ask("image", "inspect", reference))
    return found[0]


def history(reference: str) -> tuple[str, ...]:
    """What made each layer of an image, as whoever has the image may read it."""
    told = docker.ask("history", "--no-trunc", "--format", "{{json .CreatedBy}}", reference)
    return tuple(str(json.loads(line)) for line in told.splitlines())


def save(reference: str, tar: Path) -> None:
    """Write an image to a file with all its layers, as `docker save` does."""
    docker.ask("save", "--output", str(tar), reference)


def remove(reference: str) -> None:
    """Take the reference away, and the image with it if it has no other."""
    docker.ask("image", "rm", "--force", reference)


def look_at(references: Mapping[str, str]) -> dict[str, Image]:
    """{service: its image}, for {service: reference}; raises ImageError for one that is not here.

    Its own label tells where an image came from, else whether it has a registry's digest.
    """
    try:
        found = json.loads(docker.ask("image", "inspect", *references.values()))
    except StackError as problem:
        raise ImageError("not every image of the stack is here", details=problem.details) from problem
    pairs = zip(references.items(), found, strict=True)
    return {service: _image(reference, inspected) for (service, reference), inspected in pairs}


def _image(reference: str, inspected: Mapping[str, Any]) -> Image:
    labels = inspected["Config"].get("Labels") or {}
    digests = inspected.get("RepoDigests") or []
    source = labels.get(SOURCE_LABEL) or ("registry" if digests else "local")
    return Image(reference=reference, digest=digests[0] if digests else inspected["Id"], source=source)


def _already_here(wanted: tuple[Base, ...], board: Board) -> dict[Base, str]:
    found, here = {}, _here()
    for base in wanted:
        for reference in (base.official, base.packaged):
            if base not in found and reference in here:
                board.show(base.official, f"here, as {reference}" if reference != base.official else "here")
                found[base] = reference
    return found


def _here() -> dict[str, str]:
    """{reference: id} of every image that the engine has."""
    listed = docker.ask("image", "ls", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}")
    return dict(line.split(" ", 1) for line in listed.splitlines())


def _pull_all(wanted: tuple[Base, ...], board: Board) -> tuple[dict[Base, str], tuple[str, ...]]:
    """What the registry had, and what it said where it had nothing; one that does not answer is asked once."""
    found: dict[Base, str] = {}
    said: tuple[str, ...] = ()
    for base in wanted:
        board.show(base.official, "asking the registry")
        answered, said = _pull(base.official, board)
        if said:
            board.show(base.official, "not from a registry")
        else:
            board.show(base.official, "pulled")
            found[base] = base.official
        if not answered:
            break
    return found, said


def _pull(reference: str, board: Board) -> tuple[bool, tuple[str, ...]]:
    """(did the registry answer?, what went wrong). Runs the docker command itself, to be able to give up on it."""
    with subprocess.Popen(
        ["docker", "pull", reference], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as pull:
        patience = threading.Timer(REGISTRY_SECONDS, pull.kill)
        patience.start()
        said: list[str] = []
        answered = False
        try:
            for line in pull.stdout or ():
                said.append(line.strip())
                if "Pulling from" in line:
                    answered = True
                    patience.cancel()
                    board.show(reference, "pulling")
        finally:
            patience.cancel()
            if pull.poll() is None:
                pull.terminate()
    if pull.returncode == 0:
        return True, ()
    refused = any(word in " ".join(said) for word in ("manifest unknown", "not found", "denied", "toomanyrequests"))
    return answered or refused, last_lines("\n".join(said)) or (f"no answer within {REGISTRY_SECONDS:.0f} s",)


def _make_all(wanted: tuple[Base, ...], board: Board) -> dict[Base, str]:
    """Root file systems made side by side (cached ones as they are), then imported."""
    targets = {base: _cached(base) for base in wanted}
    missing = {base: target for base, target in targets.items() if not target.exists()}
    if missing:
        debian.require_mmdebstrap(board.say)
        _make_roots(missing, board)
    return {base: _import(base, target, board) for base, target in targets.items()}


def _cached(base: Base) -> Path:
    return debian.cached_root(base.packaged.split(":")[0], base.recipe)


def _make_roots(missing: dict[Base, Path], board: Board) -> None:
    making = {base: debian.start_making(target, base.recipe) for base, target in missing.items()}
    for base in making:
        board.show(base.official, f"building from Debian {debian.ROOT_RELEASE} packages")
    waiting = dict(making)
    try:
        while waiting:
            for base in [base for base, process in waiting.items() if process.poll() is not None]:
                debian.settle(missing[base], waiting.pop(base))
                board.show(base.official, "root file system made")
            time.sleep(0.1)
    finally:
        for base, process in waiting.items():
            debian.abandon(missing[base], process)


def _import(base: Base, root: Path, board: Board) -> str:
    board.show(base.official, f"importing as {base.packaged}")
    labels = {
        SOURCE_LABEL: f"Debian {debian.ROOT_RELEASE} packages: {' '.join(base.recipe.packages)}",
        "org.opencontainers.image.title": base.packaged.split(":")[0],
        "org.opencontainers.image.version": base.packaged.split(":")[1],
    }
    changes = [f'LABEL {name}="{value}"' for name, value in labels.items()]
    try:
        docker.DockerClient().image.import_(root, tag=base.packaged, changes=changes)
    except docker.DockerException as problem:
        raise from_docker(problem, f"import {base.packaged}") from problem
    board.show(base.official, f"built from packages, as {base.packaged}")
    return base.packaged


def _buildx(folder: Path, *words: str) -> str:
    command = ["docker", "buildx", "build", "--progress=plain", *words, str(folder)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise from_words(done.stderr, f"build {folder.name}")
    return done.stderr


def _revision() -> str:
    """The commit that an image is built from, for its label."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:  # an archive of the project needs no git
        return "unknown"
    return told.stdout.strip() or "unknown"


def _content_key(context: Path, base_id: str) -> str:
    """A hash over the base image and every file that could enter the build."""
    told = hashlib.sha256(base_id.encode())
    for path in sorted(context.rglob("*")):
        name = path.relative_to(context)
        if path.is_file() and not {"__pycache__", "tests"} & set(name.parts):
            told.update(str(name).encode() + b"\0" + path.read_bytes() + b"\0")
    return told.hexdigest()[:12]


@contextmanager
def _build_secrets() -> Iterator[list[str]]:
    """This machine's CA bundle and package index settings for the time of a build, never in a layer."""
    candidates = (os.environ.get("SSL_CERT_FILE"), *CA_BUNDLES)
    bundle = next((path for path in candidates if path and Path(path).is_file()), None)
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as settings:
        settings.write(_pip_settings())
        settings.flush()
        yield [f"id=pip,src={settings.name}", *([f"id=ca,src={bundle}"] if bundle else [])]


def _pip_settings() -> str:
    """The package index this machine's pip uses, as a pip.conf; paths of this machine mean nothing in a build."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    kept: dict[str, str] = {}
    for line in listed.stdout.splitlines():
        name, _, value = line.partition("=")
        key = name.rpartition(".")[2].lower().replace("_", "-")
        urls = [url for url in value.strip("'").replace("\\n", " ").split() if not url.startswith("file:")]
        if key in {"index-url", "extra-index-url", "trusted-host"} and urls:
            kept[key] = " ".join(urls)
    return "[global]\n" + "".join(f"{key} = {value}\n" for key, value in kept.items())
