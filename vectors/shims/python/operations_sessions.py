"""Operations on routes to the key of a session."""

from __future__ import annotations

import groups
import records
import routes
import sessions
import sharing
import values
from envelope import SymmetricKey
from errors import FormatError
from json_documents import Json
from keys import read_private_key, read_public_key
from questions import Operation, base64_text, expected_session, hyphenated, octets
from text_encodings import Identifier
from wrapping import symmetric_unwrap


def _optional_id(text: str | None) -> Identifier | None:
    return None if text is None else Identifier.read_hyphenated(text)


def _resolver(question: Json) -> routes.Resolver:
    at_hand = records.Records()
    for record in question["records"]:
        at_hand.add(record["kind"], record["text"])
    return routes.Resolver(
        keys=[read_private_key(octets(key)) for key in question["keys"]],
        records=at_hand,
        known_keys=[
            (Identifier.read_hyphenated(known["session"]), SymmetricKey(octets(known["key"])).octets)
            for known in question["knownKeys"]
        ],
        app=question["appId"],
        sym_enc_key_secrets=[_sym_enc_key_secret(secret) for secret in question["symEncKeySecrets"]],
        over_encryption_keys=[
            routes.OverEncryptionKey(_optional_id(own["tmrAccessId"]), _over_encryption_key(own["key"]))
            for own in question["overEncryptionKeys"]
        ],
        options=routes.Options(
            try_all_keys=question["tryAllKeys"],
            open_revoked=question["openRevoked"],
            follow_proxy_chains=question["followProxyChains"],
        ),
    )


def _sym_enc_key_secret(secret: Json) -> routes.SymEncKeySecret:
    raw, password = secret["rawSymKey"], secret["password"]
    if (raw is None) == (password is None):  # VAL-06
        raise FormatError("credential-conflict")
    identifier = Identifier.read_hyphenated(secret["symEncKeyId"])
    raw_key = None if raw is None else SymmetricKey(values.read_raw_sym_key(raw))
    return routes.SymEncKeySecret(identifier, password, raw_key)


def _over_encryption_key(text: str) -> SymmetricKey:
    return SymmetricKey(values.read_raw_key(text))


def _session_resolve(question: Json) -> Json:
    way, other_keys = _resolver(question).resolve(Identifier.read_hyphenated(question["session"]))
    return {
        "key": base64_text(way.key),
        "route": way.route,
        "flow": sessions.FLOW_OF_ROUTE[way.route],
        "chain": way.chain,
        "otherKeys": [base64_text(key) for key in other_keys],
    }


def _session_reasons(question: Json) -> Json:
    resolver, session = _resolver(question), Identifier.read_hyphenated(question["session"])
    try:
        resolver.resolve(session)
    except FormatError as error:
        return {"error": error.code, "reasons": resolver.reasons(session)}
    raise FormatError("resolved")


def _proxy_add(question: Json) -> Json:
    proxy = question["proxy"]
    added = sharing.add_proxy(
        _resolver(proxy),
        Identifier.read_hyphenated(question["target"]),
        octets(question["targetKey"]),
        Identifier.read_hyphenated(proxy["session"]),
    )
    if added is None:
        return {"added": False, "opened": None}
    record, key = added
    return {"added": True, "opened": base64_text(symmetric_unwrap(key, record.data))}


def _tmr_retrieve(question: Json) -> Json:
    e_mail = question["email"]
    if e_mail is not None:
        e_mail = values.convert_value("auth-factor-email", "read", e_mail)
    accesses = [records.read_tmr_access(text) for text in question["accesses"]]
    session, creator = expected_session(question), _optional_id(question["creator"])
    identifier = _optional_id(question["access"])
    matching = [access for access in accesses if sharing.matches(access, e_mail, session, creator, identifier)]
    access, key = sharing.retrieve_through_access(
        matching, _over_encryption_key(question["overEncryptionKey"]), question["tryIfMultiple"]
    )
    return {
        "session": hyphenated(access.session),
        "key": base64_text(key),
        "access": hyphenated(access.identifier),
    }


def _invitation_open(question: Json) -> Json:
    invitation = records.read_invitation(question["invitation"])
    generations = groups.open_invitation(
        invitation,
        [records.read_group_key(text) for text in question["groupKeys"]],
        _over_encryption_key(question["overEncryptionKey"]),
        [read_public_key(octets(key)) for key in question["knownSigningKeys"]],
    )
    return {
        "isAdmin": invitation.is_admin,
        "generations": [
            {
                "messageKey": base64_text(generation.message_key.octets),
                "encryption": generation.encryption.public.hash,
                "signing": generation.signing.public.hash,
            }
            for generation in generations
        ],
    }


OPERATIONS: dict[str, Operation] = {
    "session-resolve": _session_resolve,
    "session-reasons": _session_reasons,
    "proxy-add": _proxy_add,
    "tmr-retrieve": _tmr_retrieve,
    "invitation-open": _invitation_open,
}
