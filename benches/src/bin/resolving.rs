//! 100,000 sessions of which 90 % sit behind 100 proxies: private-key operations and the time of planning.
//!
//! ```text
//! cargo run --release -p sealwright-benches --bin resolving [rounds]
//! ```
//!
//! Each session behind a proxy has a token of its own too, so that a plan has to see that the proxies are cheaper. The operations are those that the
//! resolver did, counted where it does them; every key is compared with the right one. Planning is measured in time on the processor, by one thread, the fastest
//! round counts. Fails when more than 10,100 operations were done, when the plan said another number, or when planning takes a second. Linux only.
#![allow(clippy::print_stdout, reason = "it is a program")]

use sealwright_benches::inputs::Failure;
use sealwright_benches::processor::processor_seconds;
use sealwright_envelope::SymKey;
use sealwright_session::{Costs, Keyring, Policy, Records, Resolver, Route};
use sealwright_types::SessionId;
use sealwright_wrap::record::{DeviceToken, ProxyKey};
use sealwright_wrap::{KeySize, PrivateKey, symmetric, wrap};
use std::sync::Arc;

const SESSIONS: usize = 100_000;
const PROXIES: usize = 100;
/// Sessions that have a token only.
const DIRECT: usize = SESSIONS / 10;
const MOST_OPERATIONS: u64 = (DIRECT + PROXIES) as u64;
const MOST_SECONDS: f64 = 1.0;

/// The records of all sessions. Keys tell their session: its id four times.
struct World {
    mine: Arc<PrivateKey>,
    proxies: Vec<ProxyKey>,
    tokens: Vec<DeviceToken>,
    needed: Vec<SessionId>,
}

fn main() -> Result<(), Failure> {
    let rounds = std::env::args().nth(1).map_or(Ok(3), |rounds| rounds.parse::<u32>())?;
    let world = World::make()?;
    let mut best = f64::INFINITY;
    for _ in 1..rounds {
        best = best.min(world.plan()?.1);
    }
    let (resolver, seconds, expected) = {
        let (resolver, seconds, expected) = world.plan()?;
        (resolver, best.min(seconds), expected)
    };
    println!("planning: {:.0} ms for {SESSIONS} sessions; {expected} operations expected", seconds * 1e3);
    let mut by_proxy = 0;
    for &session in &world.needed {
        let resolved = resolver.resolve(session)?;
        by_proxy += usize::from(resolved.route == Route::Proxy);
        if resolved.sym_key().is_none_or(|key| key.expose() != key_of(session)) {
            return Err(format!("a wrong key for {session}").into());
        }
    }
    let operations = resolver.operations();
    println!("resolving: {operations} private-key operations; {by_proxy} sessions through proxies");
    if operations > MOST_OPERATIONS || operations != expected {
        return Err(format!("{operations} operations, {expected} expected, at most {MOST_OPERATIONS} wanted").into());
    }
    if seconds >= MOST_SECONDS { Err("planning takes a second".into()) } else { Ok(()) }
}

fn key_of(session: SessionId) -> [u8; SymKey::LENGTH] {
    let mut key = [0; SymKey::LENGTH];
    key.chunks_exact_mut(16).for_each(|part| part.copy_from_slice(session.as_bytes()));
    key
}

impl World {
    fn make() -> Result<Self, Failure> {
        let mine = Arc::new(PrivateKey::generate(KeySize::Rsa2048)?);
        let ids = |count| (0..count).map(|_| SessionId::random()).collect::<Result<Vec<_>, _>>();
        let (proxy_ids, mut needed) = (ids(PROXIES)?, ids(SESSIONS)?);
        let (mut proxies, mut tokens) = (Vec::new(), Vec::new());
        let own = |session_id: SessionId, token: Vec<u8>| {
            let created_for_key_hash = Some(mine.hash());
            DeviceToken { session_id, device_id: None, created_for_key_hash, token: token.into(), revoked: false }
        };
        for &proxy in &proxy_ids {
            tokens.push(own(proxy, wrap(&SymKey::from_bytes(&key_of(proxy))?, mine.public())?));
        }
        let proxy_keys = proxy_ids.iter().map(|&id| SymKey::from_bytes(&key_of(id))).collect::<Result<Vec<_>, _>>()?;
        for (place, &session) in needed.iter().enumerate() {
            let key = SymKey::from_bytes(&key_of(session))?;
            if place < DIRECT {
                tokens.push(own(session, wrap(&key, mine.public())?));
                continue;
            }
            // Never opened: making a real one would only take time.
            tokens.push(own(session, vec![1; mine.modulus_length()]));
            let (by, under) = (place % PROXIES, &proxy_keys);
            if let (Some(&proxy_session_id), Some(under)) = (proxy_ids.get(by), under.get(by)) {
                let data = symmetric::wrap(&key, under)?.into();
                proxies.push(ProxyKey { session_id: session, proxy_session_id, data, revoked: false });
            }
        }
        needed.sort_unstable();
        Ok(Self { mine, proxies, tokens, needed })
    }

    /// A resolver with its plan, the seconds that this took, and the operations that are expected.
    fn plan(&self) -> Result<(Resolver, f64, u64), Failure> {
        let (proxies, tokens) = (self.proxies.clone(), self.tokens.clone());
        let started = processor_seconds()?;
        let (mut keyring, mut records) = (Keyring::default(), Records::default());
        keyring.add(Arc::clone(&self.mine), None);
        proxies.into_iter().for_each(|proxy| records.add_proxy(proxy));
        tokens.into_iter().for_each(|token| records.add_token(token));
        let mut resolver = Resolver::new(keyring, records, Policy::default());
        resolver.plan(&self.needed, &Costs::default());
        if let Some(session) = self.needed.iter().find(|&&session| resolver.promising(session).is_err()) {
            return Err(format!("no way to {session}").into());
        }
        let expected = resolver.expected_operations(&self.needed);
        Ok((resolver, processor_seconds()? - started, expected))
    }
}
