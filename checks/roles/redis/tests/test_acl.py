"""What rules come to: by the table of commands, and by a real Redis where one is here."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis as Client

from checks.roles.redis import commands
from checks.roles.redis.acl import GIVES_EVERYTHING, account
from stack.driver import wait

USER = "user-of-a-test"
CATEGORIES = sorted({category for categories in commands.known().values() for category in categories})
ASKED = ["get", "set", "del", "ping", "flushall", "config|set", "config|get", "acl|setuser", "acl|list", "client|list",
         "object|encoding", "keys", "eval", "multi", "subscribe", "shutdown", "info", "lpush"]  # fmt: skip


@pytest.mark.parametrize(
    ("rules", "almighty"),
    [
        ("on ~* &* +@all", True),
        ("on ~* +@all -flushall", True),
        ("on resetkeys +@all", True),
        ("on ~* -@all +@admin", True),
        ("on ~* -@all +@dangerous", True),
        ("on ~* -@all +acl|setuser", True),
        ("on ~* allcommands", True),
        ("on ~item:* -@all +get (%R~* resetchannels -@all +@all)", True),
        ("on ~* +@all -@dangerous", False),
        ("on ~* +@all -@admin", False),
        ("on ~* +@all -acl", False),
        ("on ~* +@all -acl|setuser", False),
        ("on ~* +@all -@all +get", False),
        ("on ~* +@all nocommands", False),
        ("on ~* +@all reset on +get", False),
        ("on %R~item:* %W~item:* -@all +@read +@write", False),
        ("on ~* -@all +acl|list +acl|whoami", False),
        ("on ~* -@all +@all -@dangerous (~tmp:* -@all +flushdb)", False),
        ("on ~* -@all +acl -acl|setuser", False),
        ("on ~* -@all +@search +ft.search", False),
    ],
)
def test_who_may_give_itself_everything_is_told(rules: str, almighty: bool) -> None:
    assert account(rules.split()).may(GIVES_EVERYTHING) is almighty


@pytest.mark.parametrize(
    ("rules", "on", "nopass"),
    [
        ("on nopass", True, True),
        ("on nopass off", False, True),
        ("on nopass resetpass", True, False),
        ("on nopass #5e88", True, False),
        ("on nopass >secret", True, False),
        ("", False, False),
        ("on nopass reset", False, False),
    ],
)
def test_the_last_word_on_a_user_holds(rules: str, on: bool, nopass: bool) -> None:
    found = account(rules.split())
    assert (found.on, found.nopass) == (on, nopass)


def test_the_table_is_of_every_command_with_its_subcommands() -> None:
    table = commands.known()
    assert {"admin", "dangerous", "slow"} == table["acl|setuser"]
    assert len(table) > 350
    assert set(ASKED) <= set(table)


def test_a_servers_answer_is_read_as_the_table_is() -> None:
    sub = ["acl|list", 2, [], 0, 0, 0, ["@admin"], [], [], []]
    answer: list[Any] = [["acl", -2, [], 0, 0, 0, ["@slow"], [], [], [sub]]]
    assert commands.of(answer) == {"acl": frozenset({"slow"}), "acl|list": frozenset({"admin"})}


class Redis:
    """A real Redis on a socket of its own, with nothing in it."""

    def __init__(self, socket: Path) -> None:
        self._client = Client(unix_socket_path=str(socket), decode_responses=True)
        self._client.response_callbacks.clear()  # answers as they come

    def ask(self, *words: str) -> Any:  # noqa: ANN401 - whatever Redis answers
        return self._client.execute_command(*words)  # type: ignore[no-untyped-call]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """The machine's own; where it has none, one of an image of ours that is here."""
    folder = tmp_path_factory.mktemp("redis")
    server = ["redis-server"] if shutil.which("redis-server") else in_a_container(folder)
    options = ("--port", "0", "--unixsocket", str(folder / "socket"), "--unixsocketperm", "777", "--save", "")
    with subprocess.Popen([*server, *options], stdout=subprocess.DEVNULL, cwd=folder) as running:
        try:
            wait.until((folder / "socket").exists, bool, within=10, every=0.05)
            yield Redis(folder / "socket")
        finally:
            running.terminate()


def in_a_container(folder: Path) -> list[str]:
    """What starts one that has this folder; skips where no engine, or no image, is here."""
    listed = ["docker", "image", "ls", "--filter", "reference=compliance-redis", "--format", "{{.Repository}}:{{.Tag}}"]
    asked = subprocess.run(listed, capture_output=True, text=True, check=False) if shutil.which("docker") else None
    images = asked.stdout.split() if asked else []
    if not images:
        pytest.skip("no Redis is here")
    alone = ("--rm", "--network", "none", "--user", f"{os.geteuid()}", "--volume", f"{folder}:{folder}")
    return ["docker", "run", *alone, "--entrypoint", "redis-server", images[0]]


rule = st.one_of(
    st.tuples(st.sampled_from("+-"), st.sampled_from(["@all", *(f"@{one}" for one in CATEGORIES)])).map("".join),
    st.tuples(st.sampled_from("+-"), st.sampled_from([*ASKED, "acl", "config", "client", "object"])).map("".join),
    st.sampled_from(["allcommands", "nocommands"]),
)
selector = st.lists(rule, min_size=1, max_size=4).map(lambda rules: f"(~* &* {' '.join(rules)})")
users = st.tuples(st.lists(rule, max_size=6), st.lists(selector, max_size=2))


@settings(derandomize=True, max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rules=users, asked=st.sampled_from(ASKED))
def test_redis_allows_what_was_foreseen(rules: tuple[list[str], list[str]], asked: str, real: Redis) -> None:
    own, selectors = rules
    real.ask("ACL", "SETUSER", USER, "reset", "on", "nopass", "~*", "&*", *own, *selectors)
    table = commands.of(real.ask("COMMAND"))
    listed = next(line for line in real.ask("ACL", "LIST") if line.split()[1] == USER)
    foreseen = account(listed.split()[2:], table).may(asked)
    assert (f"allowed: {asked}" if foreseen else f"denied: {asked}") == f"{_allowed(real, asked)}: {asked}"
    assert account(own + " ".join(selectors).split(), table).may(asked) is foreseen


def _allowed(real: Redis, command: str) -> str:
    """What Redis itself says to a command with enough arguments."""
    arity = abs(real.ask("COMMAND", "INFO", command)[0][1])
    words = command.split("|")
    told = real.ask("ACL", "DRYRUN", USER, *words, *["1"] * (arity - len(words)))
    return "allowed" if told == "OK" else "denied"
