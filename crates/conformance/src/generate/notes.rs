//! What the flags of the vectors mean.

use super::GenerateError;
use crate::schema::Note;

/// Flag, mistake, effect, references.
type Row = (&'static str, &'static str, &'static str, &'static [&'static str]);

/// Where the guards of access stand.
const GUARDS: &[&str] = &["docs/spec/RIGHTS.md"];

const NOTES: &[Row] = &[
    (
        "AmbiguousJson",
        "member names are matched without regard to case",
        "two readers take different members of one message for the session or the data",
        &["MSG-21"],
    ),
    (
        "ArchiveTrick",
        "the archive inside is read leniently",
        "files vanish, come out empty, or differ between readers",
        &["TAR-15", "TAR-16", "TAR-17", "TAR-18"],
    ),
    (
        "BadPadding",
        "padding under a good MAC is not checked in full, or its failure is told apart",
        "a padding oracle: plaintext recovery",
        &["ENV-08"],
    ),
    (
        "Base64Junk",
        "base64 is decoded by skipping or mapping what does not belong to it",
        "two readers open different bytes of one text",
        &["B64-01", "B64-02", "MSG-20"],
    ),
    (
        "Boundary",
        "a limit of time or number is compared with another sign, or is another one",
        "one implementation accepts what another refuses, or devices live longer than they may",
        &["SIG-26", "SIG-28", "SIG-29", "SIG-30", "SIG-36", "SIG-61"],
    ),
    (
        "CheckOrder",
        "the checks of a block are made in another order, or all blocks are checked for one thing first",
        "two implementations tell different faults of one chain",
        &["SIG-20"],
    ),
    (
        "Checksum",
        "the checksum inside OAEP is left out, read in another byte order, or its failure told apart",
        "a wrong key passes for the right one, or an oracle",
        &["OAEP-02", "OAEP-04"],
    ),
    (
        "Delegation",
        "a way to a key is taken that the rules do not open, or one secret is tried for what belongs to another",
        "somebody reads what nobody gave them, or loops through sessions that refer to each other",
        &["PROXY-02", "GRP-03", "PROXY-04", "TMR-02"],
    ),
    (
        "EarlyRelease",
        "plaintext is handed out before the MAC over everything has verified",
        "an attacker chooses what the caller sees",
        &["ENV-07", "ENV-09"],
    ),
    (
        "FixedByStandard",
        "a standard is implemented differently: RFC 5869, RFC 8785, SP 800-38D, BIP 340",
        "no implementation of these standards agrees",
        &["docs/spec/PROCESS.md"],
    ),
    (
        "HashScope",
        "more or less than the recognised members is hashed, or in another spelling",
        "what is signed is not what is read",
        &["SIG-10", "SIG-11"],
    ),
    (
        "HeaderTrick",
        "the header of a container is believed",
        "memory is reserved by a lying length, or the wrong key is looked for",
        &["FILE-03", "FILE-15", "FILE-16", "FILE-18"],
    ),
    (
        "HtmlTrick",
        "marker, id or payload of a page are found by looser patterns",
        "another payload or another session than the writer meant",
        &["HTML-02", "HTML-03", "HTML-04"],
    ),
    (
        "IdentifierTrick",
        "ids are compared as text, or versions and variants are not checked",
        "one session under several names",
        &["UUID-01", "UUID-02"],
    ),
    (
        "IdentityTrick",
        "identity documents are read leniently where the keys in use stand",
        "two readers take different keys, or a half-prepared renewal is believed",
        &["IDN-13", "IDN-18", "IDN-19"],
    ),
    (
        "KeyLength",
        "what was unwrapped is taken for a key whatever its length",
        "a key that is cut, padded or no key at all",
        &["EMK-01", "WRAP-11", "SER-10"],
    ),
    (
        "KeySubstitution",
        "the key of a device is taken by its place, or in a form that others do not read",
        "signatures of another key pass",
        &["SIG-29", "SIG-38", "SIG-40"],
    ),
    (
        "KeyTrick",
        "keys are imported in encodings or sizes that others refuse",
        "one key under several hashes, weak keys, or a crash",
        &["KEY-05", "KEY-06", "KEY-07", "KEY-10"],
    ),
    (
        "MacScope",
        "the MAC covers another part than IV and ciphertext, or another algorithm or key makes it",
        "changed data are accepted",
        &["ENV-07"],
    ),
    (
        "NonBlockLength",
        "a ciphertext that is no whole number of blocks is cut or padded in silence",
        "truncation is not noticed",
        &["ENV-06"],
    ),
    (
        "NothingOpens",
        "a store of which nothing opens is taken for an empty one",
        "an identity that is there is reported as missing",
        &["DB-20", "DB-24"],
    ),
    (
        "OaepOracle",
        "failures of OAEP are told apart, or a ciphertext of another form is mended in silence",
        "an oracle that opens tokens",
        &["OAEP-03", "OAEP-04"],
    ),
    (
        "OwnProfile",
        "a choice of the profile sealwright-process-1 is implemented differently",
        "no interoperability within the profile; says nothing about 4NK's format, which is not public",
        &["docs/spec/PROCESS.md"],
    ),
    (
        "PeerAccepts",
        "an existing implementation accepts this input",
        "differs from it on purpose",
        &["docs/spec/ENVELOPE.md"],
    ),
    (
        "ShardTrick",
        "the number of a shard is read leniently or with an overflow",
        "an item is done by two runs, or by none and nobody notices",
        &["EGR-50"],
    ),
    (
        "SignatureTrick",
        "signatures of another length, padding or hash are accepted",
        "forgery, or one signature in several spellings",
        &["PSS-04"],
    ),
    (
        "SkippedCheck",
        "a check of the chain is left out",
        "a device that was forged, revoked or has expired passes for one of the user",
        &["SIG-20", "SIG-36", "SIG-39"],
    ),
    (
        "StaleKeyring",
        "keys are used without asking the chain, or an older or another chain is believed",
        "keys are wrapped for a device that is not the recipient's",
        &["SIG-50", "SIG-51", "SIG-52", "SIG-53", "SIG-54"],
    ),
    (
        "SlotDisabled",
        "a slot that was given up is taken for an identity or for damage",
        "a crash, or a user who is told to try another password",
        &["BLOB-05", "BLOB-11"],
    ),
    (
        "StatedBy4NK",
        "a behaviour that 4NK's public documentation states is missing or another one; the bytes around it are those of this profile",
        "what works with the original does not work here",
        &["docs/spec/PROCESS.md"],
    ),
    ("Truncation", "the end of the input is not checked", "a part passes for the whole", &["ENV-06", "ENV-07"]),
    (
        "TypeConfusion",
        "a field of another type, or one that stands there twice, is taken all the same",
        "two readers take different keys or sessions",
        &["SER-11"],
    ),
    (
        "UnsignedInvitation",
        "an invitation to a group is taken without the signature of a known key of the group",
        "whoever writes to the server's records invites into a group of their own",
        &["GTK-03"],
    ),
    (
        "WeakShape",
        "missing members are taken for empty ones, or members of another kind are converted",
        "one block in several readings",
        &["SIG-02", "SIG-20"],
    ),
    (
        "WrongHash",
        "the hash beside a token is ignored, or a key with another hash is tried in silence",
        "a private operation for each key and each token that nobody can open",
        &["EMK-10", "EMK-12"],
    ),
    (
        "WrongKey",
        "halves of the key are swapped, mixed or not all used",
        "no interoperability, or forgery",
        &["ENV-01"],
    ),
    (
        "WrongNumber",
        "the numbers of a private key are believed",
        "a signature with a wrong key gives the right one away",
        &["KEY-12", "KEY-13"],
    ),
    (
        "g-id",
        "ids are not checked before all else",
        "part of a call takes effect before the rest is found malformed",
        GUARDS,
    ),
    ("g-exist", "what does not exist is answered otherwise", "programs cannot tell a mistake from a refusal", GUARDS),
    ("g-scope", "the scope of a token is not looked at", "a token for something else reads", GUARDS),
    (
        "g-path",
        "a path without the right to read, a revoked one or a wrong proof counts",
        "somebody gets a key who must not",
        GUARDS,
    ),
    (
        "g-device",
        "missing wrapped keys are taken for missing access",
        "the person asks for access instead of re-encrypting",
        GUARDS,
    ),
    ("g-handle", "a session got by a secret can be managed", "whoever knows a password brings others in", GUARDS),
    ("g-open", "a closed session takes records", "what everybody was told is gone comes back", GUARDS),
    (
        "g-stand",
        "whoever asks need not have anything to do with the session",
        "strangers learn of it or act on it",
        GUARDS,
    ),
    ("g-admin", "members manage the group", "members bring others in or throw them out", GUARDS),
    ("g-kind", "records change that cannot", "records that nobody could wrap for, groups without an admin", GUARDS),
    ("g-self", "a session is its own proxy", "a record that leads nowhere", GUARDS),
    ("g-f", "the right to forward is not asked for", "readers bring others in", GUARDS),
    ("g-v", "the right to revoke is not asked for", "recipients throw each other out", GUARDS),
    ("g-grant", "more is given than one has", "whoever may forward makes a friend who may revoke", GUARDS),
    ("g-r", "records that could only read do not", "a record that leads nowhere", GUARDS),
    ("g-direct", "a proxy is brought in by somebody who is not in it", "a strange session's people come in", GUARDS),
    ("g-key", "the key is not needed", "a record without a key behind it", GUARDS),
];

pub(super) fn note(flag: &str) -> Result<Note, GenerateError> {
    let found = NOTES.iter().find(|(name, ..)| *name == flag);
    let (_, bug, effect, refs) = found.ok_or_else(|| GenerateError::Peer(format!("the flag {flag} has no note")))?;
    let refs = refs.iter().map(|&text| text.to_owned()).collect();
    Ok(Note { bug: (*bug).to_owned(), effect: (*effect).to_owned(), refs })
}
