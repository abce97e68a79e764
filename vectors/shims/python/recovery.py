"""What a rescuer brings home from a store, whatever its form (IDENTITY sections 5 to 7)."""

from __future__ import annotations

from dataclasses import dataclass, field

from envelope import SymmetricKey
from errors import FormatError
from identity import Identity, KeyPair, without_duplicates
from keys import PrivateKey
from text_encodings import Identifier


@dataclass(frozen=True)
class DamagedLine:
    """DB-04: a line that does not open or holds no document."""

    file: str
    number: int
    error: str


@dataclass(frozen=True)
class Group:
    """DB-11: a group with its current and former keys."""

    identifier: Identifier
    encryption_keys: list[PrivateKey]
    signing_keys: list[PrivateKey]


@dataclass(frozen=True)
class StrayKeys:
    """DB-27: keys that make no identity and belong to no group that can be named."""

    user: Identifier | None
    device: Identifier | None
    encryption_keys: list[PrivateKey]
    signing_keys: list[PrivateKey]

    def may_be_of(self, identity: Identity) -> bool:
        """Nothing says that they belong to another user or another device."""
        return self.user in (None, identity.user) and self.device in (None, identity.device)


@dataclass
class Recovered:
    """Everything that was found, and a report of what does not open."""

    identity: Identity | None = None
    no_identity: str | None = None
    other_identities: list[Identity] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    stray_keys: list[StrayKeys] = field(default_factory=list)
    sessions: list[tuple[Identifier, bytes]] = field(default_factory=list)
    contacts: int = 0
    connectors: int = 0
    warnings: list[str] = field(default_factory=list)
    damaged_lines: list[DamagedLine] = field(default_factory=list)

    def add_stray_keys(self, keys: StrayKeys) -> None:
        """DB-27: told if there are any."""
        if keys.encryption_keys or keys.signing_keys:
            self.warnings.append("stray-keys")
            self.stray_keys.append(keys)


class Opener:
    """Opens envelopes under the key of a store and remembers whether it was right (DB-20)."""

    def __init__(self, key: SymmetricKey) -> None:
        self._key = key
        self._opened = 0
        self._failed = 0

    def open(self, sealed: bytes) -> bytes:
        """Opens one envelope."""
        try:
            plaintext = self._key.open(sealed)
        except FormatError:
            self.count_failure()
            raise
        self._opened += 1
        return plaintext

    def count_failure(self) -> None:
        """Something was there and did not come as far as the envelope."""
        self._failed += 1

    def require_right_key(self) -> None:
        """DB-20: where something was there and nothing opened, the key is wrong."""
        if self._failed and not self._opened:
            raise FormatError("rejected")


def add_to_former(keys: list[PrivateKey], more: list[PrivateKey]) -> list[PrivateKey]:
    """Former keys of two sources, each once (IDN-31)."""
    return without_duplicates([*keys, *more])


def same_keys(one: KeyPair, other: KeyPair) -> bool:
    """KEY-22: keys are compared by hash."""
    return (one.encryption.public.hash_octets, one.signing.public.hash_octets) == (
        other.encryption.public.hash_octets,
        other.signing.public.hash_octets,
    )
