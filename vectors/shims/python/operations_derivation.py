"""Operations on derivations and raw values."""

from __future__ import annotations

import derivation
import values
from envelope import SymmetricKey
from errors import UnsupportedQuestion
from json_documents import Json
from questions import Operation, base64_text


def _derived(question: Json) -> str | SymmetricKey:
    password, app, user = question["password"], question["appId"], question["userId"]
    session, spelling, nonce = question["sessionId"], question["spelling"] or "lower-case", question["nonce"]
    salt = b"" if question["salt"] is None else bytes.fromhex(question["salt"])
    match question["use"]:
        case "database-key":
            return derivation.database_key(password, app)
        case "database-key-not-given":
            return derivation.database_key_not_given(app)
        case "database-raw-key":
            return derivation.database_raw_key(question["rawKey"])
        case "ssks-password-secret":
            return derivation.ssks_password_secret(password, app, user)
        case "ssks-password-key":
            return derivation.ssks_password_key(password, salt, app, user)
        case "two-man-rule-key":
            return derivation.two_man_rule_key(password, salt, app, user)
        case "sym-enc-key-secret":
            return derivation.sym_enc_key_secret(password, app, session, spelling)
        case "sym-enc-key-key":
            return derivation.sym_enc_key_key(password, app, session, spelling)
        case "group-self-add-message-key":
            return derivation.group_self_add_message_key(password, app)
        case "group-self-add-secret":
            return derivation.group_self_add_secret(password, app, question["groupId"])
        case "user-license-token":
            return derivation.user_license_token_proof(user, app, question["validationKey"], nonce)
        case "pre-validation-token":
            return derivation.pre_validation_token_proof(question["connectorValue"], question["validationKey"], nonce)
        case use:
            raise UnsupportedQuestion(f"use {use} is unknown")


def _derivation(question: Json) -> Json:
    derived = _derived(question)
    return {"derived": base64_text(derived.octets) if isinstance(derived, SymmetricKey) else derived}


def _derivation_normalisation(question: Json) -> Json:
    return {"same": derivation.password_bytes(question["text"]) == bytes.fromhex(question["utf8"])}


def _derivation_value(question: Json) -> Json:
    return {"text": values.convert_value(question["value"], question["mode"], question["text"])}


OPERATIONS: dict[str, Operation] = {
    "derivation": _derivation,
    "derivation-normalisation": _derivation_normalisation,
    "derivation-value": _derivation_value,
}
