//! What the flags of the vectors mean.

use super::GenerateError;
use crate::schema::Note;

/// Flag, mistake, effect, references.
type Row = (&'static str, &'static str, &'static str, &'static [&'static str]);

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
        "Checksum",
        "the checksum inside OAEP is left out, read in another byte order, or its failure told apart",
        "a wrong key passes for the right one, or an oracle",
        &["OAEP-02", "OAEP-04"],
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
        "SignatureTrick",
        "signatures of another length, padding or hash are accepted",
        "forgery, or one signature in several spellings",
        &["PSS-04"],
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
];

pub(super) fn note(flag: &str) -> Result<Note, GenerateError> {
    let found = NOTES.iter().find(|(name, ..)| *name == flag);
    let (_, bug, effect, refs) = found.ok_or_else(|| GenerateError::Peer(format!("the flag {flag} has no note")))?;
    let refs = refs.iter().map(|&text| text.to_owned()).collect();
    Ok(Note { bug: (*bug).to_owned(), effect: (*effect).to_owned(), refs })
}
