//! Which keys records lead to, in the most obvious way: every rule is a search through all records.

use super::{Device, GROUP, Made, Options, SESSIONS};
use sealwright_session::Route;
use std::collections::BTreeSet;

/// The rules, written down as they stand in docs/spec/SESSIONS.md.
pub(super) struct Reference {
    made: Vec<Made>,
    options: Options,
    /// A token names a device that is nobody's, and the key that opens it: that it is a group's which is sealed still, no plan tells.
    pub(super) may_surprise: bool,
}

impl Reference {
    pub(super) fn new(made: &[Made], options: Options) -> Self {
        let mut once: Vec<Made> = Vec::new();
        for record in made {
            // A key that is known twice is tried twice, without effect.
            if !once.contains(record) {
                once.push(*record);
            }
        }
        let may_surprise = |record: &Made| matches!(record, Made::Token { device: Device::Another, hash: Some(_), .. });
        Self { may_surprise: once.iter().any(may_surprise), made: once, options }
    }

    /// Whether a record may be opened at all (EMK-14).
    fn lives(&self, revoked: bool) -> bool {
        !revoked || self.options.open_revoked
    }

    /// How many records lead to the session, known keys apart.
    pub(super) fn records(&self, wanted: u8) -> usize {
        let leads = |record: &&Made| match record {
            Made::Token { session, .. }
            | Made::Proxy { session, .. }
            | Made::SymEncKey { session, .. }
            | Made::Tmr { session, .. } => *session == wanted,
            _ => false,
        };
        self.made.iter().filter(leads).count()
    }

    fn known(&self, wanted: u8) -> Vec<u8> {
        let holds = |record: &Made| match record {
            Made::Known { session, holds } if *session == wanted => Some(*holds),
            _ => None,
        };
        self.made.iter().filter_map(holds).collect()
    }

    /// What tokens hold that one of these private keys opens (EMK-10 to EMK-13).
    fn tokens(&self, wanted: u8, mine: &[u8]) -> Vec<u8> {
        let opens = |record: &Made| {
            // The device is a hint only (EMK-15).
            let Made::Token { session, holds, recipient, hash, device: _, revoked } = *record else { return None };
            let fits = hash.is_none_or(|hash| hash == recipient) || self.options.try_all;
            (session == wanted && self.lives(revoked) && fits && mine.contains(&recipient)).then_some(holds)
        };
        self.made.iter().filter_map(opens).collect()
    }

    fn own(&self, session: u8) -> Vec<u8> {
        self.tokens(session, &[0, 1])
    }

    /// PROXY-02, GRP-03.
    fn directly(&self, session: u8) -> BTreeSet<u8> {
        self.known(session).into_iter().chain(self.own(session)).collect()
    }

    fn group_keys(&self) -> Vec<u8> {
        let opens = |record: &Made| match record {
            Made::GroupKey { message, under } => self.directly(*message).contains(under),
            _ => false,
        };
        if self.made.iter().any(opens) { vec![GROUP] } else { Vec::new() }
    }

    fn proxies(&self, wanted: u8) -> Vec<u8> {
        let opens = |record: &Made| match *record {
            Made::Proxy { session, by, holds, under, revoked } => {
                let tried = session == wanted && by != session && self.lives(revoked);
                (tried && self.directly(by).contains(&under)).then_some(holds)
            }
            _ => None,
        };
        self.made.iter().filter_map(opens).collect()
    }

    fn sym_enc_keys(&self, wanted: u8) -> Vec<u8> {
        let opens = |record: &Made| match *record {
            Made::SymEncKey { session, lock, holds, under, revoked } => {
                let secret = Made::SymEncKeySecret { lock, key: under };
                (session == wanted && self.lives(revoked) && self.made.contains(&secret)).then_some(holds)
            }
            _ => None,
        };
        self.made.iter().filter_map(opens).collect()
    }

    fn tmr_accesses(&self, wanted: u8) -> Vec<u8> {
        let opens = |record: &Made| match *record {
            Made::Tmr { session, lock, holds, under, revoked } => {
                let named = Made::OverEncryptionKey { lock: Some(lock), key: under };
                let unnamed = Made::OverEncryptionKey { lock: None, key: under };
                let has = self.made.contains(&named) || self.made.contains(&unnamed);
                (session == wanted && self.lives(revoked) && has).then_some(holds)
            }
            _ => None,
        };
        self.made.iter().filter_map(opens).collect()
    }

    /// All keys in the order of SES-22, each once; tokens after the first that opens come last.
    pub(super) fn keys(&self, session: u8) -> Vec<(Route, u8)> {
        let own = self.own(session);
        let (first, further) = own.split_at(own.len().min(1));
        let groups = self.tokens(session, &self.group_keys());
        let mut keys: Vec<(Route, u8)> = Vec::new();
        for (route, found) in [
            (Route::Known, self.known(session)),
            (Route::Direct, first.to_vec()),
            (Route::Group, groups),
            (Route::Proxy, self.proxies(session)),
            (Route::SymEncKey, self.sym_enc_keys(session)),
            (Route::Tmr, self.tmr_accesses(session)),
            (Route::Direct, further.to_vec()),
        ] {
            for key in found {
                if keys.iter().all(|(_, known)| *known != key) {
                    keys.push((route, key));
                }
            }
        }
        keys
    }

    /// Whether some chain of proxies leads from a session that opens otherwise (PROXY-08).
    pub(super) fn reaches(&self, session: u8) -> bool {
        let opens = |session: &u8| self.keys(*session).iter().any(|(route, _)| *route != Route::Proxy);
        let mut reached: BTreeSet<u8> = (0..SESSIONS).filter(opens).collect();
        loop {
            let before = reached.len();
            for record in &self.made {
                if let Made::Proxy { session, by, revoked, .. } = *record
                    && self.lives(revoked)
                    && by != session
                    && reached.contains(&by)
                {
                    reached.insert(session);
                }
            }
            if reached.len() == before {
                return reached.contains(&session);
            }
        }
    }
}
