"""Operations on sigchains."""

from __future__ import annotations

import sigchain_blocks
import sigchain_use
import sigchain_verify
from json_documents import Json
from keys import read_private_key, read_public_key
from questions import Operation, octets
from sigchain_blocks import MEMBERS, READERS, REVOCATION, SERVER_REMOVE_MEMBERS
from sigchain_verify import Chain
from text_encodings import Identifier

# The operations of questions that are no types of blocks.
_TYPES = {"further-members": MEMBERS, "server-revocation": REVOCATION, "server-removal": SERVER_REMOVE_MEMBERS}


def _verified(question: Json) -> Chain:
    return sigchain_verify.verify(question["chain"], question["now"])


def _ids(texts: list[str]) -> list[Identifier]:
    return [Identifier.read_hyphenated(text) for text in texts]


def _state(chain: Chain) -> Json:
    return {
        "devices": [
            {
                "device": device.hyphenated,
                "encryptionKeyHash": state.encryption_hash,
                "signingKeyHash": state.signing_hash,
                "expireAt": state.expire_at,
                "revoked": state.revoked,
            }
            for device, state in sorted(chain.devices.items(), key=lambda entry: entry[0])
        ],
        "members": [member.hyphenated for member in sorted(chain.members)],
        "hashes": chain.hashes,
    }


def _sigchain_verify(question: Json) -> Json:
    read = READERS[question["form"]]
    return _state(sigchain_verify.verify(question["chain"], question["now"], question["strict"], read))


def _sigchain_hash(question: Json) -> Json:
    transaction = sigchain_blocks.read_transaction(question["transaction"])
    return {"canonical": transaction.canonical, "hash": transaction.hash}


def _sigchain_compare(question: Json) -> Json:
    return {"position": sigchain_use.find_hash(_verified(question), question["hash"], question["position"])}


def _sigchain_grow(question: Json) -> Json:
    known = sigchain_verify.verify(question["known"], question["now"])
    return _state(sigchain_verify.verify(question["chain"], question["now"], known_hashes=known.hashes))


def _sigchain_keyring(question: Json) -> Json:
    chain = _verified(question)
    ring = [
        sigchain_use.RingDevice(
            Identifier.read_hyphenated(held["device"]),
            held["encryptionKeyHash"],
            held["signingKeyHash"],
            held["revoked"],
        )
        for held in question["ring"]
    ]
    members = question["groupMembers"]
    sigchain_use.check_ring(chain, ring, None if members is None else _ids(members))
    expired = {
        held.device: sigchain_use.has_expired(chain, held.device, held.encryption_hash, question["refuseExpired"])
        for held in ring
        if not held.revoked
    }
    return {
        "devices": [device.hyphenated for device in expired],
        "expired": [device.hyphenated for device, has_expired in expired.items() if has_expired],
    }


def _sigchain_receive(question: Json) -> Json:
    device = Identifier.read_hyphenated(question["device"])
    expired = sigchain_use.has_expired(
        _verified(question), device, question["encryptionKeyHash"], question["refuseExpired"]
    )
    return {"expired": expired}


def _sigchain_build(question: Json) -> Json:
    chain, operation, author = _verified(question), question["operation"], question["author"]
    device, key, members = question["device"], question["signingKey"], question["members"]
    member_ids = None if members is None else _ids(members)
    if operation == "further-members":
        member_ids = sigchain_use.further_members(chain, member_ids or [])
    wish = sigchain_use.Wish(
        operation=_TYPES.get(operation) or operation,
        device=None if device is None else Identifier.read_hyphenated(device),
        encryption_hash=question["encryptionKeyHash"],
        signing_key=None if key is None else read_public_key(octets(key)),
        life=question["life"],
        members=member_ids,
    )
    by = None
    if author is not None:
        by = Identifier.read_hyphenated(author["device"]), read_private_key(octets(author["key"]))
    block = sigchain_use.build(chain, wish, by, question["server"])
    return {
        "canonical": block.transaction.canonical,
        "hash": block.hash,
        "pubkeys": block.public_keys,
        "signed": block.signature != "",
    }


OPERATIONS: dict[str, Operation] = {
    "sigchain-verify": _sigchain_verify,
    "sigchain-hash": _sigchain_hash,
    "sigchain-compare": _sigchain_compare,
    "sigchain-grow": _sigchain_grow,
    "sigchain-keyring": _sigchain_keyring,
    "sigchain-receive": _sigchain_receive,
    "sigchain-build": _sigchain_build,
}
