use crate::peer;
use crate::place::Place;
use sealwright::identity::Identity;
use sealwright::types::b64;
use serde_json::Value;

const NEW: [&str; 8] = [
    "identity",
    "new",
    "--user-id",
    "04d1cc17-6484-4941-aaac-fae33937dea6",
    "--device-id",
    "8cf625b4-db94-49d9-b75c-251e9061305b",
    "--size",
    "2048",
];

#[test]
fn a_new_identity_is_a_secret_in_a_file() {
    let mut place = Place::new();
    let output = place.run(NEW.into_iter().chain(["-o", "identity", "--json"]));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    place.hide(told["encryptionKeyHash"].as_str().unwrap(), "[encryption key hash]");
    place.hide(told["signingKeyHash"].as_str().unwrap(), "[signing key hash]");
    let written = place.read("identity");
    let read = Identity::from_bson(&written).unwrap();
    assert!(read.warnings.is_empty());
    assert_eq!(read.identity.current().encryption.hash().to_string(), told["encryptionKeyHash"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(place.path().join("identity")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    place.run(NEW.into_iter().chain(["-o", "identity"]));
    assert_eq!(place.read("identity"), written);
    place.run(NEW.into_iter().chain(["-o", "-"]));
    place.run(NEW.into_iter().chain(["-o", "missing/identity"]));
    place.run(NEW);
    place.run(["identity", "new", "--user-id", "nobody", "--device-id", NEW[5], "-o", "a"]);
    place.run(["identity", "new", "--user-id", NEW[3], "--device-id", NEW[5], "-o", "a", "--size", "1024"]);
    place.run(["identity", "show", "identity"]);
    assert_eq!(place.listing(), ["identity"]);
    place.matches("identity-new");
}

#[test]
fn an_identity_is_shown_without_its_private_keys() {
    let mut place = Place::new();
    place.file("identity", peer::read("identity/js_alice_3old_prepared.bson"));
    place.file("as-text", b64::encode(peer::read("identity/js_carol_rsa1024.bson")));
    let hidden = place.run(["identity", "show", "identity", "--json"]);
    let exposed = place.run(["identity", "show", "identity", "--json", "--expose"]);
    let [hidden, exposed] = [hidden, exposed].map(|output| serde_json::from_slice::<Value>(&output.stdout).unwrap());
    for (hidden, exposed) in hidden["keys"].as_array().unwrap().iter().zip(exposed["keys"].as_array().unwrap()) {
        assert!(hidden.get("privateKey").is_none());
        let der = b64::decode_strict(exposed["privateKey"].as_str().unwrap()).unwrap();
        let key = sealwright::wrap::PrivateKey::from_der(&der).unwrap().key;
        assert_eq!(key.hash().to_string(), hidden["hash"]);
        assert_eq!(b64::encode(key.public().to_spki()), hidden["publicKey"]);
    }
    place.run(["identity", "show", "identity"]);
    place.run(["identity", "show", "as-text"]);
    place.run_with_input(["identity", "show", "-"], &peer::read("identity/go_alice_no_old.bson"));
    place.file("empty", "");
    place.file("cut", &peer::read("identity/js_alice_0old.bson")[..1000]);
    for name in ["empty", "cut", "missing", "tmp"] {
        place.run(["identity", "show", name]);
    }
    place.matches("identity-show");
}

#[test]
fn an_identity_is_exported_in_its_canonical_form() {
    let mut place = Place::new();
    let prepared = peer::read("identity/js_alice_3old_prepared.bson");
    // Without its two empty lists.
    let sub = peer::read("identity/js_alice_sub.bson");
    place.file("prepared", &prepared);
    place.file("sub", b64::encode(&sub));
    place.run(["identity", "export", "prepared", "-o", "same", "--json"]);
    assert_eq!(place.read("same"), prepared);
    place.run(["identity", "export", "sub", "-o", "canonical"]);
    let canonical = place.read("canonical");
    assert!(canonical.len() > sub.len());
    place.run(["identity", "export", "canonical", "-o", "again"]);
    assert_eq!(place.read("again"), canonical);
    place.run(["identity", "export", "prepared", "-o", "adopted", "--adopt-prepared"]);
    place.run(["identity", "export", "prepared", "-o", "discarded", "--discard-prepared"]);
    let hashes = |content: Vec<u8>| {
        let identity = Identity::from_bson(&content).unwrap().identity;
        assert!(identity.prepared().is_none());
        let hashes: Vec<_> = identity.encryption_keys().map(|key| key.hash().to_string()).collect();
        hashes
    };
    let before = Identity::from_bson(&prepared).unwrap().identity;
    let (current, new) = (before.current().encryption.hash(), before.prepared().unwrap().encryption.hash());
    let (adopted, discarded) = (hashes(place.read("adopted")), hashes(place.read("discarded")));
    assert_eq!((&adopted[0], adopted.last().unwrap()), (&new.to_string(), &current.to_string()));
    assert_eq!((&discarded[0], discarded.len()), (&current.to_string(), adopted.len() - 1));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(place.path().join("adopted")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    for arguments in [
        ["prepared", "-o", "same"].as_slice(),
        &["prepared", "-o", "-"],
        &["prepared"],
        &["prepared", "-o", "a", "--adopt-prepared", "--discard-prepared"],
        &["canonical", "-o", "a", "--adopt-prepared"],
        &["canonical", "-o", "a", "--discard-prepared", "--json"],
        &["missing", "-o", "a"],
        &["tmp", "-o", "a"],
    ] {
        place.run(["identity", "export"].iter().chain(arguments));
    }
    // What the peer refuses as a whole: one old key is unreadable.
    let errors = peer::json("identity/manifest.json");
    for case in errors["importErrors"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        place.file(name, b64::decode_strict(case["data"].as_str().unwrap()).unwrap());
        place.run(["identity", "export", name, "-o", &format!("exported {name}")]);
    }
    assert!(!place.listing().contains(&"a".to_owned()));
    place.matches("identity-export");
}

/// CLI-04: what helps where a message is too long is no help here.
#[test]
fn what_is_too_large_for_an_identity_is_told_as_such() {
    let mut place = Place::new();
    place.file("large", vec![0x80; 17 * 1024 * 1024]);
    let output = place.run(["identity", "show", "large"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.starts_with("error[too-large]") && told.contains("hint: an identity document is"), "{told}");
}
