"""File containers of protocol 1, HTML, and the oldest form (ENVELOPE sections 6, 7, 10 and 11)."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field

from archive import ArchivedFile, read_archive, write_archive
from bson_documents import Other, Value, document_of, read_document, write_document
from envelope import SymmetricKey, key_for_sealing
from errors import FormatError, malformed
from text_encodings import Identifier, read_tolerant, write_base64

MAGIC = b"SEALD.IO_"
_LEGACY_MAGIC = b"SEALD.IO_Encrypted_File"
_MAGIC_IN_BASE64 = write_base64(MAGIC).encode("ascii")
_MAXIMUM_HEADER = 65_536  # FILE-18
_HTML_MARKER = b"window.sealdDocument = "
_HTML_REACH = 65_536  # HTML-02
_HTML_SESSION = re.compile(rb"""window\.sealdDocumentUID\s*=\s*['"](.*?)['"]""", re.DOTALL)


@dataclass(frozen=True)
class Container:
    """What stands outside of the envelope: nothing of it is covered by the MAC (FILE-02)."""

    kind: str
    session: Identifier
    version: str | None
    sealed: bytes


@dataclass(frozen=True)
class OpenedFile:
    """A container that was opened; a file of the oldest form has no name."""

    container: Container
    files: list[ArchivedFile] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    unnamed_content: bytes | None = None


def seal_file(key: bytes, iv: bytes, session: Identifier, name: str, announced: int, content: bytes) -> bytes:
    """Writes a container of protocol 1."""
    sealing_key = key_for_sealing(key)
    header = write_document(document_of(v="1", mid=session.s64))  # FILE-01: 46 bytes
    sealed = sealing_key.seal(write_archive(name, announced, content), iv)
    return MAGIC + struct.pack("<I", len(header)) + header + sealed


def open_file(key: SymmetricKey, expected: Identifier | None, entries: str, data: bytes) -> OpenedFile:
    """Reads the shape, then the id, then the envelope, then the archive (ENVELOPE section 12)."""
    container = read_container(data)
    if expected is not None and container.session != expected:  # FILE-19
        raise FormatError("wrong-session")
    plaintext = key.open(container.sealed)
    if container.kind == "legacy":  # OLD-05: without tar
        return OpenedFile(container, unnamed_content=plaintext)
    selection = read_archive(plaintext, entries)
    return OpenedFile(container, selection.files, selection.skipped)


def read_container(data: bytes) -> Container:
    """Recognises a container by its first bytes."""
    if len(data) < len(MAGIC):  # FILE-20
        raise malformed("fewer bytes than the magic")
    if data.startswith(_LEGACY_MAGIC):  # OLD-05: before the shorter magic
        return _read_legacy(data)
    if data.startswith(MAGIC):
        return _read_protocol_1(data, "binary")
    if data.startswith(_MAGIC_IN_BASE64):  # FILE-30
        return _read_protocol_1(_tolerant(data), "base64")
    return _read_html(data)


def _read_protocol_1(data: bytes, kind: str) -> Container:
    if len(data) < 13:
        raise malformed("a cut header")
    length = struct.unpack("<I", data[9:13])[0]
    if length > _MAXIMUM_HEADER:  # FILE-18
        raise malformed("a header of more than 65,536 bytes")
    header = data[13 : 13 + length]
    if len(header) != length:
        raise malformed("a cut header")
    document = read_document(header)  # FILE-16, FILE-17
    identifiers = document.all("mid")
    if len(identifiers) != 1 or not isinstance(identifiers[0], str):  # FILE-15
        raise malformed("mid is one string")
    session = Identifier.read_s64(identifiers[0])  # FILE-13, FILE-14
    return Container(kind, session, _version(document.get("v")), data[13 + length :])


def _version(value: Value) -> str | None:
    """FILE-10, FILE-11: any `v` is accepted and reported."""
    match value:
        case str():
            return value
        case bool() | float() | Other() | None:
            return None
        case int():
            return str(value)
        case _:
            return None


def _read_legacy(data: bytes) -> Container:
    """OLD-05: magic, 22 characters of S64, envelope."""
    text = data[len(_LEGACY_MAGIC) : len(_LEGACY_MAGIC) + 22]
    if len(text) != 22 or not text.isascii():
        raise malformed("a cut header")
    session = Identifier.read_s64(text.decode("ascii"))
    return Container("legacy", session, None, data[len(_LEGACY_MAGIC) + 22 :])


def _read_html(data: bytes) -> Container:
    """HTML-02 to HTML-05."""
    marker = data.find(_HTML_MARKER, 0, _HTML_REACH - 1 + len(_HTML_MARKER))
    if marker < 0:
        raise malformed("no container")
    named = _HTML_SESSION.search(data, 0, marker)
    if named is None:
        raise malformed("a page without an id")
    try:
        session = Identifier.read_hyphenated(named[1].decode("ascii"))
    except UnicodeDecodeError:
        raise malformed("an id that is not ASCII") from None
    opening = data.find(b"'", marker)
    closing = data.find(b"'", opening + 1)
    if opening < 0 or closing < 0:  # HTML-04
        raise malformed("a payload without its end")
    return Container("html", session, None, _tolerant(data[opening + 1 : closing]))


def _tolerant(text: bytes) -> bytes:
    """B64-02 for text that came as bytes."""
    if not text.isascii():
        raise malformed("not base64")
    return read_tolerant(text.decode("ascii"))
