"""Commands of the shell itself."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from checks.requirements.r7_healthchecks.shell.conditions import tested
from checks.requirements.r7_healthchecks.shell.state import Goes, NotFollowedError, Run, State
from checks.requirements.r7_healthchecks.shell.values import ANY, FAILED, OK, Field, Value, joined

Words = list[Field]
Builtin = Callable[[Words, State, Run], set[State]]
LETTERS = {"e": "errexit", "o": "", "u": "nounset", "x": "xtrace", "v": "verbose", "f": "noglob", "h": "", "m": ""}
TRAPPED = {"EXIT", "0"}
PSEUDO_SIGNALS = {"ERR", "DEBUG", "RETURN"}


def passes(_: Words, state: State, __: Run) -> set[State]:
    return {state.ending(OK)}


def _fails(_: Words, state: State, __: Run) -> set[State]:
    return {state.ending("1")}


def _either(_: Words, state: State, __: Run) -> set[State]:
    return {state.ending(OK), state.ending(FAILED)}


def _left(goes: Goes) -> Builtin:
    """`exit` and `return`: with the status that is named, or that of the command before."""

    def leave(words: Words, state: State, run: Run) -> set[State]:
        if goes is Goes.RETURN and not run.in_function:
            raise NotFollowedError("shells differ about a return from nowhere")
        if not words:
            return {replace(state, goes=goes)}
        return {replace(state, status=status, goes=goes) for status in _statuses(words[0])}

    return leave


def _statuses(word: Field) -> set[Value]:
    """What `exit WORD` ends in: the number, of which eight bits are kept."""
    if isinstance(word, str) and word.removeprefix("-").isdecimal():
        return {str(int(word) & 0xFF)}
    if isinstance(word, str):
        return {FAILED}
    return {FAILED} if word == FAILED else {OK, FAILED}


def _out_of(goes: Goes) -> Builtin:
    def leave(words: Words, state: State, run: Run) -> set[State]:
        if words not in ([], ["1"]) or not run.in_loop:
            raise NotFollowedError("out of several loops, or of none")
        return {replace(state, status=OK, goes=goes)}

    return leave


def options(words: Words) -> tuple[frozenset[str], frozenset[str]]:
    """What `set WORDS`, or a shell's own options, switch on and off."""
    on: set[str] = set()
    off: set[str] = set()
    rest = list(words)
    while rest and isinstance(word := rest[0], str) and word[:1] in {"-", "+"} and word not in {"-", "--"}:
        rest = rest[1:]
        if unknown := set(word[1:]) - set(LETTERS):
            raise NotFollowedError(f"set {word[0]}{''.join(sorted(unknown))}")
        names = {LETTERS[letter] for letter in word[1:]} - {""}
        if "o" in word[1:]:
            names |= {rest[0]} if rest and isinstance(rest[0], str) else set()
            rest = rest[1:]
        on, off = (on | names, off - names) if word[0] == "-" else (on - names, off | names)
    return frozenset(on), frozenset(off)


def _set(words: Words, state: State, _: Run) -> set[State]:
    on, off = options(words)
    return {replace(state, status=OK, options=(state.options | on) - off)}


def _trap(words: Words, state: State, _: Run) -> set[State]:
    signals = {word.upper().removeprefix("SIG") for word in words[1:] if isinstance(word, str)}
    if PSEUDO_SIGNALS & signals or not all(isinstance(word, str) for word in words):
        raise NotFollowedError("a trap that is not for a signal")
    if TRAPPED & signals and isinstance(action := words[0], str):
        return {replace(state, status=OK, at_exit="" if action == "-" else action)}
    return {state.ending(OK)}


def _test(words: Words, state: State, _: Run) -> set[State]:
    return {state.ending(status) for status in tested(words)}


def _echo(words: Words, state: State, _: Run) -> set[State]:
    """With options or backslashes it depends on the shell what it says."""
    plain = [word for word in words if isinstance(word, str)]
    known = len(plain) == len(words) and not any("\\" in word or word.startswith("-") for word in plain)
    told: Value = " ".join(plain) + "\n" if known else ANY
    return {replace(state, status=OK, said=joined(state.said, told))}


def _printf(words: Words, state: State, _: Run) -> set[State]:
    """`%d` of what is no number fails; a format without anything but `%s` does not."""
    if not words or not isinstance(words[0], str) or "%" in words[0].replace("%s", "").replace("%%", ""):
        return {replace(state, status=status, said=joined(state.said, ANY)) for status in (OK, FAILED)}
    plain = len(words) == 1 and not set("%\\") & set(words[0])
    return {replace(state, status=OK, said=joined(state.said, words[0] if plain else ANY))}


def _wait(words: Words, state: State, run: Run) -> set[State]:
    """Without a process it ends in 0; with one, as that does."""
    return _either(words, state, run) if words else passes(words, state, run)


def _read(_: Words, state: State, __: Run) -> set[State]:
    """What is read may be the end, and the variables are not known from then on."""
    known = replace(state, variables=frozenset())
    return {known.ending("1")} if state.given == "" else {known.ending(OK), known.ending(FAILED)}


def _shift(_: Words, state: State, __: Run) -> set[State]:
    return {state.ending(OK), state.ending(FAILED)}


def _not_followed(_: Words, __: State, ___: Run) -> set[State]:
    raise NotFollowedError("another file is read")


BUILTINS: Mapping[str, Builtin] = {
    ":": passes,
    "true": passes,
    "false": _fails,
    "exit": _left(Goes.EXIT),
    "return": _left(Goes.RETURN),
    "break": _out_of(Goes.BREAK),
    "continue": _out_of(Goes.CONTINUE),
    "set": _set,
    "trap": _trap,
    "test": _test,
    "echo": _echo,
    "printf": _printf,
    "wait": _wait,
    "read": _read,
    "shift": _shift,
    "unset": passes,
    "umask": passes,
    "cd": _either,
    ".": _not_followed,
    "source": _not_followed,
    "alias": _not_followed,
    "shopt": _not_followed,
}
