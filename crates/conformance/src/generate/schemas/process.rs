//! The kinds of process data.

use super::{hexadecimal, list, object, or_null, put, text};
use crate::generate::{Files, GenerateError};
use crate::kinds::process::changes::Updating;
use crate::kinds::process::primitives::Primitive;
use crate::kinds::process::retrieval::{Diagnose, Retrieve};
use crate::kinds::process::roles::{Entitlement, Quorum, RolesRead};
use crate::kinds::process::sealing::{Commit, Open, Seal};
use crate::kinds::process::shares::{Answer, Connections, ShareOpen, ShareSeal};
use crate::kinds::process::states::ProcessText;
use crate::kinds::process::stores::{Blobs, Secrets};
use crate::kinds::process::trees::{ProofVerify, Tree};
use crate::kinds::process::values::{Names, ValueRead, ValueWrite};
use crate::kinds::process::votes::{Acceptance, Token, VoteMessage};
use serde_json::{Value, json};

pub(super) fn add(files: &mut Files) -> Result<(), GenerateError> {
    values(files)?;
    states(files)?;
    members(files)?;
    stores(files)
}

fn one_of(words: &[&str]) -> Value {
    json!({ "enum": words })
}

fn number() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn boolean() -> Value {
    json!({ "type": "boolean" })
}

fn hash() -> Value {
    json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" })
}

fn verified() -> [(&'static str, Value); 1] {
    [("verified", json!({ "const": true }))]
}

fn paired() -> Value {
    list(object(&[("id", text()), ("addresses", list(text()))]))
}

fn values(files: &mut Files) -> Result<(), GenerateError> {
    let algorithms = [
        "aes256-gcm-seal",
        "aes256-gcm-open",
        "tagged-hash",
        "hkdf-sha256",
        "jcs",
        "bip340-sign",
        "bip340-verify",
        "pair-secret",
    ];
    put::<Primitive>(
        files,
        &[
            ("algorithm", one_of(&algorithms)),
            ("key", hexadecimal()),
            ("nonce", hexadecimal()),
            ("associated", hexadecimal()),
            ("data", hexadecimal()),
        ],
        &[("bytes", hexadecimal())],
    )?;
    put::<Names>(files, &[("private", list(text())), ("public", list(text()))], &[("labels", list(text()))])?;
    put::<ValueWrite>(files, &[("text", text())], &[("encoded", hexadecimal())])?;
    put::<ValueRead>(
        files,
        &[("encoded", hexadecimal())],
        &[("json", or_null(text())), ("mediaType", or_null(text())), ("bytes", or_null(hexadecimal()))],
    )?;
    put::<Seal>(
        files,
        &[("key", text()), ("nonce", hexadecimal()), ("encoded", hexadecimal())],
        &[("blob", hexadecimal())],
    )?;
    put::<Open>(
        files,
        &[
            ("process", text()),
            ("attribute", text()),
            ("commitment", hash()),
            ("key", text()),
            ("salt", or_null(text())),
            ("blob", hexadecimal()),
        ],
        &[("encoded", hexadecimal())],
    )?;
    put::<Commit>(
        files,
        &[("process", text()), ("label", text()), ("encoded", hexadecimal()), ("salt", or_null(hash()))],
        &[("commitment", hash())],
    )
}

fn states(files: &mut Files) -> Result<(), GenerateError> {
    let leaf = object(&[("label", text()), ("class", json!({ "enum": [0, 1, 2] })), ("commitment", hash())]);
    put::<Tree>(files, &[("leaves", list(leaf))], &[("stateId", hash()), ("proofs", list(text()))])?;
    put::<ProofVerify>(files, &[("proof", text()), ("commitment", hash()), ("stateId", hash())], &verified())?;
    put::<ProcessText>(
        files,
        &[("text", text())],
        &[("states", list(hash())), ("keys", list(list(text()))), ("listing", json!({ "type": "object" }))],
    )?;
    let delta =
        object(&[("private", text()), ("public", text()), ("roles", or_null(text())), ("blinded", list(text()))]);
    let attribute = object(&[
        ("name", text()),
        ("class", one_of(&["private", "public"])),
        ("commitment", one_of(&["kept", "new"])),
        ("key", one_of(&["kept", "new", "none"])),
        ("blinded", boolean()),
    ]);
    put::<Updating>(
        files,
        &[
            ("author", text()),
            ("keepCreatorKeys", boolean()),
            ("private", text()),
            ("public", text()),
            ("roles", text()),
            ("blinded", list(text())),
            ("before", list(delta.clone())),
            ("withoutKeys", boolean()),
            ("withoutBlobs", boolean()),
            ("on", number()),
            ("change", or_null(delta)),
        ],
        &[
            ("index", number()),
            ("attributes", list(attribute)),
            ("changed", list(text())),
            ("blobs", number()),
            ("diffs", list(object(&[("attribute", text()), ("notify", list(text()))]))),
        ],
    )?;
    let world = [
        ("attribute", or_null(text())),
        ("faults", list(text())),
        ("arrives", or_null(number())),
        ("refuses", or_null(number())),
        ("tries", number()),
        ("delay", number()),
    ];
    put::<Diagnose>(files, &world, &[("encoded", hexadecimal()), ("waits", list(number()))])?;
    let one = object(&[("name", text()), ("encoded", or_null(hexadecimal())), ("code", or_null(text()))]);
    put::<Retrieve>(files, &world, &[("attributes", list(one)), ("waits", list(number()))])
}

fn members(files: &mut Files) -> Result<(), GenerateError> {
    put::<RolesRead>(files, &[("text", text())], &[("members", list(text())), ("encoded", hexadecimal())])?;
    put::<Entitlement>(
        files,
        &[
            ("roles", text()),
            ("private", list(text())),
            ("public", list(text())),
            ("members", paired()),
            ("attribute", text()),
            ("member", or_null(text())),
        ],
        &[("entitled", boolean()), ("inRoles", boolean()), ("devices", list(text()))],
    )?;
    let outcomes = || one_of(&["satisfied", "rejected", "pending"]);
    put::<Quorum>(
        files,
        &[("fraction", text()), ("members", number())],
        &[("basisPoints", number()), ("required", number()), ("withoutVotes", outcomes())],
    )?;
    let vote = || one_of(&["yes", "no"]);
    let motion =
        [("process", text()), ("index", number()), ("previous", hash()), ("stateId", hash()), ("vote", vote())];
    put::<VoteMessage>(files, &motion, &[("message", hash())])?;
    put::<Token>(files, &[("motion", object(&motion)), ("key", or_null(hash())), ("sig", text())], &verified())?;
    let cast = object(&[("device", text()), ("signer", text()), ("vote", vote()), ("replayed", boolean())]);
    put::<Acceptance>(
        files,
        &[
            ("roles", text()),
            ("names", list(text())),
            ("changed", list(text())),
            ("members", paired()),
            ("votes", list(cast)),
        ],
        &[("outcome", outcomes()), ("contradicting", list(text())), ("forged", list(text()))],
    )
}

fn stores(files: &mut Files) -> Result<(), GenerateError> {
    let step = object(&[("now", number()), ("put", or_null(text())), ("get", or_null(text()))]);
    put::<Blobs>(files, &[("permanent", boolean()), ("steps", list(step))], &[("value", or_null(hexadecimal()))])?;
    put::<Secrets>(
        files,
        &[("export", hexadecimal()), ("confirm", list(text()))],
        &[("confirmed", list(text())), ("pending", list(text())), ("export", hexadecimal())],
    )?;
    let context = || {
        object(&[
            ("process", text()),
            ("stateId", hash()),
            ("attribute", text()),
            ("sender", text()),
            ("recipient", text()),
        ])
    };
    put::<ShareSeal>(
        files,
        &[
            ("context", context()),
            ("secret", hash()),
            ("nonce", hexadecimal()),
            ("key", hash()),
            ("salt", or_null(hash())),
        ],
        &[("share", hexadecimal())],
    )?;
    put::<ShareOpen>(
        files,
        &[("context", context()), ("secret", hash()), ("share", hexadecimal())],
        &[("key", hash()), ("salt", or_null(hash()))],
    )?;
    put::<Answer>(
        files,
        &[
            ("roles", text()),
            ("nextRoles", or_null(text())),
            ("attributes", list(text())),
            ("keys", list(text())),
            ("members", paired()),
            ("asker", text()),
            ("claimedRoles", list(text())),
            ("knownState", boolean()),
            ("knownProcess", boolean()),
            ("secret", one_of(&["none", "pending", "confirmed"])),
            ("allowPending", boolean()),
        ],
        &[("attributes", list(text()))],
    )?;
    put::<Connections>(
        files,
        &[
            ("roles", text()),
            ("states", list(or_null(list(text())))),
            ("named", or_null(number())),
            ("members", paired()),
            ("own", text()),
            ("confirmed", list(text())),
        ],
        &[("missing", list(text()))],
    )
}
