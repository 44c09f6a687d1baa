"""R6: what is broken in a copy of the stack, one thing each."""

from checks.roles.prometheus.configuration import metrics_route
from checks.subject.mutation import edit, override, service_with
from checks.subject.roles import Role
from checks.subject.stack import Stack


def wrong_scrape_path(stack: Stack) -> None:
    path = metrics_route(stack)
    edit(stack, f"metrics_path: {path}", f"metrics_path: {path}-of-another")


def metrics_dropped(stack: Stack) -> None:
    """Prometheus scrapes the service, and throws every series of it away."""
    drop = "metric_relabel_configs: [{ source_labels: [__name__], regex: 'http_.*', action: drop }]"
    edit(stack, "  - job_name: api\n", f"  - job_name: api\n    {drop}\n")


def only_good_reads_counted(stack: Stack) -> None:
    """Neither what is stored nor what fails is counted."""
    count = "self._requests[method, route, str(status)] += 1"
    service_with("metrics.py", count, f'if method == "GET" and status < 400:\n            {count}')(stack)


def redirected_scrape_path(stack: Stack) -> None:
    """With a slash too many, which the service answers with a redirect."""
    path = metrics_route(stack)
    edit(stack, f"metrics_path: {path}", f"metrics_path: {path}/")


def scraped_by_two_jobs(stack: Stack) -> None:
    job = f"metrics_path: {metrics_route(stack)}\n    static_configs: [{{ targets: ['api:5000'] }}]"
    edit(stack, "  - job_name: api\n", f"  - job_name: again\n    {job}\n  - job_name: api\n")


SERVICE_DOWN = 'expr: up{job="api"} == 0'


def duplicate_rule(stack: Stack) -> None:
    """The same alert in another group: Prometheus takes it."""
    rule = f"      - alert: ServiceDown\n        {SERVICE_DOWN}\n        labels: {{ severity: critical }}\n"
    edit(stack, "groups:\n", f"groups:\n  - name: again\n    rules:\n{rule}")


def alert_too_soon(stack: Stack) -> None:
    """Two restarts are called a loop: promtool finds the rule itself in order."""
    edit(stack, ">= 2.5", ">= 1.5")


def alert_for_another_job(stack: Stack) -> None:
    edit(stack, SERVICE_DOWN, 'expr: up{job="app"} == 0')


def alert_without_end(stack: Stack) -> None:
    """Once it fires it goes on for its own sake."""
    latch = 'up{job="api"} and on (instance, job) ALERTS{alertname="ServiceDown", alertstate="firing"}'
    edit(stack, SERVICE_DOWN, f"{SERVICE_DOWN} or on (instance, job) ({latch})")


def nobody_heals_prometheus(stack: Stack) -> None:
    """Without a health check it is nobody's business how long it is frozen."""
    override(stack, Role.PROMETHEUS, healthcheck={"disable": True})


def samples_in_memory(stack: Stack) -> None:
    """Prometheus' data in memory, in a directory of the container's own."""
    spec = stack.project.config["services"][stack.roles[Role.PROMETHEUS]]
    path = "--storage.tsdb.path="
    command = [f"{path}/beside" if word.startswith(path) else word for word in spec["command"]]
    owner = spec["user"].partition(":")[0]  # a mode would be lost at the next start
    override(stack, Role.PROMETHEUS, tmpfs=[f"/beside:uid={owner}"], command=command)
