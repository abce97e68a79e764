//! `share-seal`, `share-open`, `answer`, `connections`.

use super::reference::{Share as Reference, tree};
use super::roles::{document, role};
use super::{Draft, Files, GenerateError, OWN, STATED, TXID, counting, member, process, trees};
use crate::kinds::process::roles::Paired;
use crate::kinds::process::shares::{
    Answer, AnswerIn, AnswerOut, Connections, ConnectionsIn, ConnectionsOut, Context, OpenIn, Opened, SealIn,
    SecretState, Share, ShareOpen, ShareSeal,
};

pub(super) fn add(files: &mut Files) -> Result<(), GenerateError> {
    seal().finish(files)?;
    open().finish(files)?;
    answer().finish(files)?;
    connections().finish(files)
}

const SECRET: [u8; 32] = [0x11; 32];

fn context() -> Context {
    Context {
        process: process(),
        state_id: hex::encode(tree(&trees::worked()).0),
        attribute: "doc".into(),
        sender: "alice-dev".into(),
        recipient: "bob-dev".into(),
    }
}

fn payload(key: &[u8; 32], salt: Option<&[u8; 32]>) -> Vec<u8> {
    match salt {
        None => [&[1], key.as_slice(), &[0]].concat(),
        Some(salt) => [&[1], key.as_slice(), &[1], salt].concat(),
    }
}

fn sealed(context: &Context, secret: &[u8; 32], payload: &[u8]) -> Vec<u8> {
    let mut state = [0; 32];
    state.copy_from_slice(&hex::decode(&context.state_id).unwrap_or_else(|_| vec![0; 32]));
    let reference = Reference {
        process: &context.process,
        state: &state,
        attribute: &context.attribute,
        sender: &context.sender,
        recipient: &context.recipient,
    };
    reference.seal(secret, counting(), payload)
}

fn seal() -> Draft<ShareSeal> {
    let mut draft = Draft::ours("process/share-seal", "proc-share-seal");
    for (context, salt, comment) in [
        (context(), None, "the worked example"),
        (context(), Some([0xff; 32]), "with a salt"),
        (Context { attribute: "x".repeat(255), recipient: "é".into(), ..context() }, None, "the longest name"),
    ] {
        let share = sealed(&context, &SECRET, &payload(&counting(), salt.as_ref()));
        let input = SealIn {
            context,
            secret: hex::encode(SECRET),
            nonce: hex::encode(counting::<12>()),
            key: hex::encode(counting::<32>()),
            salt: salt.map(hex::encode),
        };
        draft.accepts("PROC-95", OWN, comment, input, Share { share: hex::encode(share) }, 0);
    }
    draft
}

fn open() -> Draft<ShareOpen> {
    let mut draft = Draft::ours("process/share-open", "proc-share-open");
    let salt = [0xff; 32];
    let (plain, blinded) = (payload(&counting(), None), payload(&counting(), Some(&salt)));
    let given =
        |context: Context, share: &[u8]| OpenIn { context, secret: hex::encode(SECRET), share: hex::encode(share) };
    let opened = |salt: Option<[u8; 32]>| Opened { key: hex::encode(counting::<32>()), salt: salt.map(hex::encode) };
    let good = sealed(&context(), &SECRET, &plain);
    let with_salt = sealed(&context(), &SECRET, &blinded);
    draft.accepts("PROC-95", OWN, "the worked example", given(context(), &good), opened(None), 32);
    draft.accepts("PROC-95", OWN, "with a salt", given(context(), &with_salt), opened(Some(salt)), 64);
    for (context, comment) in [
        (Context { recipient: "eve-dev".into(), ..context() }, "for another recipient"),
        (Context { sender: "eve-dev".into(), ..context() }, "from another sender"),
        (Context { sender: "bob-dev".into(), recipient: "alice-dev".into(), ..context() }, "sent back"),
        (Context { attribute: "title".into(), ..context() }, "for another attribute"),
        (Context { state_id: "77".repeat(32), ..context() }, "for another state"),
        (Context { process: format!("{TXID}:2"), ..context() }, "for another process"),
        (
            Context { attribute: "docalice".into(), sender: "-dev".into(), ..context() },
            "letters moved from one name into the next",
        ),
    ] {
        draft.refuses("PROC-95", OWN, comment, given(context, &good), "rejected");
    }
    let other = OpenIn { secret: "12".repeat(32), ..given(context(), &good) };
    draft.refuses("PROC-95", STATED, "another secret", other, "rejected");
    for place in 1..good.len() {
        let mut wrong = good.clone();
        wrong[place] ^= 0x80;
        draft.refuses("PROC-95", OWN, format!("byte {place} changed"), given(context(), &wrong), "rejected");
    }
    for (share, comment) in [
        (vec![], "nothing"),
        (good[..62].to_vec(), "62 bytes"),
        ([good.as_slice(), &[0]].concat(), "64 bytes"),
        (with_salt[..94].to_vec(), "94 bytes"),
        ([with_salt.as_slice(), &[0]].concat(), "96 bytes"),
        ([&[2], &good[1..]].concat(), "another version"),
        ([&[0], &good[1..]].concat(), "version 0"),
    ] {
        draft.refuses("PROC-95", OWN, comment, given(context(), &share), "malformed");
    }
    for (payload, comment) in [
        ([&[2], &plain[1..]].concat(), "a payload of another version"),
        ([&plain[..33], &[1]].concat(), "a payload that promises a salt"),
        ([&plain[..33], &[2]].concat(), "a payload with another mark"),
        ([&blinded[..33], &[0], &blinded[34..]].concat(), "a payload with a salt that it denies"),
    ] {
        draft.refuses("PROC-95", OWN, comment, given(context(), &sealed(&context(), &SECRET, &payload)), "malformed");
    }
    draft
}

fn paired(number: usize, devices: &[&str]) -> Paired {
    Paired { id: member(number), addresses: devices.iter().map(|&device| device.to_owned()).collect() }
}

fn answer() -> Draft<Answer> {
    let mut draft = Draft::ours("process/answer", "proc-answer");
    let roles = document(&[
        ("buyer", role(&[1], &[(0, 0, &["price"])])),
        ("seller", role(&[0], &[(0, 0, &["cost", "price"])])),
        ("watcher", role(&[2], &[])),
    ]);
    let set = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    let given = |asker: &str| AnswerIn {
        roles: roles.clone(),
        attributes: set(&["cost", "price", "rest"]),
        keys: set(&["cost", "price", "rest"]),
        members: vec![paired(0, &["alice", "alice-2"]), paired(1, &["bob"]), paired(2, &["carol"])],
        asker: asker.into(),
        claimed_roles: vec!["seller".into()],
        known_state: true,
        known_process: true,
        secret: SecretState::Confirmed,
        allow_pending: false,
        next_roles: None,
    };
    let sent = |names: &[&str]| AnswerOut { attributes: names.iter().map(|&name| name.to_owned()).collect() };
    draft.accepts(
        "PROC-96",
        STATED,
        "everything that the member may read",
        given("alice"),
        sent(&["cost", "price"]),
        0,
    );
    draft.accepts("PROC-96", STATED, "another device of the member", given("alice-2"), sent(&["cost", "price"]), 0);
    draft.accepts("PROC-96", OWN, "a role that is claimed gives nothing", given("bob"), sent(&["price"]), 0);
    let no_claim = AnswerIn { claimed_roles: vec![], ..given("bob") };
    draft.accepts("PROC-96", OWN, "a role that is not claimed takes nothing", no_claim, sent(&["price"]), 0);
    let fewer = AnswerIn { keys: set(&["cost"]), ..given("alice") };
    draft.accepts("PROC-96", OWN, "keys that the holder has", fewer, sent(&["cost"]), 0);
    let none = AnswerIn { keys: set(&[]), ..given("alice") };
    draft.accepts("PROC-96", OWN, "a holder without keys", none, sent(&[]), 0);
    let pending = AnswerIn { secret: SecretState::Pending, allow_pending: true, ..given("bob") };
    draft.accepts("PROC-92", STATED, "a pending secret, which is allowed", pending, sent(&["price"]), 0);
    let pending = AnswerIn { secret: SecretState::Pending, ..given("bob") };
    draft.refuses("PROC-92", STATED, "a pending secret, which is not allowed", pending, "not-connected");
    let stranger = AnswerIn { secret: SecretState::None, ..given("bob") };
    draft.refuses("PROC-92", STATED, "no secret", stranger, "not-connected");
    draft.refuses("PROC-96", STATED, "in a role without fields", given("carol"), "refused");
    draft.refuses("PROC-96", STATED, "a device of nobody", given("eve"), "refused");
    let process = AnswerIn { known_process: false, ..given("alice") };
    draft.refuses("PROC-96", OWN, "another process", process, "refused");
    let state = AnswerIn { known_state: false, ..given("alice") };
    draft.refuses("PROC-96", OWN, "a state that the holder does not know", state, "unknown-state");
    // Whatever a state says that nobody has accepted, it gives nobody a key.
    let every: &[&str] = &["cost", "price", "rest"];
    let generous = document(&[
        ("buyer", role(&[1], &[(0, 0, every)])),
        ("seller", role(&[0], &[(0, 0, &["cost", "price"])])),
        ("watcher", role(&[2], &[(0, 0, every)])),
    ]);
    let proposed = |asker: &str| AnswerIn { next_roles: Some(generous.clone()), ..given(asker) };
    draft.refuses("PROC-96", OWN, "a role that only an unaccepted state gives", proposed("carol"), "refused");
    draft.accepts("PROC-96", OWN, "an unaccepted state that widens a role", proposed("bob"), sent(&["price"]), 0);
    let both = sent(&["cost", "price"]);
    draft.accepts(
        "PROC-96",
        OWN,
        "an unaccepted state, read by whom the accepted one lets",
        proposed("alice"),
        both,
        0,
    );
    let open =
        document(&[("seller", role(&[0], &[(0, 0, &["#roles", "cost", "price"])])), ("watcher", role(&[2], &[]))]);
    let accepted = AnswerIn { roles: open, ..proposed("carol") };
    draft.accepts("PROC-96", OWN, "an accepted state that gives a role", accepted, sent(every), 0);
    draft
}

fn connections() -> Draft<Connections> {
    let mut draft = Draft::ours("process/connections", "proc-connect");
    let texts = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    let members = vec![paired(0, &["alice", "alice-2"]), paired(1, &["bob"]), paired(2, &["carol"])];
    let fields: &[&str] = &["number", "pairedAddresses"];
    let shared = document(&[("all", role(&[0, 1, 4], &[(0, 0, fields)]))]);
    let pairing = document(&[("none", role(&[], &[(0, 0, fields)]))]);
    let given = |roles: &str, states: &[Option<&[&str]>], named, confirmed: &[&str]| ConnectionsIn {
        roles: roles.to_owned(),
        states: states.iter().map(|state| state.map(texts)).collect(),
        named,
        members: members.clone(),
        own: "alice".into(),
        confirmed: texts(confirmed),
    };
    let missing = |list: &[&str]| ConnectionsOut { missing: texts(list) };
    for (roles, states, named, confirmed, expected, comment) in [
        (
            &shared,
            &[None][..],
            None,
            &[][..],
            &["alice-2", "bob"][..],
            "devices of members, without the own one and unknown members",
        ),
        (&shared, &[None], None, &["bob"], &["alice-2"], "one is confirmed"),
        (&shared, &[None], Some(0), &["alice-2", "bob"], &[], "all are confirmed"),
        (&shared, &[Some(&["x"][..])], None, &[], &["alice-2", "bob"], "members go before addresses"),
        (&pairing, &[Some(&["x"][..]), Some(&["y"][..])], Some(0), &[], &["x"], "a pairing process: the named state"),
        (
            &pairing,
            &[Some(&["x"][..]), Some(&["y"][..])],
            None,
            &[],
            &["y"],
            "none named: the state before the placeholder",
        ),
        (
            &pairing,
            &[Some(&["x"][..]), Some(&["y"][..]), None],
            None,
            &[],
            &["y"],
            "absent there: the latest earlier one",
        ),
        (&pairing, &[Some(&["x", "alice", "z"][..]), None, None], None, &["z"], &["x"], "two states back"),
    ] {
        draft.accepts("PROC-98", STATED, comment, given(roles, states, named, confirmed), missing(expected), 0);
    }
    for (states, named, error, flag, comment) in [
        (&[None, None][..], None, "no-addresses", STATED, "no state has addresses"),
        (&[Some(&["x"][..]), None], Some(1), "no-addresses", OWN, "a state that is named stands for itself"),
        (&[Some(&["x"])], Some(7), "unknown-state", OWN, "a state that is not known"),
    ] {
        draft.refuses("PROC-98", flag, comment, given(&pairing, states, named, &[]), error);
    }
    draft
}
