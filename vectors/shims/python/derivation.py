"""From passwords to keys and proofs (DERIVATION sections 1, 2 and 4)."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from envelope import SymmetricKey
from errors import FormatError, UnsupportedQuestion
from text_encodings import Identifier, write_base64
from values import read_raw_key

_MAXIMUM_PASSWORD = 65_536  # VAL-12
_MAXIMUM_TEXT = 1_024
SALT_LENGTH = 32


def normalised(text: str) -> bytes:
    """E(x) of KDF-21: UTF-8 of NFKC."""
    return unicodedata.normalize("NFKC", text).encode("utf-8")


@lru_cache(maxsize=4096)
def _derive(password: bytes, salt: bytes) -> bytes:
    """KDF-20: one function at one cost. Remembered, because vectors ask the same more than once."""
    return Scrypt(salt=salt, length=64, n=16384, r=8, p=1).derive(password)


def password_bytes(password: str) -> bytes:
    """KDF-34, VAL-12: neither empty nor too long."""
    if not password:
        raise FormatError("empty-password")
    if len(password.encode("utf-8")) > _MAXIMUM_PASSWORD:
        raise FormatError("bad-value", "a password of more than 65,536 bytes")
    return normalised(password)


def bounded(text: str) -> str:
    """VAL-12, VAL-03: 1 to 1,024 bytes."""
    if not 1 <= len(text.encode("utf-8")) <= _MAXIMUM_TEXT:
        raise FormatError("bad-value", "a text of no or too many bytes")
    return text


def database_key(database_key_text: str, app: str) -> SymmetricKey:
    """KDF-01."""
    return SymmetricKey(_derive(password_bytes(database_key_text), normalised("seald-db-encryption|" + bounded(app))))


def database_key_not_given(app: str) -> SymmetricKey:
    """KDF-33."""
    return SymmetricKey(_derive(b"", normalised("seald-db-encryption|" + bounded(app))))


def database_raw_key(text: str) -> SymmetricKey:
    """KDF-02."""
    return SymmetricKey(read_raw_key(text))


def ssks_password_secret(password: str, app: str, user: str) -> str:
    """KDF-03."""
    return _of_user(password, b"", "seald-ssks-secret", app, user).hex()


def ssks_password_key(password: str, salt: bytes, app: str, user: str) -> SymmetricKey:
    """KDF-04."""
    return SymmetricKey(_of_user(password, _checked_salt(salt), "seald-ssks-encryption", app, user))


def two_man_rule_key(password: str, salt: bytes, app: str, user: str) -> SymmetricKey:
    """KDF-05."""
    return SymmetricKey(_of_user(password, _checked_salt(salt), "seald-ssks-2mr-encryption", app, user))


def _of_user(password: str, salt: bytes, purpose: str, app: str, user: str) -> bytes:
    return _derive(password_bytes(password), salt + normalised(f"{purpose}|{bounded(app)}|{bounded(user)}"))


def _checked_salt(salt: bytes) -> bytes:
    if len(salt) != SALT_LENGTH:
        raise FormatError("bad-value", "a salt has 32 bytes")
    return salt


def sym_enc_key_secret(password: str, app: str, session: str, spelling: str) -> str:
    """KDF-06."""
    return write_base64(_of_session(password, "seald-SymEncKey-Secret", app, session, spelling))


def sym_enc_key_key(password: str, app: str, session: str, spelling: str) -> SymmetricKey:
    """KDF-07."""
    return SymmetricKey(_of_session(password, "seald-SymEncKey-SymKey", app, session, spelling))


def _of_session(password: str, purpose: str, app: str, session: str, spelling: str) -> bytes:
    text = spell_session(session, spelling)
    return _derive(password_bytes(password), normalised(f"{purpose}|{bounded(app)}|{text}"))


def spell_session(session: str, spelling: str) -> str:
    """KDF-30: the lower-case form, or another that a recovering reader tries."""
    identifier = Identifier.read_any(session)
    match spelling:
        case "lower-case":
            return identifier.hyphenated
        case "upper-case":
            return identifier.hyphenated.upper()
        case "s64":
            return identifier.s64
        case "as-given":
            return session
        case _:
            raise UnsupportedQuestion(f"spelling {spelling} is unknown")


def group_self_add_message_key(password: str, app: str) -> SymmetricKey:
    """KDF-08."""
    salt = normalised("seald-GroupSelfAdd-GroupSymKey|" + bounded(app))
    return SymmetricKey(_derive(password_bytes(password), salt))


def group_self_add_secret(password: str, app: str, group: str) -> str:
    """KDF-09; KDF-31: the group id as S64."""
    text = Identifier.read_any(group).s64
    salt = normalised(f"seald-GroupSelfAdd-GroupSelfAddSecret|{bounded(app)}|{text}")
    return write_base64(_derive(password_bytes(password), salt))


def user_license_token_proof(user: str, app: str, validation_key: str, nonce: str) -> str:
    """KDF-10, the third part of the token; KDF-35: the one use without normalisation."""
    _check_nonce(nonce)
    password = f"{bounded(user)}@{bounded(app)}-{bounded(validation_key)}".encode("utf-8")
    return _derive(password, nonce.encode("ascii")).hex()


def pre_validation_token_proof(connector_value: str, domain_validation_key: str, nonce: str) -> str:
    """KDF-11, the member `token` of the token."""
    _check_nonce(nonce)
    password = normalised(f"{bounded(connector_value)}-{bounded(domain_validation_key)}")
    return _derive(password, normalised(nonce)).hex()


def _check_nonce(nonce: str) -> None:
    if len(nonce) != 64 or any(character not in "0123456789abcdef" for character in nonce):
        raise FormatError("bad-value", "a nonce is 64 hexadecimal characters")
