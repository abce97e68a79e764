"""Base64 in its three readings, and identifiers in their spellings (ENVELOPE section 4)."""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from dataclasses import dataclass

from errors import malformed

_WHITE_SPACE = str.maketrans("", "", " \t\r\n")
_URL_TO_STANDARD = str.maketrans("-_", "+/")
_ALPHABET = re.compile(r"[A-Za-z0-9+/]*")
_S64_ALPHABET = re.compile(r"[A-Za-z0-9+/=%]+")
_S64_IDENTIFIER = re.compile(r"[A-Za-z0-9+/%]{22}={0,2}")
_UUID_LOWER_CASE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def write_base64(data: bytes) -> str:
    """B64-03: standard alphabet, padded, without line breaks."""
    return base64.b64encode(data).decode("ascii")


def write_s64(data: bytes) -> str:
    """B64-04: standard base64 with `/` written `%` and without padding."""
    return write_base64(data).rstrip("=").replace("/", "%")


def read_strict(text: str) -> bytes:
    """B64-01: exactly what a writer would have written."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise malformed("not strict base64") from None
    if write_base64(data) != text:  # spare bits, superfluous padding
        raise malformed("not canonical base64")
    return data


def read_tolerant(text: str) -> bytes:
    """B64-02: url alphabet, white space, missing or wrong padding and spare bits are accepted."""
    return _decode_unpadded(text.translate(_WHITE_SPACE).rstrip("=").translate(_URL_TO_STANDARD))


def read_s64(text: str) -> bytes:
    """B64-04: S64 or plain base64, padding optional, never empty."""
    if not _S64_ALPHABET.fullmatch(text):
        raise malformed("not S64")
    return _decode_unpadded(text.replace("%", "/").replace("=", ""))


def _decode_unpadded(text: str) -> bytes:
    """Decodes the standard alphabet without padding; spare bits are ignored."""
    if not _ALPHABET.fullmatch(text) or len(text) % 4 == 1:
        raise malformed("not base64")
    return base64.b64decode(text + "=" * (-len(text) % 4))


@dataclass(frozen=True, order=True)
class Identifier:
    """UUID-03: 16 bytes; compared as bytes, never as text (UUID-02)."""

    octets: bytes

    @property
    def hyphenated(self) -> str:
        """The spelling for people, messages and interfaces: lower case with hyphens."""
        return str(uuid.UUID(bytes=self.octets))

    @property
    def s64(self) -> str:
        """UUID-02: the spelling of 22 characters."""
        return write_s64(self.octets)

    @staticmethod
    def read_hyphenated(text: str) -> Identifier:
        """UUID-01: lower case with hyphens, versions 1 to 5."""
        if not _UUID_LOWER_CASE.fullmatch(text):
            raise malformed("not a UUID")
        return Identifier(bytes.fromhex(text.replace("-", "")))

    @staticmethod
    def read_s64(text: str) -> Identifier:
        """UUID-02: S64 or base64 of 16 bytes, padded or not, spare bits ignored."""
        if not _S64_IDENTIFIER.fullmatch(text):
            raise malformed("an id has 22 characters")
        return Identifier.read_hyphenated(str(uuid.UUID(bytes=read_s64(text))))

    @staticmethod
    def read_wire(text: str) -> Identifier:
        """What wire formats of both spellings take: hyphenated in lower case, or S64."""
        return Identifier.read_hyphenated(text) if "-" in text else Identifier.read_s64(text)

    @staticmethod
    def read_any(text: str) -> Identifier:
        """UUID-03: the parser of an interface takes upper case too and lowers it."""
        return Identifier.read_hyphenated(text.lower()) if "-" in text else Identifier.read_s64(text)
