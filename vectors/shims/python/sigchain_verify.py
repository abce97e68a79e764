"""The ordered checks of a sigchain (SIGCHAIN sections 4 to 6)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from errors import FormatError
from keys import PublicKey, read_public_key
from sigchain_blocks import (
    CREATION,
    MEMBERS,
    ON_DEVICES,
    PROTOCOL,
    RENEWAL,
    REVOCATION,
    SERVER_REMOVE_MEMBERS,
    Block,
    Transaction,
    read_block,
)
from sigchain_json import read_array
from text_encodings import Identifier, read_s64, read_strict, read_tolerant, write_base64
from wrapping import verify_signature

LONGEST_LIFE = 157_680_000  # five years of 365 days
_BACKWARDS, _FORWARDS = 7_200, 3_600


def key_hash(text: str) -> bytes | None:
    """KEY-23: 32 bytes; a text that is the hash of nothing equals no hash."""
    try:
        octets = read_s64(text)
    except FormatError:
        return None
    return octets if len(octets) == 32 else None


def same_hash(left: str, right: str) -> bool:
    """Key hashes are compared as bytes."""
    octets = key_hash(left)
    return octets is not None and octets == key_hash(right)


@dataclass
class DeviceState:
    """What the chain says of a device."""

    signing_key: PublicKey
    encryption_hash: str
    signing_hash: str
    expire_at: int
    revoked: bool = False


def _require(holds: bool, code: str) -> None:
    if not holds:
        raise FormatError(code)


@dataclass
class Chain:
    """The state of section 5, after the blocks that were appended."""

    now: int
    strict: bool = False
    devices: dict[Identifier, DeviceState] = field(default_factory=dict)
    members: list[Identifier] = field(default_factory=list)
    last_list: list[Identifier] = field(default_factory=list)
    has_members: bool = False
    hashes: list[str] = field(default_factory=list)
    _last_created_at: int = 0

    def append(self, block: Block, signature_is_known: bool = False) -> None:
        """SIG-21 to SIG-39, in the order of the table."""
        transaction = block.transaction
        self._check_frame(block)
        match transaction.operation:
            case "creation":
                self._create(block)
            case "renewal":
                self._check_renewal(transaction)
            case "revocation":
                self._check_revocation(transaction)
            case "server-remove-members":
                _require(transaction.expire_at == 0, "server-remove-expiration")  # SIG-32
                _require(bool(transaction.members), "server-remove-empty")
        if transaction.operation in ON_DEVICES:
            _require(transaction.members is None, "members")  # SIG-33
        self._change_members(transaction)
        self._check_signer(block, signature_is_known)
        self._finish(block)
        self.hashes.append(block.hash)
        self._last_created_at = transaction.created_at

    def _check_frame(self, block: Block) -> None:
        transaction, first = block.transaction, not self.hashes
        _require(block.hash == transaction.hash, "invalid-hash")  # SIG-21
        _require(block.protocol == PROTOCOL, "invalid-protocol")  # SIG-22
        try:
            read_strict(block.signature)
        except FormatError:  # SIG-23
            raise FormatError("signature-malformed") from None
        _require(transaction.position == len(self.hashes), "wrong-position")  # SIG-24
        _require(transaction.previous_hash == ("" if first else self.hashes[-1]), "wrong-previous-hash")  # SIG-25
        if first:  # SIG-27
            _require(transaction.operation == CREATION, "first-operation-type")
            _require(transaction.signer == transaction.operated, "first-operation-autosign")
        else:  # SIG-26
            _require(transaction.created_at >= self._last_created_at - _BACKWARDS, "created-order")
        _require(transaction.created_at <= self.now + _FORWARDS, "created-in-future")  # SIG-28

    # --- operations --------------------------------------------------------------------------

    def _create(self, block: Block) -> None:
        """SIG-29. The key is there before the signature is checked."""
        transaction = block.transaction
        _require(transaction.by_self, "create-self")
        _require(transaction.operated not in self.devices, "create-existing")
        _require(not self.hashes or transaction.signer != transaction.operated, "create-signer")
        _check_life(transaction, "create")
        self.devices[transaction.operated] = _device_state(block, "create")

    def _check_renewal(self, transaction: Transaction) -> None:
        """SIG-30."""
        _require(transaction.by_self, "renew-self")
        _require(transaction.operated in self.devices, "renew-not-existing")
        _require(transaction.signer == transaction.operated, "renew-same-key")
        _check_life(transaction, "renew")

    def _check_revocation(self, transaction: Transaction) -> None:
        """SIG-31."""
        device = self.devices.get(transaction.operated)
        if device is None:
            raise FormatError("revoke-not-existing")
        _require(not device.revoked, "revoke-already-revoked")
        _require(transaction.expire_at == 0, "revoke-expiration")

    def _change_members(self, transaction: Transaction) -> None:
        if transaction.operation == MEMBERS:  # SIG-34
            _require(transaction.expire_at == 0, "members-expiration")
            _require(not transaction.device.id_text, "members-no-device")
            _require(not transaction.device.encryption_hash, "members-no-encryption-key")
            _require(not transaction.device.signing_hash, "members-no-signing-key")
            self.last_list = transaction.member_ids
            self.members = list(dict.fromkeys(self.last_list))
            self.has_members = True
        if transaction.operation == SERVER_REMOVE_MEMBERS:  # SIG-35
            for user in transaction.member_ids:
                _require(user in self.members, "unknown-user-to-remove")
                self.members.remove(user)

    # --- signer ------------------------------------------------------------------------------

    def _check_signer(self, block: Block, signature_is_known: bool) -> None:
        transaction = block.transaction
        if not transaction.by_self:  # SIG-37
            allowed = transaction.operation in (REVOCATION, SERVER_REMOVE_MEMBERS)
            _require(allowed, "unsigned-not-revoke")
            _require(not block.signature and not transaction.signer_device, "signed-not-self")
            return
        signer = self.devices.get(transaction.signer) if transaction.signer else None  # SIG-36
        if signer is None:
            raise FormatError("signer-unknown")
        _require(not signer.revoked, "signer-revoked")
        renews = transaction.operation == RENEWAL and not self.strict
        _require(renews or transaction.created_at <= signer.expire_at, "signer-expired")
        if signature_is_known:  # SIG-53
            return
        try:
            verify_signature(signer.signing_key, block.hash.encode("ascii"), read_strict(block.signature))  # SIG-12
        except FormatError:
            raise FormatError("signature-invalid") from None

    def _finish(self, block: Block) -> None:
        """SIG-38, SIG-39."""
        transaction = block.transaction
        if transaction.operation == REVOCATION:
            self.devices[transaction.operated].revoked = True
        if transaction.operation == RENEWAL:
            self.devices[transaction.operated] = _device_state(block, "renew")
        if transaction.device.id_text:
            device = self._named_device(transaction)
            fits = device is not None and same_hash(device.signing_hash, transaction.device.signing_hash)
            _require(fits, "wrong-key-hash")

    def _named_device(self, transaction: Transaction) -> DeviceState | None:
        """An operation on members may name what is no device at all (SIG-02)."""
        try:
            return self.devices.get(transaction.operated)
        except FormatError:
            return None


def _check_life(transaction: Transaction, suffix: str) -> None:
    life = transaction.expire_at - transaction.created_at
    _require(life >= 0, f"expire-before-{suffix}")
    _require(life <= LONGEST_LIFE, f"expire-too-late-{suffix}")


def _device_state(block: Block, suffix: str) -> DeviceState:
    """SIG-40: the first entry with the operation's signing hash counts."""
    device = block.transaction.device
    wanted = key_hash(device.signing_hash)
    for text in block.public_keys:
        try:
            octets = read_tolerant(text)
        except FormatError:
            continue
        if hashlib.sha256(octets).digest() != wanted:
            continue
        try:
            key = read_public_key(octets)
        except FormatError:
            raise FormatError(f"bad-key-{suffix}-1") from None
        _require(text == write_base64(key.spki), f"bad-key-{suffix}-2")
        return DeviceState(key, device.encryption_hash, device.signing_hash, block.transaction.expire_at)
    raise FormatError(f"missing-key-{suffix}")


def verify(
    text: str,
    now: int,
    strict: bool = False,
    read: Callable[[Any], Block] = read_block,
    known_hashes: Sequence[str] = (),
) -> Chain:
    """Section 5: each block wholly before the next. SIG-53: a newer copy begins with the blocks that are known."""
    chain = Chain(now, strict)
    for position, value in enumerate(read_array(text)):
        block = read(value)
        is_known = position < len(known_hashes)
        if is_known and block.hash != known_hashes[position]:
            raise FormatError("chain-diverged")
        chain.append(block, signature_is_known=is_known)
    _require(len(chain.hashes) >= len(known_hashes), "chain-shorter")
    return chain
