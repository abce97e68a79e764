"""The symmetric key and the envelope that carries everything (ENVELOPE sections 2 and 3)."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from errors import FormatError, malformed, rejected
from text_encodings import read_tolerant

KEY_LENGTHS = (32, 48, 64)
_BLOCK = 16
_MAC = 32


@dataclass(frozen=True, repr=False)
class SymmetricKey:
    """ENV-01: n bytes that authenticate, then n bytes that encrypt; n is 16, 24 or 32."""

    octets: bytes

    def __post_init__(self) -> None:
        if len(self.octets) not in KEY_LENGTHS:
            raise FormatError("key-length", f"{len(self.octets)} bytes")

    @staticmethod
    def read_text(text: str) -> SymmetricKey:
        """The text of a key is base64, read by B64-02."""
        return SymmetricKey(read_tolerant(text))

    @property
    def _mac_key(self) -> bytes:
        return self.octets[: len(self.octets) // 2]

    @property
    def _aes_key(self) -> bytes:
        return self.octets[len(self.octets) // 2 :]

    def open(self, sealed: bytes) -> bytes:
        """Gives the plaintext, and nothing of it before the MAC over everything has been checked."""
        if len(sealed) < _BLOCK + _BLOCK + _MAC or len(sealed) % _BLOCK != 0:  # ENV-06
            raise malformed(f"an envelope of {len(sealed)} bytes")
        authenticated, mac = sealed[:-_MAC], sealed[-_MAC:]
        if not hmac.compare_digest(self._mac(authenticated), mac):  # ENV-07
            raise rejected()
        decryptor = Cipher(algorithms.AES(self._aes_key), modes.CBC(authenticated[:_BLOCK])).decryptor()
        padded = decryptor.update(authenticated[_BLOCK:]) + decryptor.finalize()
        padding = padded[-1]
        if not 1 <= padding <= _BLOCK or padded[-padding:] != bytes([padding]) * padding:  # ENV-08
            raise rejected()
        return padded[:-padding]

    def seal(self, plaintext: bytes, iv: bytes) -> bytes:
        """ENV-04, ENV-05: IV, ciphertext, MAC. The caller answers for an IV that is fresh."""
        if len(iv) != _BLOCK:
            raise FormatError("bad-value", "an IV has 16 bytes")
        padding = _BLOCK - len(plaintext) % _BLOCK
        encryptor = Cipher(algorithms.AES(self._aes_key), modes.CBC(iv)).encryptor()
        ciphertext = encryptor.update(plaintext + bytes([padding]) * padding) + encryptor.finalize()
        return iv + ciphertext + self._mac(iv + ciphertext)

    def _mac(self, data: bytes) -> bytes:
        return hmac.new(self._mac_key, data, hashlib.sha256).digest()


def key_for_sealing(octets: bytes, allow_short: bool = False) -> SymmetricKey:
    """ENV-02: keys of 32 and 48 bytes seal only where the caller asks for it."""
    key = SymmetricKey(octets)
    if len(octets) != 64 and not allow_short:
        raise FormatError("key-length", "sealing with a short key needs an explicit option")
    return key
