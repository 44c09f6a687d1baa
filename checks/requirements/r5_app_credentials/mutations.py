"""R5: what is broken in a copy of the stack, one thing each."""

from checks.roles.redis.mutations import default_user_with_the_apps_password
from checks.subject.mutation import override
from checks.subject.roles import Role
from checks.subject.stack import Stack


def app_logged_in_as_default(stack: Stack) -> None:
    default_user_with_the_apps_password(stack)
    override(stack, Role.API, environment={"REDIS_USERNAME": "default"})


def password_in_the_environment(stack: Stack) -> None:
    override(stack, Role.API, environment={"REDIS_PASSWORD": stack.credentials.password("app")})
