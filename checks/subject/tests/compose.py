"""For tests that resolve Compose files as Compose does: they need its plugin, and no engine."""

import shutil
import subprocess

import pytest


def _is_here() -> bool:
    docker = shutil.which("docker")
    return (
        docker is not None
        and subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode == 0
    )


needs_compose = pytest.mark.skipif(not _is_here(), reason="the Compose plugin is not here: `invoke engine` provides it")
