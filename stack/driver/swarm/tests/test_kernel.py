"""What a kernel can do is read where kernels say it."""

import os
from pathlib import Path

import pytest

from stack.driver.swarm import kernel
from stack.driver.swarm.kernel import Kernel

MODULES = f"lib/modules/{os.uname().release}"


def write(root: Path, name: str, text: str = "") -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


def test_what_is_not_found_is_not_relied_on(tmp_path: Path) -> None:
    assert kernel.seen(tmp_path) == Kernel(ipvs=False, esp=False)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("proc/net/ip_vs", "IP Virtual Server version 1.2.1"),
        ("proc/modules", "ip_vs 176128 0 - Live 0x0\n"),
        (f"{MODULES}/modules.dep", "kernel/net/netfilter/ipvs/ip_vs.ko.xz: kernel/lib/libcrc32c.ko.xz\n"),
        (f"{MODULES}/modules.builtin", "kernel/net/netfilter/ipvs/ip_vs.ko\n"),
    ],
)
def test_ipvs_is_found_wherever_it_is(tmp_path: Path, name: str, text: str) -> None:
    write(tmp_path, name, text)
    assert kernel.seen(tmp_path) == Kernel(ipvs=True, esp=False)


def test_a_module_of_a_like_name_is_another(tmp_path: Path) -> None:
    write(tmp_path, f"{MODULES}/modules.dep", "kernel/net/netfilter/ipvs/ip_vs_rr.ko: kernel/net/ip_vs.ko\n")
    write(tmp_path, "proc/modules", "esp4_offload 16384 0 - Live 0x0\n")
    assert kernel.seen(tmp_path) == Kernel(ipvs=False, esp=False)


def test_what_is_for_another_kernel_does_not_count(tmp_path: Path) -> None:
    write(tmp_path, "lib/modules/0.0.1/modules.dep", "kernel/net/ipv4/esp4.ko:\n")
    assert not kernel.seen(tmp_path).esp
    write(tmp_path, f"{MODULES}/modules.dep", "kernel/net/ipv4/esp4.ko:\n")
    assert kernel.seen(tmp_path).esp
