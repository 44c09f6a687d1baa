"""One thing broken in a fresh stack before it starts. What cannot be broken raises StackError: nothing is concluded."""

import hashlib
import json
import os
import shlex
from pathlib import Path

from checks.faults.process import rewrite
from checks.subject.profile import Config, Role
from stack.driver.errors import StackError
from stack.driver.helper import python_image
from stack.driver.project import Sabotage, Stack

RESTARTER = (Path(__file__).parent / "restarter.py").read_text()


def nothing(_: Stack) -> None:
    """The stack as it is, for controls that sabotage what is done to it."""


def redis_with(*arguments: str) -> Sabotage:
    """Redis started with these arguments behind its own, which they override."""

    def sabotage(stack: Stack) -> None:
        spec = _redis(stack)
        own = spec.get("command") or ([] if spec.get("entrypoint") else ["redis-server"])
        _override(stack, Role.REDIS, command=[*own, *arguments])

    return sabotage


fsync_every_second = redis_with("--appendfsync", "everysec")
fsync_never = redis_with("--appendfsync", "no")
fsync_suspended_by_rewrites = redis_with("--no-appendfsync-on-rewrite", "yes")
torn_tail_stops_the_start = redis_with("--aof-load-truncated", "no")
nothing_saved = redis_with("--appendonly", "no", "--save", "")
nothing_logged = redis_with("--logfile", "/dev/null")


def started_again_at_once(stack: Stack) -> None:
    """Redis in a loop that starts it again as soon as it has ended: no restart policy sees any of it."""
    loop = "trap 'kill $$!; exit' TERM; while :; do \"$$@\" & wait; done"
    _override(stack, Role.REDIS, entrypoint=["sh", "-c", loop, "again"], command=_started_with(stack))


def damage_repaired_at_the_start(stack: Stack) -> None:
    """An entrypoint that first has every append-only file repaired, whatever that throws away."""
    repair = "for each; do yes | redis-check-aof --fix $$each; done"
    _before_redis(stack, f"-name '*.manifest' -exec sh -c '{repair}' repair {{}} +")


def data_thrown_away_at_the_start(stack: Stack) -> None:
    """An entrypoint that first removes what there is."""
    _before_redis(stack, "-mindepth 1 -delete")


def _before_redis(stack: Stack, expression: str) -> None:
    """Redis started only after this was done to its data (an expression of `find`)."""
    folders = [mount["target"] for mount in _redis(stack).get("volumes") or () if not mount.get("read_only")]
    first = f'find {shlex.join(folders)} {expression}; exec "$$@"'
    _override(stack, Role.REDIS, entrypoint=["sh", "-c", first, "first"], command=_started_with(stack))


def fsync_swallowed(stack: Stack) -> None:
    """The kernel tells Redis that each fsync was done, and does nothing: its own word is then worth nothing."""
    rule = {"names": ["fsync", "fdatasync", "sync_file_range"], "action": "SCMP_ACT_ERRNO", "errnoRet": 0}
    profile = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}
    (stack.directory / "swallowed.json").write_text(json.dumps(profile))
    _override(stack, Role.REDIS, security_opt=["seccomp:./swallowed.json"])


def data_beside_the_mount(stack: Stack) -> None:
    """The append-only file in memory, in a directory of the container's own."""
    _override(stack, Role.REDIS, tmpfs=["/beside:mode=1777"])
    redis_with("--dir", "/beside")(stack)


DEFAULT_OFF = "user default off resetpass resetkeys resetchannels -@all"


def default_user_on(stack: Stack) -> None:
    """What an ACL file without a line for `default` amounts to (protected mode would keep others out as well)."""
    _edit(stack, DEFAULT_OFF, "user default on nopass ~* &* +@all")
    redis_with("--protected-mode", "no")(stack)


def default_user_with_the_apps_password(stack: Stack) -> None:
    """What `requirepass` amounts to where the service is given the same password."""
    _edit(stack, DEFAULT_OFF, f"user default on {_digest(stack.password('app'))} ~* &* +@all")


def default_user_with_an_unknown_password(stack: Stack) -> None:
    """What `requirepass` amounts to where the service has a user of its own."""
    _edit(stack, DEFAULT_OFF, f"user default on {_digest(os.urandom(16).hex())} ~* +get +set")


def user_without_a_password(stack: Stack) -> None:
    _edit(stack, DEFAULT_OFF, f"{DEFAULT_OFF}\nuser guest on nopass ~* -@all +get")


def app_without_a_password(stack: Stack) -> None:
    _edit(stack, f"user app on {_digest(stack.password('app'))} ", "user app on nopass ")


def password_in_the_acl_file(stack: Stack) -> None:
    password = stack.password("app")
    _edit(stack, f"user app on {_digest(password)} ", f"user app on >{password} ")


def password_on_the_command_line(stack: Stack) -> None:
    """Without effect beside an ACL file, and in plain text all the same."""
    redis_with("--requirepass", os.urandom(16).hex())(stack)


def password_file_open_to_others(stack: Stack) -> None:
    (stack.directory / stack.login("health").password_file).chmod(0o444)


def rejections_not_logged(stack: Stack) -> None:
    redis_with("--acllog-max-len", "0")(stack)


def probe_may_do_more(stack: Stack) -> None:
    _edit(stack, "resetkeys -@all +ping\n", "resetkeys -@all +ping +info\n")


def user_who_adds_users(password: str) -> Sabotage:
    """A user `keeper` who may change users while Redis runs, which no file remembers."""
    return lambda stack: _edit(
        stack, DEFAULT_OFF, f"{DEFAULT_OFF}\nuser keeper on {_digest(password)} -@all +acl|setuser"
    )


def _digest(password: str) -> str:
    """A password as an ACL file has it."""
    return f"#{hashlib.sha256(password.encode()).hexdigest()}"


def app_logged_in_as_default(stack: Stack) -> None:
    default_user_with_the_apps_password(stack)
    _override(stack, Role.API, environment={"REDIS_USERNAME": "default"})


def password_in_the_environment(stack: Stack) -> None:
    _override(stack, Role.API, environment={"REDIS_PASSWORD": stack.password("app")})


def app_may_do_everything(stack: Stack) -> None:
    _edit(stack, "-@all +set +get +ping\n", "~* &* +@all\n")


def app_may_not_write(stack: Stack) -> None:
    _edit(stack, "-@all +set +get +ping\n", "-@all +get +ping\n")


def wrong_scrape_path(stack: Stack) -> None:
    path = stack.subject.routes.metrics
    _edit(stack, f"metrics_path: {path}", f"metrics_path: {path}-of-another")


def metrics_dropped(stack: Stack) -> None:
    """Prometheus scrapes the service, and throws every series of it away."""
    drop = "metric_relabel_configs: [{ source_labels: [__name__], regex: 'http_.*', action: drop }]"
    _edit(stack, "  - job_name: api\n", f"  - job_name: api\n    {drop}\n")


def redirected_scrape_path(stack: Stack) -> None:
    """With a slash too many, which the service answers with a redirect."""
    path = stack.subject.routes.metrics
    _edit(stack, f"metrics_path: {path}", f"metrics_path: {path}/")


def scraped_by_two_jobs(stack: Stack) -> None:
    job = f"metrics_path: {stack.subject.routes.metrics}\n    static_configs: [{{ targets: ['api:5000'] }}]"
    _edit(stack, "  - job_name: api\n", f"  - job_name: again\n    {job}\n  - job_name: api\n")


SERVICE_DOWN = 'expr: up{job="api"} == 0'


def duplicate_rule(stack: Stack) -> None:
    """The same alert in another group: Prometheus takes it."""
    rule = f"      - alert: ServiceDown\n        {SERVICE_DOWN}\n        labels: {{ severity: critical }}\n"
    _edit(stack, "groups:\n", f"groups:\n  - name: again\n    rules:\n{rule}")


def alert_too_soon(stack: Stack) -> None:
    """Two restarts are called a loop: promtool finds the rule itself in order."""
    _edit(stack, ">= 2.5", ">= 1.5")


def alert_for_another_job(stack: Stack) -> None:
    _edit(stack, SERVICE_DOWN, 'expr: up{job="app"} == 0')


def alert_without_end(stack: Stack) -> None:
    """Once it fires it goes on for its own sake."""
    latch = 'up{job="api"} and on (instance, job) ALERTS{alertname="ServiceDown", alertstate="firing"}'
    _edit(stack, SERVICE_DOWN, f"{SERVICE_DOWN} or on (instance, job) ({latch})")


def samples_in_memory(stack: Stack) -> None:
    """Prometheus' data in memory, in a directory of the container's own."""
    spec = stack.config["services"][stack.roles[Role.PROMETHEUS]]
    path = "--storage.tsdb.path="
    command = [f"{path}/beside" if word.startswith(path) else word for word in spec["command"]]
    owner = spec["user"].partition(":")[0]  # a mode would be lost at the next start
    _override(stack, Role.PROMETHEUS, tmpfs=[f"/beside:uid={owner}"], command=command)


def no_healer(stack: Stack) -> None:
    stack.override("services: { healer: { profiles: [removed] }, warden: { profiles: [removed] } }")


def no_warden(stack: Stack) -> None:
    stack.override("services: { warden: { profiles: [removed] } }")


def eager_healer(stack: Stack) -> None:
    """One more healer, which restarts what is stopped, paused, unhealthy or only stalled."""
    _beside(stack, "eager")


def polling_healer(stack: Stack) -> None:
    """A healer that asks every five seconds who is unhealthy, in place of the stack's own."""
    no_healer(stack)
    _beside(stack, "poll")


def _beside(stack: Stack, kind: str) -> None:
    words = ["python3", "-I", "-S", "-c", RESTARTER, kind, stack.project]
    socket = "${DOCKER_SOCKET:-/var/run/docker.sock}:/var/run/docker.sock"
    restarter = {"image": python_image(), "entrypoint": words, "network_mode": "none", "volumes": [socket]}
    more = {"labels": dict(stack.labels), "stop_grace_period": "0s"}
    stack.override(json.dumps({"services": {"restarter": restarter | more}}))


def health_check_that_cannot_fail(stack: Stack) -> None:
    _override(stack, Role.API, healthcheck={"test": ["CMD-SHELL", "exit 0"]})


def undeclared_dependency(stack: Stack) -> None:
    """The service no longer says that it depends on Redis, so its sickness is taken for its own."""
    stack.override(f"services: {{ {json.dumps(stack.roles[Role.API])}: {{ depends_on: !reset {{}} }} }}")


def restarted(role: Role, policy: str) -> Sabotage:
    """The service under another restart policy."""
    return lambda stack: _override(stack, role, restart=policy)


def never_well_again(stack: Stack) -> None:
    """A health check of Redis that passes in the container's first run only."""
    test = stack.config["services"][stack.roles[Role.REDIS]]["healthcheck"]["test"]
    first_run = "/data/.first-run; now=$$(cut -d' ' -f22 /proc/1/stat)"
    remembered = f"f={first_run}; [ -e $$f ] || echo $$now > $$f; [ $$(cat $$f) = $$now ]"
    _override(stack, Role.REDIS, healthcheck={"test": ["CMD-SHELL", f"{remembered} && {test[1]}"]})


def service_with(module: str, old: str, new: str) -> Sabotage:
    """The shipped service with a text replaced in one of its modules: a copy from the image, mounted over it."""

    def sabotage(stack: Stack) -> None:
        path = f"/app/service/{module}"
        text = stack.file_in_image(stack.roles[Role.API], path)
        if text.count(old) != 1:
            raise StackError(f"the sabotage needs {old!r} once in {path}, and it is there {text.count(old)} times")
        (stack.directory / module).write_text(text.replace(old, new))
        (stack.directory / "no-byte-code").mkdir(exist_ok=True)  # what the image has is used whatever the source says
        byte_code = "./no-byte-code:/app/service/__pycache__:ro"
        _override(stack, Role.API, volumes=[f"./{module}:{path}:ro", byte_code])

    return sabotage


STORED_FIRST = 'before = await self._ask("SET", command, self._items)\n        return before is None'
STORED_LATER = """asyncio.get_running_loop().call_later(
            0.05, lambda: asyncio.ensure_future(self._ask("SET", command, self._items))
        )
        return True"""
acknowledged_before_it_is_stored = service_with("store.py", STORED_FIRST, STORED_LATER)

STORED_AT_LEISURE = """async def later():
            await asyncio.sleep(0.05)
            while True:
                try:
                    return await self._ask("SET", command, self._items)
                except StoreError:
                    await asyncio.sleep(0.1)

        asyncio.ensure_future(later())
        return True"""
stored_later_until_it_works = service_with("store.py", STORED_FIRST, STORED_AT_LEISURE)

TRIED_AGAIN = """while True:
            try:
                return await self._ask("SET", command, self._items) is None
            except StoreError:
                await asyncio.sleep(0.1)"""
tried_until_it_is_stored = service_with("store.py", STORED_FIRST, TRIED_AGAIN)

ONE_COMMAND = "command = partial(self._redis.set, KEY_PREFIX + item_id, data, get=True)"
TWO_COMMANDS = """both = self._redis.pipeline(transaction=True)
        command = both.set(KEY_PREFIX + item_id, data).set(KEY_PREFIX + item_id, data).execute"""


def stored_in_a_transaction(stack: Stack) -> None:
    """The service stores an item with two commands between MULTI and EXEC, which its user may do."""
    _edit(stack, "-@all +set +get +ping\n", "-@all +set +get +ping +multi +exec\n")
    service_with("store.py", ONE_COMMAND, TWO_COMMANDS)(stack)


def _redis(stack: Stack) -> Config:
    spec: Config = stack.config["services"][stack.roles[Role.REDIS]]
    return spec


def _started_with(stack: Stack) -> list[str]:
    """The words that start Redis."""
    spec = _redis(stack)
    return [*(spec.get("entrypoint") or ()), *(spec.get("command") or ())] or ["redis-server"]


def _override(stack: Stack, role: Role, **keys: object) -> None:
    """JSON is YAML. A dollar has to be written twice, as it stands in the resolved Compose file."""
    stack.override(json.dumps({"services": {stack.roles[role]: keys}}))


def _edit(stack: Stack, old: str, new: str) -> None:
    """Replace a text in the one file of the stack's directory that has it."""
    holding = [
        path for path in stack.directory.rglob("*") if path.is_file() and old in path.read_text(errors="replace")
    ]
    if len(holding) != 1:
        raise StackError(f"the sabotage needs one file with {old!r} in it, and {len(holding)} have it")
    rewrite(holding[0], holding[0].read_text().replace(old, new))
