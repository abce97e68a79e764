"""Databases of the JavaScript packages, on disk and exported (IDENTITY sections 5 and 6)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from envelope import KEY_LENGTHS, SymmetricKey
from errors import FormatError, malformed
from identity import Identity, KeyPair, read_identity
from json_documents import Json, member, read_json, read_object
from keys import PrivateKey, read_private_key
from recovery import DamagedLine, Group, Opener, Recovered, add_to_former, same_keys
from text_encodings import Identifier, read_s64, read_tolerant

_USERS, _USERS_TEMPORARY, _UNREGISTERED = "User.fdb", "User.fdb~", "HairlessUser.fdb"


@dataclass
class Files:
    """The files of a database; None is a file that is missing."""

    users: bytes | None = None
    users_temporary: bytes | None = None
    unregistered: bytes | None = None
    key_backup: bytes | None = None
    cached_sessions: list[tuple[Identifier, str]] = field(default_factory=list)


def recover_database(key: SymmetricKey, files: Files) -> Recovered:
    """Section 5: key backup, then the journal line by line, then what stands beside them."""
    opener, recovered = Opener(key), Recovered()
    backup = _read_backup(opener, files.key_backup, recovered)
    if files.users is None and files.users_temporary is not None:  # DB-03
        users = _read_journal(opener, _USERS_TEMPORARY, files.users_temporary, recovered)
    else:
        users = _read_journal(opener, _USERS, files.users, recovered)
    unregistered = _read_journal(opener, _UNREGISTERED, files.unregistered, recovered)
    _read_cached_sessions(opener, files.cached_sessions, recovered)
    opener.require_right_key()
    recovered.connectors = len(unregistered)
    _sort_users(users, recovered)
    _choose_identity(backup, [user for user in users if user.get("isDefault") is True], recovered)
    return recovered


def _read_backup(opener: Opener, sealed: bytes | None, recovered: Recovered) -> Identity | None:
    """DB-21, DB-25, DB-26."""
    if sealed is None:
        return None
    try:
        return read_identity(opener.open(sealed))
    except FormatError:
        recovered.warnings.append("key-backup-damaged")
        return None


def _read_journal(opener: Opener, name: str, content: bytes | None, recovered: Recovered) -> list[Json]:
    """DB-01, DB-02, DB-04: the documents that are left when the journal has been folded."""
    documents: dict[str, Json] = {}
    damaged: list[DamagedLine] = []
    for number, line in enumerate((content or b"").split(b"\n"), start=1):
        line = line.removesuffix(b"\r")
        if not line:
            continue
        try:
            _fold(documents, _open_line(opener, line))
        except FormatError as error:
            damaged.append(DamagedLine(name, number, error.code))
    if damaged:  # DB-23
        recovered.warnings.append("corrupt-lines")
        recovered.damaged_lines += damaged
    return list(documents.values())


def _open_line(opener: Opener, line: bytes) -> Json:
    try:
        sealed = read_tolerant(line.decode("ascii"))
    except (UnicodeDecodeError, FormatError):
        opener.count_failure()
        raise malformed("a line that is not base64") from None
    return read_object(opener.open(sealed))


def _fold(documents: dict[str, Json], entry: Json) -> None:
    """DB-02."""
    if "$$indexCreated" in entry or "$$indexRemoved" in entry:
        return
    name = entry.get("_id")
    if not isinstance(name, str) or not name:
        raise malformed("a document without _id")
    documents.pop(name, None)
    if entry.get("$$deleted") is not True:
        documents[name] = entry


# --- documents of users ----------------------------------------------------------------------


def _user_id(document: Json) -> Identifier | None:
    """DB-05: older documents have no `id`; their `_id` is it."""
    text = member(document, "id", str) or document["_id"]
    try:
        return Identifier.read_any(text)
    except FormatError:
        return None


def _private_devices(document: Json) -> list[Identity]:
    """DB-10: the PRIVATE devices with readable current keys; keys[] of older documents are devices (DB-05)."""
    user = _user_id(document)
    if user is None:
        return []
    devices: list[Identity] = []
    for device in member(document, "devices", list) or member(document, "keys", list) or []:
        if member(device, "type", str) != "PRIVATE":
            continue
        try:
            devices.append(_read_device(user, device))
        except FormatError:
            continue
    return devices


def _read_device(user: Identifier, device: Json) -> Identity:
    identifier = Identifier.read_any(member(device, "id", str) or "")
    old_key = member(device, "serializedKey", str)
    if old_key is not None:  # DB-05: one key in S64 for both uses
        key = read_private_key(read_s64(old_key))
        return Identity(user, identifier, KeyPair(key, key))
    return Identity(
        user,
        identifier,
        KeyPair(
            read_key(member(device, "serializedEncryptionKey", str)),
            read_key(member(device, "serializedSigningKey", str)),
        ),
        former_encryption=read_former_keys(member(device, "serializedOldEncryptionKeys", list)),
        former_signing=read_former_keys(member(device, "serializedOldSigningKeys", list)),
    )


def read_key(text: Any) -> PrivateKey:
    """A key in base64 of PKCS#8."""
    if not isinstance(text, str):
        raise malformed("no key")
    return read_private_key(read_tolerant(text))


def read_former_keys(texts: list[Any] | None) -> list[PrivateKey]:
    """The former keys that can be read (IDN-17)."""
    keys: list[PrivateKey] = []
    for text in texts or []:
        try:
            keys.append(read_key(text))
        except FormatError:
            continue
    return keys


def _sort_users(users: list[Json], recovered: Recovered) -> None:
    """DB-11: groups with their keys; every document but that of the default user is a contact."""
    for document in users:
        if document.get("isDefault") is True:
            continue
        recovered.contacts += 1
        group = _user_id(document)
        if document.get("isGroup") is not True or group is None:
            continue
        for device in _private_devices(document)[:1]:
            recovered.groups.append(Group(group, device.encryption_keys, device.signing_keys))


def _choose_identity(backup: Identity | None, default_users: list[Json], recovered: Recovered) -> None:
    """DB-10, DB-21 to DB-28."""
    found = [device for document in default_users for device in _private_devices(document)]
    if backup is None:
        if len(default_users) > 1:
            recovered.no_identity, recovered.other_identities = "several-default-users", found
        elif len(found) > 1:
            recovered.no_identity, recovered.other_identities = "several-private-devices", found
        elif found:
            recovered.identity = found[0]
        else:
            recovered.no_identity = "no-identity"
        return
    recovered.identity = backup  # DB-27: the backup counts
    differs = False
    for device in found:
        if (device.user, device.device) == (backup.user, backup.device):
            differs = differs or not same_keys(device.current, backup.current)
            backup.former_encryption = add_to_former(backup.former_encryption, device.encryption_keys)
            backup.former_signing = add_to_former(backup.former_signing, device.signing_keys)
        else:
            differs = True
            recovered.other_identities.append(device)
    if differs:
        recovered.warnings.append("backup-differs")


# --- the exported form -----------------------------------------------------------------------


def recover_exported(key: SymmetricKey, path: str, exported: bytes) -> Recovered:
    """DB-30: one JSON object of names and texts."""
    values = {name: value for name, value in read_object(exported).items() if isinstance(value, str)}
    backup = values.get(f"{path}/SealdKeyBackup")
    files = Files(
        users=_text_file(values.get(f"{path}/{_USERS}")),
        unregistered=_text_file(values.get(f"{path}/{_UNREGISTERED}")),
        key_backup=None if backup is None else read_tolerant(backup),
    )
    # DB-31: seald-cache-<appId>-<databasePath>:<sessionId>
    entry_name = re.compile(rf"seald-cache-.*-{re.escape(path)}:([^:]+)", re.DOTALL)
    for name, value in values.items():
        match = entry_name.fullmatch(name)
        if match is not None:
            files.cached_sessions.append((Identifier.read_any(match[1]), value))
    return recover_database(key, files)


def _text_file(text: str | None) -> bytes | None:
    return None if text is None else text.encode("utf-8")


def _read_cached_sessions(opener: Opener, entries: list[tuple[Identifier, str]], recovered: Recovered) -> None:
    """DB-31: an entry that opens proves the key."""
    for session, value in entries:
        try:
            sealed = read_tolerant(member(read_json(value), "encryptedSymKey", str) or "")
        except FormatError:
            opener.count_failure()
            continue
        try:
            session_key = opener.open(sealed)
        except FormatError:
            continue
        if len(session_key) in KEY_LENGTHS:
            recovered.sessions.append((session, session_key))
