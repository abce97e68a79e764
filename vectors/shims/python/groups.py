"""The private keys of groups, and invitations to groups (SESSIONS sections 10 and 11)."""

from __future__ import annotations

from dataclasses import dataclass

from envelope import SymmetricKey
from errors import FormatError, rejected
from keys import PrivateKey, PublicKey, read_private_key
from records import GroupKey, Invitation
from text_encodings import read_s64
from wrapping import symmetric_unwrap, verify_signature


_HEXADECIMAL_DIGITS = frozenset(b"0123456789abcdefABCDEF")


@dataclass(frozen=True)
class Generation:
    """What one record of a group holds, opened."""

    message_key: SymmetricKey
    encryption: PrivateKey
    signing: PrivateKey


def open_private_key(message_key: SymmetricKey, wrapped: str) -> PrivateKey:
    """GRP-02, WRAP-04: PKCS#8 DER in an envelope."""
    sealed = read_s64(wrapped)  # WRAP-10
    try:
        return read_private_key(message_key.open(sealed))
    except FormatError:
        raise rejected() from None


def in_order(records: list[GroupKey]) -> list[GroupKey]:
    """GRP-04: by `created` where it stands, else as they were given; the last is current."""
    return sorted(records, key=lambda record: record.created or 0)


def open_invitation(
    invitation: Invitation,
    records: list[GroupKey],
    over_encryption_key: SymmetricKey,
    known_signing_keys: list[PublicKey],
) -> list[Generation]:
    """GTK-02, GTK-03: every generation of the group, oldest first."""
    temporary_key = symmetric_unwrap(over_encryption_key, invitation.key_for_invited)
    _verify(temporary_key, read_s64(invitation.signature), known_signing_keys)
    own_records = [record for record in records if record.group == invitation.group]
    if len({record.device for record in own_records}) != 1:  # GRP-01: a group has exactly one device
        raise FormatError("no-token")
    generations = [_open_generation(SymmetricKey(temporary_key), invitation, record) for record in in_order(own_records)]
    known = {key.hash for key in known_signing_keys}
    if any(generation.signing.public.hash not in known for generation in generations):  # GTK-02
        raise FormatError("bad-signature")
    return generations


def _verify(temporary_key: bytes, signature: bytes, known_signing_keys: list[PublicKey]) -> None:
    """GTK-03: some known key of the group has signed, and what it has signed is no block hash."""
    if len(temporary_key) != 64 or all(byte in _HEXADECIMAL_DIGITS for byte in temporary_key):
        raise FormatError("bad-signature")
    for key in known_signing_keys:
        try:
            return verify_signature(key, temporary_key, signature)
        except FormatError:
            continue
    raise FormatError("bad-signature")


def _open_generation(temporary_key: SymmetricKey, invitation: Invitation, record: GroupKey) -> Generation:
    wrapped = invitation.message_keys.get(record.message)
    if wrapped is None:
        raise FormatError("group-key-missing")
    message_key = SymmetricKey(symmetric_unwrap(temporary_key, wrapped))
    return Generation(
        message_key=message_key,
        encryption=open_private_key(message_key, record.encryption),
        signing=open_private_key(message_key, record.signing),
    )
