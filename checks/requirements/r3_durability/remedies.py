"""Changes to files that have a project keep the rules of R3."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from checks.core.verdict import Violation
from checks.requirements.r3_durability.judge.restart import DURABLE
from checks.subject import yaml_edit
from checks.subject.draft import Draft, NoPatchError, by_name, remedies
from checks.subject.roles import Role

QUOTES = ("'", '"')


@remedies("nothing-suspends-fsync")
def append_and_fsync(draft: Draft, violation: Violation) -> None:
    """By options of its command, which go before what its configuration says."""
    service = draft.files.roles[Role.REDIS]
    options = [word for name in by_name(violation) for word in (f"--{name}", DURABLE[name])]
    if holding := draft.holding("services", service, "command"):
        _add_words(draft, holding[-1], ("services", service, "command"), options)
    else:
        draft.set(service, "command", json.dumps([*_server(draft, service), *options]))


def _server(draft: Draft, service: str) -> list[str]:
    """What the options stand behind: nothing, where its entrypoint starts Redis already."""
    spec = draft.files.services[service]
    if spec.get("command"):
        raise NoPatchError(f"how `{service}` is started is written elsewhere")
    if spec.get("entrypoint"):
        return []
    return ["valkey-server" if "valkey" in str(spec.get("image")) else "redis-server"]


def _add_words(draft: Draft, path: Path, keys: tuple[str, ...], words: list[str]) -> None:
    text = draft.text(path)
    node = yaml_edit.node_at(text, keys)
    if isinstance(node, yaml.SequenceNode):
        for word in words:
            text = yaml_edit.with_item(text, keys, json.dumps(word))
    elif node is not None:
        text = yaml_edit.replaced(text, node, _with_words(yaml_edit.written(text, node), words))
    draft.write(path, text)


def _with_words(line: str, words: list[str]) -> str:
    """Inside of its quotes, where it is in some."""
    quote = line[-1] if line.endswith(QUOTES) and line.startswith(QUOTES) else ""
    return f"{line.removesuffix(quote)} {' '.join(words)}{quote}"
