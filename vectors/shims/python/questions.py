"""Fields of questions and answers (CONFORMANCE section 1)."""

from __future__ import annotations

import base64
from collections.abc import Callable

from envelope import SymmetricKey
from json_documents import Json
from text_encodings import Identifier, write_base64

Operation = Callable[[Json], Json]


def octets(text: str) -> bytes:
    """A short field of a question."""
    return base64.b64decode(text, validate=True)


def blob(value: Json) -> bytes:
    """A long field of a question: an object of `base64`."""
    return octets(value["base64"])


def base64_text(data: bytes) -> str:
    """A short field of an answer."""
    return write_base64(data)


def binary(data: bytes) -> Json:
    """Bytes of an answer."""
    return {"base64": base64_text(data)}


def symmetric_key(question: Json) -> SymmetricKey:
    """The key of a question."""
    return SymmetricKey(octets(question["key"]))


def expected_session(question: Json) -> Identifier | None:
    """The session that is expected, or None for any."""
    return None if question["session"] is None else Identifier.read_hyphenated(question["session"])


def hyphenated(identifier: Identifier | None) -> str | None:
    """An id of an answer, or null."""
    return None if identifier is None else identifier.hyphenated


def optional_blob(value: Json | None) -> bytes | None:
    """A file that may be missing."""
    return None if value is None else blob(value)
