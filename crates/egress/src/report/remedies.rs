//! What a code means and what can be done about it, in words for a person who does not know the formats.

/// A code in plain words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Remedy {
    /// In three or four words.
    pub(super) short: &'static str,
    pub(super) meaning: &'static str,
    pub(super) remedy: &'static str,
}

impl Remedy {
    /// For a code of the manifest (EGRESS section 9). Codes without an entry say that the structure of something is wrong.
    pub(super) fn of(code: &str) -> Self {
        let (short, meaning, remedy) = match code {
            "no-token" => (
                "no key in the bundle",
                "Nothing in the bundle leads to the key of this data: no key record names it, or none of the recovered identities opens the records that do.",
                "Ask the key service for the missing key records (message-keys.jsonl, proxy-keys.jsonl), and look among the identities below for a user or device that is missing. Then run the same command again: only what is open is not done again.",
            ),
            "no-secret" => (
                "the password or secret is missing",
                "A way to the key exists, but the password, shared secret or two-man-rule key that opens it is not in the bundle.",
                "Get the secret from its holder, add it to the bundle (passwords.jsonl, two-man-rule-keys.jsonl, sym-enc-key-secrets.jsonl or over-encryption-keys.jsonl), and run the same command again.",
            ),
            "group-key-missing" => (
                "a group's key is missing",
                "The key was given to a group, and no recovered identity belongs to a member who holds this group's private key.",
                "Add the group's key records (group-keys.jsonl), or the identity of one of its members, and run the same command again.",
            ),
            "proxy-not-direct" => (
                "only a longer chain leads to the key",
                "The key can be reached only through a session that is itself reached indirectly. Normal use never goes that way, and neither does this program unless asked.",
                "If this data shall be opened nevertheless, run the same command again with --follow-proxy-chains. What opens only so is marked.",
            ),
            "revoked" => (
                "access was taken back",
                "The only records that lead to the key were revoked.",
                "Decide whether this data may be opened, and ask the key service for records that are in force.",
            ),
            "app-id-missing" => (
                "the application's id is missing",
                "A password protects the key, and its derivation needs the id of the application.",
                "Write the id into bundle.json (\"appId\"), and run the same command again.",
            ),
            "rejected" => (
                "wrong key or damaged data",
                "A key was found, but the seal over the data does not fit: the data were changed or damaged, or the key belongs to something else. Which of them it is cannot be told.",
                "Fetch the file again from where it is stored, or from a backup, and compare. If it stays so, the data are damaged.",
            ),
            "io" => (
                "could not be read or written",
                "The computer could not read the file or not write the result: the disk is full or faulty, the file vanished, or a permission is missing. The words of the system stand in the manifest.",
                "Mend the cause, and run the same command again: it goes on where it stopped.",
            ),
            "unsupported" => (
                "not supported by this version",
                "The file holds something that this version of the program recognises but cannot open yet.",
                "Use a version that can, or unpack the file and put its content into the bundle.",
            ),
            "not-utf8" => (
                "opened, but not text",
                "The message was opened and verified, but its content is not text and cannot stand in this field.",
                "Run again with --binary-field, which writes such content in base64 beside the field.",
            ),
            "no-field" => (
                "no place for the clear text",
                "The whole line is one encrypted message, so that there is no field that its clear text could stand in.",
                "Put the message into a file of its own under data/, or into a field of a record.",
            ),
            "too-large" => (
                "too large for a message",
                "The message is longer than this program reads as one message.",
                "Check that the file is what it seems to be; if it is genuine, open it on its own with `sealwright decrypt`.",
            ),
            "wrong-session" => (
                "belongs to another session",
                "The data name another session than the place where they stand.",
                "Check where the file came from.",
            ),
            _ => (
                "damaged or cut off",
                "The file announces itself as encrypted, but its structure is wrong: it is cut off, was changed, or only looks like an encrypted file.",
                "Compare its length with the original, and fetch it again. The code says what is wrong.",
            ),
        };
        Self { short, meaning, remedy }
    }
}

/// The ways to a key, in words.
pub(super) fn route(route: &str) -> &'static str {
    match route {
        "known" => "the key was given",
        "direct" => "given to a user's own device",
        "group" => "given to a group",
        "proxy" => "through another session (proxy)",
        "symEncKey" => "by a shared password or secret",
        "tmr" => "by e-mail address or telephone number (two-man rule)",
        "local" => "carried by the message itself (old form)",
        _ => "in another way",
    }
}
