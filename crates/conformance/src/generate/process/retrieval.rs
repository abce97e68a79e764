//! `diagnose`, `retrieve`.

use super::{Draft, Files, GenerateError, OWN, STATED, json};
use crate::kinds::process::retrieval::{All, Diagnose, Fault, Found, One, Retrieve, World};

pub(super) fn add(files: &mut Files) -> Result<(), GenerateError> {
    diagnose().finish(files)?;
    retrieve().finish(files)
}

fn world(attribute: Option<&str>, faults: &[Fault]) -> World {
    let faults = faults.iter().copied().collect();
    World { attribute: attribute.map(str::to_owned), faults, arrives: None, refuses: None, tries: 3, delay: 1_000 }
}

fn encoded(name: &str) -> String {
    hex::encode(json(&format!("\"{name}\"")))
}

/// The faults in the order of the checks, each with its code, and whether public attributes meet it.
const ROWS: [(Fault, &str, bool, &str); 13] = [
    (Fault::TokenRefused, "token-refused", true, STATED),
    (Fault::NotPaired, "not-paired", true, STATED),
    (Fault::NoHandshake, "no-handshake", true, STATED),
    (Fault::SecretsNotRestored, "secrets-not-restored", false, STATED),
    (Fault::UnknownProcess, "unknown-process", true, STATED),
    (Fault::UnknownState, "unknown-state", true, STATED),
    (Fault::NotEntitled, "not-entitled", false, STATED),
    (Fault::NoKey, "key-timeout", false, STATED),
    (Fault::NoBlob, "blob-missing", false, STATED),
    (Fault::ShortBlob, "malformed", false, OWN),
    (Fault::DamagedBlob, "rejected", false, OWN),
    (Fault::Undecodable, "undecodable", false, OWN),
    (Fault::OtherValue, "commitment-mismatch", false, OWN),
];

fn diagnose() -> Draft<Diagnose> {
    let mut draft = Draft::ours("process/diagnose", "proc-diagnose");
    let length = |text: &str| text.len() / 2;
    let found = |name: &str, waits: &[u64]| Found { encoded: encoded(name), waits: waits.to_vec() };
    for name in ["secret", "title"] {
        draft.accepts("PROC-110", STATED, name, world(Some(name), &[]), found(name, &[]), length(&encoded(name)));
    }
    for (fault, code, public, flag) in ROWS {
        let rule = if code == "token-refused" { "PROC-111" } else { "PROC-110" };
        draft.refuses(rule, flag, format!("secret: {fault:?}"), world(Some("secret"), &[fault]), code);
        if public {
            draft.refuses(rule, flag, format!("title: {fault:?}"), world(Some("title"), &[fault]), code);
        } else {
            let output = found("title", &[]);
            draft.accepts(
                "PROC-110",
                OWN,
                format!("title: {fault:?} does not matter"),
                world(Some("title"), &[fault]),
                output,
                length(&encoded("title")),
            );
        }
    }
    // Of two faults the first one is told. Of those of one blob only one can be there.
    for (place, (first, code, _, _)) in ROWS.iter().enumerate() {
        for (second, _, _, _) in &ROWS[place + 1..] {
            if place < 8 {
                let comment = format!("{first:?} before {second:?}");
                draft.refuses("PROC-110", OWN, comment, world(Some("secret"), &[*first, *second]), code);
            }
        }
    }
    draft.refuses("PROC-110", STATED, "no such attribute", world(Some("absent"), &[]), "unknown-attribute");
    draft.refuses(
        "PROC-110",
        OWN,
        "no such attribute, and no secrets",
        world(Some("absent"), &[Fault::SecretsNotRestored]),
        "secrets-not-restored",
    );
    draft.refuses(
        "PROC-110",
        OWN,
        "no such attribute, before entitlement",
        world(Some("absent"), &[Fault::NotEntitled]),
        "unknown-attribute",
    );
    draft.refuses("PROC-110", STATED, "an attribute of others", world(Some("hidden"), &[]), "not-entitled");
    for tries in 1..=4 {
        for arrives in 1..=5_u32 {
            let given = World { arrives: Some(arrives), tries, ..world(Some("secret"), &[Fault::NoKey]) };
            let comment = format!("the key arrives after try {arrives} of {tries}");
            if arrives <= tries {
                let waits = vec![1_000; arrives as usize];
                draft.accepts("PROC-97", OWN, comment, given, found("secret", &waits), length(&encoded("secret")));
            } else {
                draft.refuses("PROC-97", OWN, comment, given, "key-timeout");
            }
        }
    }
    for refuses in 1..=3 {
        let given = World { refuses: Some(refuses), ..world(Some("secret"), &[Fault::NoKey]) };
        draft.refuses("PROC-97", OWN, format!("refused at try {refuses}"), given, "key-refused");
    }
    let slow = World { arrives: Some(2), delay: 2_000, tries: 30, ..world(Some("secret"), &[Fault::NoKey]) };
    draft.accepts(
        "PROC-97",
        STATED,
        "the numbers of the original's pairing: 30 times 2 seconds",
        slow,
        found("secret", &[2_000, 2_000]),
        length(&encoded("secret")),
    );
    let never = World { tries: 0, ..world(Some("secret"), &[Fault::NoKey]) };
    draft.refuses("PROC-97", OWN, "no tries at all", never, "key-timeout");
    for both in 1..=2_u32 {
        let given = World { arrives: Some(both), refuses: Some(both), ..world(Some("secret"), &[Fault::NoKey]) };
        let (comment, waits) = (format!("try {both} is refused, and the key is there"), vec![1_000; both as usize - 1]);
        draft.accepts("PROC-97", OWN, comment, given, found("secret", &waits), length(&encoded("secret")));
    }
    draft
}

fn retrieve() -> Draft<Retrieve> {
    let mut draft = Draft::ours("process/retrieve", "proc-retrieve");
    let output = |secret: Option<&str>, hidden: &str, waits: &[u64]| {
        let value = |name: &str| One { name: name.into(), encoded: Some(encoded(name)), code: None };
        let reason = |name: &str, code: &str| One { name: name.into(), encoded: None, code: Some(code.into()) };
        let secret = secret.map_or_else(|| value("secret"), |code| reason("secret", code));
        All { attributes: vec![reason("hidden", hidden), secret, value("title")], waits: waits.to_vec() }
    };
    let (title, both) = (encoded("title").len() / 2, (encoded("title").len() + encoded("secret").len()) / 2);
    draft.accepts(
        "PROC-110",
        STATED,
        "every name has a value or a reason",
        world(None, &[]),
        output(None, "not-entitled", &[]),
        both,
    );
    for (fault, code, _, flag) in ROWS {
        let comment = format!("{fault:?}");
        match fault {
            Fault::TokenRefused
            | Fault::NotPaired
            | Fault::NoHandshake
            | Fault::UnknownProcess
            | Fault::UnknownState => {
                draft.refuses("PROC-110", flag, comment, world(None, &[fault]), code);
            }
            Fault::SecretsNotRestored => {
                draft.accepts("PROC-110", flag, comment, world(None, &[fault]), output(Some(code), code, &[]), title);
            }
            Fault::NoKey => {
                let waits = [1_000; 3];
                draft.accepts(
                    "PROC-97",
                    flag,
                    "never delivered: three waits",
                    world(None, &[fault]),
                    output(Some(code), "not-entitled", &waits),
                    title,
                );
            }
            _ => draft.accepts(
                "PROC-110",
                flag,
                comment,
                world(None, &[fault]),
                output(Some(code), "not-entitled", &[]),
                title,
            ),
        }
    }
    let arrives = World { arrives: Some(2), ..world(None, &[Fault::NoKey]) };
    draft.accepts(
        "PROC-97",
        OWN,
        "the key arrives at the second try",
        arrives,
        output(None, "not-entitled", &[1_000; 2]),
        both,
    );
    let refused = World { refuses: Some(2), ..world(None, &[Fault::NoKey]) };
    draft.accepts(
        "PROC-97",
        OWN,
        "refused at the second try",
        refused,
        output(Some("key-refused"), "not-entitled", &[1_000]),
        title,
    );
    let partly = World { arrives: Some(1), refuses: Some(1), ..world(None, &[Fault::NoKey]) };
    draft.accepts("PROC-97", OWN, "refused, and the key is there", partly, output(None, "not-entitled", &[]), both);
    draft
}
