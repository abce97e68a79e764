"""Identities that are stored under a password or by the two-man rule (DERIVATION section 5)."""

from __future__ import annotations

from collections.abc import Callable

import derivation
from envelope import SymmetricKey
from errors import FormatError, malformed
from text_encodings import read_tolerant
from values import read_raw_key

_SMALLEST = 64  # BLOB-12
_SMALLEST_WITH_SALT = derivation.SALT_LENGTH + _SMALLEST
_Derive = Callable[[str, bytes, str, str], SymmetricKey]
_DERIVATIONS: dict[str, _Derive] = {
    "password": derivation.ssks_password_key,  # BLOB-01
    "two-man-rule": derivation.two_man_rule_key,  # BLOB-03
}


def open_with_text(protection: str, app: str, user: str, text: str, blob_text: str) -> bytes:
    """BLOB-01, BLOB-03: a salt stands before the envelope."""
    derivation.password_bytes(text)
    return _given(_open_derived(protection, app, user, text, read_tolerant(blob_text)))


def open_with_raw_key(raw_key: str, blob_text: str) -> bytes:
    """BLOB-02, BLOB-04: the whole blob is an envelope."""
    key = SymmetricKey(read_raw_key(raw_key))
    return _given(_open_raw(key, read_tolerant(blob_text)))


def open_undecided(protection: str, app: str, user: str, credential: str, blob_text: str) -> tuple[bytes, bool]:
    """BLOB-10: the raw key over the whole blob first, then the derivation; says whether it was derived."""
    derivation.password_bytes(credential)
    blob = read_tolerant(blob_text)
    if len(blob) < _SMALLEST:
        raise malformed("a blob of fewer than 64 bytes")
    try:
        return _given(_open_raw(SymmetricKey(read_raw_key(credential)), blob)), False
    except FormatError as error:
        if error.code == "slot-disabled" or (error.code == "rejected" and len(blob) < _SMALLEST_WITH_SALT):
            raise
    return _given(_open_derived(protection, app, user, credential, blob)), True


def _open_raw(key: SymmetricKey, blob: bytes) -> bytes:
    if len(blob) < _SMALLEST:  # BLOB-12
        raise malformed("a blob of fewer than 64 bytes")
    return key.open(blob)


def _open_derived(protection: str, app: str, user: str, text: str, blob: bytes) -> bytes:
    if len(blob) < _SMALLEST_WITH_SALT:  # BLOB-12
        raise malformed("a blob with a salt of fewer than 96 bytes")
    salt, sealed = blob[: derivation.SALT_LENGTH], blob[derivation.SALT_LENGTH :]
    return _DERIVATIONS[protection](text, salt, app, user).open(sealed)


def _given(document: bytes) -> bytes:
    """BLOB-11."""
    if not document:
        raise FormatError("slot-disabled")
    return document
