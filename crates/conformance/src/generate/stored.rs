//! `identity/stored-blob*.json`: identities stored under a password or by the two-man rule.

use super::envelope::{key, sealed};
use super::peer::{Peer, bytes, list, text};
use super::{Draft, Files, GenerateError, broken, expand};
use crate::binary::Binary;
use crate::kinds::stored_blob_open::{AtHand, Input, Output, Protection, StoredBlobOpen};
use sealwright_kdf::{AppIdText, Password, StoredSalt, UserIdText, ssks_password_key, two_man_rule_key};
use sealwright_types::b64;
use serde_json::Value;

const APP: &str = "12345678-1234-4abc-8def-1234567890ab";
const USER: &str = "user-1";
const PASSWORD: &str = "correct horse battery staple";
const BOTH: [Protection; 2] = [Protection::Password, Protection::TwoManRule];
/// Bytes of a salt.
const SALT: usize = 32;

pub(super) fn add(peer: &Peer<'_>, files: &mut Files) -> Result<(), GenerateError> {
    peers(&peer.json("kdf.json")?)?.finish(files)?;
    ours()?.finish(files)
}

/// What the peers sent to be stored.
fn peers(data: &Value) -> Result<Draft<StoredBlobOpen>, GenerateError> {
    let mut draft = Draft::peers("identity/stored-blob-peers", "blob-peer", "peer/kdf.json, ssksWire");
    let app = text(data, "appId")?;
    for stored in list(data, "ssksWire")? {
        let sent = list(stored, "wire")?.first().ok_or_else(|| broken("nothing was sent"))?;
        let (plugin, clear) = (text(stored, "plugin")?, bytes(stored, "clear")?);
        let (protection, rule) = match plugin {
            "password" => (Protection::Password, "BLOB-01"),
            "2mr" => (Protection::TwoManRule, "BLOB-03"),
            _ => (Protection::Password, "BLOB-02"),
        };
        let key = match stored.get("rawEncryptionKey").and_then(Value::as_str) {
            Some(raw) => AtHand::Raw(raw.to_owned()),
            None => AtHand::Text(text(stored, "passwordOrKey")?.to_owned()),
        };
        let derived = matches!(key, AtHand::Text(_));
        let blob = text(&sent["body"], "data_b64")?.to_owned();
        let input = Input { protection, app: app.to_owned(), user: text(stored, "userId")?.to_owned(), key, blob };
        let name = stored["name"].as_str().unwrap_or("raw keys");
        draft.valid(
            rule,
            format!("{plugin}: {name}"),
            input,
            Output { document: Binary::of(&clear), derived },
            clear.len() as u64,
        );
    }
    Ok(draft)
}

/// A blob of each kind over some content.
struct Blobs {
    protection: Protection,
    content: Vec<u8>,
    salted: Vec<u8>,
    raw: Vec<u8>,
}

impl Blobs {
    fn of(protection: Protection, content: &[u8]) -> Result<Self, GenerateError> {
        let label = format!("blob {protection:?} {}", content.len());
        let mut salt = [0; SALT];
        salt.copy_from_slice(&expand(&label, SALT));
        let derived = derive(protection, &StoredSalt::from_blob(salt))?;
        Ok(Self {
            protection,
            content: content.to_vec(),
            salted: [&salt[..], &sealed(&derived, &label, content)?].concat(),
            raw: sealed(&key(64), &label, content)?,
        })
    }

    fn input(&self, key: AtHand, blob: &[u8]) -> Input {
        Input { protection: self.protection, app: APP.to_owned(), user: USER.to_owned(), key, blob: b64::encode(blob) }
    }

    fn output(&self, derived: bool) -> Output {
        Output { document: Binary::of(&self.content), derived }
    }

    fn released(&self) -> u64 {
        self.content.len() as u64
    }
}

fn derive(protection: Protection, salt: &StoredSalt) -> Result<Vec<u8>, GenerateError> {
    let password = Password::new(PASSWORD).map_err(broken)?;
    let (app, user) = (AppIdText::new(APP).map_err(broken)?, UserIdText::parse_strict(USER).map_err(broken)?);
    let derived = match protection {
        Protection::Password => ssks_password_key(&password, &app, &user, salt),
        Protection::TwoManRule => two_man_rule_key(&password, &app, &user, salt),
    };
    Ok(derived.map_err(broken)?.expose().to_vec())
}

fn password() -> AtHand {
    AtHand::Text(PASSWORD.to_owned())
}

fn raw() -> AtHand {
    AtHand::Raw(b64::encode(key(64)))
}

fn undecided(text: impl Into<String>) -> AtHand {
    AtHand::Undecided(text.into())
}

fn ours() -> Result<Draft<StoredBlobOpen>, GenerateError> {
    let mut draft = Draft::ours("identity/stored-blob", "blob");
    for protection in BOTH {
        let blobs = Blobs::of(protection, b"an identity document, as far as a blob knows")?;
        modes(&mut draft, &blobs);
        disabled(&mut draft, &Blobs::of(protection, b"")?);
        lengths(&mut draft, &blobs)?;
        alterations(&mut draft, &blobs);
        texts(&mut draft, &blobs);
    }
    Ok(draft)
}

/// BLOB-01..04, BLOB-10: each key opens its kind of blob and no other, and where nobody knows, the MAC decides.
fn modes(draft: &mut Draft<StoredBlobOpen>, blobs: &Blobs) {
    let (salted, whole) = match blobs.protection {
        Protection::Password => ("BLOB-01", "BLOB-02"),
        Protection::TwoManRule => ("BLOB-03", "BLOB-04"),
    };
    let raw_text = b64::encode(key(64));
    let other = b64::encode(expand("another raw key", 64));
    for (rule, comment, key, blob, derived) in [
        (salted, "derived", password(), &blobs.salted, true),
        (whole, "raw key", raw(), &blobs.raw, false),
        ("BLOB-10", "a text, undecided: derived", undecided(PASSWORD), &blobs.salted, true),
        ("BLOB-10", "a raw key, undecided: raw", undecided(raw_text), &blobs.raw, false),
    ] {
        draft.valid(rule, comment, blobs.input(key, blob), blobs.output(derived), blobs.released());
    }
    for (rule, comment, key, blob) in [
        (salted, "the raw key for a blob with salt", raw(), &blobs.salted),
        (whole, "the password for a blob without salt", password(), &blobs.raw),
        (salted, "another password", AtHand::Text("another".to_owned()), &blobs.salted),
        (whole, "another raw key", AtHand::Raw(other.clone()), &blobs.raw),
        ("BLOB-10", "another password, undecided", undecided("another"), &blobs.salted),
        ("BLOB-10", "another raw key, undecided", undecided(other), &blobs.raw),
    ] {
        draft.invalid(rule, comment, blobs.input(key, blob), "rejected", &["WrongKey"]);
    }
    for (comment, app, user) in
        [("another application", "87654321-1234-4abc-8def-1234567890ab", USER), ("another user", APP, "user-2")]
    {
        let mut input = blobs.input(password(), &blobs.salted);
        app.clone_into(&mut input.app);
        user.clone_into(&mut input.user);
        draft.invalid(salted, comment, input, "rejected", &["WrongKey"]);
    }
    // The account has no part in a raw key.
    let mut input = blobs.input(raw(), &blobs.raw);
    "user-2".clone_into(&mut input.user);
    draft.valid(whole, "another user, with the raw key", input, blobs.output(false), blobs.released());
}

/// BLOB-05, BLOB-11, IDN-20.
fn disabled(draft: &mut Draft<StoredBlobOpen>, blobs: &Blobs) {
    for (comment, key, blob) in [
        ("no bytes, derived", password(), &blobs.salted),
        ("no bytes, raw key", raw(), &blobs.raw),
        ("no bytes, undecided text", undecided(PASSWORD), &blobs.salted),
        ("no bytes, undecided raw key", undecided(b64::encode(super::envelope::key(64))), &blobs.raw),
    ] {
        for rule in ["BLOB-05", "BLOB-11", "IDN-20"] {
            draft.invalid(rule, comment, blobs.input(key.clone(), blob), "slot-disabled", &["SlotDisabled"]);
        }
    }
}

/// BLOB-12: too short for what is expected, then no length of an envelope, then cut by whole blocks.
fn lengths(draft: &mut Draft<StoredBlobOpen>, blobs: &Blobs) -> Result<(), GenerateError> {
    for (comment, key, blob, shortest) in
        [("derived", password(), &blobs.salted, 64 + SALT), ("raw key", raw(), &blobs.raw, 64)]
    {
        for length in (0..=blob.len()).filter(|length| [0, 1, 15].contains(&(length % 16))) {
            let cut = blob.get(..length).ok_or_else(|| broken("a short blob"))?;
            let comment = format!("{comment}, the first {length} bytes");
            let input = blobs.input(key.clone(), cut);
            let whole = length % 16 == 0;
            match (length < shortest, length == blob.len()) {
                (_, true) => draft.valid("BLOB-12", comment, input, blobs.output(is_derived(&key)), blobs.released()),
                (false, _) if whole => draft.invalid("BLOB-12", comment, input, "rejected", &["Truncation"]),
                _ => draft.invalid("BLOB-12", comment, input, "malformed", &["Truncation"]),
            }
        }
        let longer = [&blob[..], &[0; 16]].concat();
        draft.invalid(
            "BLOB-12",
            format!("{comment}, 16 bytes more"),
            blobs.input(key, &longer),
            "rejected",
            &["Truncation"],
        );
    }
    Ok(())
}

/// Whether a key that is known is derived.
const fn is_derived(key: &AtHand) -> bool {
    matches!(key, AtHand::Text(_))
}

/// One bit of every part.
fn alterations(draft: &mut Draft<StoredBlobOpen>, blobs: &Blobs) {
    for (comment, key, blob, start) in [("derived", password(), &blobs.salted, SALT), ("raw key", raw(), &blobs.raw, 0)]
    {
        let end = blob.len();
        let salt = (start > 0)
            .then_some(("the salt", 0))
            .into_iter()
            .chain((start > 0).then_some(("the salt's end", SALT - 1)));
        let parts =
            [("the IV", start), ("the ciphertext", start + 16), ("the MAC", end - 32), ("the last byte", end - 1)];
        for (part, place) in salt.chain(parts) {
            let mut altered = blob.clone();
            altered[place] ^= 0x80;
            let rule = if place < start { "BLOB-10" } else { "BLOB-12" };
            let comment = format!("{comment}, a bit of {part}");
            draft.invalid(rule, comment, blobs.input(key.clone(), &altered), "rejected", &["MacScope"]);
        }
    }
}

/// BLOB-13.
fn texts(draft: &mut Draft<StoredBlobOpen>, blobs: &Blobs) {
    let standard = b64::encode(&blobs.salted);
    let input = |text: String| Input { blob: text, ..blobs.input(password(), &[]) };
    for (comment, text) in [
        ("standard", standard.clone()),
        ("without padding", standard.trim_end_matches('=').to_owned()),
        ("URL alphabet", standard.replace('+', "-").replace('/', "_")),
        ("with line breaks", format!("{}\r\n{}\n", &standard[..40], &standard[40..])),
    ] {
        draft.valid("BLOB-13", comment, input(text), blobs.output(true), blobs.released());
    }
    for (comment, text) in [
        ("nothing", String::new()),
        ("a stranger between", format!("{}!{}", &standard[..40], &standard[40..])),
        ("hexadecimal of an odd length", "0".repeat(129)),
    ] {
        draft.invalid("BLOB-13", comment, input(text), "malformed", &["Base64Junk"]);
    }
}
