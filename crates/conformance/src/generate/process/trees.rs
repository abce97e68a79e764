//! `tree`, `proof`.

use super::reference::{commit, proof, tagged, tree};
use super::{Draft, Files, GenerateError, OWN, STATED, binary, json, member, process};
use crate::kinds::process::trees::{Leaf, ProofIn, ProofVerify, Tree, TreeIn, TreeOut, Verified};

pub(super) fn add(files: &mut Files) -> Result<(), GenerateError> {
    trees().finish(files)?;
    proofs().finish(files)
}

type Leaves = Vec<(String, u8, [u8; 32])>;

fn numbered(count: u8) -> Leaves {
    (0..count).map(|number| (format!("a{number}"), 0, [number; 32])).collect()
}

/// The state of the worked example.
pub(super) fn worked() -> Leaves {
    let roles = format!(
        r##"{{"owner":{{"members":["{}"],"rules":[{{"device_quorum":0,"fields":["#roles","doc","title"],"quorum":10000}}]}}}}"##,
        member(0)
    );
    vec![
        ("#roles".into(), 2, commit(&process(), "#roles", &json(&roles), None)),
        ("doc".into(), 0, commit(&process(), "doc", &binary("text/plain", b"hello"), None)),
        ("title".into(), 1, commit(&process(), "title", &json("\"é\""), None)),
    ]
}

fn input(leaves: &Leaves) -> TreeIn {
    let leaf = |(label, class, commitment): &(String, u8, [u8; 32])| Leaf {
        label: label.clone(),
        class: *class,
        commitment: hex::encode(commitment),
    };
    TreeIn { leaves: leaves.iter().map(leaf).collect() }
}

fn output(leaves: &Leaves) -> TreeOut {
    let mut sorted = leaves.clone();
    sorted.sort();
    let (root, paths) = tree(leaves);
    let proofs = sorted.iter().zip(paths).map(|((_, class, _), path)| proof(*class, &path, &root));
    TreeOut { state_id: hex::encode(root), proofs: proofs.collect() }
}

fn trees() -> Draft<Tree> {
    let mut draft = Draft::ours("process/tree", "proc-tree");
    for count in [1, 2, 3, 4, 5, 7, 8, 9] {
        let mut leaves = numbered(count);
        draft.accepts("PROC-40", OWN, format!("{count} leaves"), input(&leaves), output(&leaves), 0);
        leaves.reverse();
        draft.accepts(
            "PROC-40",
            OWN,
            format!("{count} leaves, the last one first"),
            input(&leaves),
            output(&leaves),
            0,
        );
    }
    draft.accepts("PROC-40", OWN, "the worked example", input(&worked()), output(&worked()), 0);
    let mut classes = numbered(3);
    for (class, leaf) in classes.iter_mut().enumerate() {
        leaf.1 = class as u8;
    }
    draft.accepts("PROC-40", OWN, "each class", input(&classes), output(&classes), 0);
    let odd: Leaves = vec![("!".into(), 0, [1; 32]), ("#roles".into(), 2, [2; 32]), ("$".into(), 1, [3; 32])];
    draft.accepts("PROC-40", OWN, "names before and behind the roles", input(&odd), output(&odd), 0);
    draft.refuses("PROC-40", OWN, "no leaves", input(&Vec::new()), "malformed");
    draft
}

fn proofs() -> Draft<ProofVerify> {
    let mut draft = Draft::ours("process/proof", "proc-proof");
    let given = |proof: String, commitment: &[u8], root: &[u8]| ProofIn {
        proof,
        commitment: hex::encode(commitment),
        state_id: hex::encode(root),
    };
    let verified = || Verified { verified: true };
    for leaves in [numbered(1), numbered(2), numbered(3), numbered(5), numbered(8), worked()] {
        let (root, paths) = tree(&leaves);
        for ((label, class, commitment), path) in leaves.iter().zip(&paths) {
            let text = proof(*class, path, &root);
            let about = format!("{label} of {} leaves", leaves.len());
            draft.accepts("PROC-41", STATED, about.clone(), given(text.clone(), commitment, &root), verified(), 0);
            let mut refuse = |comment: &str, input| {
                draft.refuses("PROC-41", STATED, format!("{about}: {comment}"), input, "rejected");
            };
            refuse("another commitment", given(text.clone(), &[0x77; 32], &root));
            refuse("another state", given(text.clone(), commitment, &[0x77; 32]));
            refuse("another root in the proof", given(proof(*class, path, &[0x77; 32]), commitment, &root));
            refuse("another class", given(proof((class + 1) % 3, path, &root), commitment, &root));
            if path.is_empty() {
                let more = [([0x77; 32], 'R')];
                refuse("a step too many", given(proof(*class, &more, &root), commitment, &root));
                continue;
            }
            refuse("the first step left out", given(proof(*class, &path[1..], &root), commitment, &root));
            let mut changed = path.clone();
            changed[0].0[0] ^= 1;
            refuse("a sibling changed", given(proof(*class, &changed, &root), commitment, &root));
            let mut turned = path.clone();
            turned[0].1 = if turned[0].1 == 'L' { 'R' } else { 'L' };
            refuse("a side turned", given(proof(*class, &turned, &root), commitment, &root));
            if path.len() > 1 {
                let mut swapped = path.clone();
                swapped.swap(0, 1);
                refuse("two steps swapped", given(proof(*class, &swapped, &root), commitment, &root));
            }
        }
    }
    // A node is no leaf: leaves have a tag of their own.
    let leaves = numbered(4);
    let (root, _) = tree(&leaves);
    let leaf = |number: usize| tagged("leaf", &[&[0], &leaves[number].2]);
    let (left, right) = (tagged("node", &[&leaf(0), &leaf(1)]), tagged("node", &[&leaf(2), &leaf(3)]));
    let text = proof(0, &[(right, 'R')], &root);
    draft.refuses("PROC-41", OWN, "an inner node in the place of a commitment", given(text, &left, &root), "rejected");
    let good = proof(0, &[], &tree(&numbered(1)).0);
    let long = proof(0, &vec![([1; 32], 'R'); 65], &root);
    let most = proof(0, &vec![([1; 32], 'R'); 64], &root);
    draft.refuses("PROC-41", OWN, "64 steps that lead elsewhere", given(most, &[0; 32], &root), "rejected");
    for (text, comment) in [
        (long, "65 steps"),
        (good.replace("\"class\":0", "\"class\":3"), "a class that is none"),
        (good.replace("\"class\":0", "\"class\":\"0\""), "a class that is text"),
        (good.replace("\"path\":[]", "\"path\":null"), "no path"),
        (good.replace(":[]", ": []"), "white space"),
        (good.replace("\"class\":0,", ""), "no class"),
        (good.replace("\"class\":0,", "\"class\":0,\"class\":0,"), "a class twice"),
        (good.replace("\"class\":0,", "\"class\":0,\"more\":0,"), "another member"),
        (proof(0, &[([1; 32], 'X')], &root), "a side that is none"),
        (good.to_uppercase(), "upper case"),
        (String::new(), "nothing"),
    ] {
        draft.refuses("PROC-41", OWN, comment, given(text, &[0; 32], &root), "malformed");
    }
    draft
}
