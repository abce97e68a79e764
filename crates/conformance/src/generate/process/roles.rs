//! `roles`, `entitlement`, `quorum`.

use super::{Draft, Files, GenerateError, OWN, STATED, TXID, json, member};
use crate::kinds::process::roles::{
    Entitlement, EntitlementIn, EntitlementOut, Paired, Quorum, QuorumIn, QuorumOut, RolesOut, RolesRead, Text,
};

pub(super) fn add(files: &mut Files) -> Result<(), GenerateError> {
    read().finish(files)?;
    entitlement().finish(files)?;
    quorum().finish(files)
}

/// A role with these members and rules; a rule is its device quorum, quorum and fields.
pub(super) fn role(members: &[usize], rules: &[(u16, u16, &[&str])]) -> String {
    let mut members: Vec<_> = members.iter().map(|&number| format!("\"{}\"", member(number))).collect();
    members.sort();
    let rule = |(devices, quorum, fields): &(u16, u16, &[&str])| {
        let fields: Vec<_> = fields.iter().map(|field| format!("\"{field}\"")).collect();
        format!("{{\"device_quorum\":{devices},\"fields\":[{}],\"quorum\":{quorum}}}", fields.join(","))
    };
    let mut rules: Vec<_> = rules.iter().map(rule).collect();
    rules.sort();
    format!("{{\"members\":[{}],\"rules\":[{}]}}", members.join(","), rules.join(","))
}

pub(super) fn document(roles: &[(&str, String)]) -> String {
    let roles: Vec<_> = roles.iter().map(|(name, role)| format!("\"{name}\":{role}")).collect();
    format!("{{{}}}", roles.join(","))
}

fn read() -> Draft<RolesRead> {
    let mut draft = Draft::ours("process/roles", "proc-roles");
    let owner = document(&[("owner", role(&[0], &[(0, 10_000, &["#roles", "doc", "title"])]))]);
    let two = document(&[
        ("a", role(&[2, 0, 1], &[(0, 0, &["doc"]), (10_000, 5_000, &["#roles"]), (0, 1, &["doc", "é"])])),
        ("b", role(&[], &[])),
    ]);
    let many = document(&[("a", format!("{{\"members\":[\"{TXID}:1\",\"{TXID}:10\",\"{TXID}:9\"],\"rules\":[]}}"))]);
    for (text, members, comment) in [
        (owner.clone(), vec![member(0)], "the worked example"),
        (
            two.clone(),
            vec![member(0), member(1), member(2)],
            "two roles, one of them empty, rules in the order of their texts",
        ),
        ("{}".to_owned(), vec![], "no roles"),
        (many.clone(), vec![format!("{TXID}:1"), format!("{TXID}:10"), format!("{TXID}:9")], "members sorted as texts"),
    ] {
        let output = RolesOut { members, encoded: hex::encode(json(&text)) };
        draft.accepts("PROC-31", STATED, comment, Text { text }, output, 0);
    }
    draft.accepts(
        "PROC-30",
        OWN,
        "a role without members or rules is legal",
        Text { text: document(&[("r", role(&[], &[]))]) },
        RolesOut { members: vec![], encoded: hex::encode(json(&document(&[("r", role(&[], &[]))]))) },
        0,
    );
    let swap = |from: &str, to: &str| {
        let changed = owner.replacen(from, to, 1);
        assert_ne!(changed, owner, "{from}");
        changed
    };
    for (text, comment) in [
        (swap("\"#roles\",\"doc\"", "\"doc\",\"#roles\""), "fields in another order"),
        (swap("\"doc\"", "\"doc\",\"doc\""), "a field twice"),
        (swap("\"#roles\"", "\"#other\""), "a field that is no name"),
        (swap("10000", "10001"), "a quorum above the whole"),
        (swap("10000", "-1"), "a negative quorum"),
        (swap("10000", "0.5"), "a quorum that is a float"),
        (swap("10000", "1e4"), "a quorum in another spelling"),
        (swap("10000", "\"10000\""), "a quorum that is text"),
        (swap("\"device_quorum\":0,", ""), "no device quorum"),
        (swap("\"device_quorum\":0", "\"device_quorum\":65536"), "a device quorum of 17 bits"),
        (swap("\"quorum\":10000", "\"quorum\":10000,\"weight\":1"), "another member of a rule"),
        (swap("\"members\"", "\"more\":1,\"members\""), "another member of a role"),
        (swap(",\"rules\":", " ,\"rules\":"), "white space"),
        (swap(":0\"]", ":00\"]"), "a member in another spelling"),
        (swap("\"owner\"", "\"#owner\""), "a role that is no name"),
        (swap("\"owner\"", "\"\""), "a role without a name"),
        (
            two.replacen(
                &format!("\"{}\",\"{}\"", member(0), member(1)),
                &format!("\"{}\",\"{}\"", member(1), member(0)),
                1,
            ),
            "members in another order",
        ),
        (many.replacen(":10\",", ":1\",", 1), "a member twice"),
        ("[]".into(), "a list"),
        (String::new(), "nothing"),
        ("{\"a\":null}".into(), "a role that is null"),
    ] {
        draft.refuses("PROC-31", OWN, comment, Text { text }, "malformed");
    }
    draft
}

fn entitlement() -> Draft<Entitlement> {
    let mut draft = Draft::ours("process/entitlement", "proc-entitled");
    let roles = document(&[
        ("auditor", role(&[3], &[])),
        ("buyer", role(&[1, 2], &[(0, 10_000, &["price"])])),
        ("seller", role(&[0], &[(0, 10_000, &["cost"]), (0, 10_000, &["price", "title"])])),
    ]);
    let devices = |number: usize, count: usize| (0..count).map(|device| format!("device-{number}-{device}")).collect();
    let members: Vec<_> =
        (0..5).map(|number| Paired { id: member(number), addresses: devices(number, number + 1) }).collect();
    let given = |attribute: &str, who: Option<usize>| EntitlementIn {
        roles: roles.clone(),
        private: vec!["cost".into(), "nobody".into(), "price".into()],
        public: vec!["title".into()],
        members: members.clone(),
        attribute: attribute.into(),
        member: who.map(member),
    };
    let all = |numbers: &[usize]| -> Vec<String> {
        let mut all: Vec<String> =
            numbers.iter().flat_map(|&number| -> Vec<String> { devices(number, number + 1) }).collect();
        all.sort();
        all
    };
    for (attribute, who, entitled, in_roles, to) in [
        ("price", 0, true, true, &[0, 1, 2][..]),
        ("price", 1, true, true, &[0, 1, 2]),
        ("price", 2, true, true, &[0, 1, 2]),
        ("price", 3, false, true, &[0, 1, 2]),
        ("price", 4, false, false, &[0, 1, 2]),
        ("cost", 0, true, true, &[0]),
        ("cost", 1, false, true, &[0]),
        ("nobody", 0, false, true, &[]),
        ("nobody", 4, false, false, &[]),
        ("title", 4, true, false, &[]),
        ("title", 0, true, true, &[]),
        ("absent", 0, false, true, &[]),
    ] {
        let rule = if to.len() > 1 { "PROC-51" } else { "PROC-50" };
        let output = EntitlementOut { entitled, in_roles, devices: all(to) };
        draft.accepts(rule, STATED, format!("{attribute}, member {who}"), given(attribute, Some(who)), output, 0);
    }
    draft.refuses("PROC-90", STATED, "a device that is not paired", given("price", None), "not-paired");
    draft
}

fn quorum() -> Draft<Quorum> {
    let mut draft = Draft::ours("process/quorum", "proc-quorum");
    for (fraction, basis_points, members, required, without_votes) in [
        ("0.33", 3_300, 3, 1, "pending"),
        ("0.34", 3_400, 3, 2, "pending"),
        ("0.66", 6_600, 3, 2, "pending"),
        ("0.67", 6_700, 3, 3, "pending"),
        ("1", 10_000, 3, 3, "pending"),
        ("1.0", 10_000, 3, 3, "pending"),
        ("1.0000", 10_000, 1, 1, "pending"),
        ("0.01", 100, 1, 1, "pending"),
        ("0.0001", 1, 1, 1, "pending"),
        ("0.0001", 1, 10_000, 1, "pending"),
        ("0.0001", 1, 10_001, 2, "pending"),
        ("0.07", 700, 100, 7, "pending"),
        ("0.15", 1_500, 100, 15, "pending"),
        ("0.29", 2_900, 100, 29, "pending"),
        ("0.57", 5_700, 100, 57, "pending"),
        ("0.5", 5_000, 4, 2, "pending"),
        ("0.5", 5_000, 5, 3, "pending"),
        ("0.5001", 5_001, 4, 3, "pending"),
        ("1", 10_000, 4_294_967_295, 4_294_967_295, "pending"),
        ("0", 0, 3, 0, "satisfied"),
        ("0.0000", 0, 0, 0, "satisfied"),
    ] {
        let output = QuorumOut { basis_points, required, without_votes: without_votes.into() };
        let flag = if fraction == "0.07" || fraction == "0.15" { STATED } else { OWN };
        draft.accepts(
            "PROC-60",
            flag,
            format!("{fraction} of {members}"),
            QuorumIn { fraction: fraction.into(), members },
            output,
            0,
        );
    }
    let nobody = QuorumOut { basis_points: 1, required: 0, without_votes: "rejected".into() };
    draft.accepts(
        "PROC-61",
        OWN,
        "nobody is in the role",
        QuorumIn { fraction: "0.0001".into(), members: 0 },
        nobody,
        0,
    );
    for text in [
        "", ".", "0.", ".5", "00", "01", "1.1", "1.00001", "0.00001", "2", "-0", "-1", "+0", "0,5", "0.5 ", " 0.5",
        "50%", "1e0", "0x1", "0.+1", "1.0001", "NaN", "٠",
    ] {
        let input = QuorumIn { fraction: text.into(), members: 3 };
        draft.refuses("PROC-60", OWN, format!("{text:?} is no fraction"), input, "bad-value");
    }
    draft
}
