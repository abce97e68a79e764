//! How sigchains and questions about rights are put to the program.

use super::Verdict;
use super::ask::{run, told};
use crate::place::Place;
use serde_json::{Value, json};

/// `sigchain verify`.
pub(super) fn sigchain(place: &Place, test: &Value) -> Result<Vec<Verdict>, &'static str> {
    let input = &test["in"];
    place.file("chain", input["chain"].as_str().unwrap());
    let at = input["now"].to_string();
    let mut arguments = vec!["sigchain", "verify", "chain", "--at", &at, "--json"];
    if input["strict"] == true {
        arguments.push("--strict");
    }
    let output = run(place, &arguments);
    Ok(vec![told(place, &output, &["chain"]).map(|told| {
        let hashes: Value = told["blocks"].as_array().unwrap().iter().map(|block| block["hash"].clone()).collect();
        json!({ "devices": devices(&told), "members": told["members"], "hashes": hashes })
    })])
}

pub(super) fn sigchain_told(output: &Value) -> Value {
    json!({ "devices": devices(output), "members": output["members"], "hashes": output["hashes"] })
}

/// Ids, hashes of keys, expiry, and whether a device was revoked.
fn devices(told: &Value) -> Value {
    let device = |device: &Value| {
        let revoked = device["revoked"] == true || device["state"] == "revoked";
        json!([device["device"], device["encryptionKeyHash"], device["signingKeyHash"], device["expireAt"], revoked])
    };
    told["devices"].as_array().unwrap().iter().map(device).collect()
}

/// `rights decide`. The last step is the question; whatever is decided is an answer.
pub(super) fn rights(place: &Place, test: &Value) -> Result<Vec<Verdict>, &'static str> {
    place.file("scenario", test["in"].to_string());
    let output = run(place, &["rights", "decide", "scenario", "--json"]);
    Ok(vec![told(place, &output, &["scenario"]).and_then(|told| {
        let code = told["decisions"].as_array().unwrap().last().unwrap()["code"].as_str();
        code.map_or(Ok(told.clone()), |code| Err(code.to_owned()))
    })])
}
