"""Read where Prometheus is told to scrape the service."""

from checks.requirements.r6_metrics.judge import Aimed, ScrapeJob, Scraping
from checks.roles.prometheus.configuration import Job, jobs
from checks.subject.roles import Role
from checks.subject.stack import Files
from stack.driver.errors import SubjectError


def read_aim(files: Files) -> tuple[Aimed, Scraping | None]:
    """Whether a job names the service, and which; raises SubjectError where files do not tell what is scraped."""
    prometheus, api = files.role(Role.PROMETHEUS), files.roles[Role.API]
    told = jobs(files, prometheus) if prometheus else ()
    names = _names(files, api)
    leading = tuple(one for job in told for one in _leading(job, names))
    if not leading and any(job.discovers for job in told):
        raise SubjectError(f"`{prometheus}` discovers targets by itself: whether `{api}` is one shows when it runs")
    aimed = Aimed(prometheus=prometheus or "", api=api, jobs=len(told), leading=len(leading))
    route = files.subject.routes.metrics
    return aimed, Scraping(prometheus=prometheus or "", api=api, route=route, leading=leading) if leading else None


def _leading(job: Job, names: set[str]) -> list[ScrapeJob]:
    targets = [target for target in job.targets if target.rpartition(":")[0] in names or target in names]
    return [ScrapeJob(job=job.name, target=target, path=job.path) for target in targets]


def _names(files: Files, service: str) -> set[str]:
    """Every name under which the service is known in its networks, and the machine that it is published on."""
    spec = files.services[service]
    networks = [one for one in (spec.get("networks") or {}).values() if one]
    names = {service, spec.get("container_name"), spec.get("hostname")}
    return {str(name) for name in names if name} | {name for one in networks for name in one.get("aliases") or ()}
