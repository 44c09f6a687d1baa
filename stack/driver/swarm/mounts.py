"""What a service mounts, as Swarm gives it to a task on any node: files as configs, data on the node that has them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HASH_LENGTH = 12
LONGEST_NAME = 64  # of a config or a secret
READ_ONLY = 0o444


@dataclass(frozen=True, kw_only=True)
class Content:
    """A file that tasks get from the managers; its name carries a hash: a change is another one, and rolls."""

    key: str
    file: str
    digest: str
    target: str

    def named(self, stack: str) -> dict[str, str]:
        """What stands for it at the top of a stack file."""
        name = f"{stack}_{self.key}"[: LONGEST_NAME - HASH_LENGTH - 1]
        return {"name": f"{name}-{self.digest[:HASH_LENGTH]}", "file": self.file}


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def secret_digest_of(content: bytes) -> str:
    """The same where a name must not help anybody to guess what is in it: every try costs 16 MB and some 50 ms."""
    return hashlib.scrypt(content, salt=b"compose-compliance", n=2**14, r=8, p=1, dklen=HASH_LENGTH // 2).hex()


def configs_of(service: str, spec: Mapping[str, Any], instead: Mapping[str, Path]) -> list[Content]:
    """What the service has mounted to read, a config for each file; `instead` names files that take others' places."""
    return [
        _config(service, instead.get(str(file), file), target)
        for mount in spec.get("volumes") or ()
        if is_content(mount)
        for file, target in _files(Path(mount["source"]), mount["target"])
    ]


def kept_of(spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What stays a mount: volumes, and folders of a node that the service writes to."""
    return [
        {key: mount[key] for key in ("type", "source", "target", "read_only") if key in mount}
        for mount in spec.get("volumes") or ()
        if not is_content(mount)
    ]


def is_content(mount: Mapping[str, Any]) -> bool:
    """Whether it is a file or folder of this machine that is only read."""
    return mount["type"] == "bind" and bool(mount.get("read_only")) and not Path(mount["source"]).is_socket()


def holds_data(spec: Mapping[str, Any]) -> bool:
    """Whether it writes to what one node has: its tasks cannot go elsewhere, and not two of them at once."""
    return any(mount["type"] in {"bind", "volume"} and not mount.get("read_only") for mount in kept_of(spec))


def _files(source: Path, target: str) -> Iterator[tuple[Path, str]]:
    if source.is_dir():
        yield from ((one, f"{target}/{one.relative_to(source)}") for one in sorted(source.rglob("*")) if one.is_file())
    else:
        yield source, target


def _config(service: str, file: Path, target: str) -> Content:
    key = re.sub(r"[^\w.-]+", "-", f"{service}{target}")
    return Content(key=key, file=str(file), digest=digest_of(file.read_bytes()), target=target)
