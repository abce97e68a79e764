"""The identity document (IDENTITY sections 1 to 4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from bson_documents import Array, Document, Value, array_of, read_document, write_document
from errors import FormatError, malformed
from keys import PrivateKey, read_private_key
from text_encodings import Identifier


@dataclass(frozen=True)
class ReadingWarning:
    """Something that was read although it is not as it should be; what was dropped is said by use and index."""

    code: str
    usage: str | None = None
    index: int | None = None


@dataclass(frozen=True)
class KeyPair:
    """A key for encryption and a key for signing, which may be one and the same (IDN-25)."""

    encryption: PrivateKey
    signing: PrivateKey


@dataclass
class Identity:
    """A device of a user with its keys: current, prepared, former."""

    user: Identifier
    device: Identifier
    current: KeyPair
    prepared: KeyPair | None = None
    former_encryption: list[PrivateKey] = field(default_factory=list)
    former_signing: list[PrivateKey] = field(default_factory=list)
    warnings: list[ReadingWarning] = field(default_factory=list)

    @property
    def encryption_keys(self) -> list[PrivateKey]:
        """Every candidate for opening tokens (IDN-43), each once (IDN-31)."""
        prepared = [self.prepared.encryption] if self.prepared else []
        return without_duplicates([self.current.encryption, *prepared, *self.former_encryption])

    @property
    def signing_keys(self) -> list[PrivateKey]:
        """Every signing key, each once."""
        prepared = [self.prepared.signing] if self.prepared else []
        return without_duplicates([self.current.signing, *prepared, *self.former_signing])


def without_duplicates(keys: Iterable[PrivateKey]) -> list[PrivateKey]:
    """IDN-31: keys are compared by hash (KEY-22)."""
    found: dict[bytes, PrivateKey] = {}
    for key in keys:
        found.setdefault(key.public.hash_octets, key)
    return list(found.values())


def key_text(der: bytes) -> str:
    """IDN-01: each byte as the character of its number."""
    return der.decode("latin-1")


def read_identity(data: bytes) -> Identity:
    """IDN-10 to IDN-25."""
    document = read_document(data)  # IDN-19, IDN-20
    if document.get("encryptionKey") is None or document.get("signingKey") is None:  # IDN-21
        raise FormatError("legacy-identity")
    user, device = _read_id(document, "userId"), _read_id(document, "keyId")
    new_encryption, new_signing = document.get("newEncryptionKey"), document.get("newSigningKey")
    if (new_encryption is None) != (new_signing is None):  # IDN-12, IDN-13
        raise FormatError("prepared-incomplete")
    warnings: list[ReadingWarning] = []
    current = _read_pair(document.get("encryptionKey"), document.get("signingKey"), warnings)
    prepared = _read_pair(new_encryption, new_signing, warnings) if new_encryption is not None else None
    return Identity(
        user,
        device,
        current,
        prepared,
        _read_former(document, "serializedOldEncryptionKeys", "encryption", warnings),
        _read_former(document, "serializedOldSigningKeys", "signing", warnings),
        warnings,
    )


def _read_id(document: Document, name: str) -> Identifier:
    """IDN-22 to IDN-24."""
    text = document.get(name)
    if not isinstance(text, str):
        raise malformed(f"no {name}")
    return Identifier.read_any(text)


def _read_key(value: Value) -> PrivateKey:
    """IDN-01, IDN-14."""
    if not isinstance(value, str):
        raise malformed("a key that is no string")
    try:
        return read_private_key(value.encode("latin-1"))
    except (UnicodeEncodeError, FormatError):
        raise malformed("an unreadable key") from None


def _read_pair(encryption: Value, signing: Value, warnings: list[ReadingWarning]) -> KeyPair:
    """IDN-18: current and new keys must be readable."""
    pair = KeyPair(_read_key(encryption), _read_key(signing))
    warnings += [ReadingWarning(code) for code in pair.encryption.warnings + pair.signing.warnings]
    return pair


def _read_former(document: Document, name: str, usage: str, warnings: list[ReadingWarning]) -> list[PrivateKey]:
    """IDN-10, IDN-17: what cannot be read is dropped and reported."""
    array = document.get(name)
    if array is None:
        return []
    if not isinstance(array, Array):
        raise malformed(f"{name} is no array")
    keys = []
    for index, value in enumerate(array.values):
        try:
            key = _read_key(value)
        except FormatError:
            warnings.append(ReadingWarning("old-key-dropped", usage, index))
            continue
        warnings += [ReadingWarning(code) for code in key.warnings]
        keys.append(key)
    return keys


def write_identity(identity: Identity) -> bytes:
    """IDN-02, IDN-03: one canonical form."""
    fields: list[tuple[str, Value]] = [
        ("userId", identity.user.s64),
        ("keyId", identity.device.s64),
        ("encryptionKey", key_text(identity.current.encryption.pkcs8)),
        ("signingKey", key_text(identity.current.signing.pkcs8)),
    ]
    if identity.prepared is not None:
        fields.append(("newEncryptionKey", key_text(identity.prepared.encryption.pkcs8)))
        fields.append(("newSigningKey", key_text(identity.prepared.signing.pkcs8)))
    fields.append(("serializedOldEncryptionKeys", _former(identity.former_encryption)))
    fields.append(("serializedOldSigningKeys", _former(identity.former_signing)))
    return write_document(Document(tuple(fields)))


def _former(keys: list[PrivateKey]) -> Array:
    return array_of([key_text(key.pkcs8) for key in keys])
