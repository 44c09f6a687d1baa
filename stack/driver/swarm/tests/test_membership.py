"""A swarm that is somebody's is never left, and one of ours leaves nothing."""

import json

import pytest

from stack.driver import docker
from stack.driver.errors import EngineError
from stack.driver.swarm import membership
from stack.driver.swarm.membership import BEGUN, BRIDGE, GATEWAY


class Engine:
    """What the docker command would say, and what it was told to do."""

    def __init__(self, state: str = "active", *labels: str, others: int = 0, services: str = "") -> None:
        self.state, self.manages, self.labels = state, True, dict.fromkeys(labels, "here")
        self.others, self.services, self.networks = others, services, "bridge\nhost\n"
        self.done: list[tuple[str, ...]] = []

    def ask(self, *words: str) -> str:
        ids = ["one", *(f"other-{number}" for number in range(self.others))]
        answers = {
            ("info",): json.dumps({"LocalNodeState": self.state, "ControlAvailable": self.manages, "NodeID": "one"}),
            ("node", "ls"): "\n".join(ids),
            ("node", "inspect"): json.dumps([self._node(one) for one in ids]),
            ("service", "ls"): self.services,
            ("network", "ls"): self.networks,
        }
        answer = next((said for asked, said in answers.items() if words[: len(asked)] == asked), None)
        if answer is None:
            self.done.append(words)
        return answer or ""

    def _node(self, one: str) -> dict[str, object]:
        labels = self.labels if one == "one" else {}
        return {"ID": one, "Description": {"Hostname": one}, "Status": {"State": "ready"}, "Spec": {"Labels": labels}}


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    found = Engine()
    monkeypatch.setattr(docker, "ask", found.ask)
    return found


def commands(engine: Engine) -> list[tuple[str, ...]]:
    return [words[:2] for words in engine.done]


def test_no_swarm_is_begun_that_nobody_asked_for(engine: Engine) -> None:
    engine.state = "inactive"
    with pytest.raises(EngineError, match="in no swarm"):
        membership.require(begin=False)
    assert engine.done == []


def test_one_that_is_there_is_taken_as_it_is(engine: Engine) -> None:
    assert membership.require(begin=True) is False
    assert engine.done == []


@pytest.mark.parametrize("state", ["pending", "locked", "error"])
def test_one_in_trouble_is_not_begun_over(engine: Engine, state: str) -> None:
    engine.state = state
    with pytest.raises(EngineError, match=state):
        membership.require(begin=True)
    assert engine.done == []


def test_a_worker_is_told_to_go_to_a_manager(engine: Engine) -> None:
    engine.manages = False
    with pytest.raises(EngineError, match="does not manage"):
        membership.require(begin=True)


@pytest.mark.parametrize(("networks", "labels"), [("bridge\n", {BEGUN, BRIDGE}), (f"{GATEWAY}\n", {BEGUN})])
def test_a_new_one_is_out_of_reach_and_known_as_ours(engine: Engine, networks: str, labels: set[str]) -> None:
    engine.state, engine.networks = "inactive", networks
    assert membership.require(begin=True) is True
    begun, labelled = engine.done
    assert begun == ("swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1:2377")
    assert {word.partition("=")[0] for word in labelled if "=" in word} == labels


def test_ours_is_left_without_a_trace(engine: Engine) -> None:
    engine.labels = {BEGUN: "here", BRIDGE: "here"}
    assert membership.end_if_ours()
    assert engine.done == [("swarm", "leave", "--force"), ("network", "rm", GATEWAY)]


def test_a_bridge_that_was_there_before_stays(engine: Engine) -> None:
    engine.labels = {BEGUN: "here"}
    assert membership.end_if_ours()
    assert commands(engine) == [("swarm", "leave")]


@pytest.mark.parametrize(("labels", "others", "services"), [([], 0, ""), ([BEGUN], 1, ""), ([BEGUN], 0, "abc")])
def test_what_others_use_is_not_left(engine: Engine, labels: list[str], others: int, services: str) -> None:
    engine.labels, engine.others, engine.services = dict.fromkeys(labels, "here"), others, services
    assert not membership.end_if_ours()
    assert engine.done == []


def test_data_stay_on_the_node_that_has_them(engine: Engine) -> None:
    engine.labels = {"shop.redis": "here"}
    assert membership.pin(["shop.redis", "shop.prometheus"]) == ["shop.prometheus"]
    assert engine.done == [("node", "update", "--label-add", "shop.prometheus=here", "one")]


def test_only_labels_of_the_stack_are_taken_away(engine: Engine) -> None:
    engine.labels, engine.others = {"shop.redis": "here", "shopping": "here", BEGUN: "here"}, 1
    membership.unpin("shop")
    assert engine.done == [("node", "update", "--label-rm", "shop.redis", "one")]
