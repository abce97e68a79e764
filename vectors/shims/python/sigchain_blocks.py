"""Blocks of a sigchain: their two forms, and what of them is hashed (SIGCHAIN sections 2 and 3)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from errors import FormatError, malformed
from json_documents import Json
from sigchain_json import Object, canonical_json, read_id, read_value
from text_encodings import Identifier

CREATION, RENEWAL, REVOCATION = "creation", "renewal", "revocation"
MEMBERS, SERVER_REMOVE_MEMBERS = "members", "server-remove-members"
ON_DEVICES, ON_MEMBERS = (CREATION, RENEWAL, REVOCATION), (MEMBERS, SERVER_REMOVE_MEMBERS)
SELF, PROTOCOL = "self", "2"


@dataclass(frozen=True)
class Device:
    """The device of an operation: texts as they stand there."""

    id_text: str
    encryption_hash: str
    signing_hash: str


NO_DEVICE = Device("", "", "")


@dataclass(frozen=True)
class Transaction:
    """What is hashed and signed."""

    position: int
    previous_hash: str
    created_at: int
    expire_at: int
    signer_user: str
    signer_device: str
    operation: str
    device: Device
    members: list[str] | None

    @property
    def by_self(self) -> bool:
        """SIG-13: `self`, exactly."""
        return self.signer_user == SELF

    @property
    def signer(self) -> Identifier | None:
        """The device that signs, compared as an id."""
        return read_id(self.signer_device) if self.signer_device else None

    @property
    def operated(self) -> Identifier:
        """The device of an operation on a device."""
        return read_id(self.device.id_text)

    @property
    def member_ids(self) -> list[Identifier]:
        """The users of an operation on members."""
        return [read_id(member) for member in self.members or []]

    @property
    def canonical(self) -> str:
        """SIG-10, SIG-11."""
        operation: Json = {"type": self.operation}
        if self.device.id_text:
            operation["device"] = {
                "id": self.device.id_text,
                "encryption_pubkey_hash": self.device.encryption_hash,
                "signing_pubkey_hash": self.device.signing_hash,
            }
        if self.operation in ON_MEMBERS:
            operation["members"] = self.members or []
        return canonical_json(
            {
                "created_at": self.created_at,
                "expire_at": self.expire_at,
                "operation": operation,
                "position": self.position,
                "previous_hash": self.previous_hash,
                "signer": {"device_id": self.signer_device, "user": self.signer_user},
            }
        )

    @property
    def hash(self) -> str:
        """SIG-10."""
        return hashlib.sha256(self.canonical.encode("utf-8")).hexdigest()


@dataclass(frozen=True)
class Block:
    """A transaction, its hash, its signature, and public keys."""

    transaction: Transaction
    protocol: str
    hash: str
    signature: str
    public_keys: list[str]


def _transaction(
    position: int,
    previous_hash: str,
    times: tuple[int, int],
    signer: tuple[str, str],
    operation: str,
    device: Device | None,
    members: list[str] | None,
) -> Transaction:
    """SIG-02: what an operation needs is there, and ids are ids."""
    if operation in ON_DEVICES:
        if device is None:
            raise malformed("an operation on a device without device")
        read_id(device.id_text)
    elif device is not None and device.id_text:
        read_id(device.id_text)
    if operation in ON_MEMBERS and members is None:
        raise malformed("an operation on members without members")
    for member in members or []:
        read_id(member)
    if signer[1]:
        read_id(signer[1])
    return Transaction(position, previous_hash, *times, *signer, operation, device or NO_DEVICE, members)


def _check_operation(transaction: Transaction) -> None:
    """SIG-20: after the shape of the whole."""
    if transaction.operation not in (*ON_DEVICES, *ON_MEMBERS):
        raise FormatError("unknown-operation", transaction.operation)


def _nested_transaction(value: Object) -> Transaction:
    signer, operation = value.object("signer"), value.object("operation")
    kind, given = operation.text("type"), operation.optional_object("device")
    device = None
    if given is not None:
        text = given.text if kind in ON_DEVICES else given.text_or_empty
        device = Device(text("id"), text("encryption_pubkey_hash"), text("signing_pubkey_hash"))
    return _transaction(
        value.integer("position"),
        value.text("previous_hash"),
        (value.integer("created_at"), value.integer("expire_at")),
        (signer.text("user"), signer.text("device_id")),
        kind,
        device,
        operation.optional_texts("members"),
    )


def read_transaction(text: str) -> Transaction:
    """A transaction by itself."""
    transaction = _nested_transaction(Object(read_value(text)))
    _check_operation(transaction)
    return transaction


def read_block(value: Any) -> Block:
    """SIG-01, SIG-02: the form of section 2."""
    block = Object(value)
    transaction, signature = _nested_transaction(block.object("transaction")), block.object("signature")
    extras = block.optional_object("extras")
    read = Block(
        transaction,
        protocol=signature.text("protocol"),
        hash=signature.text("hash"),
        signature=signature.text("signature"),
        public_keys=(extras.optional_texts("pubkeys") if extras else None) or [],
    )
    _check_operation(transaction)
    return read


def read_flattened_block(value: Any) -> Block:
    """The flat form of section 2: the hash is computed again, the protocol is 2."""
    block = Object(value)
    kind, members = block.text("operationType"), block.optional_texts("operationMembers")
    text = block.text if kind in ON_DEVICES else block.text_or_empty
    device = Device(text("operationDeviceId"), text("operationEncryptionKeyHash"), text("operationSigningKeyHash"))
    transaction = _transaction(
        block.integer("position"),
        block.text("previousHash"),
        (block.integer("createdAt"), block.integer("expireAt")),
        (block.text("signerUser"), block.text("signerDeviceId")),
        kind,
        device,
        None if kind in ON_DEVICES and members == [] else members,
    )
    read = Block(
        transaction,
        protocol=PROTOCOL,
        hash=transaction.hash,
        signature=block.text("signatureString"),
        public_keys=block.optional_texts("pubkeys") or [],
    )
    _check_operation(transaction)
    return read


READERS: dict[str, Callable[[Any], Block]] = {"blocks": read_block, "flattened": read_flattened_block}
