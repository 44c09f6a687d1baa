"""`python -c SOURCE`, read by Python's own grammar: whether it can end in a failure."""

import ast
import sys
from collections.abc import Sequence

from checks.requirements.r7_healthchecks.shell.state import EITHER, Result, Situation
from checks.requirements.r7_healthchecks.shell.values import ANY, FAILED, FULL, OK, Field

Ends = frozenset[str]
"""How a part of it may go on: "on", "raise", or leave with "0" or with a failure ("1")."""

ON: Ends = frozenset({"on"})
ANYHOW: Ends = frozenset({"on", "raise", "0", "1"})
MAY_RAISE: Ends = frozenset({"on", "raise"})
VERSION = {"--version", "-V", "-VV"}
SOCKET = "socket.socket"
QUIET = {"requests", "httpx"}  # an error of HTTP is an answer like others to these
VERBS = {"get", "post", "head", "put", "options"}
LEAVE = {"exit", "quit", "sys.exit", "os._exit"}
CATCH_ALL = {"Exception", "BaseException"}
TELL_NOTHING = sys.stdlib_module_names | QUIET | {"redis", "psycopg2", "pymysql", "socket"}
"""Modules that only define something; one of the project's own may look at the service as it is imported."""
WITHOUT_ASSERTS = {"-O", "-OO"}
FLAGS = {"-OO", "-I", "-S", "-s", "-u", "-B", "-E", "-O", "-q"}


def outcomes(words: Sequence[Field], situation: Situation) -> frozenset[Result]:
    """How `python WORDS` may end."""
    rest = list(words)
    without_asserts = bool(WITHOUT_ASSERTS & {word for word in rest[:-1] if isinstance(word, str)})
    while rest and rest[0] in FLAGS:
        rest = rest[1:]
    if rest[:1] and rest[0] in VERSION:
        return frozenset({(OK, FULL)})
    if len(rest) < 2 or rest[0] != "-c" or not isinstance(rest[1], str):
        return EITHER
    try:
        tree = ast.parse(rest[1])
    except SyntaxError:
        return frozenset({(FAILED, ANY)})
    ends = _block((_Optimized().visit(tree) if without_asserts else tree).body, situation)
    return frozenset((OK if end in {"on", "0"} else FAILED, ANY) for end in ends)


class _Optimized(ast.NodeTransformer):
    """What `-O` leaves of a program."""

    def visit_Assert(self, node: ast.Assert) -> ast.Pass:
        return ast.copy_location(ast.Pass(), node)


def _block(body: Sequence[ast.stmt], situation: Situation) -> Ends:
    ends = ON
    for statement in body:
        if "on" in ends:
            ends = (ends - ON) | _statement(statement, situation)
    return ends


def _statement(node: ast.stmt, situation: Situation) -> Ends:
    match node:
        case ast.Pass():
            return ON
        case ast.Import() | ast.ImportFrom():
            return ON if _modules(node) <= TELL_NOTHING else ANYHOW
        case ast.Expr(value=value) | ast.Assign(targets=[ast.Name()], value=value):
            return _expression(value, situation)
        case ast.Try(finalbody=[]):
            return _attempt(node, situation)
        case ast.If(test=test, body=body, orelse=orelse):
            asked = _expression(test, situation)
            after = _block(body, situation) | _block(orelse, situation)
            return (asked - ON) | (after if "on" in asked else frozenset())
    return ANYHOW


def _modules(node: ast.Import | ast.ImportFrom) -> set[str]:
    """The packages that it names; one of its own (`from . import x`) is called ''."""
    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    return {name.partition(".")[0] for name in names}


def _attempt(node: ast.Try, situation: Situation) -> Ends:
    tried = _block(node.body, situation)
    well = (tried - ON - {"raise"}) | (_block(node.orelse, situation) if "on" in tried else frozenset())
    if not _raised(node, tried):
        return well
    handled = frozenset().union(*(_block(handler.body, situation) for handler in node.handlers))
    return well | handled | (frozenset() if _catches_all(node) else {"raise"})


def _raised(node: ast.Try, tried: Ends) -> bool:
    """`sys.exit` raises too, for whoever catches everything."""
    everything = any(handler.type is None or _name(handler.type) == "BaseException" for handler in node.handlers)
    return "raise" in tried or (everything and bool(tried & {"0", "1"}))


def _catches_all(node: ast.Try) -> bool:
    return any(handler.type is None or _name(handler.type) in CATCH_ALL for handler in node.handlers)


def _expression(node: ast.expr, situation: Situation) -> Ends:
    match node:
        case ast.Constant() | ast.Name():
            return ON
        case ast.Call(func=func, args=args, keywords=keywords):
            inside = _each((*args, *(keyword.value for keyword in keywords)), situation)
            called = _of_connection(func, situation) or _call(_name(func), args, situation)
            return (inside - ON) | (called if "on" in inside else frozenset())
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return _each(parts, situation)
        case ast.Attribute(value=ast.Call() as call):  # `.status_code` of an answer
            return _expression(call, situation)
    return MAY_RAISE


def _each(nodes: Sequence[ast.expr], situation: Situation) -> Ends:
    ends = ON
    for node in nodes:
        if "on" in ends:
            ends = (ends - ON) | _expression(node, situation)
    return ends


def _of_connection(func: ast.expr, situation: Situation) -> Ends | None:
    """`socket.socket().connect(...)`, or `s.connect(...)` of a variable, likewise `c.request(...)` of http.client.

    None for what is called otherwise.
    """
    if isinstance(func, ast.Attribute) and func.attr == "read" and isinstance(func.value, ast.Call):
        return _expression(func.value, situation)  # an answer that nobody looks at
    if not isinstance(func, ast.Attribute) or not isinstance(func.value, (ast.Call, ast.Name)):
        return None
    of_one = isinstance(func.value, ast.Name) or _name(func.value.func) == SOCKET
    if func.attr in {"connect", "request"} and of_one:
        return frozenset({"raise"}) if situation == "down" else ON
    return ON if func.attr in {"connect_ex", "settimeout", "close", "getresponse"} and of_one else None


def _call(name: str, args: Sequence[ast.expr], situation: Situation) -> Ends:
    module, _, verb = name.rpartition(".")
    if name in LEAVE:
        return _leaving(args)
    if name in {"print", SOCKET, "http.client.HTTPConnection"}:
        return ON
    if name == "socket.create_connection":
        return frozenset({"raise"}) if situation == "down" else ON
    if module in QUIET and verb in VERBS:
        return frozenset({"raise"}) if situation == "down" else ON
    if verb == "urlopen":
        return frozenset({"raise"})
    return ANYHOW if name == "" else MAY_RAISE


def _leaving(args: Sequence[ast.expr]) -> Ends:
    match list(args):
        case [] | [ast.Constant(value=0 | None | False)]:
            return frozenset({"0"})
        case [ast.Constant()]:
            return frozenset({"1"})
    return frozenset({"0", "1"})


def _name(node: ast.expr) -> str:
    """`a.b.c` of a name with its attributes; '' for anything else."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attribute) if _name(value):
            return f"{_name(value)}.{attribute}"
    return ""
