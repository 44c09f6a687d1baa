"""What an item is, and what is said about one: the contract, for FastAPI and for the fast path alike."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints
from starlette.convertors import StringConvertor, register_url_convertor

from service.problem import problem_body
from service.settings import Limits

GET_PREFIX = "/get/"
SET_PATH = "/set"
FAILURE = b'{"status":"failure"}'
NOT_FOUND = problem_body(404)

# Any text. In a path it is percent-encoded (RFC 3986); all that follows `/get/` is the id, slashes too (`/` or `%2F`).
ItemId = Annotated[str, StringConstraints(min_length=1, max_length=Limits.id_characters)]
# Clients and proxies take the segments `.` and `..` out of a path (RFC 3986 5.2.4), percent-encoded or not: under such
# an id nothing could be asked for. A segment is empty, or has more in it than one or two dots.
SEGMENT = r"(?:|[^/.][^/]*|\.[^/.][^/]*|\.\.[^/]+)"
NewItemId = Annotated[ItemId, StringConstraints(pattern=f"^{SEGMENT}(?:/{SEGMENT})*$")]
# The body's limit is the one that bites; a bare `str` would let through what is no text (`"\\ud800"`).
ItemData = Annotated[str, StringConstraints(max_length=Limits.body_bytes)]


class WholeRest(StringConvertor):
    """What is left of a path, slashes and line breaks included: Starlette's own `path` ends at the first of these."""

    regex = "(?s:.*)"


register_url_convertor("whole_rest", WholeRest())


class Item(BaseModel):
    """What a client asks to be kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"id": "one", "data": "one"}]})

    id: NewItemId
    data: ItemData


class Done(BaseModel):
    """It is as it should be."""

    status: Literal["ok"]


class Failure(BaseModel):
    """Redis did not do it, or not in time. Whether a write was kept is not known: it is safe to repeat."""

    status: Literal["failure"]


def usable_id(item_id: str) -> bool:
    """The same that `ItemId` says: what may be asked for."""
    return 0 < len(item_id) <= Limits.id_characters
