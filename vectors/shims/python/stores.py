"""Databases of the JavaScript packages, on disk and exported (IDENTITY sections 5 and 6)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from envelope import KEY_LENGTHS, SymmetricKey
from errors import FormatError, malformed
from identity import Identity, KeyPair, read_identity, without_duplicates
from json_documents import Json, member, read_json, read_object
from keys import PrivateKey, read_private_key
from recovery import DamagedLine, Group, Opener, Recovered, StrayKeys, add_to_former, same_keys
from text_encodings import Identifier, read_s64, read_tolerant

_USERS, _UNREGISTERED = "User.fdb", "HairlessUser.fdb"


@dataclass
class Files:
    """The files of a database; None is a file that is missing."""

    users: bytes | None = None
    users_temporary: bytes | None = None
    unregistered: bytes | None = None
    unregistered_temporary: bytes | None = None
    key_backup: bytes | None = None
    cached_sessions: list[tuple[Identifier, str]] = field(default_factory=list)


def recover_database(key: SymmetricKey, files: Files) -> Recovered:
    """Section 5: key backup, then the journal line by line, then what stands beside them."""
    opener, recovered = Opener(key), Recovered()
    backup = _read_backup(opener, files.key_backup, recovered)
    users = _read_present(opener, _USERS, (files.users, files.users_temporary), recovered)
    unregistered = _read_present(
        opener, _UNREGISTERED, (files.unregistered, files.unregistered_temporary), recovered
    )
    _read_cached_sessions(opener, files.cached_sessions, recovered)
    opener.require_right_key()
    recovered.connectors = len(unregistered)
    stray = _sort_users(users, recovered)
    _choose_identity(backup, [user for user in users if user.get("isDefault") is True], recovered)
    for keys in stray:
        recovered.add_stray_keys(keys)
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


def _read_present(
    opener: Opener, name: str, files: tuple[bytes | None, bytes | None], recovered: Recovered
) -> list[Json]:
    """DB-03: the file, or its temporary one where it is missing."""
    whole, temporary = files
    if whole is None and temporary is not None:
        return _read_journal(opener, f"{name}~", temporary, recovered)
    return _read_journal(opener, name, whole, recovered)


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


@dataclass(frozen=True)
class Device:
    """DB-10: what can be read of a PRIVATE device."""

    user: Identifier | None
    device: Identifier | None
    encryption: PrivateKey | None
    signing: PrivateKey | None
    former_encryption: list[PrivateKey]
    former_signing: list[PrivateKey]

    def identity(self) -> Identity | None:
        """The identity, if both ids and both current keys are there (IDN-18)."""
        if self.user is None or self.device is None or self.encryption is None or self.signing is None:
            return None
        return Identity(
            self.user,
            self.device,
            KeyPair(self.encryption, self.signing),
            former_encryption=self.former_encryption,
            former_signing=self.former_signing,
        )

    def keys(self) -> StrayKeys:
        """All keys without an identity around them."""
        return StrayKeys(
            self.user,
            self.device,
            without_duplicates([*filter(None, [self.encryption]), *self.former_encryption]),
            without_duplicates([*filter(None, [self.signing]), *self.former_signing]),
        )

    def missing(self) -> list[str]:
        """A warning for each current key that is missing or cannot be read (DB-27)."""
        return ["current-key-dropped" for key in (self.encryption, self.signing) if key is None]


def _private_devices(document: Json) -> list[Device]:
    """DB-10: the PRIVATE devices; keys[] of older documents are devices (DB-05)."""
    devices = member(document, "devices", list) or member(document, "keys", list) or []
    return [
        _read_device(_user_id(document), device) for device in devices if member(device, "type", str) == "PRIVATE"
    ]


def _read_device(user: Identifier | None, device: Json) -> Device:
    identifier = read_id(member(device, "id", str))
    old_key = member(device, "serializedKey", str)
    if old_key is not None:  # DB-05: one key in S64 for both uses
        try:
            key = read_private_key(read_s64(old_key))
        except FormatError:
            key = None
        return Device(user, identifier, key, key, [], [])
    return Device(
        user,
        identifier,
        read_key_if_possible(member(device, "serializedEncryptionKey", str)),
        read_key_if_possible(member(device, "serializedSigningKey", str)),
        read_former_keys(member(device, "serializedOldEncryptionKeys", list)),
        read_former_keys(member(device, "serializedOldSigningKeys", list)),
    )


def read_id(text: str | None) -> Identifier | None:
    """An id that may be missing or damaged."""
    try:
        return Identifier.read_any(text or "")
    except FormatError:
        return None


def read_key_if_possible(text: Any) -> PrivateKey | None:
    """A key that may be missing or damaged."""
    try:
        return read_key(text)
    except FormatError:
        return None


def read_key(text: Any) -> PrivateKey:
    """A key in base64 of PKCS#8."""
    if not isinstance(text, str):
        raise malformed("no key")
    return read_private_key(read_tolerant(text))


def read_former_keys(texts: list[Any] | None) -> list[PrivateKey]:
    """The former keys that can be read (IDN-17)."""
    return list(filter(None, map(read_key_if_possible, texts or [])))


def _sort_users(users: list[Json], recovered: Recovered) -> list[StrayKeys]:
    """DB-11: groups with their keys; every document but that of the default user is a contact. Gives what is neither's."""
    stray: list[StrayKeys] = []
    for document in users:
        if document.get("isDefault") is True:
            continue
        group, devices = _user_id(document), _private_devices(document)
        recovered.contacts += group is not None
        if document.get("isGroup") is True and group is not None and devices:
            keys = [device.keys() for device in devices]
            encryption = without_duplicates([key for each in keys for key in each.encryption_keys])
            signing = without_duplicates([key for each in keys for key in each.signing_keys])
            recovered.groups.append(Group(group, encryption, signing))
            continue
        for device in devices:
            recovered.warnings += device.missing()
            stray.append(device.keys())
    return stray


def _choose_identity(backup: Identity | None, default_users: list[Json], recovered: Recovered) -> None:
    """DB-10, DB-21 to DB-28."""
    devices = [device for document in default_users for device in _private_devices(document)]
    if backup is None:
        _choose_from_journal(len(default_users), devices, recovered)
        return
    recovered.identity = backup  # DB-27: the backup counts
    differs, warnings = False, []
    for device in devices:
        warnings += device.missing()
        other, keys = device.identity(), device.keys()
        if other is None or not same_keys(other.current, backup.current) or not keys.may_be_of(backup):
            differs = True
        if keys.may_be_of(backup):
            backup.former_encryption = add_to_former(backup.former_encryption, keys.encryption_keys)
            backup.former_signing = add_to_former(backup.former_signing, keys.signing_keys)
        elif other is None:
            recovered.add_stray_keys(keys)
        else:
            recovered.other_identities.append(other)
    recovered.warnings += warnings
    if differs:
        recovered.warnings.append("backup-differs")


def _choose_from_journal(default_users: int, devices: list[Device], recovered: Recovered) -> None:
    several = default_users > 1 or len(devices) > 1
    for device in devices:
        recovered.warnings += device.missing()
        identity = device.identity()
        if identity is None:
            recovered.no_identity = "malformed"
            recovered.add_stray_keys(device.keys())
        elif several:
            recovered.other_identities.append(identity)
        else:
            recovered.identity = identity
    if several:
        recovered.no_identity = "several-default-users" if default_users > 1 else "several-private-devices"
    elif not devices:
        recovered.no_identity = "no-identity"


# --- the exported form -----------------------------------------------------------------------


def recover_exported(key: SymmetricKey, path: str, exported: bytes) -> Recovered:
    """DB-30: one JSON object of names and texts."""
    values = {name: value for name, value in read_object(exported).items() if isinstance(value, str)}
    backup = values.get(f"{path}/SealdKeyBackup")
    files = Files(
        users=_text_file(values.get(f"{path}/{_USERS}")),
        users_temporary=_text_file(values.get(f"{path}/{_USERS}~")),
        unregistered=_text_file(values.get(f"{path}/{_UNREGISTERED}")),
        unregistered_temporary=_text_file(values.get(f"{path}/{_UNREGISTERED}~")),
        key_backup=None if backup is None else _backup_file(backup),
    )
    # DB-31: seald-cache-<appId>-<databasePath>:<sessionId>
    entry_name = re.compile(rf"seald-cache-.*-{re.escape(path)}:([^:]+)", re.DOTALL)
    for name, value in values.items():
        match = entry_name.fullmatch(name)
        if match is not None:
            files.cached_sessions.append((Identifier.read_any(match[1]), value))
    return recover_database(key, files)


def _backup_file(text: str) -> bytes:
    """DB-25: what is not base64 is a damaged backup, as an empty one is."""
    try:
        return read_tolerant(text)
    except FormatError:
        return b""


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
