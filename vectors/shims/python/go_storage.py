"""The file storage of the Go SDK (IDENTITY section 7)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from envelope import KEY_LENGTHS, SymmetricKey
from errors import FormatError, malformed
from json_documents import Json, member, read_object
from recovery import Group, Opener, Recovered, StrayKeys
from stores import Device, read_former_keys, read_id, read_key, read_key_if_possible
from text_encodings import Identifier, read_tolerant

_TEMPORARY = r"{name}_temp_[0-9]{{17}}"  # GOFS-02


@dataclass(frozen=True)
class Directory:
    """The files by name, None for one that is missing, and all names of the directory."""

    current_device: bytes | None
    contacts: bytes | None
    connectors: bytes | None
    groups: bytes | None
    sessions: bytes | None
    names: list[str]


def recover_go_storage(key: bytes, directory: Directory) -> Recovered:
    """Reads file by file; what cannot be read spoils nothing beside it."""
    if len(key) != 64:  # GOFS-03
        raise FormatError("bad-value", "the key of a Go storage has 64 bytes")
    opener, recovered = Opener(SymmetricKey(key)), Recovered()
    readers: list[tuple[str, bytes | None, Callable[[Json, Recovered], None]]] = [
        ("current_device_storage", directory.current_device, _read_current_device),
        ("contacts_storage", directory.contacts, _read_contacts),
        ("connectors_storage", directory.connectors, _read_connectors),
        ("groups_storage", directory.groups, _read_groups),
        ("encryption_session_storage", directory.sessions, _read_sessions),
    ]
    for name, content, read in readers:
        if content is None:
            temporary = re.compile(_TEMPORARY.format(name=name))
            if any(temporary.fullmatch(other) for other in directory.names):  # GOFS-02
                recovered.warnings.append("temporary-left")
        elif content:  # GOFS-01
            try:
                read(read_object(opener.open(content)), recovered)
            except FormatError:
                recovered.warnings.append("file-damaged")
    opener.require_right_key()
    if recovered.identity is None and recovered.no_identity is None:
        recovered.no_identity = "no-identity"
    return recovered


def _read_current_device(device: Json, recovered: Recovered) -> None:
    found = Device(
        read_id(member(device, "userId", str)),
        read_id(member(device, "deviceId", str)),
        read_key_if_possible(member(device, "encryptionPrivateKey", str)),
        read_key_if_possible(member(device, "signingPrivateKey", str)),
        read_former_keys(member(device, "oldEncryptionPrivateKeys", list)),
        read_former_keys(member(device, "oldSigningPrivateKeys", list)),
    )
    keys = found.keys()
    if found.user is None and not keys.encryption_keys and not keys.signing_keys:
        return
    recovered.warnings += found.missing()
    recovered.identity = found.identity()
    if recovered.identity is None:
        recovered.no_identity = "malformed"
        recovered.add_stray_keys(keys)


def _read_contacts(contacts: Json, recovered: Recovered) -> None:
    recovered.contacts = len(contacts)


def _read_connectors(connectors: Json, recovered: Recovered) -> None:
    recovered.connectors = len(connectors)


def _each(entries: Json, read: Callable[[str, Any], None]) -> None:
    """An entry that cannot be read is left out, and its file counts as damaged."""
    damaged = False
    for name, entry in entries.items():
        try:
            read(name, entry)
        except FormatError:
            damaged = True
    if damaged:
        raise malformed("an entry")


def _read_groups(groups: Json, recovered: Recovered) -> None:
    def read_group(name: str, entry: Any) -> None:
        pairs = [member(entry, "currentKey", dict), *(member(entry, "oldKeys", list) or [])]
        encryption_keys = [read_key(member(pair, "encryptionPrivateKey", str)) for pair in pairs]
        signing_keys = [read_key(member(pair, "signingPrivateKey", str)) for pair in pairs]
        group = read_id(name)
        if group is None:  # DB-27
            device = read_id(member(entry, "deviceId", str))
            recovered.add_stray_keys(StrayKeys(None, device, encryption_keys, signing_keys))
            raise malformed("a group without an id")
        recovered.groups.append(Group(group, encryption_keys, signing_keys))

    _each(groups, read_group)


def _read_sessions(sessions: Json, recovered: Recovered) -> None:
    def read_session(name: str, entry: Any) -> None:
        session = Identifier.read_any(name)
        key = read_tolerant(member(entry, "b64SerializedSymKey", str) or "")
        if len(key) not in KEY_LENGTHS:
            raise malformed("the key of a session")
        recovered.sessions.append((session, key))

    _each(sessions, read_session)
