use crate::peer;
use crate::place::Place;
use sealwright::types::b64;
use serde_json::Value;
use std::fs;

const APP: &str = "00000000-0000-4000-8000-000000000001";
const PASSWORD: &str = "pas\u{308}\u{fb01}";

/// The formal vectors give the program the same verdict as the library.
#[test]
fn every_vector_of_the_derivations_is_derived() {
    let vectors: Value = serde_json::from_slice(&fs::read(peer::vectors("derivation/uses.json")).unwrap()).unwrap();
    let tests = vectors["tests"].as_array().unwrap();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let run = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|first| {
                scope.spawn(move || {
                    tests.iter().skip(first).step_by(threads).map(check_vector).filter(|run| *run).count()
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum::<usize>()
    });
    assert_eq!(run, tests.len());
}

fn check_vector(test: &Value) -> bool {
    let id = test["id"].as_str().unwrap();
    let given = &test["in"];
    let text = |name: &str| given[name].as_str();
    let place = Place::new();
    // The line break at the end belongs to the file.
    let secret = |name: &str| format!("{}\n", text(name).unwrap_or_default());
    let usage = text("use").unwrap();
    let mut arguments = vec!["derive", usage, "--json", "--quiet"];
    if usage == "database-key-not-given" {
        arguments = vec!["derive", "database-key", "--no-key", "--json", "--quiet"];
    }
    let mut output_is_verdict = false;
    match usage {
        "database-key-not-given" => {}
        "database-key" => arguments.extend(["--database-key-file", "secret"]),
        "database-raw-key" => arguments.extend(["--raw-key-file", "secret"]),
        "two-man-rule-key" => arguments.extend(["--two-man-rule-key-file", "secret", "--blob-file", "blob"]),
        "ssks-password-key" => arguments.extend(["--password-file", "secret", "--blob-file", "blob"]),
        "user-license-token" | "pre-validation-token" => {
            output_is_verdict = true;
            arguments.extend(["--validation-key-file", "secret", "--check", "token"]);
        }
        _ => arguments.extend(["--password-file", "secret"]),
    }
    place.file(
        "secret",
        ["password", "rawKey", "validationKey"].map(secret).into_iter().find(|it| it != "\n").unwrap_or_default(),
    );
    if let Some(salt) = text("salt") {
        place.file("blob", b64::encode([hex(salt), vec![0; 64]].concat()));
    }
    let (key, nonce) = (text("validationKeyId").unwrap_or_default(), text("nonce").unwrap_or_default());
    let proof = test["output"]["derived"].as_str().unwrap_or("00");
    let proof = if proof.len() == 128 { proof.to_owned() } else { "0".repeat(128) };
    place.file(
        "token",
        match usage {
            "user-license-token" => format!("{key}:{nonce}:{proof}\n"),
            _ => serde_json::json!({ "domain_validation_key_id": key, "nonce": nonce, "token": proof }).to_string(),
        },
    );
    for (name, option) in [
        ("appId", "--app-id"),
        ("userId", "--user-id"),
        ("sessionId", "--session-id"),
        ("groupId", "--group-id"),
        ("connectorValue", "--connector-value"),
        ("spelling", "--spelling"),
    ] {
        arguments.extend(text(name).into_iter().flat_map(|value| [option, value]));
    }
    let output = place.command(&arguments).output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    if test["result"] == "valid" {
        let expected = if output_is_verdict { Value::Bool(true) } else { test["output"]["derived"].clone() };
        let member = if output_is_verdict { "genuine" } else { "value" };
        assert_eq!((output.status.code(), &told[member]), (Some(0), &expected), "{id}: {told}");
    } else {
        // What is wrong in an argument is a wrong command line, and what is wrong in a token is a malformed token.
        let code = told["error"]["code"].as_str().unwrap();
        let expected = test["error"].as_str().unwrap();
        assert!(code == expected || code == "usage" || (output_is_verdict && code == "malformed"), "{id}: {told}");
        assert_eq!(output.status.code(), Some(if code == "usage" { 2 } else { 1 }), "{id}");
    }
    true
}

fn hex(text: &str) -> Vec<u8> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    text.as_bytes().chunks(2).map(byte).collect()
}

/// A place with the inputs of the reference values.
fn place() -> Place {
    let place = Place::new();
    place.file("password", format!("{PASSWORD}\n"));
    place.file("blob", [(0..32).collect(), vec![0xff; 64]].concat());
    place.file("validation-key", "valkey");
    place
}

#[test]
fn every_use_prints_its_text() {
    let mut place = place();
    let (app, user) = (["--app-id", APP], ["--user-id", "user-1"]);
    let (session, password) = (["--session-id", peer::OTHER_SESSION], ["--password-file", "password"]);
    let group = ["--group-id", peer::OTHER_SESSION];
    let run = |place: &mut Place, usage: &str, rest: &[&[&str]]| {
        let arguments = ["derive", usage].into_iter().chain(rest.iter().copied().flatten().copied());
        String::from_utf8(place.run(arguments).stdout).unwrap()
    };
    let begins = |printed: &str, expected: &str| assert!(printed.starts_with(expected), "{printed}");
    let printed = run(&mut place, "database-key", &[&app, &["--database-key-file", "password"]]);
    begins(&printed, "srkO0oXHmFi+");
    begins(&run(&mut place, "database-key", &[&app, &["--no-key"]]), "f7+BIrPMKKuq");
    place.file("raw", [0x5a; 64]);
    begins(&run(&mut place, "database-raw-key", &[&["--raw-key-file", "raw"]]), "WlpaWlpaWlpa");
    begins(&run(&mut place, "ssks-password-secret", &[&app, &user, &password]), "20e56b3d657155cf");
    let key = run(&mut place, "ssks-password-key", &[&app, &user, &password, &["--blob-file", "blob"]]);
    begins(&key, &b64::encode(hex("ec759c4fcd413fc722b1")).replace('=', "")[..12]);
    let key = run(
        &mut place,
        "two-man-rule-key",
        &[&app, &user, &["--two-man-rule-key-file", "password", "--blob-file", "blob"]],
    );
    begins(&key, &b64::encode(hex("40a114b9994ff2de4e65")).replace('=', "")[..12]);
    begins(&run(&mut place, "sym-enc-key-secret", &[&app, &session, &password]), "PSU/gPtVPi7k");
    begins(&run(&mut place, "sym-enc-key-key", &[&app, &session, &password]), "iDb4aiaaI24h");
    begins(&run(&mut place, "group-self-add-message-key", &[&app, &password]), "jECCDmFzDJ3w");
    begins(&run(&mut place, "group-self-add-secret", &[&app, &group, &password]), "5I/xG3QK1Syr");
    // In JSON, and from standard input.
    run(&mut place, "sym-enc-key-secret", &[&app, &session, &password, &["--spelling", "s64", "--json"]]);
    let arguments = ["derive", "database-key", "--app-id", APP, "--database-key-file", "-", "--quiet"];
    let printed = place.run_with_input(arguments, PASSWORD.as_bytes());
    begins(std::str::from_utf8(&printed.stdout).unwrap(), "srkO0oXHmFi+");
    place.matches("derive");
}

#[test]
fn what_is_derived_can_be_a_secret_in_a_file() {
    let mut place = place();
    let arguments =
        ["derive", "ssks-password-secret", "--app-id", APP, "--user-id", "user-1", "--password-file", "password"];
    place.run(arguments.into_iter().chain(["-o", "secret"]));
    let text = String::from_utf8(place.read("secret")).unwrap();
    assert!(text.starts_with("20e56b3d657155cf") && text.len() == 129 && text.ends_with('\n'));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(place.path().join("secret")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    place.run(arguments.into_iter().chain(["-o", "secret"]));
    place.run(arguments.into_iter().chain(["-o", "secret", "--force", "--json"]));
    place.run(arguments.into_iter().chain(["-o", "-", "-q"]));
    place.matches("derive-output");
}

#[test]
fn a_new_two_man_rule_key_is_random() {
    let mut place = place();
    let keys = [(); 2].map(|()| {
        let output = place.run(["derive", "two-man-rule-key", "--new", "--json"]);
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        b64::decode_strict(told["value"].as_str().unwrap()).unwrap()
    });
    assert_eq!(keys.each_ref().map(Vec::len), [64; 2]);
    assert_ne!(keys[0], keys[1]);
    place.run(["derive", "two-man-rule-key", "--new", "--app-id", APP]);
    place.run(["derive", "two-man-rule-key"]);
    place.matches("derive-new");
}

#[test]
fn a_token_is_made_fresh_and_checked() {
    const ID: &str = "fedcba98-7654-4321-8765-0123456789ab";
    let mut place = place();
    let license = [
        "derive",
        "user-license-token",
        "--app-id",
        APP,
        "--user-id",
        "user-1",
        "--validation-key-file",
        "validation-key",
    ];
    let connector = format!("user-1@{APP}");
    let pre_validation =
        ["derive", "pre-validation-token", "--connector-value", &connector, "--validation-key-file", "validation-key"];
    for arguments in [&license[..], &pre_validation] {
        let make = || arguments.iter().copied().chain(["--validation-key-id", ID, "-q"]).collect::<Vec<_>>();
        let tokens = [(); 2].map(|()| place.command(&make()).output().unwrap().stdout);
        assert_ne!(tokens[0], tokens[1]);
        place.file("token", &tokens[0]);
        place.run(arguments.iter().copied().chain(["--check", "token"]));
        place.run(arguments.iter().copied().chain(["--check", "token", "--json"]));
        // The last digit is another one.
        let text = String::from_utf8(tokens[0].clone()).unwrap();
        let last = text.rfind(|character: char| character.is_ascii_hexdigit()).unwrap();
        let other = if text.as_bytes()[last] == b'0' { "1" } else { "0" };
        place.file("changed", [&text[..last], other, &text[last + 1..]].concat());
        place.file("nothing", "no token");
        for name in ["changed", "nothing", "missing"] {
            place.run(arguments.iter().copied().chain(["--check", name]));
        }
        place.run(arguments.iter().copied().chain(["--check", "token", "-o", "a"]));
        place.run(arguments.iter().copied().chain(["--check", "token", "--validation-key-id", ID]));
        place.run(arguments);
    }
    place.matches("derive-tokens");
}

#[test]
fn what_cannot_be_derived_is_told() {
    let mut place = place();
    place.file("empty", "\n");
    place.file("latin-1", b"p\xe4ss");
    place.file("long", "p".repeat(65_537));
    place.file("short", b64::encode([0; 80]));
    place.file("cut", [0x81; 63]);
    let app = ["--app-id", APP];
    let user = ["--user-id", "user-1"];
    let blob = ["--blob-file", "blob"];
    for (usage, rest) in [
        ("database-key", &[&app[..], &["--database-key-file", "empty"]][..]),
        ("database-key", &[&app, &["--database-key-file", "password", "--no-key"]]),
        ("database-key", &[&["--app-id", "", "--no-key"]]),
        ("database-key", &[&["--no-key"]]),
        ("database-raw-key", &[&["--raw-key-file", "cut"]]),
        ("database-raw-key", &[&[]]),
        ("ssks-password-secret", &[&app, &user]),
        ("ssks-password-secret", &[&app, &user, &["--password-file", "empty"]]),
        ("ssks-password-secret", &[&app, &user, &["--password-file", "latin-1"]]),
        ("ssks-password-secret", &[&app, &user, &["--password-file", "long"]]),
        ("ssks-password-secret", &[&app, &user, &["--password-file", "missing"]]),
        ("ssks-password-secret", &[&app, &user, &["--password", "in the open"]]),
        ("ssks-password-key", &[&app, &user, &["--password-file", "password"]]),
        ("ssks-password-key", &[&app, &user, &["--password-file", "password", "--blob-file", "short"]]),
        ("ssks-password-key", &[&app, &user, &["--password-file", "-", "--blob-file", "-"]]),
        ("ssks-password-key", &[&app, &user, &blob]),
        ("sym-enc-key-key", &[&app, &["--session-id", "nothing", "--password-file", "password"]]),
        ("group-self-add-secret", &[&app, &["--group-id", "nothing", "--password-file", "password"]]),
        ("user-license-token", &[&app, &user, &["--validation-key-id", APP, "--validation-key-file", "empty"]]),
        ("nothing", &[]),
    ] {
        place.run(["derive", usage].into_iter().chain(rest.iter().copied().flatten().copied()));
    }
    place.run(["derive"]);
    place.matches("derive-errors");
}
