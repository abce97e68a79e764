"""Operations on RSA keys, what is wrapped, and signatures."""

from __future__ import annotations

import keys
import wrapping
from json_documents import Json
from questions import Operation, base64_text, octets, symmetric_key


def _key_import(question: Json) -> Json:
    der = octets(question["der"])
    if question["kind"] == "private":
        private = keys.read_private_key(der)
        public, pkcs8, warnings = private.public, base64_text(private.pkcs8), private.warnings
    else:
        public = keys.read_public_key(der)
        pkcs8, warnings = None, public.warnings
    return {
        "bits": public.bits,
        "hash": public.hash,
        "pkcs8": pkcs8,
        "spki": base64_text(public.spki),
        "warnings": warnings,
    }


def _oaep_unwrap(question: Json) -> Json:
    key = keys.read_private_key(octets(question["key"]))
    return {"message": base64_text(wrapping.oaep_unwrap(key, octets(question["wrapped"])))}


def _oaep_wrap(question: Json) -> Json:
    key = keys.read_public_key(octets(question["key"]))
    return {"wrapped": base64_text(wrapping.oaep_wrap(key, octets(question["seed"]), octets(question["message"])))}


def _signature_verify(question: Json) -> Json:
    key = keys.read_public_key(octets(question["key"]))
    wrapping.verify_signature(key, octets(question["message"]), octets(question["signature"]))
    return {"verified": True}


def _token_open(question: Json) -> Json:
    candidates = [keys.read_private_key(octets(key)) for key in question["keys"]]
    session_key, opened_by = wrapping.open_token(
        candidates, question["createdForKeyHash"], question["token"], question["tryAllKeys"]
    )
    return {"sessionKey": base64_text(session_key), "openedBy": opened_by.public.hash}


def _symmetric_unwrap(question: Json) -> Json:
    return {"sessionKey": base64_text(wrapping.symmetric_unwrap(symmetric_key(question), question["data"]))}


OPERATIONS: dict[str, Operation] = {
    "key-import": _key_import,
    "oaep-unwrap": _oaep_unwrap,
    "oaep-wrap": _oaep_wrap,
    "signature-verify": _signature_verify,
    "token-open": _token_open,
    "symmetric-unwrap": _symmetric_unwrap,
}
