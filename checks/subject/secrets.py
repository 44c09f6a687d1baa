"""Everything of a project that is a secret, so that it can be hidden and searched for."""

from __future__ import annotations

from pathlib import Path

from checks.subject.credentials import Credentials, text_of
from checks.subject.secret_places import is_ordinary, places
from stack.driver.project import Config


def secrets_of(config: Config, credentials: Credentials, *, if_there: bool = False) -> dict[str, str]:
    """{name: text} of every one-line secret: of the profile's logins, Compose's secrets, and what is named so.

    A login's password of several lines is as many secrets: anybody may show a line of it.

    Named so are environment values (`DB_PASSWORD`), arguments (`--requirepass`) and settings, where no secret should
    stand. An ordinary word is none of these. Raises SubjectError for a file that cannot be read, unless those are
    wanted that are there.
    """
    files = {name: credentials.file(name) for name in credentials.subject.credentials}
    declared = config.get("secrets") or {}
    files |= {name: Path(spec["file"]) for name, spec in declared.items() if "file" in spec}
    texts = {name: text_of(file).strip() for name, file in files.items() if file.is_file() or not if_there}
    for one in places(config, credentials.directory):
        if not is_ordinary(one.value, config):
            texts.setdefault(one.name, one.value)
    lines = {name: lines_of(texts.pop(name)) for name in credentials.subject.credentials if "\n" in texts.get(name, "")}
    texts = {name: text for name, text in texts.items() if text and "\n" not in text}
    return texts | {f"{name} (line {at})": line for name, of in lines.items() for at, line in enumerate(of, 1)}


def lines_of(secret: str) -> list[str]:
    """Its lines, those left out that say what it is (`-----BEGIN ...`)."""
    return [line.strip() for line in secret.splitlines() if line.strip() and not line.startswith("-----")]
