"""Records of wrapped keys, in our names or those of the API (EGRESS section 1, KEYS sections 4 and 7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from errors import malformed
from json_documents import Json, read_json
from text_encodings import Identifier

# EGR-01: other names of a member. What a name means depends on the kind of the record.
_SESSION = ("sessionId", "message_id")
_DEVICE = ("deviceId", "device_id", "key_id", "created_for_key")
_GROUP = ("groupId", "group_id")
_DATA = ("data", "data_b64")


@dataclass(frozen=True)
class Token:
    """KEYS section 4: a session's key for one device of a user or a group."""

    session: Identifier
    device: Identifier | None
    created_for_key_hash: str | None
    token: str
    revoked: bool


@dataclass(frozen=True)
class ProxyKey:
    """PROXY-01: a session's key under the key of another session."""

    session: Identifier
    proxy_session: Identifier
    data: str
    revoked: bool


@dataclass(frozen=True)
class GroupKey:
    """GRP-02: one generation of a group's private keys under the group message key."""

    group: Identifier
    device: Identifier
    message: Identifier
    encryption: str
    signing: str
    created: float | None


@dataclass(frozen=True)
class SymEncKey:
    """SESSIONS section 6: a session's key under a password or a raw key."""

    session: Identifier
    identifier: Identifier
    data: str
    revoked: bool


@dataclass(frozen=True)
class TmrAccess:
    """TMR-01: a session's key under an over-encryption key, for whoever proves a factor."""

    session: Identifier
    identifier: Identifier
    creator: Identifier | None
    factor_type: str | None
    factor_value: str | None
    data: str
    revoked: bool


@dataclass(frozen=True)
class Invitation:
    """WRAP-05: a temporary key of a group."""

    group: Identifier
    is_admin: bool
    key_for_invited: str
    signature: str
    message_keys: dict[Identifier, str]


@dataclass
class Records:
    """All records that are at hand, each kind in the order of its file."""

    tokens: list[Token] = field(default_factory=list)
    proxy_keys: list[ProxyKey] = field(default_factory=list)
    group_keys: list[GroupKey] = field(default_factory=list)
    sym_enc_keys: list[SymEncKey] = field(default_factory=list)
    tmr_accesses: list[TmrAccess] = field(default_factory=list)

    def add(self, kind: str, text: str) -> None:
        """Reads one record of this kind."""
        match kind:
            case "token":
                self.tokens.append(read_token(text))
            case "proxy-key":
                self.proxy_keys.append(read_proxy_key(text))
            case "group-key":
                self.group_keys.append(read_group_key(text))
            case "sym-enc-key":
                self.sym_enc_keys.append(read_sym_enc_key(text))
            case "tmr-access":
                self.tmr_accesses.append(read_tmr_access(text))
            case _:
                raise malformed(f"no records of kind {kind}")


class _Members:
    """The members of one record, each under any of its names. One that is null is absent."""

    def __init__(self, text: str) -> None:
        value = read_json(text)
        if not isinstance(value, dict):  # EGR-03
            raise malformed("a record is an object")
        self._members: Json = value

    def get(self, names: tuple[str, ...], kind: type) -> Any:
        """EGR-01: two names with different values are malformed, and so is a value of another type."""
        found = [self._members[name] for name in names if self._members.get(name) is not None]
        if not found:
            return None
        if not isinstance(found[0], kind) or any(other != found[0] for other in found[1:]):
            raise malformed(f"the member {names[0]}")
        return found[0]

    def text(self, *names: str) -> str:
        """A text that must be there."""
        value: str = self._required(names, str)
        return value

    def identifier(self, *names: str) -> Identifier:
        """An id that must be there."""
        return Identifier.read_any(self._required(names, str))

    def optional_identifier(self, *names: str) -> Identifier | None:
        """An id that may be missing."""
        text = self.get(names, str)
        return None if text is None else Identifier.read_any(text)

    def flag(self, *names: str) -> bool:
        """A mark that is false where it is missing."""
        return self.get(names, bool) is True

    def object(self, *names: str) -> Json:
        """An object that must be there."""
        value: Json = self._required(names, dict)
        return value

    def _required(self, names: tuple[str, ...], kind: type) -> Any:
        value = self.get(names, kind)
        if value is None:
            raise malformed(f"no member {names[0]}")
        return value

    def created(self) -> float | None:
        """EGR-02: seconds, or a time of RFC 3339."""
        value = self.get(("created",), object)
        if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            raise malformed("the member created") from None
        if moment.tzinfo is None:
            raise malformed("a time without its zone")
        return moment.timestamp()

    def factor(self) -> tuple[str | None, str | None]:
        """EGR-02: an object of type and value, or a pair of members."""
        factor = self.get(("authFactor", "auth_factor"), dict)
        if factor is None:
            return self.get(("auth_factor_type",), str), self.get(("auth_factor_value",), str)
        kind, value = factor.get("type"), factor.get("value")
        if not isinstance(kind, str) or not isinstance(value, str):
            raise malformed("the member authFactor")
        return kind, value


def read_token(text: str) -> Token:
    """EMK-03; EMK-11: a hash may be missing or empty, EMK-15: so may the device."""
    members = _Members(text)
    return Token(
        session=members.identifier(*_SESSION),
        device=members.optional_identifier(*_DEVICE, "created_for_key_id"),
        created_for_key_hash=members.get(("createdForKeyHash", "created_for_key_hash"), str),
        token=members.text("token", "encrypted_message_key"),
        revoked=members.flag("revoked"),
    )


def read_proxy_key(text: str) -> ProxyKey:
    """PROXY-07: a proxy is named by its session."""
    members = _Members(text)
    return ProxyKey(
        session=members.identifier(*_SESSION),
        proxy_session=members.identifier("proxySessionId", "proxy_message_id"),
        data=members.text(*_DATA),
        revoked=members.flag("revoked"),
    )


def read_group_key(text: str) -> GroupKey:
    """GRP-02."""
    members = _Members(text)
    return GroupKey(
        group=members.identifier(*_GROUP),
        device=members.identifier(*_DEVICE),
        message=members.identifier("messageId", "message_id"),
        encryption=members.text("encryptedEncryptionPrivateKey", "encrypted_encryption_privkey"),
        signing=members.text("encryptedSigningPrivateKey", "encrypted_signing_privkey"),
        created=members.created(),
    )


def read_sym_enc_key(text: str) -> SymEncKey:
    """SESSIONS section 6; the secret is no part of the record."""
    members = _Members(text)
    return SymEncKey(
        session=members.identifier(*_SESSION),
        identifier=members.identifier("symEncKeyId", "sym_enc_key_id"),
        data=members.text(*_DATA),
        revoked=members.flag("revoked"),
    )


def read_tmr_access(text: str) -> TmrAccess:
    """TMR-01."""
    members = _Members(text)
    factor_type, factor_value = members.factor()
    return TmrAccess(
        session=members.identifier(*_SESSION),
        identifier=members.identifier("tmrAccessId", "tmr_key_id"),
        creator=members.optional_identifier("createdById", "created_by_id"),
        factor_type=factor_type,
        factor_value=factor_value,
        data=members.text(*_DATA, "token"),
        revoked=members.flag("revoked"),
    )


def read_invitation(text: str) -> Invitation:
    """WRAP-05."""
    members = _Members(text)
    message_keys: dict[Identifier, str] = {}
    for message, wrapped in members.object("data").items():
        if not isinstance(wrapped, str):
            raise malformed("a message key that is no text")
        message_keys[Identifier.read_any(message)] = wrapped
    return Invitation(
        group=members.identifier(*_GROUP),
        is_admin=members.flag("isAdmin", "is_admin"),
        key_for_invited=members.text("encryptedSymkeyRoek", "encrypted_symkey_roek"),
        signature=members.text("symkeySignature", "symkey_signature"),
        message_keys=message_keys,
    )
