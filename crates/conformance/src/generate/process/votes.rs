//! `vote`, `token`, `acceptance`.

use super::reference::{tree, vote};
use super::roles::{document, role};
use super::{Draft, Files, GenerateError, OWN, STATED, TXID, member, process, trees};
use crate::generate::broken;
use crate::kinds::process::roles::Paired;
use crate::kinds::process::votes::{
    Acceptance, AcceptanceIn, AcceptanceOut, Message, MotionIn, Token, TokenIn, Verified, VoteIn, VoteMessage,
};
use sealwright_process::Vote;
use sealwright_process::hazmat;
use sealwright_process::secp256k1::VotingKey;

pub(super) fn add(files: &mut Files) -> Result<(), GenerateError> {
    messages().finish(files)?;
    tokens()?.finish(files)?;
    acceptance().finish(files)
}

fn motion(process: String, index: u64, previous: [u8; 32], state: [u8; 32], yes: bool) -> (MotionIn, [u8; 32]) {
    let message = vote(&process, index, &previous, &state, yes);
    let vote = if yes { Vote::Yes } else { Vote::No };
    (MotionIn { process, index, previous: hex::encode(previous), state_id: hex::encode(state), vote }, message)
}

fn messages() -> Draft<VoteMessage> {
    let mut draft = Draft::ours("process/vote", "proc-vote");
    let state = tree(&trees::worked()).0;
    for (process, index, previous, state, comment) in [
        (process(), 0, [0; 32], state, "the worked example"),
        (process(), 1, [0; 32], state, "another index"),
        (process(), u64::MAX, [0; 32], state, "the greatest index"),
        (process(), 1, state, state, "after the same content"),
        (process(), 1, state, [0; 32], "the other way round"),
        (format!("{TXID}:2"), 0, [0; 32], state, "another process"),
    ] {
        for yes in [true, false] {
            let (input, message) = motion(process.clone(), index, previous, state, yes);
            let comment = format!("{comment}, {}", if yes { "yes" } else { "no" });
            draft.accepts("PROC-65", OWN, comment, input, Message { message: hex::encode(message) }, 0);
        }
    }
    draft
}

fn tokens() -> Result<Draft<Token>, GenerateError> {
    let mut draft = Draft::ours("process/token", "proc-token");
    let key = VotingKey::from_slice(&[7; 32]).map_err(broken)?;
    let other = VotingKey::from_slice(&[8; 32]).map_err(broken)?;
    let state = tree(&trees::worked()).0;
    let (yes, message) = motion(process(), 1, [3; 32], state, true);
    // Signing is fixed by BIP 340, whose own vectors are in `primitive`.
    let sign = |key: &VotingKey, message: &[u8]| hazmat::sign(key, message, &[1; 32]).map(hex::encode).map_err(broken);
    let good = sign(&key, &message)?;
    let public = Some(hex::encode(key.public()));
    let given =
        |motion: &MotionIn, sig: &str| TokenIn { motion: motion.clone(), key: public.clone(), sig: sig.to_owned() };
    draft.accepts("PROC-66", OWN, "yes", given(&yes, &good), Verified { verified: true }, 0);
    let (no, no_message) = motion(process(), 1, [3; 32], state, false);
    draft.accepts("PROC-66", OWN, "no", given(&no, &sign(&key, &no_message)?), Verified { verified: true }, 0);
    let elsewhere = |process, index, previous, state| motion(process, index, previous, state, true).0;
    for (motion, comment) in [
        (no, "a yes taken for a no"),
        (elsewhere(process(), 2, [3; 32], state), "replayed at another index"),
        (elsewhere(process(), 1, [4; 32], state), "replayed after another state"),
        (elsewhere(process(), 1, [3; 32], [5; 32]), "for another state"),
        (elsewhere(format!("{TXID}:2"), 1, [3; 32], state), "for another process"),
    ] {
        draft.refuses("PROC-65", OWN, comment, given(&motion, &good), "bad-signature");
    }
    let replaced = |at: usize| {
        let digit = if &good[at..=at] == "0" { "1" } else { "0" };
        let mut text = good.clone();
        text.replace_range(at..=at, digit);
        text
    };
    for (sig, comment) in [
        (sign(&other, &message)?, "signed by another device"),
        (replaced(0), "the first digit changed"),
        (replaced(127), "the last digit changed"),
        (good[..126].to_owned(), "63 bytes"),
        (format!("{good}00"), "65 bytes"),
        (good.to_uppercase(), "upper case"),
        (String::new(), "nothing"),
        ("zz".repeat(64), "no hexadecimal"),
        ("00".repeat(64), "zeros"),
    ] {
        draft.refuses("PROC-66", OWN, comment, given(&yes, &sig), "bad-signature");
    }
    let unknown = TokenIn { key: None, ..given(&yes, &good) };
    draft.refuses("PROC-66", OWN, "a device that is not in the directory", unknown, "bad-signature");
    let wrong = TokenIn { key: Some("ff".repeat(32)), ..given(&yes, &good) };
    draft.refuses("PROC-66", OWN, "a key that is not on the curve", wrong, "bad-signature");
    Ok(draft)
}

/// Three members; the first two with one device, the third with three.
fn members() -> Vec<Paired> {
    let paired = |number: usize, devices: &[&str]| Paired {
        id: member(number),
        addresses: devices.iter().map(|&device| device.to_owned()).collect(),
    };
    vec![paired(0, &["a"]), paired(1, &["b"]), paired(2, &["c1", "c2", "c3"])]
}

fn acceptance() -> Draft<Acceptance> {
    let mut draft = Draft::ours("process/acceptance", "proc-accept");
    let yes = |device: &str| (device.to_owned(), Vote::Yes);
    let no = |device: &str| (device.to_owned(), Vote::No);
    let set = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    let given = |roles: String, changed: &[&str], votes: Vec<(String, Vote)>| AcceptanceIn {
        roles,
        names: set(&["doc", "free", "price"]),
        changed: set(changed),
        members: members(),
        votes: votes
            .into_iter()
            .map(|(device, vote)| VoteIn { signer: device.clone(), device, vote, replayed: false })
            .collect(),
    };
    let output = |outcome: &str| AcceptanceOut { outcome: outcome.into(), contradicting: vec![], forged: vec![] };
    let all =
        |quorum: u16, devices: u16| document(&[("all", role(&[0, 1, 2], &[(devices, quorum, &["#roles", "doc"])]))]);
    for (quorum, devices, votes, outcome, rule, comment) in [
        (6_600, 0, vec![], "pending", "PROC-63", "nobody has voted"),
        (6_600, 0, vec![yes("a")], "pending", "PROC-63", "one of three, two needed"),
        (6_600, 0, vec![yes("a"), yes("b")], "satisfied", "PROC-63", "two of three"),
        (6_600, 0, vec![yes("a"), yes("a"), yes("a")], "pending", "PROC-61", "one device three times"),
        (6_600, 0, vec![yes("a"), yes("x"), yes("y")], "pending", "PROC-61", "two from outside"),
        (
            6_600,
            0,
            vec![yes("a"), yes("c1"), yes("c2")],
            "satisfied",
            "PROC-62",
            "two devices of one member are one voice",
        ),
        (
            6_600,
            0,
            vec![yes("c1"), yes("c2"), yes("c3")],
            "pending",
            "PROC-62",
            "three devices of one member are one voice",
        ),
        (6_600, 0, vec![no("a")], "pending", "PROC-63", "one against, two can still agree"),
        (6_600, 0, vec![no("a"), no("b")], "rejected", "PROC-63", "two against"),
        (6_600, 0, vec![no("a"), yes("b"), yes("c1")], "satisfied", "PROC-63", "two against one"),
        (10_000, 0, vec![no("a")], "rejected", "PROC-63", "everybody is needed, one is against"),
        (10_000, 0, vec![yes("a"), yes("b"), yes("c3")], "satisfied", "PROC-63", "everybody"),
        (10_000, 6_600, vec![yes("a"), yes("b"), yes("c1")], "pending", "PROC-62", "one of three devices, two needed"),
        (10_000, 6_600, vec![yes("a"), yes("b"), yes("c1"), yes("c3")], "satisfied", "PROC-62", "two of three devices"),
        (10_000, 10_000, vec![yes("a"), yes("b"), yes("c1"), yes("c3")], "pending", "PROC-62", "all devices needed"),
        (10_000, 6_600, vec![no("c1")], "pending", "PROC-62", "one device against"),
        (10_000, 6_600, vec![no("c1"), no("c2")], "rejected", "PROC-62", "two devices against"),
        (
            10_000,
            0,
            vec![yes("a"), yes("b"), yes("c1"), no("c2")],
            "pending",
            "PROC-62",
            "a member whose devices disagree says nothing",
        ),
        (0, 0, vec![], "satisfied", "PROC-61", "no votes needed"),
        (0, 0, vec![no("a"), no("b"), no("c1")], "satisfied", "PROC-61", "no votes needed, all are against"),
        (1, 0, vec![yes("c2")], "satisfied", "PROC-61", "the smallest part is one member"),
    ] {
        let flag = if rule == "PROC-63" { STATED } else { OWN };
        draft.accepts(rule, flag, comment, given(all(quorum, devices), &["doc"], votes), output(outcome), 0);
    }
    let both = given(all(6_600, 0), &["doc"], vec![yes("a"), no("a"), yes("b")]);
    let contradicting = AcceptanceOut { contradicting: vec!["a".into()], ..output("pending") };
    draft.accepts("PROC-62", OWN, "a device that votes both ways counts for neither", both, contradicting, 0);
    let mut forged = given(all(6_600, 0), &["doc"], vec![yes("a"), yes("b")]);
    forged.votes[1].signer = "a".into();
    let reported = AcceptanceOut { forged: vec!["b".into()], ..output("pending") };
    draft.accepts("PROC-66", OWN, "a vote signed by another device", forged, reported.clone(), 0);
    let mut replayed = given(all(6_600, 0), &["doc"], vec![yes("a"), yes("b")]);
    replayed.votes[1].replayed = true;
    draft.accepts("PROC-65", OWN, "a vote on the same content at another place", replayed, reported, 0);
    let nobody = document(&[("none", role(&[], &[(0, 1, &["doc"])]))]);
    draft.accepts(
        "PROC-61",
        OWN,
        "a role without members",
        given(nobody, &["doc"], vec![yes("a")]),
        output("rejected"),
        0,
    );
    let unpaired = document(&[("far", role(&[4], &[(0, 1, &["doc"])]))]);
    draft.accepts(
        "PROC-62",
        OWN,
        "a member without devices",
        given(unpaired, &["doc"], vec![yes("a")]),
        output("pending"),
        0,
    );
    let overlapping = |first: u16, second: u16| {
        document(&[
            ("a", role(&[0], &[(0, first, &["#roles", "doc"])])),
            ("b", role(&[1, 2], &[(0, second, &["doc", "price"])])),
        ])
    };
    for (changed, votes, outcome, comment) in [
        (&["doc"][..], vec![yes("a")], "satisfied", "one of two rules is enough"),
        (&["doc"], vec![yes("b")], "pending", "halves of two rules do not add up"),
        (&["doc"], vec![yes("b"), yes("c1")], "satisfied", "the other rule"),
        (&["doc"], vec![no("a")], "pending", "one rule rejects, the other can still agree"),
        (&["doc"], vec![no("a"), no("b")], "rejected", "both rules reject"),
        (&["doc", "price"], vec![yes("a")], "pending", "every changed name needs a rule"),
        (&["doc", "price"], vec![yes("a"), no("b")], "rejected", "one name is rejected"),
        (&["doc", "price"], vec![yes("b"), yes("c2")], "satisfied", "one rule over both names"),
        (&["#roles"], vec![yes("a")], "satisfied", "the roles document"),
        (&["#roles"], vec![yes("b"), yes("c1")], "pending", "the roles document, by those whom no rule lets"),
        (&["#roles", "price"], vec![yes("a"), yes("b"), yes("c1")], "satisfied", "roles and a name, by two rules"),
    ] {
        draft.accepts(
            "PROC-64",
            STATED,
            comment,
            given(overlapping(10_000, 10_000), changed, votes),
            output(outcome),
            0,
        );
    }
    for (changed, comment) in [(&["free"][..], "a name in no rule"), (&["doc", "free"], "one of two names in no rule")]
    {
        let votes = vec![yes("a"), yes("b"), yes("c1"), yes("c2"), yes("c3")];
        draft.refuses("PROC-64", OWN, comment, given(overlapping(10_000, 10_000), changed, votes), "uncovered");
    }
    for votes in [vec![], vec![yes("a"), yes("b"), yes("c1"), yes("c2"), yes("c3")]] {
        let nothing = given(overlapping(10_000, 10_000), &[], votes);
        draft.refuses("PROC-64", OWN, "nothing changed", nothing, "unchanged");
    }
    let without = document(&[("b", role(&[1], &[(0, 0, &["doc"])]))]);
    draft.refuses(
        "PROC-64",
        OWN,
        "roles that nobody may change",
        given(without, &["#roles"], vec![yes("b")]),
        "uncovered",
    );
    draft
}
