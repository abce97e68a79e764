//! `session/resolve.json` and `session/reasons.json`: every way to a session's key, and why there is none.

use super::envelope::sealed;
use super::peer::Peer;
use super::world::{ALSO_MINE, GROUP, MINE, STRANGER, World, but, id, key, over, proxy, raw, sym_enc_key, tmr_access};
use super::{Draft, Files, GenerateError, broken};
use crate::kinds::session_resolve::{
    Input, KnownKey, Output, OverKey, Reasons, Record, Secret, SessionReasons, SessionResolve,
};
use sealwright_kdf::{AppIdText, Password, sym_enc_key_key};
use sealwright_types::b64;
use serde_json::{Value, json};

const APP: &str = "12345678-1234-4abc-8def-1234567890ab";
const PASSWORD: &str = "correct horse";

pub(super) fn add(peer: &Peer<'_>, files: &mut Files) -> Result<(), GenerateError> {
    let world = World::read(peer)?;
    world.ways()?.finish(files)?;
    world.reasons()?.finish(files)
}

/// Rule, comment, records, the code of the whole, the codes of the records.
type Case<'a> = (&'a str, &'a str, Vec<Record>, &'a str, &'a [&'a str]);

impl World {
    fn ways(&self) -> Result<Draft<SessionResolve>, GenerateError> {
        let mut draft = Draft::ours("session/resolve", "resolve");
        self.direct(&mut draft)?;
        self.groups(&mut draft)?;
        self.proxies(&mut draft)?;
        self.shared_secrets(&mut draft)?;
        self.several(&mut draft)?;
        Ok(draft)
    }

    fn direct(&self, draft: &mut Draft<SessionResolve>) -> Result<(), GenerateError> {
        let device = ("deviceId", json!(id("no device")));
        for (rule, comment, records) in [
            ("SES-30", "a token for the current key", vec![self.token("s", MINE)?]),
            ("SES-30", "a token for another key of the same user", vec![self.token("s", ALSO_MINE)?]),
            ("EMK-15", "a token that names a device nobody knows", vec![but(self.token("s", MINE)?, &[device])?]),
            (
                "EMK-11",
                "a token without hash",
                vec![but(self.token("s", ALSO_MINE)?, &[("createdForKeyHash", Value::Null)])?],
            ),
            ("EMK-13", "behind a token for a stranger", vec![self.token("s", STRANGER)?, self.token("s", MINE)?]),
        ] {
            draft.valid(rule, comment, self.looking_for("s", records), found("s", "direct"), 64);
        }
        let known = vec![KnownKey { session: id("s"), key: b64::encode(key("s")) }];
        let given = Input { known_keys: known, ..self.looking_for("s", vec![self.token("s", STRANGER)?]) };
        draft.valid("SES-01", "a key that is there already", given, found("s", "known"), 64);
        let hash = ("createdForKeyHash", json!(self.key(ALSO_MINE)?.hash().to_string()));
        let wrong_hash = || Ok::<_, GenerateError>(vec![but(self.token("s", MINE)?, std::slice::from_ref(&hash))?]);
        draft.invalid(
            "EMK-12",
            "the hash of another key",
            self.looking_for("s", wrong_hash()?),
            "no-token",
            &["WrongHash"],
        );
        let all = Input { try_all_keys: true, ..self.looking_for("s", wrong_hash()?) };
        draft.valid("EMK-12", "the hash of another key, all keys tried", all, found("s", "direct"), 64);
        draft.invalid("SES-30", "no record at all", self.looking_for("s", Vec::new()), "no-token", &["Delegation"]);
        draft.invalid(
            "SES-30",
            "a token for a stranger only",
            self.looking_for("s", vec![self.token("s", STRANGER)?]),
            "no-token",
            &["Delegation"],
        );
        let revoked = || Ok::<_, GenerateError>(vec![but(self.token("s", MINE)?, &[("revoked", json!(true))])?]);
        draft.invalid("EMK-14", "a revoked token", self.looking_for("s", revoked()?), "revoked", &["Delegation"]);
        let recovery = Input { open_revoked: true, ..self.looking_for("s", revoked()?) };
        draft.valid("EMK-14", "a revoked token, opened on request", recovery, found("s", "direct"), 64);
        Ok(())
    }

    fn groups(&self, draft: &mut Draft<SessionResolve>) -> Result<(), GenerateError> {
        let (group, message) = (self.group()?, self.token("message", MINE)?);
        let good = vec![group.clone(), message.clone(), self.for_group("s")?];
        draft.valid("GRP-02", "a token for a group", self.looking_for("s", good), found("s", "group"), 64);
        let unnamed = vec![group.clone(), message.clone(), self.token("s", GROUP)?];
        let comment = "a token that does not say that it is for a group";
        draft.valid("GRP-02", comment, self.looking_for("s", unnamed), found("s", "group"), 64);
        let stranger = ("deviceId", json!(id("no device")));
        let no_hash = ("createdForKeyHash", Value::Null);
        let wrong_hash = ("createdForKeyHash", json!(self.key(ALSO_MINE)?.hash().to_string()));
        for (rule, comment, changes) in [
            ("EMK-15", "a token for a group that names a device nobody knows", vec![stranger.clone()]),
            ("EMK-15", "the same without hash", vec![stranger.clone(), no_hash.clone()]),
            (
                "EMK-11",
                "a token for a group that names neither device nor hash",
                vec![("deviceId", Value::Null), no_hash],
            ),
        ] {
            let records = vec![group.clone(), message.clone(), but(self.for_group("s")?, &changes)?];
            draft.valid(rule, comment, self.looking_for("s", records), found("s", "group"), 64);
        }
        let records = || {
            Ok::<_, GenerateError>(vec![
                group.clone(),
                message.clone(),
                but(self.for_group("s")?, &[stranger.clone(), wrong_hash.clone()])?,
            ])
        };
        let comment = "a token for a group with a stranger's device and the hash of another key";
        draft.invalid("EMK-12", comment, self.looking_for("s", records()?), "no-token", &["WrongHash"]);
        let all = Input { try_all_keys: true, ..self.looking_for("s", records()?) };
        draft.valid("EMK-12", format!("{comment}, all keys tried"), all, found("s", "group"), 64);
        let given = vec![KnownKey { session: id("message"), key: b64::encode(key("message")) }];
        let known = Input { known_keys: given, ..self.looking_for("s", vec![group.clone(), self.for_group("s")?]) };
        draft.valid("GRP-03", "the message key of the group is known", known, found("s", "group"), 64);
        // A second generation whose message key is out of reach changes nothing.
        let renewed =
            but(group.clone(), &[("messageId", json!(id("later message"))), ("created", json!(2_000_000_000))])?;
        let old = vec![renewed, group.clone(), message.clone(), self.for_group("s")?];
        draft.valid(
            "GRP-04",
            "a token for a former key of the group",
            self.looking_for("s", old),
            found("s", "group"),
            64,
        );
        let not_at_hand = vec![group.clone(), self.for_group("s")?];
        let missing = "group-key-missing";
        draft.invalid(
            "SES-23",
            "the message key of the group is not at hand",
            self.looking_for("s", not_at_hand),
            missing,
            &["Delegation"],
        );
        for (comment, more) in [
            ("through a proxy", vec![self.token("p", MINE)?, proxy("message", "p")?]),
            ("through the group itself", vec![self.for_group("message")?]),
            ("through a chain of proxies", vec![self.token("q", MINE)?, proxy("p", "q")?, proxy("message", "p")?]),
        ] {
            let records = [vec![group.clone(), self.for_group("s")?], more].concat();
            let comment = format!("the message key of the group is reached {comment}");
            draft.invalid("GRP-03", comment, self.looking_for("s", records), missing, &["Delegation"]);
        }
        let other = but(group.clone(), &[("messageId", json!(id("other message")))])?;
        let wrong = vec![other, self.token("other message", MINE)?, self.for_group("s")?];
        let comment = "the keys of the group are sealed under another message key";
        draft.invalid("GRP-02", comment, self.looking_for("s", wrong), missing, &["Delegation"]);
        Ok(())
    }

    fn proxies(&self, draft: &mut Draft<SessionResolve>) -> Result<(), GenerateError> {
        let good = || Ok::<_, GenerateError>(vec![proxy("s", "p")?, self.token("p", MINE)?]);
        draft.valid(
            "PROXY-01",
            "a proxy that an own token opens",
            self.looking_for("s", good()?),
            found("s", "proxy"),
            64,
        );
        let mutual = [good()?, vec![proxy("p", "s")?]].concat();
        draft.valid("PROXY-05", "two proxies of each other", self.looking_for("s", mutual), found("s", "proxy"), 64);
        let twice = [good()?, good()?].concat();
        draft.valid("PROXY-05", "a proxy that was added twice", self.looking_for("s", twice), found("s", "proxy"), 64);
        let not_direct = "proxy-not-direct";
        let (group, message) = (self.group()?, self.token("message", MINE)?);
        let chain = vec![proxy("s", "p")?, proxy("p", "q")?, self.token("q", MINE)?];
        let through_group = vec![proxy("s", "p")?, group, message, self.for_group("p")?];
        let unnamed = |changes| {
            let mut records = through_group.clone();
            records.pop();
            Ok::<_, GenerateError>([records, vec![but(self.for_group("p")?, changes)?]].concat())
        };
        let no_device = ("deviceId", Value::Null);
        for (rule, comment, records) in [
            ("PROXY-02", "a proxy of a proxy", chain.clone()),
            ("PROXY-03", "a proxy that a group opens", through_group.clone()),
            ("PROXY-03", "the same, where the token names no device", unnamed(std::slice::from_ref(&no_device))?),
            (
                "PROXY-03",
                "the same, where it names no hash either",
                unnamed(&[no_device.clone(), ("createdForKeyHash", Value::Null)])?,
            ),
        ] {
            draft.invalid(rule, comment, self.looking_for("s", records.clone()), not_direct, &["Delegation"]);
            let recovery = Input { follow_proxy_chains: true, ..self.looking_for("s", records) };
            let output = Output { chain: true, ..found("s", "proxy") };
            draft.valid("PROXY-08", format!("{comment}, followed on request"), recovery, output, 64);
        }
        let by_secret = vec![proxy("s", "p")?, sym_enc_key("p", &key("raw"))?];
        let by_secret = Input { sym_enc_key_secrets: vec![raw("p")], ..self.looking_for("s", by_secret) };
        draft.invalid("PROXY-02", "a proxy that a SymEncKey opens", by_secret, not_direct, &["Delegation"]);
        let by_factor = vec![proxy("s", "p")?, tmr_access("p")?];
        let by_factor = Input { over_encryption_keys: vec![over("p")], ..self.looking_for("s", by_factor) };
        draft.invalid("PROXY-02", "a proxy that a TMR access opens", by_factor, not_direct, &["Delegation"]);
        let itself = vec![but(proxy("s", "p")?, &[("proxySessionId", json!(id("s")))])?];
        draft.invalid(
            "PROXY-05",
            "a session that is its own proxy",
            self.looking_for("s", itself),
            "no-token",
            &["Delegation"],
        );
        let own = vec![proxy("s", "p")?, self.token("p", STRANGER)?];
        draft.invalid("PROXY-01", "a proxy for a stranger", self.looking_for("s", own), "no-token", &["Delegation"]);
        let damaged = vec![but(proxy("s", "p")?, &[("data", json!(b64::encode([7; 128])))])?, self.token("p", MINE)?];
        draft.invalid(
            "PROXY-01",
            "a proxy key that is damaged",
            self.looking_for("s", damaged),
            "no-token",
            &["EarlyRelease"],
        );
        let revoked = vec![but(proxy("s", "p")?, &[("revoked", json!(true))])?, self.token("p", MINE)?];
        draft.invalid(
            "PROXY-07",
            "a revoked proxy",
            self.looking_for("s", revoked.clone()),
            "revoked",
            &["Delegation"],
        );
        let recovery = Input { open_revoked: true, ..self.looking_for("s", revoked) };
        draft.valid("PROXY-07", "a revoked proxy, opened on request", recovery, found("s", "proxy"), 64);
        Ok(())
    }

    fn shared_secrets(&self, draft: &mut Draft<SessionResolve>) -> Result<(), GenerateError> {
        let derived = {
            let (password, app) = (Password::new(PASSWORD).map_err(broken)?, AppIdText::new(APP).map_err(broken)?);
            let session = id("s").parse().map_err(broken)?;
            sym_enc_key_key(&password, &app, session).map_err(broken)?.expose().to_vec()
        };
        let with_password = |password: &str, app: Option<&str>| {
            let secret =
                Secret { sym_enc_key_id: id("SymEncKey of s"), password: Some(password.to_owned()), raw_sym_key: None };
            let records = vec![sym_enc_key("s", &derived)?];
            let app_id = app.map(str::to_owned);
            Ok::<_, GenerateError>(Input {
                app_id,
                sym_enc_key_secrets: vec![secret],
                ..self.looking_for("s", records)
            })
        };
        let by = |secrets| {
            let records = vec![sym_enc_key("s", &key("raw"))?];
            Ok::<_, GenerateError>(Input { sym_enc_key_secrets: secrets, ..self.looking_for("s", records) })
        };
        draft.valid(
            "SEK-01",
            "a SymEncKey with its password",
            with_password(PASSWORD, Some(APP))?,
            found("s", "symEncKey"),
            64,
        );
        draft.invalid(
            "SEK-01",
            "another password",
            with_password("correct horsf", Some(APP))?,
            "no-token",
            &["Delegation"],
        );
        let other_app = Some("12345678-1234-4abc-8def-1234567890ac");
        draft.invalid(
            "SEK-01",
            "the password in another application",
            with_password(PASSWORD, other_app)?,
            "no-token",
            &["Delegation"],
        );
        draft.invalid(
            "SEK-01",
            "a password without the application",
            with_password(PASSWORD, None)?,
            "app-id-missing",
            &["Delegation"],
        );
        draft.valid("SEK-02", "a SymEncKey with its raw key", by(vec![raw("s")])?, found("s", "symEncKey"), 64);
        let wrong = Secret { raw_sym_key: Some(b64::encode(key("another raw"))), ..raw("s") };
        draft.invalid("SEK-02", "another raw key", by(vec![wrong])?, "no-token", &["Delegation"]);
        let elsewhere = Secret { sym_enc_key_id: id("another SymEncKey"), ..raw("s") };
        draft.invalid("SEK-02", "the raw key of another SymEncKey", by(vec![elsewhere])?, "no-secret", &["Delegation"]);
        let by_access = |keys| {
            let records = vec![tmr_access("s")?];
            Ok::<_, GenerateError>(Input { over_encryption_keys: keys, ..self.looking_for("s", records) })
        };
        draft.valid("TMR-01", "a TMR access with its key", by_access(vec![over("s")])?, found("s", "tmr"), 64);
        let unnamed = OverKey { tmr_access_id: None, ..over("s") };
        let wrong = OverKey { tmr_access_id: None, key: b64::encode(key("another over")) };
        let several = by_access(vec![wrong.clone(), unnamed])?;
        draft.valid("TMR-02", "every key is tried on an access that names none", several, found("s", "tmr"), 64);
        draft.invalid("TMR-01", "another over-encryption key", by_access(vec![wrong])?, "no-token", &["Delegation"]);
        draft.invalid("TMR-01", "no over-encryption key", by_access(Vec::new())?, "no-secret", &["Delegation"]);
        Ok(())
    }

    /// SES-10 and SES-22: every way leads to another key.
    fn several(&self, draft: &mut Draft<SessionResolve>) -> Result<(), GenerateError> {
        let other = |way: &str| key(&format!("s by {way}"));
        let device = ("deviceId", json!(id("group device")));
        let data =
            |way: &str, under: &[u8]| Ok::<_, GenerateError>(json!(b64::encode(sealed(under, way, &other(way))?)));
        let mut ways = vec![
            ("direct", vec![self.token_with("s", &other("direct"), MINE)?]),
            (
                "group",
                vec![
                    self.group()?,
                    self.token("message", MINE)?,
                    but(self.token_with("s", &other("group"), GROUP)?, &[device])?,
                ],
            ),
            ("proxy", vec![self.token("p", MINE)?, but(proxy("s", "p")?, &[("data", data("proxy", &key("p"))?)])?]),
            ("symEncKey", vec![but(sym_enc_key("s", &key("raw"))?, &[("data", data("symEncKey", &key("raw"))?)])?]),
            ("tmr", vec![but(tmr_access("s")?, &[("data", data("tmr", &key("over"))?)])?]),
        ];
        while let Some((first, _)) = ways.first() {
            let first = *first;
            let records: Vec<_> = ways.iter().rev().flat_map(|(_, records)| records.clone()).collect();
            let input = Input {
                sym_enc_key_secrets: vec![raw("s")],
                over_encryption_keys: vec![over("s")],
                ..self.looking_for("s", records)
            };
            let mut keys = ways.iter().map(|(way, _)| b64::encode(other(way)));
            let output =
                Output { key: keys.next().unwrap_or_default(), other_keys: keys.collect(), ..found("s", first) };
            draft.valid("SES-22", format!("{first} before what is more delegated"), input, output, 64);
            ways.remove(0);
        }
        let same = vec![self.token("s", MINE)?, self.token("p", MINE)?, proxy("s", "p")?];
        draft.valid("SES-10", "two ways to one key", self.looking_for("s", same), found("s", "direct"), 64);
        let tokens =
            vec![self.token_with("s", &other("direct"), MINE)?, self.token_with("s", &other("group"), ALSO_MINE)?];
        let ordered = Input { order_matters: true, ..self.looking_for("s", tokens) };
        let output = Output {
            key: b64::encode(other("direct")),
            other_keys: vec![b64::encode(other("group"))],
            ..found("s", "direct")
        };
        draft.valid("SES-10", "two tokens with different keys", ordered, output, 64);
        let damaged = but(self.token("s", MINE)?, &[("token", json!(b64::encode([7; 128])))])?;
        let next = vec![damaged.clone(), self.token("p", MINE)?, proxy("s", "p")?];
        draft.valid("SES-11", "a damaged token, then a proxy", self.looking_for("s", next), found("s", "proxy"), 64);
        draft.invalid(
            "SES-11",
            "a damaged token alone",
            self.looking_for("s", vec![damaged]),
            "no-token",
            &["Delegation"],
        );
        let proxies = [self.token_with("p", &other("proxy"), ALSO_MINE)?, self.token("p", MINE)?, proxy("s", "p")?];
        let comment = "the second of two different keys of the proxy opens it";
        draft.valid("SES-10", comment, self.looking_for("s", proxies.to_vec()), found("s", "proxy"), 64);
        Ok(())
    }

    fn reasons(&self) -> Result<Draft<SessionReasons>, GenerateError> {
        let mut draft = Draft::ours("session/reasons", "reasons");
        let group = self.group()?;
        let revoked = but(self.token("s", MINE)?, &[("revoked", json!(true))])?;
        let itself = but(proxy("s", "p")?, &[("proxySessionId", json!(id("s")))])?;
        let delegated = [proxy("s", "p")?, proxy("p", "q")?];
        let all = vec![
            self.token("s", STRANGER)?,
            revoked.clone(),
            group.clone(),
            self.for_group("s")?,
            itself.clone(),
            proxy("s", "r")?,
            sym_enc_key("s", &key("raw"))?,
            tmr_access("s")?,
        ];
        let cases: [Case<'_>; 9] = [
            ("SES-11", "nothing at all", Vec::new(), "no-token", &["no-token"]),
            ("SES-11", "a token for a stranger", vec![self.token("s", STRANGER)?], "no-token", &["no-token"]),
            ("EMK-14", "a revoked token", vec![revoked], "revoked", &["revoked"]),
            (
                "SES-23",
                "a group whose key is missing",
                vec![group, self.for_group("s")?],
                "group-key-missing",
                &["group-key-missing"],
            ),
            ("PROXY-05", "its own proxy", vec![itself], "no-token", &["proxy-self"]),
            ("PROXY-02", "a proxy of a proxy", delegated.to_vec(), "proxy-not-direct", &["proxy-not-direct"]),
            (
                "SEK-01",
                "a SymEncKey without its secret",
                vec![sym_enc_key("s", &key("raw"))?],
                "no-secret",
                &["no-secret"],
            ),
            ("TMR-01", "an access without its key", vec![tmr_access("s")?], "no-secret", &["no-secret"]),
            (
                "SES-11",
                "one reason for each record",
                all,
                "group-key-missing",
                &["no-token", "revoked", "group-key-missing", "proxy-self", "no-token", "no-secret", "no-secret"],
            ),
        ];
        for (rule, comment, records, error, reasons) in cases {
            let reasons = reasons.iter().map(|&reason| reason.to_owned()).collect();
            let output = Reasons { error: error.to_owned(), reasons };
            draft.valid(rule, comment, self.looking_for("s", records), output, 0);
        }
        let good = self.looking_for("s", vec![self.token("s", MINE)?]);
        draft.invalid("SES-11", "a session that opens has no reasons", good, "resolved", &["Delegation"]);
        Ok(draft)
    }
}

fn found(session: &str, route: &str) -> Output {
    let flow = match route {
        "direct" => Some(1),
        "group" => Some(2),
        "proxy" => Some(3),
        "symEncKey" => Some(5),
        "tmr" => Some(6),
        _ => None,
    };
    let key = b64::encode(key(session));
    Output { key, route: route.to_owned(), flow, chain: false, other_keys: Vec::new() }
}
