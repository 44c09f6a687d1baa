"""What this machine's kernel can do of what Swarm builds on: found out before anything is rendered for it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/")
LISTS = ("modules.dep", "modules.builtin")  # of a kernel's modules: those that can be loaded, those that are part of it
IPVS, ESP = "ip_vs", "esp4"


@dataclass(frozen=True, kw_only=True)
class Kernel:
    """Whether it balances load between tasks (IPVS: virtual addresses, the ingress mesh), and encrypts (ESP)."""

    ipvs: bool
    esp: bool


def seen(root: Path = ROOT) -> Kernel:
    """By what it has loaded, has built in, or could load; what cannot be found is not relied on."""
    loaded = _first_words(root / "proc/modules")
    modules = root / "lib/modules" / os.uname().release
    there = loaded.union(*(_module_names(modules / name) for name in LISTS))
    return Kernel(ipvs=IPVS in there or (root / "proc/net/ip_vs").exists(), esp=ESP in there)


def _first_words(file: Path) -> set[str]:
    return {line.split(maxsplit=1)[0] for line in _lines(file) if line.strip()}


def _module_names(file: Path) -> set[str]:
    """'kernel/net/netfilter/ipvs/ip_vs.ko.xz: ...' as 'ip_vs'."""
    return {Path(line.partition(":")[0]).name.partition(".")[0] for line in _lines(file)}


def _lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.is_file() else []
