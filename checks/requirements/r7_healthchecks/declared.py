"""The health check that files declare for a service: its Compose file, else the Dockerfile it is built from."""

from __future__ import annotations

import json
import re
from pathlib import Path

from stack.driver.project import Config

CONTINUED = re.compile(r"\\[ \t]*\n(?:[ \t]*#[^\n]*\n)*")
OPTION = re.compile(r"--\S+\s+")


def declared_test(spec: Config) -> tuple[str, ...]:
    """As `docker inspect` will say it, with single dollars; empty where nothing is declared, or it is switched off."""
    told = spec.get("healthcheck")
    if told is None:
        return _of_dockerfile(spec.get("build") or {})
    test = [str(word).replace("$$", "$") for word in told.get("test") or ()]
    return () if told.get("disable") or test[:1] == ["NONE"] else tuple(test)


def _of_dockerfile(build: Config) -> tuple[str, ...]:
    text = str(build.get("dockerfile_inline", ""))
    file = Path(build.get("context", "")) / str(build.get("dockerfile", "Dockerfile"))
    if not text and build and file.is_file():
        text = file.read_text(errors="replace")
    return test_in(text)


def test_in(dockerfile: str) -> tuple[str, ...]:
    """What the last HEALTHCHECK of its last stage runs."""
    found: tuple[str, ...] = ()
    for line in CONTINUED.sub(" ", dockerfile.replace("\r\n", "\n")).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word.upper() == "FROM":
            found = ()
        elif word.upper() == "HEALTHCHECK":
            found = _command(OPTION.sub("", rest.strip()) if rest.strip().startswith("--") else rest.strip())
    return found


def _command(rest: str) -> tuple[str, ...]:
    word, _, command = rest.partition(" ")
    if word.upper() != "CMD":
        return ()
    try:
        words = json.loads(command)
    except ValueError:
        return ("CMD-SHELL", command.strip())
    return ("CMD", *map(str, words))
