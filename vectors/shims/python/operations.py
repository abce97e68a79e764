"""All operations of CONFORMANCE section 3. Those on rights join here."""

from __future__ import annotations

import operations_derivation
import operations_envelope
import operations_identity
import operations_keys
import operations_sessions
import operations_sigchain
from questions import Operation

OPERATIONS: dict[str, Operation] = {
    **operations_envelope.OPERATIONS,
    **operations_derivation.OPERATIONS,
    **operations_keys.OPERATIONS,
    **operations_identity.OPERATIONS,
    **operations_sessions.OPERATIONS,
    **operations_sigchain.OPERATIONS,
}
