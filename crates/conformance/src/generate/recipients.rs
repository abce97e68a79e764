//! `session/proxy-add.json`, `session/tmr-retrieve.json`, `session/invitation-open.json`: what makes recipients.

use super::envelope::sealed;
use super::peer::{Peer, bytes as peer_bytes, text as peer_text};
use super::rsa::{checked, wrapped};
use super::world::{ALSO_MINE, GROUP, MINE, STRANGER, World, id, key, proxy};
use super::{Draft, Files, GenerateError, broken, expand};
use crate::kinds::session_make::{
    Generation, InvitationInput, InvitationOpen, InvitationOutput, ProxyAdd, ProxyInput, ProxyOutput, TmrInput,
    TmrOutput, TmrRetrieve,
};
use crate::kinds::session_resolve::{Input, KnownKey, Record};
use sealwright_types::b64;
use sealwright_wrap::PrivateKey;
use sealwright_wrap::hazmat::sign_with_salt;
use serde_json::{Map, Value, json};

pub(super) fn add(peer: &Peer<'_>, files: &mut Files) -> Result<(), GenerateError> {
    let world = World::read(peer)?;
    proxies(&world)?.finish(files)?;
    accesses()?.finish(files)?;
    peer_invitation(&peer.json("session.json")?)?.finish(files)?;
    invitations(&world)?.finish(files)
}

fn proxies(world: &World) -> Result<Draft<ProxyAdd>, GenerateError> {
    let mut draft = Draft::ours("session/proxy-add", "proxy-add");
    let input =
        |proxy: Input, target: &str| ProxyInput { target: id(target), target_key: b64::encode(key(target)), proxy };
    let reached = |records: Vec<Record>| world.looking_for("p", records);
    let added = || ProxyOutput { added: true, opened: Some(b64::encode(key("s"))) };
    let direct = || world.token("p", MINE);
    draft.valid(
        "PROXY-04",
        "a direct recipient of the proxy session",
        input(reached(vec![direct()?]), "s"),
        added(),
        0,
    );
    let both = reached(vec![direct()?, proxy("p", "q")?, world.token("q", MINE)?]);
    draft.valid("PROXY-04", "a direct recipient who comes through a proxy too", input(both, "s"), added(), 0);
    let present = reached(vec![direct()?, proxy("s", "p")?]);
    let nothing = ProxyOutput { added: false, opened: None };
    draft.valid("PROXY-05", "the proxy is there already", input(present, "s"), nothing, 0);
    let elsewhere = reached(vec![direct()?, proxy("t", "p")?]);
    draft.valid("PROXY-05", "another session has this proxy", input(elsewhere, "s"), added(), 0);
    let mutual = reached(vec![direct()?, proxy("p", "s")?]);
    draft.valid("PROXY-05", "the session is a proxy of the proxy session", input(mutual, "s"), added(), 0);
    draft.invalid(
        "PROXY-05",
        "a session as its own proxy",
        input(reached(vec![direct()?]), "p"),
        "proxy-self",
        &["Delegation"],
    );
    let known = vec![KnownKey { session: id("p"), key: b64::encode(key("p")) }];
    let known = Input { known_keys: known, ..reached(Vec::new()) };
    for (comment, proxy) in [
        ("a key that is known from elsewhere", known),
        ("a proxy of the proxy session", reached(vec![proxy("p", "q")?, world.token("q", MINE)?])),
        ("a token of the proxy session for a stranger", reached(vec![world.token("p", STRANGER)?])),
        ("nothing", reached(Vec::new())),
    ] {
        draft.invalid("PROXY-04", comment, input(proxy, "s"), "no-token", &["Delegation"]);
    }
    let short = ProxyInput { target_key: b64::encode(expand("short", 32)), ..input(reached(vec![direct()?]), "s") };
    draft.invalid("PROXY-01", "a key of 32 bytes is not wrapped", short, "key-length", &["KeyLength"]);
    Ok(draft)
}

fn accesses() -> Result<Draft<TmrRetrieve>, GenerateError> {
    let mut draft = Draft::ours("session/tmr-retrieve", "tmr-retrieve");
    let access = |session: &str, creator: &str, email: &str, under: &str| {
        let data = b64::encode(sealed(&key(under), &format!("access to {session}"), &key(session))?);
        let record = json!({
            "sessionId": id(session), "tmrAccessId": id(&format!("access to {session}")), "createdById": id(creator),
            "authFactor": { "type": "EM", "value": email }, "data": data,
        });
        Ok::<_, GenerateError>(record.to_string())
    };
    let (mine, others) = ("me@example.com", "you@example.com");
    let all = vec![
        access("a", "alice", mine, "another over")?,
        access("b", "bob", mine, "over")?,
        access("c", "alice", mine, "over")?,
        access("d", "bob", others, "over")?,
    ];
    let input = |accesses: &[String]| TmrInput {
        accesses: accesses.to_vec(),
        over_encryption_key: b64::encode(key("over")),
        ..TmrInput::default()
    };
    let opened = |session: &str| TmrOutput {
        session: id(session),
        key: b64::encode(key(session)),
        access: id(&format!("access to {session}")),
    };
    let (a, b, bc) =
        (all.get(..1).unwrap_or_default(), all.get(1..2).unwrap_or_default(), all.get(1..3).unwrap_or_default());
    draft.valid("TMR-01", "one access", input(b), opened("b"), 64);
    for (comment, narrowed, session) in [
        ("narrowed to a session", TmrInput { session: Some(id("c")), ..input(&all) }, "c"),
        ("narrowed to an access", TmrInput { access: Some(id("access to b")), ..input(&all) }, "b"),
        ("narrowed to a factor", TmrInput { email: Some(others.to_owned()), ..input(&all) }, "d"),
        ("narrowed to a creator", TmrInput { creator: Some(id("bob")), ..input(bc) }, "b"),
        ("an address in capitals", TmrInput { email: Some("YOU@Example.COM".to_owned()), ..input(&all) }, "d"),
    ] {
        draft.valid("TMR-01", comment, narrowed, opened(session), 64);
    }
    for (comment, narrowed, error) in [
        ("no access", input(&[]), "no-token"),
        ("another session", TmrInput { session: Some(id("e")), ..input(&all) }, "no-token"),
        (
            "a session and another access",
            TmrInput { session: Some(id("c")), access: Some(id("access to b")), ..input(&all) },
            "no-token",
        ),
        ("another address", TmrInput { email: Some("x@example.com".to_owned()), ..input(&all) }, "no-token"),
        ("another over-encryption key", input(a), "rejected"),
        (
            "a revoked access",
            input(&[b.concat().replace("\"sessionId\"", "\"revoked\":true,\"sessionId\"")]),
            "no-token",
        ),
    ] {
        draft.invalid("TMR-01", comment, narrowed, error, &["Delegation"]);
    }
    let trying = |accesses: &[String]| TmrInput { try_if_multiple: true, ..input(accesses) };
    draft.valid("TMR-02", "several, all of them tried; the MAC of the first is wrong", trying(&all), opened("b"), 64);
    draft.valid("TMR-02", "several, the first opens", trying(bc), opened("b"), 64);
    draft.invalid("TMR-02", "several, without asking for it", input(bc), "several-tmr-accesses", &["Delegation"]);
    let none = TmrInput { over_encryption_key: b64::encode(key("a third over")), ..trying(&all) };
    draft.invalid("TMR-02", "several, none opens", none, "rejected", &["Delegation"]);
    Ok(draft)
}

/// A generation of a group's keys: places of its encryption and signing key, and the names of its message key and session.
struct Keys<'a> {
    encryption: &'a PrivateKey,
    signing: &'a PrivateKey,
    name: &'static str,
    created: i64,
}

impl Keys<'_> {
    fn record(&self) -> Result<String, GenerateError> {
        let seal = |key_pair: &PrivateKey, label: &str| {
            let label = format!("{} {label}", self.name);
            sealed(&key(self.name), &label, key_pair.to_pkcs8().expose()).map(b64::encode)
        };
        let record = json!({
            "groupId": id("group"), "deviceId": id("group device"), "messageId": id(self.name), "created": self.created,
            "encryptedEncryptionPrivateKey": seal(self.encryption, "encryption")?,
            "encryptedSigningPrivateKey": seal(self.signing, "signing")?,
        });
        Ok(record.to_string())
    }

    fn generation(&self) -> Generation {
        Generation {
            message_key: b64::encode(key(self.name)),
            encryption: self.encryption.hash().to_string(),
            signing: self.signing.hash().to_string(),
        }
    }
}

/// An invitation, signed by `signer` and wrapped for `recipient`.
fn invitation(
    names: &[&str],
    temporary: &[u8],
    recipient: &PrivateKey,
    signer: &PrivateKey,
    admin: bool,
) -> Result<Value, GenerateError> {
    let mut data = Map::new();
    for name in names {
        data.insert(id(name), json!(b64::encode(sealed(temporary, &format!("data of {name}"), &key(name))?)));
    }
    let salt = expand("salt of an invitation", signer.modulus_length() - 34);
    let signature = sign_with_salt(signer, temporary, &salt).map_err(broken)?;
    Ok(json!({
        "groupId": id("group"), "temporaryKeyId": id("invitation"), "isAdmin": admin,
        "authFactor": { "type": "EM", "value": "me@example.com" },
        "encryptedSymkeyRoek": b64::encode(sealed(&key("over"), "roek", temporary)?),
        "encryptedSymkeyGroup": b64::encode(wrapped(recipient.public(), "invitation", &checked(temporary))?),
        "symkeySignature": b64::encode(signature), "data": data,
    }))
}

fn invitations(world: &World) -> Result<Draft<InvitationOpen>, GenerateError> {
    let mut draft = Draft::ours("session/invitation-open", "invitation");
    let [one, two, three, four] = [MINE, ALSO_MINE, GROUP, STRANGER].map(|place| world.keys.get(place));
    let (Some(one), Some(two), Some(three), Some(four)) = (one, two, three, four) else {
        return Err(broken("four keys"));
    };
    let old = Keys { encryption: one, signing: two, name: "old message", created: 1_700_000_000 };
    let new = Keys { encryption: three, signing: four, name: "new message", created: 1_800_000_000 };
    let temporary = expand("temporary key", 64);
    let spki = |key: &PrivateKey| b64::encode(key.public().to_spki());
    let input = |invitation: &Value, group_keys: Vec<String>, known: &[&PrivateKey]| InvitationInput {
        invitation: invitation.to_string(),
        group_keys,
        over_encryption_key: b64::encode(key("over")),
        known_signing_keys: known.iter().map(|key| spki(key)).collect(),
    };
    let opened = |is_admin, of: &[&Keys<'_>]| InvitationOutput {
        is_admin,
        generations: of.iter().map(|keys| keys.generation()).collect(),
    };
    let first = || Ok::<_, GenerateError>(vec![old.record()?]);
    let both = || Ok::<_, GenerateError>(vec![new.record()?, old.record()?]);
    for admin in [false, true] {
        let simple = invitation(&["old message"], &temporary, one, two, admin)?;
        let comment = if admin { "an invitation of an administrator" } else { "an invitation of a member" };
        draft.valid("GTK-02", comment, input(&simple, first()?, &[two]), opened(admin, &[&old]), 64);
    }
    let names = ["old message", "new message"];
    let renewed = invitation(&names, &temporary, three, four, false)?;
    let all = opened(false, &[&old, &new]);
    draft.valid(
        "GTK-04",
        "after a renewal: two generations, the records in another order",
        input(&renewed, both()?, &[two, four]),
        all.clone(),
        128,
    );
    let with_old_keys = invitation(&names, &temporary, one, two, false)?;
    draft.valid(
        "GTK-03",
        "after a renewal, still signed by the former key",
        input(&with_old_keys, both()?, &[two, four]),
        all,
        128,
    );
    for (comment, signer, known) in [
        ("no signing key of the group is known", two, Vec::new()),
        ("signed by the encryption key of the group", one, vec![two]),
        ("signed by a stranger", three, vec![two]),
        ("only another signing key is known", two, vec![four]),
    ] {
        let forged = invitation(&["old message"], &temporary, one, signer, false)?;
        draft.invalid("GTK-03", comment, input(&forged, first()?, &known), "bad-signature", &["UnsignedInvitation"]);
    }
    let good = invitation(&["old message"], &temporary, one, two, false)?;
    let mut other_key = good.clone();
    other_key["encryptedSymkeyRoek"] = json!(b64::encode(sealed(&key("over"), "roek", &expand("another", 64))?));
    draft.invalid(
        "GTK-03",
        "another key under the over-encryption key",
        input(&other_key, first()?, &[two]),
        "bad-signature",
        &["UnsignedInvitation"],
    );
    let mut unsigned = good.clone();
    unsigned["symkeySignature"] = json!(b64::encode([0; 128]));
    draft.invalid(
        "GTK-03",
        "a signature of zeros",
        input(&unsigned, first()?, &[two]),
        "bad-signature",
        &["UnsignedInvitation"],
    );
    let block_hash = hex::encode(expand("block hash", 32)).into_bytes();
    for (comment, signed) in [
        ("the text of a block hash, which the group signed in its sigchain (PSS-03)", block_hash),
        ("a signed key of 48 bytes", expand("temporary key", 48)),
    ] {
        let replayed = invitation(&["old message"], &signed, one, two, false)?;
        draft.invalid("GTK-03", comment, input(&replayed, first()?, &[two]), "bad-signature", &["UnsignedInvitation"]);
    }
    for (comment, known) in [("the current", two), ("a former", four)] {
        let recipient = if known.hash() == two.hash() { (one, two) } else { (three, four) };
        let forged = invitation(&names, &temporary, recipient.0, recipient.1, false)?;
        let comment = format!("{comment} generation of keys, which nothing signs, has a signing key that is not known");
        draft.invalid("GTK-02", &comment, input(&forged, both()?, &[known]), "bad-signature", &["UnsignedInvitation"]);
    }
    let wrong =
        InvitationInput { over_encryption_key: b64::encode(key("another over")), ..input(&good, first()?, &[two]) };
    draft.invalid("GTK-02", "another over-encryption key", wrong, "rejected", &["Delegation"]);
    let lacking = input(&good, both()?, &[two]);
    draft.invalid("GTK-02", "a message key of the group is not in it", lacking, "group-key-missing", &["Delegation"]);
    draft.invalid("GTK-02", "no keys of the group", input(&good, Vec::new(), &[two]), "no-token", &["Delegation"]);
    let mut damaged: Value = serde_json::from_str(&old.record()?).map_err(broken)?;
    damaged["encryptedSigningPrivateKey"] = json!(b64::encode([7; 640]));
    draft.invalid(
        "GRP-02",
        "a damaged private key of the group",
        input(&good, vec![damaged.to_string()], &[two]),
        "rejected",
        &["EarlyRelease"],
    );
    let mut foreign: Value = serde_json::from_str(&old.record()?).map_err(broken)?;
    foreign["groupId"] = json!(id("another group"));
    draft.invalid(
        "GRP-01",
        "the keys of another group",
        input(&good, vec![foreign.to_string()], &[two]),
        "no-token",
        &["Delegation"],
    );
    let mut elsewhere: Value = serde_json::from_str(&new.record()?).map_err(broken)?;
    elsewhere["deviceId"] = json!(id("another device"));
    let two_devices = input(&renewed, vec![old.record()?, elsewhere.to_string()], &[four]);
    draft.invalid("GRP-01", "keys of two devices", two_devices, "no-token", &["Delegation"]);
    Ok(draft)
}

fn peer_invitation(data: &Value) -> Result<Draft<InvitationOpen>, GenerateError> {
    let mut draft = Draft::peers("session/invitation-open-peers", "invitation-peer", "peer/session.json");
    let (group, temporary) = (&data["group"], &data["group"]["tmrTemporaryKey"]);
    let mut invitation = temporary["createRequest"].clone();
    invitation["group_id"] = group["groupId"].clone();
    invitation["id"] = temporary["id"].clone();
    let mut record = group["createResponse"]["groupdevicekey"].clone();
    record["device_id"] = group["createResponse"]["group"]["device_id"].clone();
    let hash = |name: &str| {
        let block = &group["initSigchainRequest"]["transaction_data"]["transaction"]["operation"]["device"];
        peer_text(block, name).map(str::to_owned)
    };
    let message_key = b64::encode(peer_bytes(group, "derivedGroupSymKey")?);
    let (encryption, signing) = (hash("encryption_pubkey_hash")?, hash("signing_pubkey_hash")?);
    let output =
        InvitationOutput { is_admin: false, generations: vec![Generation { message_key, encryption, signing }] };
    let input = |known: &Value| {
        Ok::<_, GenerateError>(InvitationInput {
            invitation: invitation.to_string(),
            group_keys: vec![record.to_string()],
            over_encryption_key: peer_text(temporary, "rawOverEncryptionKey")?.to_owned(),
            known_signing_keys: vec![peer_text(known, "signing_pubkey")?.to_owned()],
        })
    };
    draft.valid("GTK-02", "an invitation of the JavaScript SDK", input(&group["createRequest"])?, output, 64);
    let later = input(&group["renewRequest"])?;
    draft.invalid("GTK-03", "only the later signing key is known", later, "bad-signature", &["UnsignedInvitation"]);
    Ok(draft)
}
