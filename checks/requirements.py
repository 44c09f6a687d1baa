"""The nine requirements as data: what is claimed, why it matters, and the rules that prove it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """One sentence that observations can contradict."""

    name: str
    wording: str


@dataclass(frozen=True)
class Reference:
    """Where others say the same."""

    title: str
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """One of the nine. Without rules nothing judges it yet."""

    id: str
    title: str
    wording: str
    why: str
    references: tuple[Reference, ...]
    rules: tuple[Rule, ...] = ()


CIS = "CIS Docker Benchmark"
DOCKERFILE_PRACTICES = Reference(
    "Docker: Building best practices", "https://docs.docker.com/build/building/best-practices/"
)
COMPOSE_STARTUP_ORDER = Reference(
    "Docker Compose: Control startup and shutdown order",
    "https://docs.docker.com/compose/how-tos/startup-order/",
)
COMPOSE_SECRETS = Reference(
    "Docker Compose: Manage secrets securely",
    "https://docs.docker.com/compose/how-tos/use-secrets/",
)
DOCKER_HEALTHCHECK = Reference(
    "Dockerfile reference: HEALTHCHECK",
    "https://docs.docker.com/reference/dockerfile/#healthcheck",
)
DOCKER_RESTART = Reference(
    "Docker: Start containers automatically",
    "https://docs.docker.com/engine/containers/start-containers-automatically/",
)
REDIS_ACL = Reference("Redis: ACL", "https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/")
REDIS_PERSISTENCE = Reference(
    "Redis: Persistence",
    "https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/",
)
REDIS_WAITAOF = Reference("Redis: WAITAOF", "https://redis.io/docs/latest/commands/waitaof/")
PROMETHEUS_JOBS = Reference("Prometheus: Jobs and instances", "https://prometheus.io/docs/concepts/jobs_instances/")
PROMETHEUS_CONFIGURATION = Reference(
    "Prometheus: Configuration, scrape_config",
    "https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config",
)

REQUIREMENTS = (
    Requirement(
        id="R1",
        title="Dockerfile written with best practices",
        wording="A Dockerfile written with best practices.",
        why="Whatever the image carries beyond the service is attack surface, weight or a secret lost.",
        references=(
            DOCKERFILE_PRACTICES,
            Reference(f"{CIS} 4.1: a user for the container has been created"),
        ),
    ),
    Requirement(
        id="R2",
        title="One compose file brings everything up",
        wording="A compose file brings up the service together with Redis and Prometheus.",
        why="A step by hand before the start is a step that is forgotten, or done differently.",
        references=(COMPOSE_STARTUP_ORDER,),
    ),
    Requirement(
        id="R3",
        title="Redis saves the data on every change",
        wording="Redis saves the data on every change to attached storage (a directory mounted into the container).",
        why="A client that was told `ok` does not write again: what was acknowledged must outlive a restart, "
        "a kill and a power cut.",
        references=(REDIS_PERSISTENCE, REDIS_WAITAOF),
        rules=(
            Rule("restart-keeps", "Every value written through the api is there after a restart."),
            Rule("kill-keeps", "A SIGKILL under load loses no write that was acknowledged."),
            Rule(
                "down-up-keeps",
                "Every value is there after the stack was taken down and brought up.",
            ),
            Rule(
                "fsynced-before-acknowledged",
                "A write is fsynced before it is acknowledged (WAITAOF on the connection that wrote).",
            ),
            Rule(
                "files-in-mounted-directory",
                "The append-only files lie on the host's disk, in a directory or volume mounted into the container.",
            ),
            Rule(
                "nothing-suspends-fsync",
                "Redis appends every change and fsyncs always, also while it rewrites the file (CONFIG GET).",
            ),
        ),
    ),
    Requirement(
        id="R4",
        title="Redis has ACLs, and the default user is off",
        wording="Redis has ACLs, user and password, and the default user's password access is disabled.",
        why="Whoever reaches the port must be somebody, and somebody must not be able to do everything.",
        references=(REDIS_ACL,),
        rules=(
            Rule(
                "default-user-rejected",
                "Nobody runs a command unauthenticated, or as `default` with any password.",
            ),
            Rule("default-user-off", "User `default` is off (ACL LIST)."),
            Rule("every-user-has-a-password", "No user that is on gets in without a password."),
            Rule("nobody-may-do-everything", "No user that is on may run every command."),
            Rule("app-user-accepted", "The app's user logs in and can do what the service needs."),
            Rule(
                "denied-beyond-need",
                "The app's user is denied every command and key that the service does not need.",
            ),
        ),
    ),
    Requirement(
        id="R5",
        title="The app is given those credentials",
        wording="Those credentials are passed to the app.",
        why="An ACL user that the app does not use protects nothing; a password in the environment is "
        "shown by `docker inspect`.",
        references=(COMPOSE_SECRETS,),
        rules=(
            Rule("logs-in-as-its-own-user", "Every connection of the app to Redis is logged in as the app's user."),
            Rule(
                "secret-nowhere-in-sight",
                "No password shows in inspect, image, history, logs, arguments, environment, metrics or responses.",
            ),
        ),
    ),
    Requirement(
        id="R6",
        title="Prometheus gets the metrics from the app",
        wording="Prometheus gets the metrics from the app.",
        why="A target that is up and never moves is a monitor that watches nothing.",
        references=(PROMETHEUS_CONFIGURATION, PROMETHEUS_JOBS),
        rules=(
            Rule("target-up", "Prometheus reports the app's scrape target as up."),
            Rule(
                "counter-moves-exactly",
                "After N requests the request counter in Prometheus has risen by exactly N.",
            ),
        ),
    ),
    Requirement(
        id="R7",
        title="Every service has a health check",
        wording="All services have health checks.",
        why="A check that cannot fail is worse than none: it says that all is well.",
        references=(
            DOCKER_HEALTHCHECK,
            Reference(f"{CIS} 4.6: HEALTHCHECK instructions have been added to container images"),
            Reference(f"{CIS} 5.26: container health is checked at runtime"),
        ),
    ),
    Requirement(
        id="R8",
        title='GET /healthcheck answers {"status": "ok"}',
        wording='`GET /healthcheck` returns `{"status": "ok"}` whenever it is called.',
        why="It is what a load balancer, a monitor and Docker believe: it must be quick, exact, and never a "
        "failure dressed as 200.",
        references=(DOCKER_HEALTHCHECK,),
    ),
    Requirement(
        id="R9",
        title="An unhealthy container is restarted",
        wording="All services are monitored by those health checks by Docker: an unhealthy container is restarted.",
        why="A restart policy acts when a process exits, never on `unhealthy`: a frozen container stays frozen "
        "for ever.",
        references=(
            DOCKER_RESTART,
            DOCKER_HEALTHCHECK,
            Reference(f"{CIS} 5.26: container health is checked at runtime"),
        ),
        rules=(
            Rule(
                "found-unhealthy",
                "Docker reports a frozen service as unhealthy within the bound its settings declare.",
            ),
            Rule("restarted", "The unhealthy container is restarted: it has a new start time."),
            Rule("healthy-again", "After the restart the service is healthy again."),
            Rule(
                "others-left-alone",
                "No other service is restarted meanwhile, not even one whose dependency is the sick one.",
            ),
        ),
    ),
)

BY_ID = {requirement.id: requirement for requirement in REQUIREMENTS}
