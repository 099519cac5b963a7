"""Rules written into fleet.yaml: the smallest edit of its text, so that comments and layout stay as they are.

What was written is read again and compared: nothing but the one list may be another one, and the file must
still be right.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from fleet.config.document import BadYaml, read_document, read_node
from fleet.config.explain import ConfigError
from fleet.config.load import parse_fleet
from fleet.config.place import CONFIG_NAME, Place
from fleet.config.survey import ask_git
from fleet.model.errors import Permanent

_BOM = b"\xef\xbb\xbf"


def config_path(place: Place) -> str:
    """Where fleet.yaml lies in its repository, as git writes paths."""
    return f"{ask_git(place.root, 'rev-parse', '--show-prefix').strip()}{CONFIG_NAME}"


def amended(root: Path, data: bytes, agent: str, where: str, rules: Sequence[str]) -> bytes:
    """The file with these rules at the end of `agents.<agent>.permissions.<where>`. `root` is the project's
    folder. Raises `Permanent` where that can't be done.
    """
    by_hand = f"Write it yourself: agents.{agent}.permissions.{where}: {', '.join(rules)}"
    try:
        before = read_document(data).value
        wanted, new = _wanted(before, agent, where, rules)
        if not new:
            why = "fleet.yaml has these rules already"
            raise Permanent("There is nothing to write", why=why, do="fleet watcher restart reads it again.")
        bom, text = (_BOM, data[len(_BOM) :]) if data.startswith(_BOM) else (b"", data)
        done = bom + _edited(text.decode(), agent, where, new).encode()
        if read_document(done).value != wanted:
            raise Permanent("fleet.yaml can't be changed", why="more than this list would change", do=by_hand)
        parse_fleet(done, root=root)
    except (KeyError, TypeError, IndexError) as error:
        why = f"agents.{agent}.permissions is not there in that form"
        raise Permanent("fleet.yaml can't be changed", why=why, do=by_hand) from error
    except (BadYaml, ConfigError) as error:
        raise Permanent("fleet.yaml can't be changed", why=str(error), do=by_hand) from error
    return done


def _wanted(before: Any, agent: str, where: str, rules: Sequence[str]) -> tuple[Any, list[str]]:
    """The document as it has to be, and those of the rules that it lacks."""
    wanted = deepcopy(before)
    permissions = wanted["agents"][agent]["permissions"]
    there = permissions.get(where, [])
    listed = [there] if isinstance(there, str) else list(there)
    new = [each for each in rules if each not in listed]
    permissions[where] = [*listed, *new]
    return wanted, new


def _edited(text: str, agent: str, where: str, rules: Sequence[str]) -> str:
    permissions = _below(_below(_below(read_node(text), "agents"), agent), "permissions")
    assert isinstance(permissions, MappingNode)
    quoted = [json.dumps(each, ensure_ascii=False) for each in rules]
    listed = _below(permissions, where)
    newline = "\r\n" if "\r\n" in text else "\n"
    if listed is None:
        return _with_key(text, permissions, f"{where}: [{', '.join(quoted)}]", newline)
    start, end = listed.start_mark.index, listed.end_mark.index
    if isinstance(listed, ScalarNode):
        first = json.dumps(listed.value, ensure_ascii=False)
        return f"{text[:start]}[{', '.join([first, *quoted])}]{text[end:]}"
    assert isinstance(listed, SequenceNode)
    if listed.flow_style:
        at, before = (listed.value[-1].end_mark.index, ", ") if listed.value else (start + 1, "")
        return f"{text[:at]}{before}{', '.join(quoted)}{text[at:]}"
    last = listed.value[-1].end_mark.index
    line_end = text.find("\n", last)
    at = len(text) if line_end < 0 else line_end + 1
    dash = " " * listed.start_mark.column + "- "
    lines = "".join(f"{dash}{each}{newline}" for each in quoted)
    return f"{text[:at]}{newline if line_end < 0 else ''}{lines}{text[at:]}"


def _with_key(text: str, permissions: MappingNode, line: str, newline: str) -> str:
    """The mapping with one more key, before its others."""
    at = permissions.start_mark.index
    if permissions.flow_style:
        return f"{text[: at + 1]}{line}{', ' if permissions.value else ''}{text[at + 1 :]}"
    return f"{text[:at]}{line}{newline}{' ' * permissions.start_mark.column}{text[at:]}"


def _below(node: Node | None, key: str) -> Node | None:
    if not isinstance(node, MappingNode):
        raise TypeError("it is no mapping")
    return next((value for name, value in node.value if name.value == key), None)
