"""Operations on encodings, envelopes, messages and files."""

from __future__ import annotations

import files
import messages
import text_encodings
from envelope import key_for_sealing
from json_documents import Json
from questions import Operation, base64_text, binary, blob, expected_session, hyphenated, octets, symmetric_key
from text_encodings import Identifier

_READINGS = {
    "strict": text_encodings.read_strict,
    "tolerant": text_encodings.read_tolerant,
    "s64": text_encodings.read_s64,
}
_FORMS = {
    "any": Identifier.read_any,
    "hyphenated-lower-case": Identifier.read_hyphenated,
    "s64": Identifier.read_s64,
}


def _base64(question: Json) -> Json:
    data = _READINGS[question["reading"]](question["text"])
    return {"bytes": data.hex(), "standard": base64_text(data), "s64": text_encodings.write_s64(data)}


def _identifier(question: Json) -> Json:
    identifier = _FORMS[question["form"]](question["text"])
    return {"hyphenated": identifier.hyphenated, "s64": identifier.s64}


def _envelope_open(question: Json) -> Json:
    return {"plaintext": binary(symmetric_key(question).open(blob(question["sealed"])))}


def _envelope_seal(question: Json) -> Json:
    key = key_for_sealing(octets(question["key"]), question["allowShortKey"])
    return {"sealed": binary(key.seal(blob(question["plaintext"]), octets(question["iv"])))}


def _message_open(question: Json) -> Json:
    opened = messages.open_message(symmetric_key(question), expected_session(question), question["message"])
    if question["reading"] == "text":
        messages.text_of(opened.plaintext)
    return {"session": opened.session.hyphenated, "plaintext": binary(opened.plaintext)}


def _message_seal(question: Json) -> Json:
    session = Identifier.read_hyphenated(question["session"])
    message = messages.seal_message(octets(question["key"]), octets(question["iv"]), session, question["text"])
    return {"message": message}


def _legacy_message_open(question: Json) -> Json:
    opened = messages.open_legacy_message(symmetric_key(question), question["message"])
    return {
        "session": hyphenated(opened.session),
        "tokens": [base64_text(token) for token in opened.tokens],
        "plaintext": binary(opened.plaintext),
    }


def _file_open(question: Json) -> Json:
    opened = files.open_file(
        symmetric_key(question), expected_session(question), question["entries"], blob(question["container"])
    )
    given: list[Json] = [
        {"name": {"raw": file.raw_name, "safe": file.safe_name}, "content": binary(file.content)}
        for file in opened.files
    ]
    if opened.unnamed_content is not None:
        given.append({"name": None, "content": binary(opened.unnamed_content)})
    return {
        "kind": opened.container.kind,
        "session": opened.container.session.hyphenated,
        "version": opened.container.version,
        "files": given,
        "skipped": opened.skipped,
    }


def _file_seal(question: Json) -> Json:
    container = files.seal_file(
        octets(question["key"]),
        octets(question["iv"]),
        Identifier.read_hyphenated(question["session"]),
        question["name"],
        question["announced"],
        blob(question["content"]),
    )
    return {"container": binary(container)}


OPERATIONS: dict[str, Operation] = {
    "base64": _base64,
    "identifier": _identifier,
    "envelope-open": _envelope_open,
    "envelope-seal": _envelope_seal,
    "message-open": _message_open,
    "message-seal": _message_seal,
    "legacy-message-open": _legacy_message_open,
    "file-open": _file_open,
    "file-seal": _file_seal,
}
