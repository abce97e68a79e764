//! Identities, wrapped keys and secrets of a generated bundle.

use super::{Mix, Shape, Way};
use crate::inputs::Failure;
use sealwright_envelope::SymKey;
use sealwright_identity::Identity;
use sealwright_session::UnverifiedDevice;
use sealwright_session::group::{
    CreatedGroup, GroupIds, GroupKeyPairs, MemberDevices, Membership, MessageKeyOrigin, create_group,
};
use sealwright_types::{DeviceId, GroupId, MessageId, SessionId, UserId, b64};
use sealwright_wrap::record::{Created, DeviceToken};
use sealwright_wrap::{KeyHash, KeySize, PublicKey, symmetric, wrap};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::thread;

/// Sessions whose records are made at once: making a token takes a private thread's time, writing it does not.
const AT_ONCE: usize = 8_192;

/// Everything that is wrapped for somebody.
pub(super) struct Secrets {
    users: Vec<Identity>,
    /// Its message key is wrapped for the first user.
    group: CreatedGroup,
    /// Its message key is wrapped for nobody who is in the bundle.
    lost_group: CreatedGroup,
}

impl Secrets {
    pub(super) fn make(shape: &Shape) -> Result<Self, Failure> {
        let generate = |number| -> Result<Identity, Failure> {
            let (user, device) = (shape.id("user", number), shape.id("device", number));
            Ok(Identity::generate(UserId::from_bytes(user)?, DeviceId::from_bytes(device)?, KeySize::Rsa2048)?)
        };
        let users = (0..shape.users.max(1)).map(generate).collect::<Result<Vec<_>, _>>()?;
        let first = users.first().ok_or("no user")?;
        let stranger = generate(usize::MAX)?;
        Ok(Self { group: group(shape, "group", first)?, lost_group: group(shape, "lost group", &stranger)?, users })
    }

    /// Writes all files of records.
    pub(super) fn write(&self, bundle: &Path, shape: &Shape) -> Result<(), Failure> {
        let description = json!({"format": "sealwright-bundle-1", "appId": app(shape)?});
        fs::write(bundle.join("bundle.json"), description.to_string())?;
        for (number, identity) in self.users.iter().enumerate() {
            fs::write(bundle.join(format!("identities/user{number}.bin")), identity.to_bson().expose())?;
        }
        let mut files = Files::create(bundle)?;
        for line in self.shared(shape)? {
            files.write(&line)?;
        }
        let sessions: Vec<usize> = (0..shape.sessions).collect();
        for some in sessions.chunks(AT_ONCE) {
            for line in self.records(shape, some)? {
                files.write(&line)?;
            }
        }
        files.finish()
    }

    /// The records of some sessions, made by all cores.
    fn records(&self, shape: &Shape, sessions: &[usize]) -> Result<Vec<Record>, Failure> {
        let cores = thread::available_parallelism()?.get();
        let share = sessions.len().div_ceil(cores).max(1);
        thread::scope(|scope| {
            let make = |part: &[usize]| -> Result<Vec<Record>, String> {
                let all = part.iter().map(|&session| self.of_session(shape, session));
                all.collect::<Result<Vec<_>, _>>().map(|all| all.concat()).map_err(|error| error.to_string())
            };
            let parts: Vec<_> = sessions.chunks(share).map(|part| scope.spawn(move || make(part))).collect();
            let mut records = Vec::new();
            for part in parts {
                records.extend(part.join().map_err(|_| "a thread panicked")??);
            }
            Ok(records)
        })
    }

    /// Proxies, groups and secrets, which many sessions share.
    fn shared(&self, shape: &Shape) -> Result<Vec<Record>, Failure> {
        let mut records = Vec::new();
        if matches!(shape.mix, Mix::Everything | Mix::Proxied) {
            for proxy in 0..shape.proxies {
                let key = shape.key("proxy", proxy)?;
                records.push(self.token(shape.session("proxy", proxy)?, &key, proxy)?);
            }
        }
        if shape.mix == Mix::Everything {
            // Behind the first proxy, hence no proxy that normal use would take.
            let far = (shape.session("far proxy", 0)?, shape.key("far proxy", 0)?);
            let near = (shape.session("proxy", 0)?, shape.key("proxy", 0)?);
            records.push(behind(far.0, &far.1, near.0, &near.1)?);
            for group in [&self.group, &self.lost_group] {
                records.push(Record::new("group-keys", serde_json::to_value(&group.record)?));
                records.extend(group.tokens.iter().map(token_record));
            }
            let over_encryption = shape.key("over-encryption", 0)?;
            let raw = b64::encode(over_encryption.expose());
            records.push(Record::new("over-encryption-keys", json!({"rawOverEncryptionKey": raw})));
        }
        Ok(records)
    }

    fn of_session(&self, shape: &Shape, number: usize) -> Result<Vec<Record>, Failure> {
        let (session, key) = (shape.session("session", number)?, shape.key("session", number)?);
        let sealed = |data: Vec<u8>| b64::encode(data);
        let id = uuid(shape.id("sub-record", number));
        let symmetric_key = shape.key("SymEncKey", number)?;
        let sym_enc_key = || -> Result<Record, Failure> {
            let data = sealed(symmetric::wrap(&key, &symmetric_key)?);
            Ok(Record::new("sym-enc-keys", json!({"sessionId": session, "symEncKeyId": id, "data": data})))
        };
        Ok(match Way::of(number, shape.mix) {
            Way::Direct => vec![self.token(session, &key, number)?],
            Way::Shared => vec![self.token(session, &key, number)?, self.token(session, &key, number + 1)?],
            Way::Proxy => {
                // Every tenth has a token alone, so that the last digit would leave proxies without sessions.
                let proxy = number / 10 % shape.proxies.max(1);
                // It has a token too: a plan has to see that the proxy is cheaper.
                let behind = behind(session, &key, shape.session("proxy", proxy)?, &shape.key("proxy", proxy)?)?;
                if shape.mix == Mix::Proxied { vec![behind, self.token(session, &key, number)?] } else { vec![behind] }
            }
            Way::Known => {
                vec![Record::new("session-keys", json!({"sessionId": session, "key": b64::encode(key.expose())}))]
            }
            Way::Group => vec![group_token(session, &key, &self.group)?],
            Way::LostGroup => vec![group_token(session, &key, &self.lost_group)?],
            Way::SymEncKey => {
                let raw = b64::encode(symmetric_key.expose());
                let secret = json!({"symEncKeyId": id, "sessionId": session, "rawSymKey": raw});
                vec![sym_enc_key()?, Record::new("sym-enc-key-secrets", secret)]
            }
            Way::NoSecret => vec![sym_enc_key()?],
            Way::Tmr => {
                let data = sealed(symmetric::wrap(&key, &shape.key("over-encryption", 0)?)?);
                vec![Record::new("tmr-accesses", json!({"sessionId": session, "tmrAccessId": id, "data": data}))]
            }
            Way::Stranger => {
                let hash = b64::encode(shape.bytes("nobody's key", number));
                let token = b64::encode([7; 256]);
                vec![Record::new(
                    "message-keys",
                    json!({"sessionId": session, "createdForKeyHash": hash, "token": token}),
                )]
            }
            Way::FarProxy => vec![behind(session, &key, shape.session("far proxy", 0)?, &shape.key("far proxy", 0)?)?],
        })
    }

    /// A token for the user whose turn it is.
    fn token(&self, session: SessionId, key: &SymKey, turn: usize) -> Result<Record, Failure> {
        let identity = self.users.get(turn % self.users.len()).ok_or("no user")?;
        let public = identity.current().encryption.public();
        token(session, key, identity.device(), public)
    }
}

/// A line and the file that it belongs to.
#[derive(Clone)]
struct Record {
    file: &'static str,
    line: Value,
}

impl Record {
    fn new(file: &'static str, line: Value) -> Self {
        Self { file, line }
    }
}

fn token(session: SessionId, key: &SymKey, device: DeviceId, public: &PublicKey) -> Result<Record, Failure> {
    let created_for_key_hash: Option<KeyHash> = Some(public.hash());
    let token = wrap(key, public)?.into();
    Ok(token_record(&DeviceToken {
        session_id: session,
        device_id: Some(device),
        created_for_key_hash,
        token,
        revoked: false,
    }))
}

fn token_record(token: &DeviceToken) -> Record {
    Record::new("message-keys", serde_json::to_value(token).unwrap_or_default())
}

fn group_token(session: SessionId, key: &SymKey, group: &CreatedGroup) -> Result<Record, Failure> {
    token(session, key, group.group.device(), group.group.current().keys.encryption.public())
}

fn behind(session: SessionId, key: &SymKey, proxy: SessionId, under: &SymKey) -> Result<Record, Failure> {
    let data = b64::encode(symmetric::wrap(key, under)?);
    Ok(Record::new("proxy-keys", json!({"sessionId": session, "proxySessionId": proxy, "data": data})))
}

/// A group of one member.
fn group(shape: &Shape, name: &str, member: &Identity) -> Result<CreatedGroup, Failure> {
    let ids = GroupIds {
        group: GroupId::from_bytes(shape.id(name, 0))?,
        device: DeviceId::from_bytes(shape.id(name, 1))?,
        message: MessageId::from_bytes(shape.id(name, 2))?,
    };
    let membership = Membership::founded_by(member.user(), &[member.user()], &[member.user()])?;
    let encryption_key = member.current().encryption.public().clone();
    let devices = vec![UnverifiedDevice { id: member.device(), encryption_key }];
    let devices = [MemberDevices { user: member.user(), devices }];
    let keys = GroupKeyPairs::generate(KeySize::Rsa2048)?;
    Ok(create_group(
        ids,
        &membership,
        &devices,
        keys,
        MessageKeyOrigin::Random,
        Created::from_unix_milliseconds(1_700_000_000_000),
    )?)
}

fn app(shape: &Shape) -> Result<SessionId, Failure> {
    shape.session("application", 0)
}

fn uuid(id: [u8; 16]) -> Value {
    SessionId::from_bytes(id).map_or(Value::Null, |id| json!(id))
}

/// The files of records, each made with its first line.
struct Files<'a> {
    bundle: &'a Path,
    open: Vec<(&'static str, BufWriter<File>)>,
}

impl<'a> Files<'a> {
    fn create(bundle: &'a Path) -> Result<Self, Failure> {
        Ok(Self { bundle, open: Vec::new() })
    }

    fn write(&mut self, record: &Record) -> Result<(), Failure> {
        if !self.open.iter().any(|(name, _)| *name == record.file) {
            let file = File::create_new(self.bundle.join(format!("{}.jsonl", record.file)))?;
            self.open.push((record.file, BufWriter::new(file)));
        }
        let file = self.open.iter_mut().find(|(name, _)| *name == record.file);
        let (_, file) = file.ok_or("no file")?;
        Ok(writeln!(file, "{}", record.line)?)
    }

    fn finish(self) -> Result<(), Failure> {
        for (_, mut file) in self.open {
            file.flush()?;
        }
        Ok(())
    }
}
