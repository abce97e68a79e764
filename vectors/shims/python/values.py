"""Raw values that an application may pass instead of something derived (DERIVATION section 6)."""

from __future__ import annotations

import re

from envelope import KEY_LENGTHS
from errors import FormatError, UnsupportedQuestion
from text_encodings import read_tolerant, write_base64

_RAW_KEY_WRITTEN = re.compile(r"[A-Za-z0-9+/]{86}==")
_RAW_STORAGE_KEY_WRITTEN = re.compile(r"[A-Za-z0-9+/=\-_@.]{1,256}")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_E_MAIL = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})*")
_SMS = re.compile(r"\+[0-9]+")
_CHALLENGE = re.compile(r"[abcdefghjkmnpqrstuvwxyz23456789]{8}")
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_USER_LICENSE_TOKEN = re.compile(rf"{_UUID}:[0-9a-f]{{64}}:[0-9a-f]{{128}}")
_JSON_WEB_TOKEN = re.compile(r"[a-zA-Z0-9_-]+\.[a-zA-Z0-9_-]+\.[a-zA-Z0-9_-]*")


def _bad_value(reason: str) -> FormatError:
    return FormatError("bad-value", reason)


def _read_key(text: str, lengths: tuple[int, ...]) -> bytes:
    if len(text) > 1_024:
        raise _bad_value("a key of more than 1,024 characters")
    try:
        key = read_tolerant(text)
    except FormatError:
        raise _bad_value("a key that is not base64") from None
    if len(key) not in lengths:
        raise _bad_value(f"a key of {len(key)} bytes")
    return key


def read_raw_key(text: str) -> bytes:
    """VAL-01: 64 bytes."""
    return _read_key(text, (64,))


def read_raw_sym_key(text: str) -> bytes:
    """VAL-05: the raw key of a SymEncKey."""
    return _read_key(text, KEY_LENGTHS)


def _matching(pattern: re.Pattern[str], text: str, maximum: int | None = None) -> str:
    if (maximum is not None and len(text) > maximum) or not pattern.fullmatch(text):
        raise _bad_value("another form than that of the pattern")
    return text


def _written_key(text: str) -> str:
    """VAL-01, VAL-05: the pattern; spare bits come out as zeros."""
    return write_base64(read_raw_key(_matching(_RAW_KEY_WRITTEN, text)))


def _any_text(text: str) -> str:
    if not 1 <= len(text.encode("utf-8")) <= 1_024:
        raise _bad_value("a text of no or too many bytes")
    return text


def convert_value(value: str, mode: str, text: str) -> str:
    """Reads or writes the raw value of this name, and gives it as it is written."""
    writing = mode == "write"
    match value:
        case "raw-key":  # VAL-01
            return _written_key(text) if writing else write_base64(read_raw_key(text))
        case "raw-storage-key":  # VAL-02
            return _matching(_RAW_STORAGE_KEY_WRITTEN, text) if writing else _any_text(text)
        case "user-id":  # VAL-03
            if writing and not 1 <= len(text.encode("utf-16-le")) // 2 <= 64:
                raise _bad_value("a user id of no or too many characters")
            return _any_text(text)
        case "raw-secret":  # VAL-04
            return _any_text(text)
        case "raw-sym-key":  # VAL-05
            return _written_key(text) if writing else write_base64(read_raw_sym_key(text))
        case "auth-factor-email":  # VAL-07
            return _matching(_E_MAIL, text, 1_024).lower()
        case "auth-factor-sms":
            return _matching(_SMS, text, 1_024)
        case "challenge":  # VAL-08
            return _matching(_CHALLENGE, text)
        case "user-license-token":  # VAL-09
            return _matching(_USER_LICENSE_TOKEN, text)
        case "jwt":  # VAL-10
            return _matching(_JSON_WEB_TOKEN, text, 16_384)
        case _:
            raise UnsupportedQuestion(f"value {value} is unknown")
