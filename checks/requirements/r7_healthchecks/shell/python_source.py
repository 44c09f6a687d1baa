"""`python -c SOURCE`, read by Python's own grammar: whether it can end in a failure."""

import ast
from collections.abc import Sequence

from checks.requirements.r7_healthchecks.shell.state import EITHER, Result, Situation
from checks.requirements.r7_healthchecks.shell.values import ANY, FAILED, OK, Field

Ends = frozenset[str]
"""How a part of it may go on: "on", "raise", or leave with "0" or with a failure ("1")."""

ON: Ends = frozenset({"on"})
ANYHOW: Ends = frozenset({"on", "raise", "0", "1"})
MAY_RAISE: Ends = frozenset({"on", "raise"})
QUIET = {"requests", "httpx"}  # an error of HTTP is an answer like others to these
VERBS = {"get", "post", "head", "put", "options"}
LEAVE = {"exit", "quit", "sys.exit", "os._exit"}
CATCH_ALL = {"Exception", "BaseException"}
FLAGS = {"-I", "-S", "-s", "-u", "-B", "-E", "-O", "-q"}


def outcomes(words: Sequence[Field], situation: Situation) -> frozenset[Result]:
    """How `python WORDS` may end."""
    rest = list(words)
    while rest and rest[0] in FLAGS:
        rest = rest[1:]
    if len(rest) < 2 or rest[0] != "-c" or not isinstance(rest[1], str):
        return EITHER
    try:
        tree = ast.parse(rest[1])
    except SyntaxError:
        return frozenset({(FAILED, ANY)})
    ends = _block(tree.body, situation)
    return frozenset((OK if end in {"on", "0"} else FAILED, ANY) for end in ends)


def _block(body: Sequence[ast.stmt], situation: Situation) -> Ends:
    ends = ON
    for statement in body:
        if "on" in ends:
            ends = (ends - ON) | _statement(statement, situation)
    return ends


def _statement(node: ast.stmt, situation: Situation) -> Ends:
    match node:
        case ast.Pass() | ast.Import() | ast.ImportFrom():  # that its modules are there says nothing of the service
            return ON
        case ast.Expr(value=value) | ast.Assign(targets=[ast.Name()], value=value):
            return _expression(value, situation)
        case ast.Try(finalbody=[]):
            return _attempt(node, situation)
        case ast.If(test=test, body=body, orelse=orelse):
            asked = _expression(test, situation)
            after = _block(body, situation) | _block(orelse, situation)
            return (asked - ON) | (after if "on" in asked else frozenset())
    return ANYHOW


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
            inside = [_expression(one, situation) for one in (*args, *(keyword.value for keyword in keywords))]
            if any(one != ON for one in inside):
                return ANYHOW
            return _call(_name(func), args, situation)
    return MAY_RAISE


def _call(name: str, args: Sequence[ast.expr], situation: Situation) -> Ends:
    module, _, verb = name.rpartition(".")
    if name in LEAVE:
        return _leaving(args)
    if name == "print":
        return ON
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
