"""The JSON of sigchains, read strictly where it is looked at and nowhere else (SIGCHAIN sections 2 and 3)."""

from __future__ import annotations

import json
from typing import Any

from errors import malformed
from text_encodings import Identifier

_LARGEST = 2**53 - 1


class _Members(list[tuple[str, Any]]):
    """An object as it stands there: duplicates matter only once it is looked at."""


class _NoInteger:
    """A number with a fraction, an exponent, a sign or too many digits."""


def _integer(text: str) -> int | _NoInteger:
    return int(text) if text.isdigit() and len(text) <= len(str(_LARGEST)) else _NoInteger()


def _refuse_constant(_: str) -> None:
    raise ValueError


def read_value(text: str) -> Any:
    """RFC 8259, with objects and numbers left for later."""
    try:
        return json.loads(
            text,
            object_pairs_hook=_Members,
            parse_int=_integer,
            parse_float=lambda _: _NoInteger(),
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError):
        raise malformed("not JSON") from None


def read_array(text: str) -> list[Any]:
    """SIG-20: a text that is no JSON array is malformed as a whole."""
    value = read_value(text)
    if not _is_array(value):
        raise malformed("no array")
    return list(value)


def _is_array(value: Any) -> bool:
    return isinstance(value, list) and not isinstance(value, _Members)


class Object:
    """SIG-02: an object that is looked at. A member of another kind is malformed, further members are not looked at."""

    def __init__(self, value: Any) -> None:
        if not isinstance(value, _Members):
            raise malformed("no object")
        self._members = dict(value)
        if len(self._members) != len(value):
            raise malformed("a member twice")

    def object(self, name: str) -> Object:
        """An object that must be there."""
        return Object(self._members.get(name))

    def optional_object(self, name: str) -> Object | None:
        """An object; null is an absent member."""
        value = self._members.get(name)
        return None if value is None else Object(value)

    def text(self, name: str) -> str:
        """A text that must be there."""
        return _text(self._members.get(name))

    def text_or_empty(self, name: str) -> str:
        """A text that is empty where it is missing."""
        return self.text(name) if self._members.get(name) is not None else ""

    def integer(self, name: str) -> int:
        """An integer from 0 to 2^53 - 1, written without fraction and exponent."""
        value = self._members.get(name)
        if type(value) is not int or value > _LARGEST:
            raise malformed(f"the member {name} is no integer")
        return value

    def optional_texts(self, name: str) -> list[str] | None:
        """A list of texts; null is an absent member."""
        value = self._members.get(name)
        if value is None:
            return None
        if not _is_array(value):
            raise malformed(f"the member {name} is no list")
        return [_text(entry) for entry in value]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise malformed("no text")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:  # half a surrogate
        raise malformed("a text that is not Unicode") from None
    return value


def read_id(text: str) -> Identifier:
    """SIG-02: UUID-01, hyphenated, in any case."""
    if "-" not in text:
        raise malformed("not a UUID")
    return Identifier.read_any(text)


def canonical_json(value: Any) -> str:
    """RFC 8785 for texts, integers, lists and objects with ASCII names."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
