"""R5: what is broken in a copy of the stack, one thing each."""

from secrets import token_hex

from checks.roles.redis.mutations import DEFAULT_OFF, default_user_on, default_user_with_the_apps_password, digest
from checks.subject import mutation
from checks.subject.mutation import edit, override, rewrite, service_with
from checks.subject.roles import Role
from checks.subject.stack import Mutation, Stack

REFUSED = (
    "if isinstance(answer, hiredis.ReplyError):\n            link.close()\n            raise CredentialsError\n        "
)


def app_logged_in_as_default(stack: Stack) -> None:
    default_user_with_the_apps_password(stack)
    override(stack, Role.API, environment={"REDIS_USERNAME": "default"})


def redis_without_users(stack: Stack) -> None:
    """Redis as most projects have it: its configuration and its users are not given to it."""
    override(stack, Role.REDIS, entrypoint=["redis-server"], command=[])


def password_in_the_environment(stack: Stack) -> None:
    override(stack, Role.API, environment={"REDIS_PASSWORD": stack.credentials.password("app")})


def password_in_hex_in_the_environment(stack: Stack) -> None:
    override(stack, Role.API, environment={"SETTINGS": stack.credentials.password("app").encode().hex()})


HEADERS = '(b"content-type", media_type)]'
READ = 'return await self._ask(("GET", KEY_PREFIX + item_id), self.items)'
READ_AS_ANOTHER = """
        import asyncio

        reader, writer = await asyncio.open_connection("redis", 6379)
        writer.write(f"AUTH reader x\\r\\nGET {KEY_PREFIX}{item_id}\\r\\n".encode())
        await reader.readline()
        found = await reader.readline() != b"$-1\\r\\n"
        text = (await reader.readline()).strip().decode() if found else None
        writer.close()
        return text
"""


def reads_as_another_user(stack: Stack) -> None:
    """The service reads on short connections of somebody else's, and stores as itself."""
    edit(stack, DEFAULT_OFF, f"{DEFAULT_OFF}\nuser reader on nopass ~item:* -@all +get")
    service_with("store.py", READ, READ_AS_ANOTHER.strip())(stack)


OPENED = 'open(__import__("os").environ["REDIS_PASSWORD_FILE"]).read()'
CLOSED, DETAIL = "await store.close()", '"detail": detail or title'

printed_at_the_end = service_with("app.py", CLOSED, f"{CLOSED}\n            print({OPENED}, flush=True)")
shown_with_an_error = service_with("problem.py", DETAIL, f'{DETAIL}, "settings": {OPENED}')


def line_of_a_password_in_a_header(stack: Stack) -> None:
    """A password of two lines, of which each answer shows one."""
    lines = (token_hex(16), token_hex(16))
    another_password(stack, "\n".join(lines))
    service_with("fast_path.py", HEADERS, f'{HEADERS[:-1]}, (b"x-session", b"{lines[1]}")]')(stack)


def short_password(stack: Stack) -> None:
    """One that nobody would guess at the first try, and that stands in ordinary words."""
    another_password(stack, "k9qz")


def another_password(stack: Stack, password: str) -> None:
    """The app's, in the file that it reads and as Redis knows it."""
    login, old = stack.credentials.login("app"), stack.credentials.password("app")
    edit(stack, f"user app on {digest(old)} ", f"user app on {digest(password)} ")
    rewrite(stack.project.directory / login.password_file, password)


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
