//! The kinds about finding and making session keys.

use super::super::{Files, GenerateError};
use super::{base64, hash, id, list, object, or_null, put, text};
use crate::kinds::session_make::{InvitationOpen, ProxyAdd, TmrRetrieve};
use crate::kinds::session_resolve::{SessionReasons, SessionResolve};
use serde_json::json;

pub(super) fn sessions(files: &mut Files) -> Result<(), GenerateError> {
    let boolean = || json!({ "type": "boolean" });
    let kinds = ["token", "proxy-key", "group-key", "sym-enc-key", "tmr-access"];
    let record = object(&[("kind", json!({ "enum": kinds })), ("text", text())]);
    let known = object(&[("session", id()), ("key", base64())]);
    let secret = object(&[("symEncKeyId", id()), ("password", or_null(text())), ("rawSymKey", or_null(base64()))]);
    let over = object(&[("tmrAccessId", or_null(id())), ("key", base64())]);
    let reaching = [
        ("session", id()),
        ("keys", list(base64())),
        ("records", list(record)),
        ("knownKeys", list(known)),
        ("appId", or_null(text())),
        ("symEncKeySecrets", list(secret)),
        ("overEncryptionKeys", list(over)),
        ("tryAllKeys", boolean()),
        ("openRevoked", boolean()),
        ("followProxyChains", boolean()),
        ("orderMatters", boolean()),
    ];
    let routes = ["known", "direct", "group", "proxy", "symEncKey", "tmr"];
    put::<SessionResolve>(
        files,
        &reaching,
        &[
            ("key", base64()),
            ("route", json!({ "enum": routes })),
            ("flow", json!({ "type": ["integer", "null"], "minimum": 0 })),
            ("chain", boolean()),
            ("otherKeys", list(base64())),
        ],
    )?;
    let reason = || {
        json!({ "enum": [
            "no-token", "rejected", "revoked", "group-key-missing", "proxy-not-direct", "proxy-self", "no-secret",
            "app-id-missing",
        ] })
    };
    put::<SessionReasons>(files, &reaching, &[("error", reason()), ("reasons", list(reason()))])?;
    put::<ProxyAdd>(
        files,
        &[("target", id()), ("targetKey", base64()), ("proxy", object(&reaching))],
        &[("added", boolean()), ("opened", or_null(base64()))],
    )?;
    put::<TmrRetrieve>(
        files,
        &[
            ("accesses", list(text())),
            ("email", or_null(text())),
            ("session", or_null(id())),
            ("creator", or_null(id())),
            ("access", or_null(id())),
            ("overEncryptionKey", base64()),
            ("tryIfMultiple", boolean()),
        ],
        &[("session", id()), ("key", base64()), ("access", id())],
    )?;
    let generation = object(&[("messageKey", base64()), ("encryption", hash()), ("signing", hash())]);
    put::<InvitationOpen>(
        files,
        &[
            ("invitation", text()),
            ("groupKeys", list(text())),
            ("overEncryptionKey", base64()),
            ("knownSigningKeys", list(base64())),
        ],
        &[("isAdmin", boolean()), ("generations", list(generation))],
    )
}
