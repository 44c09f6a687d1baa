"""A Compose project as files, and what lets a copy run beside the original."""

import json
from pathlib import Path

import pytest

from stack.driver import bounded, docker
from stack.driver import detached as copies
from stack.driver.errors import StackError, SubjectError
from stack.driver.project import ComposeProject, seconds_in

API = {"image": "shop:1", "container_name": "shop", "ports": [{"target": 5000, "published": "80"}, {"target": 81}]}
SHARED = {"name": "everybody"}
LABELS = {"compose-compliance.run": "checks"}


def detached(**kinds: object) -> list[str]:
    config = {"services": {"api": API, "redis": {"image": "redis"}}, **kinds}
    return copies.detached(config, "checks-1", LABELS).splitlines()


def test_a_copy_publishes_on_loopback_ports_of_its_own() -> None:
    ports = [line.strip() for line in detached() if "ports" in line]
    assert ports == ['ports: !override ["127.0.0.1::5000/tcp", "127.0.0.1::81/tcp"]']


def test_a_copy_has_no_fixed_names() -> None:
    lines = detached(
        networks={"default": {"name": "checks-1_default"}, "front": SHARED},
        volumes={"data": SHARED, "own": {"name": "checks-1_own"}},
    )
    assert lines.count("    container_name: !reset null") == 1
    own_name = [line.strip().partition(":")[0] for line in lines if "name: !reset null, labels" in line]
    assert own_name == ['"front"', '"data"']


@pytest.mark.parametrize(
    ("network", "options"),
    [
        ({}, {}),
        ({"driver": "bridge", "driver_opts": {"com.docker.network.bridge.name": "br-shop"}}, {}),
        ({"driver_opts": {"com.docker.network.driver.mtu": "1400"}}, {"com.docker.network.driver.mtu": "1400"}),
        ({"driver_opts": {"com.docker.network.bridge.enable_ip_masquerade": "true"}}, {}),
    ],
)
def test_a_strangers_copy_has_no_route_out(network: dict[str, object], options: dict[str, str], tmp_path: Path) -> None:
    services = {"a": {"image": "x", "networks": ["front"]}}
    (tmp_path / "compose.yaml").write_text(json.dumps({"services": services, "networks": {"front": network}}))
    strangers = ComposeProject(tmp_path, "compose.yaml", "checks-1")
    strangers.kept_in = True
    strangers.detach()
    without = {"com.docker.network.bridge.enable_ip_masquerade": "false"}
    assert strangers.config["networks"]["front"]["driver_opts"] == options | without


def test_a_trusted_copy_keeps_its_route_out() -> None:
    assert not [line for line in detached(networks={"front": {}}) if "masquerade" in line]


def test_everything_of_a_copy_is_marked_as_of_this_run() -> None:
    lines = detached(networks={"default": {"name": "checks-1_default"}}, volumes={"data": SHARED})
    assert len([line for line in lines if 'labels: {"compose-compliance.run": "checks"}' in line]) == 4


@pytest.mark.parametrize("kind", ["networks", "volumes"])
def test_what_a_copy_would_share_is_refused(kind: str) -> None:
    with pytest.raises(SubjectError, match=f"{kind[:-1]} `outside` is external"):
        detached(**{kind: {"outside": {"name": "outside", "external": True}}})


@pytest.fixture
def copy(tmp_path: Path) -> ComposeProject:
    return ComposeProject(tmp_path, "compose.yaml", "checks-1")


def test_what_is_declared_is_asked_without_what_detaches_a_copy(
    copy: ComposeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []

    def ask(*words: str, **_: object) -> str:
        asked.append(words)
        return '{"services": {}}'

    monkeypatch.setattr(bounded, "ask", ask)
    copy.detach()
    copy.override("services: { new: {} }\n")
    assert (copy.config, copy.declared) == ({"services": {}}, {"services": {}})
    files = [[Path(word).name for word in words if ".yaml" in word] for words in asked]
    assert files == [
        ["compose.yaml"],
        ["compose.yaml", ".compliance.override.yaml.0", ".compliance.override.yaml.1"],
        ["compose.yaml", ".compliance.override.yaml.1"],
    ]


def test_a_warning_of_compose_is_told_without_when_and_where(
    copy: ComposeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = f'time="2026" level=warning msg="{copy.directory}/compose.yaml: `version` is obsolete"'
    unset = r'level=warning msg="The \"TAG\" variable is not set"'
    monkeypatch.setattr(docker, "complaints", lambda *_, **__: [said, unset, unset, "something else"])
    assert copy.warnings() == ("compose.yaml: `version` is obsolete", 'The "TAG" variable is not set')


@pytest.mark.parametrize("problem", [StackError("no", details=("line 7: bad",)), SubjectError("it takes too much")])
def test_what_does_not_resolve_is_not_tried_again(
    copy: ComposeProject, monkeypatch: pytest.MonkeyPatch, problem: StackError
) -> None:
    asked = []

    def ask(*words: str, **_: object) -> str:
        asked.append(words)
        raise problem

    monkeypatch.setattr(bounded, "ask", ask)
    for _ in range(3):
        with pytest.raises(SubjectError, match=r"does not resolve|too much"):
            _ = copy.config
    copy.override("services: {}\n")
    with pytest.raises(SubjectError):
        _ = copy.config
    assert len(asked) == 2  # once for each set of files


def test_overrides_lie_over_one_another(copy: ComposeProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "ask", lambda *words, **_: json.dumps({"services": {"files": len(words)}}))
    before = copy.config
    copy.override("services: {}\n")
    copy.override("services: { new: {} }\n")
    assert copy.config != before
    assert [path.read_text() for path in copy.files[1:]] == ["services: {}\n", "services: { new: {} }\n"]


@pytest.mark.parametrize(
    ("told", "seconds"), [("2s", 2.0), ("1m30s", 90.0), ("1.5s", 1.5), ("250ms", 0.25), ("0s", 0.0)]
)
def test_a_duration_is_read(told: str, seconds: float) -> None:
    assert seconds_in(told) == seconds


def test_a_container_name_taken_away_stays_as_an_alias() -> None:
    config = {"services": {"web": {"container_name": "shop", "networks": {"front": None}}}}
    lines = copies.detached(config, "checks-1", LABELS).splitlines()
    assert '    networks: {"front": {"aliases": ["shop"]}}' in lines
