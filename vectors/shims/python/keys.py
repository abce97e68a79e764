"""RSA keys: reading, writing, hashes (KEYS sections 1 and 2)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from der import ATTRIBUTES, OCTET_STRING, SEQUENCE, Reader, key_malformed, read_rsa_algorithm
from errors import FormatError
from text_encodings import write_base64

_SMALLEST, _LARGEST = 1024, 8192  # KEY-10
_USUAL_SIZES = (1024, 2048, 4096)  # KEY-08
CRT_RECOMPUTED, UNUSUAL_SIZE = "crt-recomputed", "unusual-size"


@dataclass(frozen=True)
class PublicKey:
    """The modulus and the public exponent."""

    n: int
    e: int

    @property
    def bits(self) -> int:
        """The length of the modulus in bits."""
        return self.n.bit_length()

    @property
    def length(self) -> int:
        """The length of the modulus in bytes: that of every ciphertext and signature."""
        return (self.bits + 7) // 8

    @cached_property
    def native(self) -> rsa.RSAPublicKey:
        """The key as the cryptography library takes it."""
        return rsa.RSAPublicNumbers(self.e, self.n).public_key()

    @cached_property
    def spki(self) -> bytes:
        """KEY-21: SPKI DER."""
        return self.native.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @cached_property
    def hash_octets(self) -> bytes:
        """KEY-23: SHA-256 over our own SPKI."""
        return hashlib.sha256(self.spki).digest()

    @property
    def hash(self) -> str:
        """KEY-23: the hash as text."""
        return write_base64(self.hash_octets)

    @property
    def warnings(self) -> list[str]:
        """KEY-09."""
        return [] if self.bits in _USUAL_SIZES else [UNUSUAL_SIZE]


@dataclass(frozen=True, repr=False)
class PrivateKey:
    """A private key whose CRT values are our own (KEY-13)."""

    public: PublicKey
    d: int
    p: int
    q: int
    warnings: list[str] = field(default_factory=list)

    @cached_property
    def native(self) -> rsa.RSAPrivateKey:
        """The key as the cryptography library takes it; the reader has checked it already."""
        numbers = rsa.RSAPrivateNumbers(
            p=self.p, q=self.q, d=self.d,
            dmp1=self.d % (self.p - 1), dmq1=self.d % (self.q - 1), iqmp=pow(self.q, -1, self.p),
            public_numbers=rsa.RSAPublicNumbers(self.public.e, self.public.n),
        )  # fmt: skip
        return numbers.private_key(unsafe_skip_rsa_key_validation=True)

    @cached_property
    def pkcs8(self) -> bytes:
        """KEY-21: PKCS#8 DER without attributes."""
        return self.native.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def read_public_key(der: bytes) -> PublicKey:
    """KEY-01, KEY-03: SPKI, or bare PKCS#1."""
    outer = Reader(der)
    key = outer.sequence()
    outer.end()  # KEY-07
    if key.next_is(SEQUENCE):
        read_rsa_algorithm(key)
        content = Reader(key.bit_string())
        key.end()
        key = content.sequence()
        content.end()
    public = PublicKey(key.integer(), key.integer())
    key.end()
    _check_public(public)
    return public


def _check_public(public: PublicKey) -> None:
    if not _SMALLEST <= public.bits <= _LARGEST:  # KEY-10
        raise FormatError("key-size", f"{public.bits} bits")
    if public.n % 2 == 0:
        raise key_malformed("an even modulus")
    if public.e % 2 == 0 or not 3 <= public.e < 1 << 33:  # KEY-11
        raise key_malformed("the public exponent")


def read_private_key(der: bytes) -> PrivateKey:
    """KEY-01, KEY-02, KEY-04: PKCS#8, or bare PKCS#1."""
    outer = Reader(der)
    key = outer.sequence()
    outer.end()  # KEY-06
    if key.integer() != 0:
        raise key_malformed("a version other than 0")
    if key.next_is(SEQUENCE):
        read_rsa_algorithm(key)
        content = Reader(key.take(OCTET_STRING))
        if not key.at_end and key.take(ATTRIBUTES) != b"":  # KEY-04
            raise key_malformed("attributes")
        key.end()
        key = content.sequence()
        content.end()
        if key.integer() != 0:
            raise key_malformed("a version other than 0")
    n, e, d, p, q, d_p, d_q, q_inv = (key.integer() for _ in range(8))
    key.end()
    public = PublicKey(n, e)
    _check_public(public)
    if p < 3 or q < 3 or p == q or p * q != n or not 1 < d < n:
        raise FormatError("key-inconsistent")
    if e * d % (p - 1) != 1 or e * d % (q - 1) != 1:  # KEY-12
        raise FormatError("key-inconsistent")
    try:
        fitting = (d % (p - 1), d % (q - 1), pow(q, -1, p))
    except ValueError:  # p and q have a factor in common
        raise FormatError("key-inconsistent") from None
    warnings = public.warnings
    if (d_p, d_q, q_inv) != fitting:  # KEY-13
        warnings = [*warnings, CRT_RECOMPUTED]
    return PrivateKey(public, d, p, q, warnings)
