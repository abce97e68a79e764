"""From records and secrets to the key of a session, or the reasons why not (SESSIONS sections 2 to 7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from derivation import sym_enc_key_key
from envelope import SymmetricKey
from errors import FormatError
from groups import open_private_key
from keys import PrivateKey
from records import GroupKey, ProxyKey, Records, SymEncKey, TmrAccess, Token
from text_encodings import Identifier
from wrapping import open_token, symmetric_unwrap

NO_TOKEN, NO_SECRET, APP_ID_MISSING, REVOKED = "no-token", "no-secret", "app-id-missing", "revoked"
GROUP_KEY_MISSING, PROXY_NOT_DIRECT, PROXY_SELF = "group-key-missing", "proxy-not-direct", "proxy-self"
# SES-11: reasons that name what is missing. They say more than "revoked", and that says more than "no-token".
_REMEDIABLE = (GROUP_KEY_MISSING, PROXY_NOT_DIRECT, NO_SECRET, APP_ID_MISSING)
_SPELLINGS = ("lower-case", "upper-case", "s64")  # KDF-30


@dataclass(frozen=True)
class SymEncKeySecret:
    """SEK-01: a password, or a raw key."""

    sym_enc_key: Identifier
    password: str | None
    raw_key: SymmetricKey | None


@dataclass(frozen=True)
class OverEncryptionKey:
    """TMR-01; without an access it is tried on all (EGR-04)."""

    access: Identifier | None
    key: SymmetricKey


@dataclass(frozen=True)
class Options:
    """What a recovery asks for beyond normal retrieval."""

    try_all_keys: bool = False  # EMK-12
    open_revoked: bool = False  # EMK-14, PROXY-07
    follow_proxy_chains: bool = False  # PROXY-08


@dataclass(frozen=True)
class Way:
    """A key of the session, and how it was reached."""

    key: bytes
    route: str
    chain: bool = False


@dataclass
class Resolver:
    """Everything that is at hand."""

    keys: list[PrivateKey]
    records: Records
    known_keys: list[tuple[Identifier, bytes]] = field(default_factory=list)
    app: str | None = None
    sym_enc_key_secrets: list[SymEncKeySecret] = field(default_factory=list)
    over_encryption_keys: list[OverEncryptionKey] = field(default_factory=list)
    options: Options = field(default_factory=Options)

    def resolve(self, session: Identifier) -> tuple[Way, list[bytes]]:
        """SES-10: the first way counts; other keys of further ways are told, each once."""
        ways = list(self._ways(session, frozenset()))
        if not ways:
            raise FormatError(whole_reason(self.reasons(session)))
        first = ways[0]
        others = dict.fromkeys(way.key for way in ways if way.key != first.key)
        return first, list(others)

    def _ways(self, session: Identifier, behind: frozenset[Identifier]) -> Iterator[Way]:
        """SES-22: all ways in the order of precedence; `behind` are the sessions that this one is to open."""
        yield from (Way(key, "known") for key in self._known(session))
        yield from (Way(key, "direct") for key in self.direct_keys(session))
        yield from (Way(key, "group") for key in self._through_groups(session))
        yield from self._through_proxies(session, behind | {session})
        yield from (Way(key, "symEncKey") for key in self._through_sym_enc_keys(session))
        yield from (Way(key, "tmr") for key in self._through_accesses(session))

    # --- known and direct --------------------------------------------------------------------

    def _known(self, session: Identifier) -> list[bytes]:
        return [key for known, key in self.known_keys if known == session]

    def direct_keys(self, session: Identifier) -> Iterator[bytes]:
        """EMK-13: by tokens for own devices, in their order."""
        for token in self._tokens(session):
            yield from self._open_token(self.keys, token)

    def _tokens(self, session: Identifier) -> list[Token]:
        return [token for token in self.records.tokens if token.session == session and not self._skipped(token)]

    def _open_token(self, keys: list[PrivateKey], token: Token) -> Iterator[bytes]:
        try:
            yield open_token(keys, token.created_for_key_hash, token.token, self.options.try_all_keys)[0]
        except FormatError:
            return

    def _skipped(self, record: Token | ProxyKey | SymEncKey | TmrAccess) -> bool:
        """EMK-14, PROXY-07."""
        return record.revoked and not self.options.open_revoked

    # --- group -------------------------------------------------------------------------------

    @cached_property
    def _group_keys(self) -> list[tuple[GroupKey, PrivateKey]]:
        """GRP-03: a group message key is known or reached directly, in no other way."""
        opened = []
        for record in self.records.group_keys:
            for message_key in (*self._known(record.message), *self.direct_keys(record.message)):
                try:
                    key = open_private_key(SymmetricKey(message_key), record.encryption)
                except FormatError:
                    continue
                opened.append((record, key))
                break
        return opened

    def _through_groups(self, session: Identifier) -> Iterator[bytes]:
        for token in self._tokens(session):
            yield from self._through_group(token)

    def _through_group(self, token: Token) -> Iterator[bytes]:
        """EGR-04: the keys of the group whose device is named, else those of all."""
        named = self._is_for_group(token)
        keys = [key for record, key in self._group_keys if not named or record.device == token.device]
        yield from self._open_token(keys, token)

    def _is_for_group(self, token: Token) -> bool:
        return any(record.device == token.device for record in self.records.group_keys)

    # --- proxy -------------------------------------------------------------------------------

    def _proxy_keys(self, session: Identifier) -> list[ProxyKey]:
        return [
            record
            for record in self.records.proxy_keys
            if record.session == session and record.proxy_session != session and not self._skipped(record)  # PROXY-05
        ]

    def _through_proxies(self, session: Identifier, behind: frozenset[Identifier]) -> Iterator[Way]:
        """PROXY-02; EGR-21: a proxy session serves that is known or reached directly. PROXY-08: any, on request."""
        for record in self._proxy_keys(session):
            for proxy_key in self._near_keys(record.proxy_session):
                yield from (Way(key, "proxy") for key in _unwrap(proxy_key, record.data))
        if not self.options.follow_proxy_chains:
            return
        for record in self._proxy_keys(session):
            if record.proxy_session in behind:
                continue
            for way in self._ways(record.proxy_session, behind):
                if way.route not in ("known", "direct"):
                    yield from (Way(key, "proxy", chain=True) for key in _unwrap(way.key, record.data))

    def _near_keys(self, session: Identifier) -> list[bytes]:
        return [*self._known(session), *self.direct_keys(session)]

    def _reached_otherwise(self, session: Identifier) -> bool:
        """A record of another route than the direct one leads to the session, whether or not it would open."""
        others: tuple[list[ProxyKey] | list[SymEncKey] | list[TmrAccess], ...] = (
            self._proxy_keys(session),
            self.records.sym_enc_keys,
            self.records.tmr_accesses,
        )
        return (
            any(record.session == session and not self._skipped(record) for kind in others for record in kind)
            or any(self._is_for_group(token) for token in self._tokens(session))
            or any(True for _ in self._through_groups(session))
        )

    # --- SymEncKey and TMR access --------------------------------------------------------------

    def _sym_enc_keys_of(self, record: SymEncKey) -> Iterator[SymmetricKey]:
        """SEK-01, SEK-02: the keys that the secrets of this SymEncKey give."""
        for secret in self.sym_enc_key_secrets:
            if secret.sym_enc_key != record.identifier:
                continue
            if secret.raw_key is not None:
                yield secret.raw_key
            elif secret.password is not None and self.app is not None:
                for spelling in _SPELLINGS:
                    yield sym_enc_key_key(secret.password, self.app, record.session.hyphenated, spelling)

    def _through_sym_enc_keys(self, session: Identifier) -> Iterator[bytes]:
        for record in self.records.sym_enc_keys:
            if record.session == session and not self._skipped(record):
                for key in self._sym_enc_keys_of(record):
                    yield from _unwrap(key.octets, record.data)

    def _over_encryption_keys_of(self, record: TmrAccess) -> list[SymmetricKey]:
        """EGR-04: first the keys for this access, then those for no access in particular; never those for another."""
        wanted = (record.identifier, None)
        return [own.key for access in wanted for own in self.over_encryption_keys if own.access == access]

    def _through_accesses(self, session: Identifier) -> Iterator[bytes]:
        """TMR-02: an offline reader tries all."""
        for record in self.records.tmr_accesses:
            if record.session == session and not self._skipped(record):
                for key in self._over_encryption_keys_of(record):
                    yield from _unwrap(key.octets, record.data)

    # --- reasons -------------------------------------------------------------------------------

    def reasons(self, session: Identifier) -> list[str]:
        """SES-11: why each record of a session that stays closed did not open it. Without a record: no-token."""
        reasons = [self._token_reason(record) for record in self.records.tokens if record.session == session]
        reasons += [self._proxy_reason(record) for record in self.records.proxy_keys if record.session == session]
        reasons += [self._secret_reason(record) for record in self.records.sym_enc_keys if record.session == session]
        reasons += [self._access_reason(record) for record in self.records.tmr_accesses if record.session == session]
        return reasons or [NO_TOKEN]

    def _token_reason(self, record: Token) -> str:
        if self._skipped(record):
            return REVOKED
        return GROUP_KEY_MISSING if self._is_for_group(record) else NO_TOKEN  # SES-23

    def _proxy_reason(self, record: ProxyKey) -> str:
        if record.proxy_session == record.session:  # PROXY-05
            return PROXY_SELF
        if self._skipped(record):
            return REVOKED
        if self.options.follow_proxy_chains or self._near_keys(record.proxy_session):
            return NO_TOKEN
        return PROXY_NOT_DIRECT if self._reached_otherwise(record.proxy_session) else NO_TOKEN  # PROXY-02, PROXY-03

    def _secret_reason(self, record: SymEncKey) -> str:
        if self._skipped(record):
            return REVOKED
        secrets = [secret for secret in self.sym_enc_key_secrets if secret.sym_enc_key == record.identifier]
        if not secrets:
            return NO_SECRET
        if self.app is None and all(secret.raw_key is None for secret in secrets):
            return APP_ID_MISSING
        return NO_TOKEN

    def _access_reason(self, record: TmrAccess) -> str:
        if self._skipped(record):
            return REVOKED
        return NO_TOKEN if self._over_encryption_keys_of(record) else NO_SECRET


def whole_reason(reasons: list[str]) -> str:
    """SES-11: the error of the whole."""
    for reason in reasons:
        if reason in _REMEDIABLE:
            return reason
    return REVOKED if REVOKED in reasons else NO_TOKEN


def _unwrap(key: bytes, data: str) -> Iterator[bytes]:
    """WRAP-11: for whoever looks for a key there is one failure."""
    try:
        yield symmetric_unwrap(SymmetricKey(key), data)
    except FormatError:
        return
