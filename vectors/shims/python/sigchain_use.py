"""What a verified sigchain is good for: comparing it, receiving, and the next block (SIGCHAIN sections 7 and 8)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from errors import FormatError, malformed
from keys import PrivateKey, PublicKey
from sigchain_blocks import (
    MEMBERS,
    NO_DEVICE,
    ON_DEVICES,
    PROTOCOL,
    RENEWAL,
    REVOCATION,
    SELF,
    SERVER_REMOVE_MEMBERS,
    Block,
    Device,
    Transaction,
)
from sigchain_verify import Chain, DeviceState, same_hash
from text_encodings import Identifier, write_base64

_HASH = re.compile(r"[0-9a-f]{64}")
_USUAL_LIFE = 3 * 365 * 86_400  # SIG-61
_PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.MAX_LENGTH)  # PSS-01


def find_hash(chain: Chain, wanted: str, position: int | None) -> int:
    """SIG-53: at a position, or anywhere."""
    if not _HASH.fullmatch(wanted):
        raise malformed("no hash of a block")
    for place, block_hash in enumerate(chain.hashes):
        if block_hash == wanted and position in (None, place):
            return place
    raise FormatError("hash-mismatch")


# --- key ring --------------------------------------------------------------------------------


@dataclass(frozen=True)
class RingDevice:
    """A device as a key ring holds it."""

    device: Identifier
    encryption_hash: str
    signing_hash: str
    revoked: bool


def check_ring(chain: Chain, ring: list[RingDevice], group_members: list[Identifier] | None) -> None:
    """SIG-50 to SIG-52."""
    for held in ring:
        state = _known_device(chain, held.device)
        if state.revoked and not held.revoked:
            raise FormatError("device-revoked")
        if not same_hash(state.encryption_hash, held.encryption_hash):
            raise FormatError("encryption-key-hash")
        if not same_hash(state.signing_hash, held.signing_hash):
            raise FormatError("signing-key-hash")
        if held.revoked and not state.revoked:  # SIG-51
            raise FormatError("device-state")
    held_devices = {held.device for held in ring}
    if any(not state.revoked and device not in held_devices for device, state in chain.devices.items()):
        raise FormatError("db-missing-device")
    if group_members is None and chain.has_members:  # SIG-52
        raise FormatError("user-has-members")
    if group_members is not None and set(group_members) != set(chain.members):
        raise FormatError("group-members")


def _known_device(chain: Chain, device: Identifier) -> DeviceState:
    state = chain.devices.get(device)
    if state is None:
        raise FormatError("sigchain-missing-device")
    return state


def has_expired(chain: Chain, device: Identifier, encryption_hash: str, refuse_expired: bool) -> bool:
    """SIG-54: whether a device that may receive has expired."""
    state = _known_device(chain, device)
    if state.revoked:
        raise FormatError("device-revoked")
    if not same_hash(state.encryption_hash, encryption_hash):
        raise FormatError("encryption-key-hash")
    expired = chain.now > state.expire_at
    if expired and refuse_expired:
        raise FormatError("device-expired")
    return expired


# --- building --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wish:
    """What the next block is to do; what an operation does not take is None."""

    operation: str
    device: Identifier | None = None
    encryption_hash: str | None = None
    signing_key: PublicKey | None = None
    life: int | None = None
    members: list[Identifier] | None = None


def build(chain: Chain, wish: Wish, author: tuple[Identifier, PrivateKey] | None, server: str | None) -> Block:
    """SIG-60 to SIG-62: the next block, by a device of the user or by a server."""
    device, public_keys = _operated_device(chain, wish, by_server=author is None)
    transaction = Transaction(
        position=len(chain.hashes),
        previous_hash=chain.hashes[-1] if chain.hashes else "",
        created_at=chain.now,
        expire_at=_expire_at(chain, wish),
        signer_user=SELF if author else server or "",
        signer_device=author[0].hyphenated if author else "",
        operation=wish.operation,
        device=device,
        members=None if wish.members is None else [member.hyphenated for member in wish.members],
    )
    signature = (
        write_base64(author[1].native.sign(transaction.hash.encode("ascii"), _PSS, hashes.SHA256())) if author else ""
    )
    block = Block(transaction, PROTOCOL, transaction.hash, signature, public_keys)
    chain.append(block)  # SIG-62
    return block


def further_members(chain: Chain, members: list[Identifier]) -> list[Identifier]:
    """SIG-60: those who come in stand after the old list, which stays as it stands without those who were removed."""
    old = [member for member in chain.last_list if member in chain.members]
    return old + [member for member in dict.fromkeys(members) if member not in chain.members]


def _expire_at(chain: Chain, wish: Wish) -> int:
    if wish.operation in (REVOCATION, MEMBERS, SERVER_REMOVE_MEMBERS):
        return 0
    return chain.now + (_USUAL_LIFE if wish.life is None else wish.life)


def _operated_device(chain: Chain, wish: Wish, by_server: bool) -> tuple[Device, list[str]]:
    """SIG-01: the device, and the one key that a writer puts beside it."""
    if wish.operation not in ON_DEVICES or wish.device is None:
        return NO_DEVICE, []
    if wish.operation == REVOCATION:
        state = chain.devices.get(wish.device)
        if state is None:
            return Device(wish.device.hyphenated, "", ""), []
        keys = [] if by_server else [write_base64(state.signing_key.spki)]
        return Device(wish.device.hyphenated, state.encryption_hash, state.signing_hash), keys
    if wish.signing_key is None or wish.encryption_hash is None:
        raise FormatError("bad-value", f"a {RENEWAL} or creation needs both keys")
    device = Device(wish.device.hyphenated, wish.encryption_hash, wish.signing_key.hash)
    return device, [write_base64(wish.signing_key.spki)]
