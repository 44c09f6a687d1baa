"""Each patch, applied by git, has its rule kept and breaks no other: of the stack that ships."""

import json
from pathlib import Path

import pytest
import yaml

from checks.campaigns.subjects.remedied import applied, broken, named, patched
from checks.command import example
from checks.harness import remedy
from checks.subject.draft import Draft, NoPatchError
from checks.subject.tests.compose import needs_compose
from stack import ROOT, SHIPPED

BACKEND = "    networks: [backend]\n"
WGET = ("CMD", "wget", "-q", "-T", "1", "-O", "-", "http://127.0.0.1:9090/-/healthy")
SABOTAGES = {  # {rule: (file, what stands there, what is to stand there)} of the stack that ships
    "no-dangerous-privileges": ("compose.yaml", BACKEND, f"{BACKEND}    pid: host\n    restart: on-failure\n"),
    "published-on-loopback-only": ("compose.yaml", '"127.0.0.1:5000:5000"', "5000:5000"),
    "nothing-suspends-fsync": ("redis/redis.conf", "appendfsync always", "appendfsync everysec"),
    "engine-restart-comes-back": ("compose.yaml", "", ""),  # by what stands above
    "check-can-fail": ("compose.yaml", json.dumps(WGET), json.dumps(["CMD-SHELL", f"{' '.join(WGET[1:])} || true"])),
    "found-within-minutes": ("compose.yaml", "start_period: 120s           # nor", "interval: 300s # nor"),
    "healed-within-minutes": ("compose.yaml", "", ""),  # likewise
    "container-non-root": ("compose.yaml", "user: ${API_USER:-10001:10001}", 'user: "0"'),
}
HEALER = ROOT / "stack" / "ops" / "healer.compose.yaml"
MAY_DIFFER = {"user", "volumes", "security_opt"}  # variables there, and a profile that lies beside the shipped file
MENDED_BY_ANOTHER = {"healed-within-minutes"}


@needs_compose
def test_what_was_sabotaged_is_mended(tmp_path: Path) -> None:
    shipped = example.written(tmp_path / "ours")
    for file, old, new in SABOTAGES.values():
        text = (shipped / file).read_text()
        assert old in text
        (shipped / file).write_text(text.replace(old, new, 1))
    told = remedy.told(shipped)
    assert named(told) == set(SABOTAGES)
    assert patched(told) == set(SABOTAGES) - MENDED_BY_ANOTHER, told
    applied(shipped, told)
    assert broken(shipped) == set()


@needs_compose
def test_a_project_without_fault_gets_no_patch(tmp_path: Path) -> None:
    assert remedy.told(example.written(tmp_path / "ours")) == remedy.NOTHING


@needs_compose
def test_snippets_have_the_names_of_the_subject(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(SHOP)
    told = remedy.told(tmp_path)
    assert "#   |   shop:\n#   |     secrets: [redis-app-password]\n" in told
    assert "invoke healer --to DIR" in told


SHOP = """\
services:
  shop: { image: "shop:1", ports: ["127.0.0.1:80:80"], environment: { DB_PASSWORD: a-secret-word-42 } }
  store: { image: "redis:8.0", restart: always }
"""


@needs_compose
def test_a_change_that_breaks_another_rule_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here one that publishes Redis to mend something else: of another requirement, so that all is done again."""
    (tmp_path / "compose.yaml").write_text(SHOP)

    def harmful(rule: str, draft: Draft, _: object) -> None:
        if rule != "nothing-suspends-fsync":
            raise NoPatchError("not here")
        draft.set("store", "command", '["redis-server", "--appendonly", "yes", "--appendfsync", "always"]')
        draft.set("store", "ports", '["6379:6379"]')

    monkeypatch.setattr(remedy, "drafted", harmful)
    told = remedy.told(tmp_path)
    assert patched(told) == set()
    assert "what mends it breaks published-on-loopback-only, redis-on-no-host-port" in told


@needs_compose
def test_the_healer_is_included_and_breaks_nothing(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(SHOP)
    before = broken(tmp_path)
    included = example.healer(tmp_path / "healer")
    (included.parent / ".env").write_text("DOCKER_GID=999\n")
    (tmp_path / "compose.yaml").write_text(f"include: [healer/compose.yaml]\n{SHOP}")
    assert broken(tmp_path) == before
    assert "invoke healer" not in remedy.told(tmp_path)
    assert {path.name for path in included.parent.iterdir()} >= {
        "Dockerfile",
        ".dockerignore",
        "supervisor.py",
        "filter",
    }


def test_the_healer_is_that_which_ships() -> None:
    """Its services say the same as in the stack that ships, but for where the image comes from and who looks on."""
    both = [yaml.safe_load(path.read_text())["services"] for path in (HEALER, SHIPPED / "compose.yaml")]
    ours, shipped = both
    for name, spec in ours.items():
        assert {key for key in spec if key != "build" and spec[key] != shipped[name].get(key)} <= MAY_DIFFER, name
