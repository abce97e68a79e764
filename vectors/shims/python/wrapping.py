"""What is wrapped for a key or under one, and signatures (KEYS sections 3 to 7)."""

from __future__ import annotations

import hashlib
import zlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from envelope import KEY_LENGTHS, SymmetricKey
from errors import FormatError, malformed, rejected
from keys import PrivateKey, PublicKey
from text_encodings import read_s64

_HASH_LENGTH = 20  # SHA-1
_OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)
_PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.AUTO)  # PSS-02


# --- OAEP with CRC ---------------------------------------------------------------------------


def _checksum(message: bytes) -> bytes:
    return zlib.crc32(message).to_bytes(4, "little")


def oaep_unwrap(key: PrivateKey, wrapped: bytes) -> bytes:
    """OAEP-01 to OAEP-04: every failure is the same."""
    if len(wrapped) != key.public.length:  # OAEP-03
        raise rejected()
    try:
        checked = key.native.decrypt(wrapped, _OAEP)
    except ValueError:
        raise rejected() from None
    message = checked[4:]
    if len(checked) < 4 or checked[:4] != _checksum(message):  # OAEP-02
        raise rejected()
    return message


def oaep_wrap(key: PublicKey, seed: bytes, message: bytes) -> bytes:
    """Section 3 with a seed that is given: RFC 8017, 7.1.1, on public numbers only."""
    if len(seed) != _HASH_LENGTH:
        raise FormatError("bad-value", "a seed has 20 bytes")
    checked = _checksum(message) + message
    room = key.length - 2 * _HASH_LENGTH - 2
    if len(checked) > room:  # OAEP-05
        raise FormatError("too-long")
    block = hashlib.sha1(b"").digest() + bytes(room - len(checked)) + b"\x01" + checked
    masked_block = _exclusive_or(block, _mask(seed, len(block)))
    masked_seed = _exclusive_or(seed, _mask(masked_block, _HASH_LENGTH))
    encoded = int.from_bytes(b"\0" + masked_seed + masked_block, "big")
    return pow(encoded, key.e, key.n).to_bytes(key.length, "big")


def _mask(seed: bytes, length: int) -> bytes:
    """MGF1 with SHA-1."""
    blocks = range(-(-length // _HASH_LENGTH))
    return b"".join(hashlib.sha1(seed + block.to_bytes(4, "big")).digest() for block in blocks)[:length]


def _exclusive_or(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


# --- tokens ----------------------------------------------------------------------------------


def open_token(
    keys: list[PrivateKey], created_for_key_hash: str | None, token: str, try_all_keys: bool
) -> tuple[bytes, PrivateKey]:
    """EMK-10 to EMK-12: the session key, and the key that opened it."""
    wrapped = read_s64(token)  # EMK-03
    candidates = keys
    if created_for_key_hash:
        wanted = _read_hash(created_for_key_hash)
        candidates = [key for key in keys if key.public.hash_octets == wanted]  # EMK-10
        if try_all_keys:  # EMK-12
            candidates = candidates + [key for key in keys if key not in candidates]
    for key in candidates:
        if len(wrapped) != key.public.length:  # EMK-11
            continue
        try:
            return _session_key(oaep_unwrap(key, wrapped)), key
        except FormatError:
            continue
    raise FormatError("no-token")


def _read_hash(text: str) -> bytes:
    """KEY-23: hashes are compared as 32 decoded bytes; their text is read like that of a token."""
    octets = read_s64(text)
    if len(octets) != 32:
        raise malformed("a hash has 32 bytes")
    return octets


def _session_key(message: bytes) -> bytes:
    """EMK-01, WRAP-11."""
    if len(message) not in KEY_LENGTHS:
        raise rejected()
    return message


def symmetric_unwrap(key: SymmetricKey, data: str) -> bytes:
    """WRAP-01 to WRAP-03: the session key under another symmetric key."""
    sealed = read_s64(data)  # WRAP-10
    try:
        return _session_key(key.open(sealed))
    except FormatError:  # also for a wrong length: one variant (KEYS section 12)
        raise rejected() from None


# --- signatures ------------------------------------------------------------------------------


def verify_signature(key: PublicKey, message: bytes, signature: bytes) -> None:
    """PSS-01, PSS-02, PSS-04."""
    if len(signature) != key.length:
        raise FormatError("bad-signature")
    try:
        key.native.verify(signature, message, _PSS, hashes.SHA256())
    except InvalidSignature:
        raise FormatError("bad-signature") from None
