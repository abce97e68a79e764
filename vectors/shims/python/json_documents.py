"""JSON as messages and stores use it."""

from __future__ import annotations

import json
from typing import Any

from errors import malformed

Json = dict[str, Any]


def read_json(text: str) -> Any:
    """RFC 8259: of duplicate members the last counts (MSG-11); NaN and Infinity are refused."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise malformed("not JSON") from None


def _refuse_constant(_: str) -> None:
    raise ValueError


def read_object(data: bytes) -> Json:
    """An object in UTF-8."""
    try:
        value = read_json(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise malformed("not UTF-8") from None
    if not isinstance(value, dict):
        raise malformed("no object")
    return value


def member(value: Any, name: str, kind: type) -> Any:
    """IDENTITY section 5: a member of another kind than expected is as absent."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, kind) else None
