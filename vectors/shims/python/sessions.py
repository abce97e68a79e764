"""Serialised sessions and retrieval flows (KEYS sections 8 and 10)."""

from __future__ import annotations

from dataclasses import dataclass

from bson_documents import Document, Value, read_document, write_document
from envelope import KEY_LENGTHS
from errors import malformed
from text_encodings import Identifier, read_tolerant, write_base64

# FLOW-01: the numbers of JS and GO10.
_FLOWS = ("created", "direct", "group", "proxy", "local", "sym-enc-key", "tmr")
_LOCAL = _FLOWS.index("local")
# The flow of a session that was reached by a route of SESSIONS section 2; a known key does not tell.
FLOW_OF_ROUTE: dict[str, int | None] = {
    "known": None,
    "direct": _FLOWS.index("direct"),
    "group": _FLOWS.index("group"),
    "proxy": _FLOWS.index("proxy"),
    "symEncKey": _FLOWS.index("sym-enc-key"),
    "tmr": _FLOWS.index("tmr"),
}
_THROUGH = {"groupId": "group", "proxySessionId": "proxy", "symEncKeyId": "sym-enc-key"}


@dataclass(frozen=True)
class SerialisedSession:
    """A session as it is handed from one program to another."""

    session: Identifier
    key: bytes
    flow: int | None
    through_field: str | None
    through: Identifier | None
    from_cache: bool
    with_details: bool

    @property
    def flow_name(self) -> str:
        """Our name of the flow (section 10)."""
        return "unknown" if self.flow is None else _FLOWS[self.flow]

    @property
    def through_kind(self) -> str | None:
        """Whether the session was reached through a group, a proxy or a SymEncKey."""
        return _THROUGH[self.through_field] if self.through_field else None


def read_serialised_session(text: str) -> SerialisedSession:
    """SER-10 to SER-14."""
    document = read_document(read_tolerant(text))
    id_text, key = document.get("id"), document.get("key")
    if not isinstance(id_text, str) or not isinstance(key, bytes) or len(key) not in KEY_LENGTHS:
        raise malformed("a serialised session has an id and a key")
    session = Identifier.read_any(id_text)  # SER-12
    details = document.get("retrievalDetails")
    if details is None:  # SER-13
        return SerialisedSession(session, key, _LOCAL, None, None, False, False)
    if type(details) is not Document:
        raise malformed("retrievalDetails is a document")
    flow = details.get("flow")
    if type(flow) is not int or not 0 <= flow < len(_FLOWS):  # SER-14: of another kind is absent
        flow = None
    from_cache = details.get("fromCache") is True
    for name in _THROUGH:
        through_text = details.get(name)
        if isinstance(through_text, str) and through_text:
            through = Identifier.read_any(through_text)
            return SerialisedSession(session, key, flow, name, through, from_cache, True)
    return SerialisedSession(session, key, flow, None, None, from_cache, True)


def write_serialised_session(session: SerialisedSession) -> str:
    """Section 8: the fields in their order."""
    fields: list[tuple[str, Value]] = [("id", session.session.hyphenated), ("key", session.key)]
    if session.with_details:
        details: list[tuple[str, Value]] = []
        if session.flow is not None:
            details.append(("flow", session.flow))
        if session.through_field is not None and session.through is not None:
            details.append((session.through_field, session.through.hyphenated))
        details.append(("fromCache", session.from_cache))
        fields.append(("retrievalDetails", Document(tuple(details))))
    return write_base64(write_document(Document(tuple(fields))))
