"""BSON as these formats use it: read with every length bounded, written in the given order (FILE-03).

Fields are kept as a list, because a document may repeat a name and the rules care (FILE-15).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TypeAlias

from errors import malformed

MAXIMUM_NESTING = 16

_OLD_BINARY_SUBTYPE = 2

# Types of BSON 1.1 that no rule asks about, with the length of their values; None: see _skip.
_OTHER_TYPES: dict[int, int | None] = {
    0x06: 0, 0x07: 12, 0x09: 8, 0x0B: None, 0x0C: None, 0x0D: None, 0x0E: None, 0x0F: None,
    0x11: 8, 0x13: 16, 0x7F: 0, 0xFF: 0,
}  # fmt: skip

Value: TypeAlias = "str | bytes | int | float | bool | None | Document | Array | Other"


@dataclass(frozen=True)
class Other:
    """A value of a type that no rule asks about."""

    element_type: int


@dataclass(frozen=True)
class Document:
    """The fields of a document in their order; a name may occur more than once."""

    fields: tuple[tuple[str, Value], ...]

    def all(self, name: str) -> list[Value]:
        """Every value that stands under the name."""
        return [value for field, value in self.fields if field == name]

    def get(self, name: str) -> Value:
        """The value under the name, or None if there is none or it is null; two are one too many."""
        values = self.all(name)
        if len(values) > 1:
            raise malformed(f"{name} is there twice")
        return values[0] if values else None


@dataclass(frozen=True)
class Array(Document):
    """A document whose names are positions."""

    @property
    def values(self) -> list[Value]:
        """The elements in the order of the file."""
        return [value for _, value in self.fields]


def read_document(data: bytes) -> Document:
    """Reads one document that must fill the input exactly."""
    reader = _Reader(data)
    document = reader.document(Document, 1)
    if reader.position != len(data):
        raise malformed("bytes after the BSON document")
    return document


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0

    def _take(self, length: int, end: int) -> bytes:
        if length < 0 or self.position + length > end:
            raise malformed("a BSON length leaves its bounds")
        taken = self._data[self.position : self.position + length]
        self.position += length
        return taken

    def _int32(self, end: int) -> int:
        return int.from_bytes(self._take(4, end), "little", signed=True)

    def _name(self, end: int) -> str:
        terminator = self._data.find(b"\0", self.position, end)
        if terminator < 0:
            raise malformed("a BSON name without an end")
        name = self._take(terminator - self.position, end)
        self.position += 1
        return _utf8(name)

    def _string(self, end: int) -> str:
        content = self._take(self._int32(end), end)
        if not content or content[-1] != 0:
            raise malformed("a BSON string without NUL")
        return _utf8(content[:-1])

    def document(self, kind: type[Document], depth: int, end: int | None = None) -> Document:
        """Reads a document or an array that begins here."""
        if depth > MAXIMUM_NESTING:
            raise malformed("BSON nested too deeply")
        outer_end = len(self._data) if end is None else end
        start = self.position
        own_end = start + self._int32(outer_end)
        if own_end < start + 5 or own_end > outer_end:
            raise malformed("a BSON document leaves its bounds")
        fields: list[tuple[str, Value]] = []
        while (element_type := self._take(1, own_end)[0]) != 0:
            name = self._name(own_end - 1)
            fields.append((name, self._value(element_type, depth, own_end - 1)))
        if self.position != own_end:
            raise malformed("a BSON document ends early")
        return kind(tuple(fields))

    def _value(self, element_type: int, depth: int, end: int) -> Value:
        match element_type:
            case 0x01:
                value: float = struct.unpack("<d", self._take(8, end))[0]
                return value
            case 0x02:
                return self._string(end)
            case 0x03:
                return self.document(Document, depth + 1, end)
            case 0x04:
                return self.document(Array, depth + 1, end)
            case 0x05:
                return self._binary(end)
            case 0x08:
                flag = self._take(1, end)[0]
                if flag > 1:
                    raise malformed("a BSON boolean is 0 or 1")
                return flag == 1
            case 0x0A:
                return None
            case 0x10:
                return self._int32(end)
            case 0x12:
                return int.from_bytes(self._take(8, end), "little", signed=True)
            case _ if element_type in _OTHER_TYPES:
                self._skip(element_type, depth, end)
                return Other(element_type)
            case _:
                raise malformed(f"BSON type {element_type:02x} is unknown")

    def _binary(self, end: int) -> bytes:
        length = self._int32(end)
        subtype = self._take(1, end)[0]
        content = self._take(length, end)
        if subtype != _OLD_BINARY_SUBTYPE:
            return content
        if len(content) < 4 or int.from_bytes(content[:4], "little", signed=True) != len(content) - 4:
            raise malformed("a BSON binary of subtype 2 with a wrong inner length")
        return content[4:]

    def _skip(self, element_type: int, depth: int, end: int) -> None:
        match element_type:
            case 0x0B:  # regular expression: pattern and options
                self._name(end)
                self._name(end)
            case 0x0C:  # pointer: name and object id
                self._string(end)
                self._take(12, end)
            case 0x0D | 0x0E:  # code, symbol
                self._string(end)
            case 0x0F:  # code with scope
                start = self.position
                scope_end = start + self._int32(end)
                if scope_end > end:
                    raise malformed("a BSON length leaves its bounds")
                self._string(scope_end)
                self.document(Document, depth + 1, scope_end)
                if self.position != scope_end:
                    raise malformed("BSON code with scope of a wrong length")
            case _:
                self._take(_OTHER_TYPES[element_type] or 0, end)


def _utf8(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise malformed("BSON text is not UTF-8") from None


def write_document(document: Document) -> bytes:
    """Writes the fields in their order."""
    body = b"".join(_write_field(name, value) for name, value in document.fields)
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def document_of(**fields: Value) -> Document:
    """A document of these fields in this order."""
    return Document(tuple(fields.items()))


def array_of(values: list[Value]) -> Array:
    """An array with the names `0`, `1`, ..."""
    return Array(tuple((str(position), value) for position, value in enumerate(values)))


def _write_field(name: str, value: Value) -> bytes:
    match value:
        case bool():
            element_type, content = 0x08, bytes([value])
        case int():
            element_type, content = 0x10, struct.pack("<i", value)
        case str():
            text = value.encode("utf-8") + b"\0"
            element_type, content = 0x02, struct.pack("<i", len(text)) + text
        case bytes():
            element_type, content = 0x05, struct.pack("<i", len(value)) + b"\0" + value
        case Array():
            element_type, content = 0x04, write_document(value)
        case Document():
            element_type, content = 0x03, write_document(value)
        case _:
            raise TypeError(f"no format here writes {type(value).__name__}")
    return bytes([element_type]) + name.encode("utf-8") + b"\0" + content
