"""The package, built once and installed in a fresh environment."""

import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from stack import ROOT

MEGABYTE = 1e6


def timed(told: str, words: Sequence[object], folder: Path) -> None:
    began = time.monotonic()
    subprocess.run([str(word) for word in words], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    print(f"{told}: {time.monotonic() - began:.1f} s")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    timed("build", [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, "."], ROOT)
    (built,) = folder.glob("*.whl")
    print(f"{built.name}: {built.stat().st_size / MEGABYTE:.2f} MB, {len(zipfile.ZipFile(built).namelist())} files")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, installed with the versions of the lock file."""
    folder = tmp_path_factory.mktemp("environment")
    locked = re.findall(r"^\S+==.*?(?= \\$)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    (folder / "versions.txt").write_text("\n".join(locked))
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    pip = (folder / "venv" / "bin" / "pip", "--quiet", "--disable-pip-version-check")
    timed("install", [*pip, "install", "--constraint", folder / "versions.txt", wheel], folder)
    packages = list((folder / "venv").glob("lib/*/site-packages/*.dist-info"))
    size = sum(path.stat().st_size for path in (folder / "venv").rglob("*") if path.is_file())
    print(f"dependencies: {len(packages) - 1}, with pip and setuptools; {size / MEGABYTE:.0f} MB on the disk")
    return folder / "venv" / "bin" / "compose-compliance"
