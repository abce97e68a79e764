"""Adding a proxy, and retrieving through a TMR access (SESSIONS sections 5 and 7)."""

from __future__ import annotations

import os

from envelope import SymmetricKey, key_for_sealing
from errors import FormatError, rejected
from records import ProxyKey, TmrAccess
from routes import Resolver
from text_encodings import Identifier, write_base64
from wrapping import symmetric_unwrap

_IV_LENGTH = 16


def add_proxy(
    resolver: Resolver, target: Identifier, target_key: bytes, proxy_session: Identifier
) -> tuple[ProxyKey, SymmetricKey] | None:
    """PROXY-04, PROXY-05: the new record with the key that opens it, or None where there is one already."""
    if target == proxy_session:
        raise FormatError("proxy-self")
    direct_key = next(resolver.direct_keys(proxy_session), None)
    if direct_key is None:
        raise FormatError("no-token")
    if any(
        record.session == target and record.proxy_session == proxy_session and not record.revoked
        for record in resolver.records.proxy_keys
    ):
        return None
    sealing_key = key_for_sealing(direct_key)
    content = key_for_sealing(target_key).octets  # EMK-01: only keys of 64 bytes are written
    data = write_base64(sealing_key.seal(content, os.urandom(_IV_LENGTH)))
    return ProxyKey(target, proxy_session, data, revoked=False), sealing_key


def matches(
    access: TmrAccess,
    e_mail: str | None,
    session: Identifier | None,
    creator: Identifier | None,
    identifier: Identifier | None,
) -> bool:
    """TMR-01: what is not given does not narrow; VAL-07: the value of an e-mail factor is in lower case."""
    return (
        not access.revoked
        and (session is None or access.session == session)
        and (creator is None or access.creator == creator)
        and (identifier is None or access.identifier == identifier)
        and (e_mail is None or (access.factor_type == "EM" and (access.factor_value or "").lower() == e_mail))
    )


def retrieve_through_access(
    matching: list[TmrAccess], over_encryption_key: SymmetricKey, try_if_multiple: bool
) -> tuple[TmrAccess, bytes]:
    """TMR-02: the first of the matches that opens."""
    if not matching:
        raise FormatError("no-token")
    if len(matching) > 1 and not try_if_multiple:
        raise FormatError("several-tmr-accesses")
    for access in matching:
        try:
            return access, symmetric_unwrap(over_encryption_key, access.data)
        except FormatError:
            continue
    raise rejected()
