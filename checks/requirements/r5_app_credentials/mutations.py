"""R5: what is broken in a copy of the stack, one thing each."""

from checks.roles.redis.mutations import default_user_on, default_user_with_the_apps_password
from checks.subject import mutation
from checks.subject.mutation import override, service_with
from checks.subject.roles import Role
from checks.subject.stack import Mutation, Stack

REFUSED = (
    "if isinstance(answer, hiredis.ReplyError):\n            link.close()\n            raise CredentialsError\n        "
)


def app_logged_in_as_default(stack: Stack) -> None:
    default_user_with_the_apps_password(stack)
    override(stack, Role.API, environment={"REDIS_USERNAME": "default"})


def password_in_the_environment(stack: Stack) -> None:
    override(stack, Role.API, environment={"REDIS_PASSWORD": stack.credentials.password("app")})


def impatient(change: Mutation) -> Mutation:
    """Beside the change, a start in which failures are forgiven for a short while only: less to wait for."""

    def both(stack: Stack) -> None:
        stack.project.override(f"services: {{ {stack.roles[Role.API]}: {{ healthcheck: {{ start_period: 3s }} }} }}")
        change(stack)

    return both


def fallen_back(stack: Stack) -> None:
    """A service that is content to be user `default` where its own is refused."""
    default_user_on(stack)
    service_with("client.py", REFUSED, "")(stack)


always_content = impatient(mutation.health_check_that_cannot_fail)
silent = impatient(service_with("store.py", "Redis refused the credentials of user", "no answer from Redis to"))
password_logged = impatient(
    service_with("store.py", "= settings.redis_username", '= f"{settings.redis_username}:{settings.redis_password}"')
)
other_way_in = impatient(fallen_back)
