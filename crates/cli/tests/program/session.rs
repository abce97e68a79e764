use crate::peer;
use crate::place::Place;
use sealwright::envelope::SymKey;
use sealwright::session::{Generation, Keyring, SerializedSession, Through, UnknownHash};
use sealwright::types::b64;
use sealwright::wrap::record::{DeviceToken, SymEncKeyRecord};
use serde_json::{Value, json};
use std::sync::Arc;

#[test]
fn a_new_session_is_a_secret_in_a_file() {
    let mut place = Place::new();
    let output = place.run(["session", "new", "--session-id", peer::SESSION]);
    let text = String::from_utf8(output.stdout).unwrap();
    let session = SerializedSession::from_text(text.trim_end(), Generation::Current).unwrap();
    assert_eq!((session.id.to_string().as_str(), session.key.expose().len()), (peer::SESSION, SymKey::LENGTH));
    let output = place.run(["session", "new", "--json", "--quiet"]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    place.hide(told["sessionId"].as_str().unwrap(), "[ID 1]");
    let output = place.run(["session", "new", "-o", "session", "--json"]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    place.hide(told["sessionId"].as_str().unwrap(), "[ID 2]");
    place.run(["session", "new", "-o", "session"]);
    place.run(["session", "new", "-o", "tmp"]);
    place.run(["session", "show", "session"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(place.path().join("session")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(place.listing(), ["session"]);
    place.matches("session-new");
}

#[test]
fn a_session_is_shown_without_its_key() {
    let mut place = Place::new();
    for (number, session) in peer::serialized_sessions().iter().enumerate() {
        place.file("session", session);
        place.run(["session", "show", "session"]);
        place.run(["session", "show", "session", "--json"]);
        let shown = place.run(["session", "show", "session", "--expose", "--json"]);
        let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
        assert_eq!(shown["key"], peer::message_key(), "{number}");
    }
    place.file("key", peer::file_key());
    place.file("empty", "");
    place.run_with_input(["session", "show", "-"], peer::serialized_sessions()[0].as_bytes());
    for name in ["key", "empty", "missing", "tmp"] {
        place.run(["session", "show", name]);
    }
    place.matches("session-show");
}

#[test]
fn a_wrapped_key_is_opened_by_its_recipient() {
    let mut place = Place::new();
    let rsa = peer::json("rsa.json");
    let key = rsa["keys"].as_array().unwrap().iter().find(|key| key["bits"] == 2048).unwrap();
    let der = |name: &str| b64::decode_strict(key[name].as_str().unwrap()).unwrap();
    place.file("spki", der("spki"));
    place.file("text", key["pkcs1Public"].as_str().unwrap().to_owned() + "\n");
    place.file("private", der("pkcs8"));
    place.file("pem", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
    place.file("session", peer::serialized_file_session(peer::SESSION));
    place.file("key", peer::file_key());
    place.file("short", b64::encode([1; 32]));
    let mut wrapped = |recipient: &[&str]| {
        let output =
            place.run(["session", "wrap", "--session-key-file", "session", "--recipient"].iter().chain(recipient));
        String::from_utf8(output.stdout).unwrap()
    };
    // The same key in two forms is one recipient.
    let tokens = wrapped(&["spki", "text"]) + &wrapped(&["text"]);
    let mut keyring = Keyring::default();
    keyring.add(Arc::new(sealwright::wrap::PrivateKey::from_der(&der("pkcs8")).unwrap().key), None);
    let lines: Vec<DeviceToken> = tokens.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    for token in lines {
        assert_eq!(token.session_id.to_string(), peer::SESSION);
        let opened = keyring.open(&token, UnknownHash::Stop).unwrap();
        assert_eq!(b64::encode(opened.key.expose()), peer::file_key());
    }
    for arguments in [
        ["--session-key-file", "key", "--recipient", "spki"].as_slice(),
        &["--session-key-file", "key", "--recipient", "spki", "--session-id", peer::OTHER_SESSION],
        &["--session-key-file", "session", "--recipient", "spki", "private"],
        &["--session-key-file", "session", "--recipient", "pem"],
        &["--session-key-file", "session", "--recipient", "missing"],
        &["--session-key-file", "short", "--recipient", "spki", "--session-id", peer::SESSION],
        &["--session-key-file", "session"],
        &["--session-key-file", "-", "--recipient", "-"],
    ] {
        place.run(["session", "wrap"].iter().chain(arguments));
    }
    place.matches("session-wrap");
}

/// The peer's records of one kind as a line.
fn line(object: &Value, more: Value) -> String {
    let mut object = object.as_object().unwrap().clone();
    object.extend(more.as_object().unwrap().clone());
    Value::Object(object).to_string() + "\n"
}

#[test]
fn a_key_is_wrapped_for_every_kind_of_recipient_and_opened_again() {
    let mut place = Place::new();
    let peer = peer::json("session.json");
    let proxy = &peer["proxyKeys"][0];
    let (target, by) = (proxy["sessionId"].as_str().unwrap(), proxy["proxySessionId"].as_str().unwrap());
    place.file("alice", peer::identity("alice"));
    place.file("bob", peer::identity("bob"));
    place.file("session", peer::serialized_file_session(peer::SESSION));
    place.file("proxy-session", serialized(by, &proxy["proxySessionKey"]));
    let info = &proxy["retrieveResponse"]["proxy_key_info"];
    place.file("tokens", line(&info["encrypted_proxy_message_key"], json!({ "message_id": by })));
    place.file("present", line(&info["proxy_mk"], json!({})));
    place.file("password", "correct horse\n");
    place.file("wrong", "correct horsf\n");
    place.file("raw", peer::message_key() + "\n");
    place.file("short", b64::encode([1; 32]));
    let public = sealwright::identity::Identity::from_bson(&peer::identity("alice")).unwrap().identity;
    place.file("alice.pub", public.current().encryption.public().to_spki());
    let device = public.device().to_string();
    const SYM_ENC_KEY: &str = "50ef0556-3327-442e-93b0-0224f8db27ba";
    const ACCESS: &str = "607eff24-b12b-4d68-a942-7c51a79cc907";
    const APP: &str = "12345678-1234-4abc-8def-1234567890ab";
    let wrap = ["session", "wrap", "--session-key-file", "session"];
    let password = ["--sym-enc-key", SYM_ENC_KEY, "--password-file", "password", "--app-id", APP];
    let raw = ["--sym-enc-key", SYM_ENC_KEY, "--raw-key-file", "raw"];
    let tmr = ["--tmr-access", "Someone@Example.com", "--over-encryption-key-file", "raw", "--tmr-access-id", ACCESS];
    let proxied = ["--proxy", by, "--identity", "alice", "--keys", "tokens"];
    let token = ["--recipient", "alice.pub", "--device-id", &device];
    let recipients: [(&str, &[&str], &[&str]); 5] = [
        ("token", &token, &["--identity", "bob", "alice"]),
        ("by-password", &password, &["--password-file", "password", "--app-id", APP]),
        ("by-raw-key", &raw, &["--raw-key-file", "raw"]),
        ("tmr", &tmr, &["--over-encryption-key-file", "raw"]),
        ("proxy", &proxied, &["--proxy-key-file", "proxy-session"]),
    ];
    for (name, recipient, secret) in recipients {
        let output = place.run(wrap.iter().chain(recipient));
        let record = String::from_utf8(output.stdout).unwrap();
        place.file(name, &record);
        let opened = format!("{name}.session");
        place.run(["session", "unwrap", name, "-o", &opened].iter().chain(secret));
        let text = std::fs::read_to_string(place.path().join(opened)).unwrap();
        let session = SerializedSession::from_text(text.trim_end(), Generation::Current).unwrap();
        assert_eq!(session.id.to_string(), peer::SESSION);
        assert_eq!(b64::encode(session.key.expose()), peer::file_key(), "{name}");
    }
    // Several at once, each opens by itself.
    place.run(wrap.iter().chain(&token).chain(&proxied).chain(&tmr).chain(&raw));
    for arguments in [
        &["session", "unwrap", "token", "-o", "new", "--identity", "bob"][..],
        &["session", "unwrap", "token", "-o", "new"],
        &["session", "unwrap", "by-password", "-o", "new", "--password-file", "wrong", "--app-id", APP],
        &["session", "unwrap", "by-password", "-o", "new", "--password-file", "password"],
        &["session", "unwrap", "by-raw-key", "-o", "new"],
        &["session", "unwrap", "tmr", "-o", "new", "--over-encryption-key-file", "short"],
        &["session", "unwrap", "proxy", "-o", "new"],
        &["session", "unwrap", "proxy", "-o", "new", "--proxy-key-file", "session"],
        &["session", "unwrap", "password", "-o", "new"],
        &["session", "unwrap", "tmr", "-o", "-", "--over-encryption-key-file", "raw"],
        &["session", "unwrap", "tmr", "-o", "tmr.session", "--over-encryption-key-file", "raw"],
        &["session", "unwrap", "tmr", "-o", "tmr.session", "--over-encryption-key-file", "raw", "--force", "--json"],
        // PROXY-04, PROXY-05.
        &["session", "wrap", "--session-key-file", "session", "--proxy", by, "--identity", "bob", "--keys", "tokens"],
        &[
            "session",
            "wrap",
            "--session-key-file",
            "proxy-session",
            "--proxy",
            by,
            "--identity",
            "alice",
            "--keys",
            "tokens",
        ],
        &[
            "session",
            "wrap",
            "--session-key-file",
            "raw",
            "--session-id",
            target,
            "--proxy",
            by,
            "--identity",
            "alice",
            "--keys",
            "tokens",
            "present",
        ],
        &["session", "wrap", "--session-key-file", "session", "--proxy", by],
        &["session", "wrap", "--session-key-file", "session", "--tmr-access", "nobody"],
        &["session", "wrap", "--session-key-file", "session", "--tmr-access", "+33612345678"],
        &[
            "session",
            "wrap",
            "--session-key-file",
            "session",
            "--sym-enc-key",
            SYM_ENC_KEY,
            "--password-file",
            "password",
        ],
        &["session", "wrap", "--session-key-file", "session"],
    ] {
        place.run(arguments);
    }
    assert!(!place.listing().contains(&"new".to_owned()));
    place.matches("session-wrap-unwrap");
}

fn serialized(id: &str, key: &Value) -> String {
    let key = SymKey::from_bytes(&b64::decode_strict(key.as_str().unwrap()).unwrap()).unwrap();
    SerializedSession { id: id.parse().unwrap(), key, details: None }.to_text().expose().to_owned()
}

#[test]
fn resolving_tells_the_way_or_every_reason() {
    let mut place = Place::new();
    let peer = peer::json("session.json");
    place.file("alice", peer::identity("alice"));
    let (proxy, tmr) = (&peer["proxyKeys"][0], &peer["tmrAccesses"][0]);
    let by = proxy["proxySessionId"].as_str().unwrap();
    let info = &proxy["retrieveResponse"]["proxy_key_info"];
    let group = &peer["group"];
    let (message, device) =
        (&group["createResponse"]["groupdevicekey"], &group["createResponse"]["group"]["device_id"]);
    let answer = &group["messageForGroup"]["retrieveRequests"][0]["response"]["token"][0];
    let for_group = line(answer, json!({ "message_id": group["messageForGroup"]["sessionId"] }));
    let sym_enc_key = &peer["symEncKeys"][0];
    let by_password = line(
        &sym_enc_key["retrieveResponse"],
        json!({ "sessionId": sym_enc_key["sessionId"], "symEncKeyId": sym_enc_key["symEncKeyId"] }),
    );
    let records = [
        line(&info["encrypted_proxy_message_key"], json!({ "message_id": by })),
        line(&info["proxy_mk"], json!({})),
        line(message, json!({ "deviceId": device })),
        line(&group["createRequest"]["message_keys"][1], json!({ "message_id": message["message_id"] })),
        for_group.clone(),
        by_password,
        line(
            &tmr["addRequest"]["tokens"][0],
            json!({ "sessionId": tmr["sessionId"], "tmr_key_id": tmr["tmrAccessId"] }),
        ),
        "[\"no record\"]\n".to_owned(),
    ]
    .concat();
    place.file("records", &records);
    place.file("group-only", line(message, json!({ "deviceId": device })) + &for_group);
    place.file("self", line(&info["proxy_mk"], json!({ "message_id": by })));
    place.file("revoked", line(&info["encrypted_proxy_message_key"], json!({ "message_id": by, "revoked": true })));
    place.file("password", sym_enc_key["password"].as_str().unwrap());
    place.file("over", tmr["rawOverEncryptionKey"].as_str().unwrap());
    let resolve = |more: &[&str]| -> Vec<String> {
        ["session", "resolve"].iter().chain(more).map(|word| (*word).to_owned()).collect()
    };
    let id = sym_enc_key["symEncKeyId"].as_str().unwrap();
    let app = peer["appId"].as_str().unwrap();
    let secrets = ["--sym-enc-key", id, "--password-file", "password", "--app-id", app];
    place.run(resolve(&["records", "--identity", "alice"]));
    place.run(resolve(&["records", "--identity", "alice", "--json"]));
    place.run(resolve(&[["records", "--identity", "alice"].as_slice(), &secrets].concat()));
    place.run(resolve(&["records", "--over-encryption-key-file", "over", "--quiet"]));
    place.run(resolve(&[
        "records",
        "--identity",
        "alice",
        "--session-id",
        proxy["sessionId"].as_str().unwrap(),
        "-o",
        "key",
    ]));
    let text = std::fs::read_to_string(place.path().join("key")).unwrap();
    let session = SerializedSession::from_text(text.trim_end(), Generation::Current).unwrap();
    assert_eq!(b64::encode(session.key.expose()), proxy["sessionKey"].as_str().unwrap());
    assert_eq!(session.details.unwrap().through, Some(Through::Proxy(by.parse().unwrap())), "CACHE-02");
    place.run(resolve(&["group-only"]));
    place.run(resolve(&["self", "--identity", "alice", "--session-id", by]));
    place.run(resolve(&["revoked", "--identity", "alice"]));
    place.run(resolve(&["revoked", "--identity", "alice", "--open-revoked"]));
    for wrong in [
        &["records", "-o", "new"][..],
        &["records", "--session-id", by, peer::SESSION, "-o", "new"],
        &["records", "--session-id", by, "-o", "-"],
        &["records", "--session-id", by, "-o", "key"],
        &["records", "--password-file", "password"],
        &["missing"],
        &["tmp"],
        &[],
    ] {
        place.run(resolve(wrong));
    }
    place.matches("session-resolve");
}

/// Each item of the hard bundle that has a key has it here too.
#[test]
fn a_bundle_resolves_as_its_egress_says() {
    let place = Place::new();
    let bundle = peer::vectors("egress/hard/bundle");
    let output = place
        .command(&["session", "resolve", "--json", "--quiet", "--open-revoked", bundle.to_str().unwrap()])
        .output()
        .unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let sessions: std::collections::BTreeMap<_, _> = told["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|session| (session["sessionId"].as_str().unwrap(), session))
        .collect();
    assert!(sessions.len() > 10);
    let plan = place.command(&["egress", "plan", "--json", "--quiet", bundle.to_str().unwrap()]).output().unwrap();
    let plan: Value = serde_json::from_slice(&plan.stdout).unwrap();
    for closed in plan["unreachable"].as_array().unwrap() {
        let session = sessions.get(closed["sessionId"].as_str().unwrap());
        assert!(session.is_none_or(|session| session["error"] == closed["error"]), "{closed}");
    }
}

#[test]
fn what_is_named_twice_is_wrapped_once_and_nothing_is_passed_over_in_silence() {
    let mut place = Place::new();
    let peer = peer::json("session.json");
    let proxy = &peer["proxyKeys"][0];
    let by = proxy["proxySessionId"].as_str().unwrap();
    place.file("alice", peer::identity("alice"));
    place.file("session", peer::serialized_file_session(peer::SESSION));
    let info = &proxy["retrieveResponse"]["proxy_key_info"];
    let tokens = line(&info["encrypted_proxy_message_key"], json!({ "message_id": by })) + "[\"no record\"]\n";
    place.file("tokens", tokens);
    place.file("password", "correct horse\n");
    place.file("raw", peer::message_key() + "\n");
    let public = sealwright::identity::Identity::from_bson(&peer::identity("alice")).unwrap().identity;
    place.file("alice.pub", public.current().encryption.public().to_spki());
    let wrap = ["session", "wrap", "--session-key-file", "session"];
    let proxies = ["--proxy", by, by, "--identity", "alice", "--keys", "tokens"];
    for twice in [&["--recipient", "alice.pub", "alice.pub"][..], &proxies] {
        let output = place.run(wrap.iter().chain(twice));
        assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 1, "{twice:?}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(told.contains("is no record of a key and was skipped"), twice == proxies, "{told}");
    }
    for unused in [["--password-file", "password"], ["--over-encryption-key-file", "raw"]] {
        let output = place.run(wrap.iter().chain(&["--recipient", "alice.pub"]).chain(&unused));
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{unused:?}");
    }
}

/// KDF-30: some implementations derive from the spelling of the session's id that their caller used.
#[test]
fn a_password_opens_whatever_the_spelling_it_was_derived_with() {
    const APP: &str = "12345678-1234-4abc-8def-1234567890ab";
    let mut place = Place::new();
    place.file("password", "correct horse\n");
    let password = sealwright::kdf::Password::new("correct horse").unwrap();
    let app = sealwright::kdf::AppIdText::new(APP).unwrap();
    let key = SymKey::generate().unwrap();
    for (place_of, spelling) in sealwright::kdf::session_id_spellings(peer::SESSION).unwrap().iter().enumerate() {
        let under = sealwright::kdf::sym_enc_key_key_spelled(&password, &app, spelling).unwrap();
        let record = SymEncKeyRecord {
            session_id: peer::SESSION.parse().unwrap(),
            sym_enc_key_id: "50ef0556-3327-442e-93b0-0224f8db27ba".parse().unwrap(),
            data: sealwright::wrap::symmetric::wrap(&key, &under).unwrap().into(),
            revoked: false,
        };
        place.file("record", serde_json::to_string(&record).unwrap());
        let output = format!("session-{place_of}");
        let unwrap =
            ["session", "unwrap", "record", "-o", &output, "--password-file", "password", "--app-id", APP, "--json"];
        let told = place.run(unwrap);
        let matched: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
        let name = ["lower-case", "upper-case", "s64"][place_of];
        assert_eq!(matched["spelling"], name, "which one matched is told");
        let text = std::fs::read_to_string(place.path().join(output)).unwrap();
        let session = SerializedSession::from_text(text.trim_end(), Generation::Current).unwrap();
        assert_eq!(session.key.expose(), key.expose(), "{:?}", spelling.spelling());
    }
}

/// CLI-06, and CLI-04: what can be done is said of what went wrong, not of something else with the same code.
#[test]
fn the_raw_key_of_a_sym_enc_key_is_taken_as_it_is_or_in_base64() {
    let mut place = Place::new();
    place.file("session", peer::serialized_file_session(peer::SESSION));
    let id = peer::OTHER_SESSION;
    let raw: Vec<u8> = (0..64).map(|byte: u8| byte.wrapping_mul(37) ^ 0x80).collect();
    place.file("raw", &raw);
    place.file("text", b64::encode(&raw) + "\n");
    place.file("wrong", &raw[1..]);
    let wrap = ["session", "wrap", "--session-key-file", "session", "--sym-enc-key", id, "--raw-key-file"];
    for (by, with) in [("raw", "text"), ("text", "raw"), ("raw", "raw")] {
        let record = place.run(wrap.iter().chain(&[by])).stdout;
        place.file("record", record);
        let unwrap = ["session", "unwrap", "record", "-o", "opened", "--force", "--raw-key-file", with];
        assert_eq!(place.run(unwrap).status.code(), Some(0), "{by}, {with}");
        let opened =
            SerializedSession::from_text(String::from_utf8(place.read("opened")).unwrap().trim(), Generation::Current);
        assert_eq!(b64::encode(opened.unwrap().key.expose()), peer::file_key());
    }
    let output = place.run(wrap.iter().chain(&["wrong"]));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.starts_with("error[bad-value]") && told.contains("hint: a raw key is 64 bytes"), "{told}");
}
