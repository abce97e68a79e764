"""Text messages, and those of the oldest form (ENVELOPE sections 5 and 10)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from envelope import SymmetricKey, key_for_sealing
from errors import FormatError, malformed
from json_documents import Json, read_json
from text_encodings import Identifier, read_s64, read_tolerant, write_base64

# OLD-01. The pattern of the specification; `fullmatch` stands for ^ and $.
_LEGACY = re.compile(r"==GET=SEALD=([a-zA-Z1-9]+)=([a-zA-Z0-9\-_$&+%/]+)=([a-zA-Z0-9\-_$&+%]+)/=")


@dataclass(frozen=True)
class OpenedMessage:
    """What a message gives: the session that it names, and its plaintext."""

    session: Identifier
    plaintext: bytes


@dataclass(frozen=True)
class OpenedLegacyMessage:
    """A message of the oldest form names a session, or carries its own wrapped keys."""

    session: Identifier | None
    tokens: list[bytes]
    plaintext: bytes


def open_message(key: SymmetricKey, expected: Identifier | None, message: str) -> OpenedMessage:
    """MSG-10 to MSG-22: shape first, then the id, then the envelope."""
    parsed = read_json(message)
    if not isinstance(parsed, dict):  # MSG-22
        raise malformed("a message is an object")
    session_text, data = _member(parsed, "sessionId"), _member(parsed, "data")
    if not isinstance(session_text, str):  # MSG-14
        raise malformed("no sessionId")
    if not isinstance(data, str):  # MSG-16
        raise malformed("no data")
    session = _read_session(session_text, expected)
    if expected is not None and session != expected:  # MSG-15
        raise FormatError("wrong-session")
    return OpenedMessage(session, key.open(read_tolerant(data)))


def _member(message: Json, name: str) -> Any:
    """MSG-21: no other member may differ from a member that counts in the case of its letters only."""
    for other in message:
        if other != name and len(other) == len(name) and other.casefold() == name.casefold():
            raise malformed(f"a member {other} beside {name}")
    return message.get(name)


def _read_session(text: str, expected: Identifier | None) -> Identifier:
    """MSG-12 to MSG-14."""
    try:
        return Identifier.read_wire(text)
    except FormatError:
        if expected is None:
            raise
    Identifier.read_any(text)
    raise FormatError("wrong-session", "sessionId in upper case")  # MSG-13


def text_of(plaintext: bytes) -> str:
    """MSG-23: the call for text fails where the call for bytes does not."""
    try:
        return plaintext.decode("utf-8")
    except UnicodeDecodeError:
        raise FormatError("not-utf8") from None


def seal_message(key: bytes, iv: bytes, session: Identifier, text: str) -> str:
    """MSG-01: two members in this order, without white space."""
    sealed = key_for_sealing(key).seal(text.encode("utf-8"), iv)
    return f'{{"sessionId":"{session.hyphenated}","data":"{write_base64(sealed)}"}}'


def open_legacy_message(key: SymmetricKey, message: str) -> OpenedLegacyMessage:
    """OLD-01 to OLD-03."""
    parts = _LEGACY.fullmatch(message)
    if parts is None or parts[1] not in ("p", "1"):
        raise malformed("no message of the oldest form")
    protocol, keys, data = parts.groups()
    session, tokens = _read_legacy_keys(keys)
    sealed = read_s64(data)
    if protocol == "p":  # OLD-03
        if len(sealed) < 81:
            raise malformed("a message of protocol p has at least 81 bytes")
        sealed = sealed[1:17] + sealed[33:]
    return OpenedLegacyMessage(session, tokens, key.open(sealed))


def _read_legacy_keys(text: str) -> tuple[Identifier | None, list[bytes]]:
    """OLD-02: `N/tok1/.../tokN`; without a slash it is the id of a session."""
    if "/" not in text:
        return Identifier.read_wire(text), []
    number, *tokens = text.split("/")
    if not re.fullmatch(r"[1-9][0-9]*", number) or int(number) != len(tokens):
        raise malformed("the number of tokens is wrong")
    return None, [read_s64(token) for token in tokens]
