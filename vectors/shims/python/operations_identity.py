"""Operations on identities, where they are stored, and sessions."""

from __future__ import annotations

import go_storage
import identity
import keys
import recovery
import sessions
import stored_blobs
import stores
from json_documents import Json
from questions import Operation, base64_text, binary, blob, octets, optional_blob, symmetric_key


def _hashes(of: list[keys.PrivateKey]) -> list[str]:
    return [key.public.hash for key in of]


def _pair(pair: identity.KeyPair | None) -> Json | None:
    if pair is None:
        return None
    return {"encryption": pair.encryption.public.hash, "signing": pair.signing.public.hash}


def _identity_read(question: Json) -> Json:
    read = identity.read_identity(blob(question["document"]))
    return {
        "user": read.user.hyphenated,
        "device": read.device.hyphenated,
        "current": _pair(read.current),
        "prepared": _pair(read.prepared),
        "encryptionKeys": _hashes(read.encryption_keys),
        "signingKeys": _hashes(read.signing_keys),
        "warnings": [
            {"code": warning.code, "usage": warning.usage, "index": warning.index} for warning in read.warnings
        ],
        "written": binary(identity.write_identity(read)),
    }


def _stored_blob_open(question: Json) -> Json:
    protection, app, user = question["protection"], question["app"], question["user"]
    credential, stored = question["key"], question["blob"]
    if "text" in credential:
        document, derived = stored_blobs.open_with_text(protection, app, user, credential["text"], stored), True
    elif "raw" in credential:
        document, derived = stored_blobs.open_with_raw_key(credential["raw"], stored), False
    else:
        document, derived = stored_blobs.open_undecided(protection, app, user, credential["undecided"], stored)
    return {"document": binary(document), "derived": derived}


def _device(device: identity.Identity | None) -> Json | None:
    if device is None:
        return None
    return {
        "user": device.user.hyphenated,
        "device": device.device.hyphenated,
        "encryptionKeys": _hashes(device.encryption_keys),
        "signingKeys": _hashes(device.signing_keys),
    }


def _recovered(found: recovery.Recovered) -> Json:
    return {
        "identity": _device(found.identity),
        "noIdentity": found.no_identity,
        "otherIdentities": [_device(device) for device in found.other_identities],
        "groups": [
            {
                "group": group.identifier.hyphenated,
                "encryptionKeys": _hashes(group.encryption_keys),
                "signingKeys": _hashes(group.signing_keys),
            }
            for group in found.groups
        ],
        "strayKeys": [
            {
                "user": keys.user and keys.user.hyphenated,
                "device": keys.device and keys.device.hyphenated,
                "encryptionKeys": _hashes(keys.encryption_keys),
                "signingKeys": _hashes(keys.signing_keys),
            }
            for keys in found.stray_keys
        ],
        "sessions": [{"session": session.hyphenated, "key": base64_text(key)} for session, key in found.sessions],
        "contacts": found.contacts,
        "connectors": found.connectors,
        "warnings": found.warnings,
        "damagedLines": [
            {"file": line.file, "number": line.number, "error": line.error} for line in found.damaged_lines
        ],
    }


def _database_recover(question: Json) -> Json:
    files_of_database = stores.Files(
        users=optional_blob(question["users"]),
        users_temporary=optional_blob(question["usersTemporary"]),
        unregistered=optional_blob(question["unregistered"]),
        unregistered_temporary=optional_blob(question["unregisteredTemporary"]),
        key_backup=optional_blob(question["keyBackup"]),
    )
    return _recovered(stores.recover_database(symmetric_key(question), files_of_database))


def _exported_recover(question: Json) -> Json:
    return _recovered(stores.recover_exported(symmetric_key(question), question["path"], blob(question["exported"])))


def _go_storage_recover(question: Json) -> Json:
    directory = go_storage.Directory(
        current_device=optional_blob(question["currentDevice"]),
        contacts=optional_blob(question["contacts"]),
        connectors=optional_blob(question["connectors"]),
        groups=optional_blob(question["groups"]),
        sessions=optional_blob(question["sessions"]),
        names=question["names"],
    )
    return _recovered(go_storage.recover_go_storage(octets(question["key"]), directory))


def _serialized_session(question: Json) -> Json:
    read = sessions.read_serialised_session(question["text"])
    through = None
    if read.through is not None:
        through = {"kind": read.through_kind, "id": read.through.hyphenated}
    return {
        "session": read.session.hyphenated,
        "key": base64_text(read.key),
        "flow": read.flow_name,
        "through": through,
        "fromCache": read.from_cache,
        "written": sessions.write_serialised_session(read),
    }


OPERATIONS: dict[str, Operation] = {
    "identity-read": _identity_read,
    "stored-blob-open": _stored_blob_open,
    "database-recover": _database_recover,
    "exported-recover": _exported_recover,
    "go-storage-recover": _go_storage_recover,
    "serialized-session": _serialized_session,
}
