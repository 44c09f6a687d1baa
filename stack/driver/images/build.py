"""Build an image of ours from a folder, under a name that follows from what is in it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from stack import ROOT
from stack.driver.docker import from_words, why_not_built
from stack.driver.errors import BuildError, StackError
from stack.driver.images.bases import SOURCE_LABEL, Own
from stack.driver.images.sources import found_here
from stack.driver.progress import Progress

CA_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")


def build(own: Own, python: str, progress: Progress) -> str:
    """The reference of an image of this project's own, built unless one of exactly this content is here."""
    here = found_here()
    reference = f"{own.name}:{_content_key(own.context, here[python])}"
    if reference in here:
        progress.show(own.name, "here")
        return reference
    progress.show(own.name, f"building on {python}")
    arguments = {"PYTHON_IMAGE": python, "REVISION": _revision()}
    build_folder(own.context, reference, arguments=arguments, labels={SOURCE_LABEL: "built here"})
    progress.show(own.name, "built")
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


def _buildx(folder: Path, *words: str) -> str:
    command = ["docker", "buildx", "build", "--progress=plain", *words, str(folder)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        why, problem = why_not_built(done.stderr), from_words(done.stderr, f"build {folder.name}")
        raise BuildError("an image cannot be built", details=(why,)) if why and type(problem) is StackError else problem
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
