"""Where Redis' data lie on one node is read from files, and nothing is objected to that may be well."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from checks.core.registry import objections
from checks.core.verdict import NotApplicableError
from checks.requirements.r3_durability.observe.swarm import read_placement
from checks.subject.profile import Subject
from checks.subject.stack import Stack
from checks.subject.tests.resolved import resolved

Spec = Mapping[str, object]
VOLUME = {"type": "volume", "source": "data", "target": "/data"}
NFS = {"driver_opts": {"type": "nfs", "o": "addr=10.0.0.1,rw", "device": ":/data"}}


def stack(folder: Path, mount: Spec, deploy: Spec, volume: Spec) -> Stack:
    redis = {"image": "redis:8.0", "volumes": [mount], "deploy": deploy}
    config = {"services": {"redis": redis}, "volumes": {"data": volume}}
    return resolved(Subject(compose_file=folder / "compose.yaml"), folder, config)


@pytest.mark.parametrize(
    ("deploy", "objected"),
    [
        ({"placement": {"constraints": ["node.hostname==one"]}}, False),
        ({"placement": {"constraints": ["node.role == manager"]}, "replicas": 1}, False),
        ({}, True),
        ({"placement": {"constraints": ["node.role!=manager"]}}, True),
        ({"placement": {"constraints": ["node.hostname==one"]}, "replicas": 2}, True),
        ({"placement": {"constraints": ["node.labels.redis==here"]}, "mode": "global"}, True),
    ],
)
def test_redis_stays_where_its_data_are(deploy: Spec, objected: bool, tmp_path: Path) -> None:
    assert bool(objections(read_placement(stack(tmp_path, VOLUME, deploy, {})))) == objected


@pytest.mark.parametrize(
    ("mount", "volume"),
    [
        (VOLUME, NFS),
        (VOLUME, {"driver": "rexray"}),
        (VOLUME, {"external": True}),
        ({"type": "bind", "source": "/mnt/shared/redis", "target": "/data"}, {}),
        (VOLUME | {"read_only": True}, {}),
    ],
)
def test_what_may_be_reached_from_every_node_is_let_be(mount: Spec, volume: Spec, tmp_path: Path) -> None:
    with pytest.raises(NotApplicableError):
        read_placement(stack(tmp_path, mount, {}, volume))


def test_a_folder_of_the_project_is_of_one_node(tmp_path: Path) -> None:
    mount = {"type": "bind", "source": str(tmp_path / "data"), "target": "/data"}
    assert read_placement(stack(tmp_path, mount, {}, {})).data == ("data",)
