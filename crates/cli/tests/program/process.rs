//! `process`: two directories on one machine play two members. The guided example of the documentation is run as it stands there.

use crate::place::Place;
use std::path::Path;
use std::process::Command;

/// Files that the example shows, and commands with what they print; `…` stands for anything.
#[cfg(unix)]
#[test]
fn the_example_of_the_documentation_runs_as_it_stands_there() {
    let place = Place::new();
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/process-example.md")).unwrap();
    let mut commands = 0;
    for block in text.split("\n```").skip(1).step_by(2) {
        let (info, content) = block.split_once('\n').unwrap();
        match info.split_once(' ') {
            Some(("json", name)) => place.file(name, content),
            _ if info == "console" => {
                for step in content.trim_start_matches("$ ").split("\n$ ") {
                    let (command, expected) = step.split_once('\n').unwrap_or((step, ""));
                    let printed = run(&place, command);
                    assert!(matches(&printed, expected), "$ {command}\n{printed}\n--- expected:\n{expected}");
                    commands += 1;
                }
            }
            _ => panic!("a block that is neither a file nor commands: {info}"),
        }
    }
    assert!(commands >= 20, "{commands}");
}

#[cfg(unix)]
fn run(place: &Place, command: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_sealwright"));
    let path = format!("{}:/usr/bin:/bin", program.parent().unwrap().display());
    let output = Command::new("sh")
        .args(["-c", &format!("{{ {command}; }} 2>&1")])
        .current_dir(place.path())
        .env_clear()
        .env("PATH", path)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[cfg(unix)]
fn matches(printed: &str, expected: &str) -> bool {
    let lines = |text: &str| text.trim_end().lines().map(str::to_owned).collect::<Vec<_>>();
    let (printed, expected) = (lines(printed), lines(expected));
    printed.len() == expected.len()
        && printed.iter().zip(&expected).all(|(printed, expected)| {
            let mut rest = printed.as_str();
            let mut parts = expected.split('…').peekable();
            let first = parts.next().unwrap_or_default();
            let Some(after) = rest.strip_prefix(first) else { return false };
            rest = after;
            while let Some(part) = parts.next() {
                if parts.peek().is_none() {
                    return rest.ends_with(part);
                }
                let Some(place) = rest.find(part) else { return false };
                rest = &rest[place + part.len()..];
            }
            rest.is_empty()
        })
}

const ALICE: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f:0";
const BOB: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f:2";
const PROCESS: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f:1";

/// Alice and Bob know each other; Alice has a process in which Bob may read the price.
fn two_members() -> Place {
    let mut place = Place::new();
    for (name, member) in [("alice", ALICE), ("bob", BOB)] {
        place.file(format!("{name}.key"), [name.len() as u8; 64]);
        let card = place.run(["process", "init", name, "--address", &format!("{name}-dev"), "--member", member]).stdout;
        let key = String::from_utf8_lossy(&card).split('"').find(|part| part.len() == 66).unwrap().to_owned();
        place.hide(&key, "[KEY]");
        place.file(format!("{name}.card"), card);
    }
    place.run(["process", "meet", "alice", "bob.card", "--secrets-key-file", "alice.key"]);
    place.run(["process", "meet", "bob", "alice.card", "--secrets-key-file", "bob.key"]);
    let roles = format!(
        r##"{{"buyer":{{"members":["{BOB}"],"rules":[{{"device_quorum":0,"fields":["price"],"quorum":10000}}]}},"seller":{{"members":["{ALICE}"],"rules":[{{"device_quorum":0,"fields":["#roles","cost","price","title"],"quorum":10000}}]}}}}"##
    );
    place.file("roles.json", roles);
    place.file("private.json", r#"{"cost":30,"price":42}"#);
    place.file("public.json", r#"{"title":"Offer"}"#);
    place.run([
        "process",
        "create",
        "alice",
        "--id",
        PROCESS,
        "--private",
        "private.json",
        "--public",
        "public.json",
        "--roles",
        "roles.json",
    ]);
    place
}

#[test]
fn everything_that_can_be_missing_is_told() {
    let mut place = two_members();
    let open = ["process", "open", "bob", "--id", PROCESS, "--secrets-key-file", "bob.key"];
    place.run(open);
    place.run(["process", "share", "alice", "--id", PROCESS, "-o", "listing"]);
    place.run(["process", "receive", "bob", "listing"]);
    place.run(open);
    place.run(["process", "open", "bob", "--id", PROCESS]);
    place.run(["process", "request", "bob", "--id", PROCESS, "-o", "request"]);
    let answer = ["process", "share", "alice", "--id", PROCESS, "--request", "request", "-o", "package"];
    place.run(answer);
    place.run(answer.iter().copied().chain(["--secrets-key-file", "bob.key"]));
    place.run(answer.iter().copied().chain(["--secrets-key-file", "alice.key"]));
    place.run(["process", "receive", "bob", "package", "--secrets-key-file", "alice.key"]);
    place.run(["process", "receive", "bob", "package", "--secrets-key-file", "bob.key"]);
    place.run(open);
    place.run(open.iter().copied().chain(["--attribute", "price", "--json"]));
    place.run(open.iter().copied().chain(["--attribute", "cost"]));
    place.run(open.iter().copied().chain(["--attribute", "absent"]));
    place.run(["process", "receive", "alice", "package", "--secrets-key-file", "alice.key"]);
    place.file("damaged", String::from_utf8(place.read("package")).unwrap().replace("placeholder", "place"));
    place.run(["process", "receive", "bob", "damaged", "--secrets-key-file", "bob.key"]);
    place.matches("process-reading");
}

#[test]
fn changes_need_votes_and_proofs_need_no_keys() {
    let mut place = two_members();
    place.run([
        "process",
        "share",
        "alice",
        "--id",
        PROCESS,
        "--to",
        "bob-dev",
        "--secrets-key-file",
        "alice.key",
        "-o",
        "package",
    ]);
    place.run(["process", "receive", "bob", "package", "--secrets-key-file", "bob.key"]);
    place.file("title.json", r#"{"title":"Sold"}"#);
    // Nobody but the seller decides about the title.
    place.run(["process", "update", "bob", "--id", PROCESS, "--public", "title.json"]);
    place.run(["process", "update", "bob", "--id", PROCESS, "--public", "title.json"]);
    place.run(["process", "update", "bob", "--id", PROCESS, "--public", "title.json", "--instead"]);
    place.run(["process", "update", "alice", "--id", PROCESS, "--public", "title.json", "--json"]);
    place.run(["process", "vote", "alice", "--id", PROCESS, "--no"]);
    place.run(["process", "show", "alice"]);
    let proof = place.run(["process", "prove", "alice", "--id", PROCESS, "--attribute", "price"]).stdout;
    let text = String::from_utf8(proof.clone()).unwrap();
    let state = text.split("\"root\":\"").nth(1).unwrap().get(..64).unwrap().to_owned();
    place.file("proof", proof);
    place.file("value", "42");
    place.file("other", "43");
    place.file("changed", text.replace("\"side\":\"L\"", "\"side\":\"R\""));
    for (file, value) in
        [("proof", None), ("proof", Some("value")), ("proof", Some("other")), ("changed", None), ("value", None)]
    {
        let value = value.map(|value| ["--value", value]);
        place.run(["process", "verify", file, "--state", &state].into_iter().chain(value.into_iter().flatten()));
    }
    place.run(["process", "verify", "proof", "--state", &"7".repeat(64)]);
    place.run(["process", "prove", "alice", "--id", PROCESS, "--attribute", "absent"]);
    place.matches("process-changes");
}

#[test]
fn wrong_inputs_are_told() {
    let mut place = two_members();
    for (name, content) in [
        ("both.json", r#"{"title":1}"#),
        ("name.json", r##"{"#roles":1}"##),
        ("nested.json", r#"{"a":[{"$binary":""}]}"#),
        ("twice.json", r#"{"a":1,"a":2}"#),
        ("text.json", "no JSON"),
    ] {
        place.file(name, content);
        let id = format!("{}:7", PROCESS.split(':').next().unwrap());
        place.run([
            "process",
            "create",
            "alice",
            "--id",
            &id,
            "--private",
            name,
            "--public",
            "public.json",
            "--roles",
            "roles.json",
        ]);
    }
    place.file("roles.json", r#"{"a":{}}"#);
    place.run(["process", "create", "alice", "--id", PROCESS, "--roles", "roles.json"]);
    place.file("free.json", r#"{"a":{"members":[],"rules":[{"device_quorum":0,"fields":["x"],"quorum":0}]}}"#);
    let free = format!("{}:8", PROCESS.split(':').next().unwrap());
    place.run(["process", "create", "alice", "--id", &free, "--roles", "free.json"]);
    place.run(["process", "create", "alice", "--id", PROCESS]);
    place.run(["process", "create", "alice", "--id", "here"]);
    place.run(["process", "init", "alice", "--address", "a", "--member", ALICE]);
    place.run(["process", "show", "nowhere"]);
    place.run(["process", "vote", "bob", "--id", PROCESS]);
    place.file("forged.card", String::from_utf8(place.read("bob.card")).unwrap().replace("\"key\":\"0", "\"key\":\"1"));
    place.run(["process", "meet", "alice", "forged.card", "--secrets-key-file", "alice.key"]);
    place.run(["process", "meet", "alice", "public.json", "--secrets-key-file", "alice.key"]);
    place.matches("process-errors");
}

#[cfg(unix)]
#[test]
fn a_directory_is_its_owners_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = two_members();
    let mode = |name: &str| std::fs::metadata(place.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode("alice"), mode("alice/device.json"), mode("alice/store.redb"), mode("alice/secrets")),
        (0o700, 0o600, 0o600, 0o600)
    );
    let sealed = place.read("alice/secrets");
    assert!(!String::from_utf8_lossy(&sealed).contains("bob-dev"));
}

#[test]
fn what_others_send_does_no_harm() {
    let mut place = two_members();
    let share = |to: &'static str, file: &'static str| {
        ["process", "share", "alice", "--id", PROCESS, "--to", to, "--secrets-key-file", "alice.key", "-o", file]
    };
    place.run(share("bob-dev", "package"));
    // A package whose blobs were changed, then the right one: the keys arrive all the same.
    let package = String::from_utf8(place.read("package")).unwrap();
    let (blobs, rest) = package.split_once("},").unwrap();
    place.file("poisoned", format!("{}}},{rest}", blobs.replace("\":\"", "\":\"00")));
    let unnamed = format!("{{\"blobs\":{{\"{}\":\"00\",", "7".repeat(64));
    place.file("unnamed", package.replacen("{\"blobs\":{", &unnamed, 1));
    for file in ["poisoned", "unnamed", "package", "package"] {
        place.run(["process", "receive", "bob", file, "--secrets-key-file", "bob.key"]);
    }
    place.run(["process", "open", "bob", "--id", PROCESS, "--secrets-key-file", "bob.key"]);
    // Roles that give Bob everything, which nobody has accepted, give him nothing.
    let roles = String::from_utf8(place.read("roles.json")).unwrap();
    place.file("grab.json", roles.replace(r##""fields":["price"]"##, r##""fields":["cost","price"]"##));
    place.run(["process", "update", "bob", "--id", PROCESS, "--roles", "grab.json"]);
    place.run(["process", "share", "bob", "--id", PROCESS, "-o", "proposal"]);
    place.run(["process", "receive", "alice", "proposal"]);
    let shown = String::from_utf8(place.run(["process", "show", "alice"]).stdout).unwrap();
    let proposed = shown.split("state      ").nth(2).unwrap()[..64].to_owned();
    place.run(["process", "request", "bob", "--id", PROCESS, "--state", &proposed, "-o", "request"]);
    place.run([
        "process",
        "share",
        "alice",
        "--id",
        PROCESS,
        "--request",
        "request",
        "--secrets-key-file",
        "alice.key",
        "-o",
        "answer",
    ]);
    // An update that fails takes nothing back.
    let instead = ["process", "update", "alice", "--id", PROCESS, "--instead"];
    place.run(instead.iter().copied().chain(["--blinded", "absent"]));
    place.run(instead);
    place.run(["process", "show", "alice"]);
    place.run(instead.iter().copied().chain(["--blinded", "price"]));
    // Cards of a member who is known, and cards without a key.
    let card = String::from_utf8(place.read("bob.card")).unwrap();
    let key = card.split('"').find(|part| part.len() == 66).unwrap();
    place.file("second.card", card.replace("bob-dev", "bob-2"));
    place.file("keyless.card", card.replace("bob-dev", "bob-3").replace(key, "00"));
    for arguments in [&["second.card"][..], &["keyless.card", "--another-device"], &["second.card", "--another-device"]]
    {
        let meet = ["process", "meet", "alice", "--secrets-key-file", "alice.key"];
        place.run(meet.iter().chain(arguments));
    }
    place.matches("process-hostile");
}

/// Two parties have to agree to the status; each has a copy.
fn two_parties() -> Place {
    let mut place = two_members();
    let rule = r##"{"device_quorum":10000,"fields":["#roles","status"],"quorum":10000}"##;
    place.file("parties.json", format!(r#"{{"parties":{{"members":["{ALICE}","{BOB}"],"rules":[{rule}]}}}}"#));
    for status in ["a", "b", "c", "d", "e"] {
        place.file(format!("{status}.json"), format!(r#"{{"status":"{status}"}}"#));
    }
    place.run(["process", "create", "alice", "--id", &agreed(), "--public", "a.json", "--roles", "parties.json"]);
    place
}

fn agreed() -> String {
    PROCESS.replace(":1", ":5")
}

impl Place {
    fn process<'a>(&mut self, command: &'a str, by: &'a str, arguments: &[&'a str]) {
        let id = agreed();
        self.run(["process", command, by, "--id", &id].iter().chain(arguments));
    }

    fn hand_over(&mut self, from: &str, to: &str, arguments: &[&str]) {
        self.process("share", from, &["-o", "handed", "--force"]);
        self.run(["process", "receive", to, "handed"].iter().chain(arguments));
    }
}

#[test]
fn votes_are_final_and_what_is_accepted_stays_so() {
    let mut place = two_parties();
    place.process("update", "alice", &["--public", "b.json"]);
    place.hand_over("alice", "bob", &[]);
    // Bob keeps a copy of his directory, in which he has not voted yet.
    std::fs::create_dir(place.path().join("double")).unwrap();
    for file in ["device.json", "members.json", "store.redb", "secrets"] {
        place.file(format!("double/{file}"), place.read(&format!("bob/{file}")));
    }
    place.process("vote", "bob", &[]);
    place.process("vote", "bob", &["--no"]);
    place.hand_over("bob", "alice", &[]);
    place.process("vote", "double", &["--no"]);
    place.hand_over("double", "alice", &[]);
    place.process("show", "alice", &[]);
    place.process("vote", "alice", &["--no"]);
    // Who sees both votes before anything is decided counts neither, and is told so.
    place.hand_over("bob", "double", &[]);
    place.process("show", "double", &[]);
    place.process("update", "alice", &["--public", "c.json"]);
    place.hand_over("alice", "bob", &[]);
    place.process("vote", "bob", &[]);
    // A further device of Alice's does not change what was.
    let card = place.run(["process", "init", "alice-2", "--address", "alice-2", "--member", ALICE]).stdout;
    let key = String::from_utf8_lossy(&card).split('"').find(|part| part.len() == 66).unwrap().to_owned();
    place.hide(&key, "[KEY]");
    place.file("alice-2.card", card);
    place.run(["process", "meet", "bob", "alice-2.card", "--another-device", "--secrets-key-file", "bob.key"]);
    place.process("show", "bob", &[]);
    place.matches("process-votes");
}

#[test]
fn copies_meet_again() {
    let mut place = two_parties();
    place.process("open", "bob", &[]);
    let card = place.run(["process", "init", "alone", "--address", "alone", "--member", BOB]).stdout;
    let key = String::from_utf8_lossy(&card).split('"').find(|part| part.len() == 66).unwrap().to_owned();
    place.hide(&key, "[KEY]");
    place.process("open", "alone", &[]);
    place.process("update", "alice", &["--public", "b.json"]);
    place.hand_over("alice", "bob", &[]);
    place.process("vote", "bob", &["--no"]);
    place.process("update", "alice", &["--public", "c.json", "--instead"]);
    place.hand_over("alice", "bob", &[]);
    // Now both propose: neither gives way by itself.
    place.process("update", "bob", &["--public", "d.json", "--instead"]);
    place.hand_over("bob", "alice", &[]);
    place.hand_over("bob", "alice", &["--instead"]);
    place.process("vote", "alice", &[]);
    place.hand_over("alice", "bob", &["--json"]);
    place.process("open", "bob", &[]);
    // The withdrawn values can be proposed again.
    place.process("update", "alice", &["--public", "b.json"]);
    place.process("update", "alice", &["--public", "c.json", "--instead"]);
    place.process("update", "alice", &["--public", "b.json", "--instead"]);
    place.matches("process-meeting");
}

#[test]
fn what_is_shared_are_the_blobs_of_one_state_unless_all_are_wished() {
    let mut place = two_members();
    place.file("price.json", r#"{"price":43}"#);
    place.run(["process", "update", "alice", "--id", PROCESS, "--private", "price.json"]);
    let mut blobs = |arguments: &[&str]| {
        let shared = place.run(["process", "share", "alice", "--id", PROCESS].iter().chain(arguments)).stdout;
        let package: serde_json::Value = serde_json::from_slice(&shared).unwrap();
        package["blobs"].as_object().unwrap().len()
    };
    assert_eq!((blobs(&[]), blobs(&["--all-states"])), (2, 3));
    let shown = String::from_utf8(place.run(["process", "show", "alice", "--id", PROCESS]).stdout).unwrap();
    let first = shown.split("state      ").nth(1).unwrap()[..64].to_owned();
    place.file(
        "request",
        format!(r#"{{"asker":"bob-dev","process":"{PROCESS}","roles":["buyer"],"state_ids":["{first}"]}}"#),
    );
    let share = ["process", "share", "alice", "--id", PROCESS, "--request", "request"];
    let answer = place.run(share.iter().chain(&["--secrets-key-file", "alice.key"])).stdout;
    let package: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(package["blobs"].as_object().unwrap().len(), 2);
}
