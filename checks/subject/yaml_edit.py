"""Change one value of a YAML file where it stands, and leave every other character as it is: comments, quotes, layout.

PyYAML's nodes have marks that say from where to where each is written. A library that writes back what it has read
(ruamel.yaml) sets indentation, quotes and line breaks anew, which would bury one changed line among many.
"""

from __future__ import annotations

from collections.abc import Sequence

import yaml

Key = str | int
BLOCK_SCALARS = ("|", ">")


class NotEditableError(Exception):
    """What is to be changed does not stand there by itself: another place is meant (an alias), or there is none."""


def node_at(text: str, keys: Sequence[Key]) -> yaml.Node | None:
    """The node behind these keys, where it is written out there; None where the file has none."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for key in keys:
        found = _below(node, key)
        if found is None:
            return None
        node = found
    return node


def written(text: str, node: yaml.Node) -> str:
    """A node as it is written."""
    return text[node.start_mark.index : _end(text, node)]


def replaced(text: str, node: yaml.Node, value: str) -> str:
    """The text with another value in place of a node."""
    return text[: node.start_mark.index] + value + text[_end(text, node) :]


def with_key(text: str, keys: Sequence[Key], key: str, value: str) -> str:
    """The text with this key of a mapping set: in place of its value, else behind the mapping's last key."""
    mapping = node_at(text, keys)
    if not isinstance(mapping, yaml.MappingNode):
        raise NotEditableError(f"`{'.'.join(map(str, keys))}` is no mapping that is written out")
    if _has(mapping, key):
        old = _below(mapping, key)
        if old is None:
            raise NotEditableError(f"`{key}` stands for what is written elsewhere")
        return replaced(text, old, value)
    added = f"{key}:{value}" if value.startswith("\n") else f"{key}: {value}"
    if mapping.flow_style:
        return _into_flow(text, mapping, added)
    return _below_last(text, mapping.value[-1][1], mapping.value[0][0].start_mark.column, added)


def with_item(text: str, keys: Sequence[Key], item: str) -> str:
    """The text with one more item at the end of a list."""
    items = node_at(text, keys)
    if not isinstance(items, yaml.SequenceNode) or not items.value:
        raise NotEditableError(f"`{'.'.join(map(str, keys))}` is no list that is written out")
    if items.flow_style:
        return _into_flow(text, items, item)
    return _below_last(text, items.value[-1], items.start_mark.column, f"- {item}")


def without_key(text: str, keys: Sequence[Key]) -> str:
    """The text without this key and its value."""
    mapping = node_at(text, keys[:-1])
    if isinstance(mapping, yaml.MappingNode):
        for key, value in mapping.value:
            if key.value == keys[-1]:
                return _without(text, key.start_mark.index, _end(text, value), flow=bool(mapping.flow_style))
    raise NotEditableError(f"`{keys[-1]}` is not written out")


def _below(node: yaml.Node | None, key: Key) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int):
        return node.value[key] if key < len(node.value) else None
    for name, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if name.value == key:
            return value if value.start_mark.index >= name.start_mark.index else None  # else it is an alias
    return None


def _has(mapping: yaml.MappingNode, key: str) -> bool:
    return any(name.value == key for name, _ in mapping.value)


def _end(text: str, node: yaml.Node) -> int:
    """Behind its last character: a block has its end mark where the next begins, comments in between and all."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return max(_end(text, one) for one in (last if isinstance(last, tuple) else (last,)))
    if isinstance(node, yaml.ScalarNode) and node.style in BLOCK_SCALARS:
        return len(text[: node.end_mark.index].rstrip())
    return int(node.end_mark.index)


def _into_flow(text: str, node: yaml.CollectionNode, added: str) -> str:
    opening, closing = text[node.start_mark.index], text[node.end_mark.index - 1]
    if not node.value:
        pad = " " if closing == "}" else ""
        return replaced(text, node, f"{opening}{pad}{added}{pad}{closing}")
    last = node.value[-1]
    at = _end(text, last[1] if isinstance(last, tuple) else last)
    return f"{text[:at]}, {added}{text[at:]}"


def _below_last(text: str, last: yaml.Node, column: int, added: str) -> str:
    """On a line of its own below that of the last node, with what stands behind that, such as a comment."""
    line_end = text.find("\n", _end(text, last))
    at = len(text) if line_end < 0 else line_end
    return f"{text[:at]}\n{' ' * column}{added}{text[at:]}"


def _without(text: str, start: int, end: int, *, flow: bool) -> str:
    if not flow:
        line_end = text.find("\n", end)
        return text[: text.rfind("\n", 0, start) + 1] + ("" if line_end < 0 else text[line_end + 1 :])
    behind = text[end:].lstrip()
    if behind.startswith(","):
        return text[:start] + behind[1:].lstrip()
    before = text[:start].rstrip()
    return before.removesuffix(",") + text[end:]
