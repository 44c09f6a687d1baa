"""Read where Prometheus is told to scrape the service."""

from checks.requirements.r6_metrics.judge import Aimed, ScrapeJob, Scraping
from checks.roles.prometheus.configuration import configured_at, jobs, metrics_route
from checks.subject.links import names_of
from checks.subject.roles import Role
from checks.subject.stack import Files
from stack.driver.errors import SubjectError


def read_aim(files: Files) -> tuple[Aimed, Scraping | None]:
    """Whether a job names the service, and which; raises SubjectError where files do not tell what is scraped.

    Where nobody is Prometheus nothing is scraped, whichever service the api is.
    """
    prometheus = files.role(Role.PROMETHEUS)
    if prometheus is None:
        return Aimed(prometheus="", api=", ".join(files.candidates(Role.API)), jobs=0, leading=0), None
    api, told = files.roles[Role.API], jobs(files, prometheus)
    names = names_of(files.project.config, api)
    leading = tuple(ScrapeJob(job=job.name, target=one, path=job.path) for job in told for one in job.leading_to(names))
    if not leading and any(job.discovers for job in told):
        raise SubjectError(f"`{prometheus}` discovers targets by itself: whether `{api}` is one shows when it runs")
    place = files.place("services", prometheus, "volumes")
    aimed = Aimed(prometheus=prometheus, api=api, jobs=len(told), leading=len(leading), place=place)
    scraping = Scraping(
        prometheus=prometheus, api=api, route=metrics_route(files), leading=leading,
        place=configured_at(files, prometheus),
    )  # fmt: skip
    return aimed, scraping if leading else None
