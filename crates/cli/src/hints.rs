//! What a person can do about an error, by its code (CLI-04).

/// The remedy for an error with this code, if there is one that does not depend on where it happened.
pub(crate) fn of(code: &str) -> Option<&'static str> {
    Some(match code {
        "rejected" => {
            "check with `sealwright inspect FILE` that this is the key of its session; if it is, the file was damaged: copy it again from \
             where it came"
        }
        "malformed" => {
            "`sealwright inspect FILE` tells what a file is; if it was cut or changed, copy it again from where it came"
        }
        "wrong-session" => "use the key of the session that the file names: `sealwright inspect FILE` shows its id",
        "key-length" => "a session key is 32, 48 or 64 bytes, raw or in base64, or a serialised session",
        "key-malformed" => "give an RSA key as DER, or as the base64 of DER",
        "key-size" => "keys of 1024 to 8192 bits are read",
        "legacy-identity" => "an identity of this age has to be imported and exported again by an SDK of its time",
        "slot-disabled" => "the password was changed: the identity is stored in another slot, under the new password",
        "no-identity" => {
            "the database was never used to sign up, or its identity was stored elsewhere: under a password, under the two-man rule, or in an \
             exported file"
        }
        "several-default-users" | "several-private-devices" => {
            "put the key_backup of the database beside it: it decides"
        }
        "prepared-incomplete" => "take an older copy of the identity, from before its renewal was prepared",
        "empty-password" => "an empty password counts as no password everywhere",
        "not-a-directory" => "name the directory that it stands in",
        "not-utf8" => "without --message any bytes can be encrypted, as a file",
        "several-entries" => "`sealwright egress run` writes every file of such a container",
        "not-a-file" => {
            "`sealwright egress run` writes every regular file of such a container, and names what else is in it"
        }
        "empty-archive" => "nothing is lost: the container holds no file",
        "not-found" => "check the spelling and the directory; `-` is standard input",
        "is-a-directory" => "name the files in it",
        "permission-denied" => "check who owns the file and its directory, and with which rights",
        "exists" => "choose another name, or overwrite with --force",
        "no-token" => {
            "give the identity that a token of this session was made for, and the records that hold its tokens; `egress run --try-all-keys` also \
             tries tokens for unknown keys"
        }
        "app-id-missing" => "name the application with --app-id, spelled as the application spells it",
        "proxy-not-direct" => "give a token of the proxy session that one of the identities opens",
        "not-a-bundle" => {
            "a bundle is a directory with data/ or messages/ and with the files that open them, such as identities.jsonl and message-keys.jsonl; \
             `sealwright egress --help` names them"
        }
        "output-inside-bundle" => "name a directory outside of the bundle with --out",
        "interrupted" => "the same command goes on from there",
        "other-sink" => "name another directory with --out, or the sink that this one was begun with",
        "bad-recipient" => {
            "`age-keygen` and `rage-keygen` show the public key of an identity; ssh keys and plugins are not supported"
        }
        "bad-session-ids" => "give each old session a new id of its own",
        "locked" => "wait until the other run has ended",
        "confirmation-needed" => "if this is meant, say so with --yes",
        "not-finished" => {
            "`egress run` with the same bundle and output ends the run; what is missing besides comes from a copy of the output"
        }
        "output-changed" => "`egress run` with the same bundle and output writes them again",
        "unknown-process" => "`sealwright process show` lists the processes of a directory",
        "unknown-state" => "`sealwright process show` lists the states of a process",
        "unknown-attribute" => "`sealwright process show` lists the names of a state",
        "commitment-mismatch" => "check process, name and value",
        "no-randomness" | "engine" => "the machine is short of memory or of random bytes; try again later",
        _ => return None,
    })
}
