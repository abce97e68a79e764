//! Why no record led to a session's key: one reason for each (SES-11).

use super::Resolver;
use crate::closed::{Closed, Reason};
use crate::records::{PasswordOrKey, SessionRecords};
use sealwright_types::SessionId;
use sealwright_wrap::KeyHash;
use sealwright_wrap::record::{DeviceToken, SymEncKeyRecord};

impl Resolver {
    pub(super) fn closed(&self, session: SessionId, records: &SessionRecords) -> Closed {
        let has_group_key = |hash| self.group_keyring().has(hash);
        Closed { reasons: self.reasons(session, records, |proxy| self.directly(proxy).next().is_some(), has_group_key) }
    }

    /// Why no own token leads to the session.
    pub(crate) fn closed_direct(&self, session: SessionId) -> Closed {
        let records = self.records.get(session).unwrap_or_default();
        let reasons: Vec<_> = records
            .tokens
            .iter()
            .map(|token| match token.device_id {
                _ if token.revoked => Reason::Revoked,
                device => Reason::NoToken { device },
            })
            .collect();
        Closed { reasons: if reasons.is_empty() { vec![Reason::NoRecord] } else { reasons } }
    }

    /// One reason for each record, given which sessions are reached directly and which keys of groups are at hand.
    pub(crate) fn reasons(
        &self,
        session: SessionId,
        records: &SessionRecords,
        is_direct: impl Fn(SessionId) -> bool,
        has_group_key: impl Fn(KeyHash) -> bool,
    ) -> Vec<Reason> {
        let tokens = records.tokens.iter().map(|token| match (token.device_id, token.created_for_key_hash) {
            _ if self.is_skipped(token.revoked) => Reason::Revoked,
            (_, Some(hash)) if has_group_key(hash) => Reason::Rejected,
            (Some(device), wanted) if self.records.is_group_device(device) => {
                Reason::GroupKeyMissing { device, group: self.records.group_of(device), wanted }
            }
            (device, _) => Reason::NoToken { device },
        });
        let proxies = records.proxies.iter().map(|link| {
            let proxy = link.proxy_session_id;
            match &self.records.get(proxy) {
                _ if self.is_skipped(link.revoked) => Reason::Revoked,
                _ if proxy == session => Reason::ProxySelf { proxy },
                Some(_) if is_direct(proxy) => Reason::Rejected,
                Some(by) if self.has_delegated_ways(by, &has_group_key) => Reason::ProxyNotDirect { proxy },
                _ => Reason::ProxyClosed { proxy },
            }
        });
        let sym_enc_keys = records.sym_enc_keys.iter().map(|record| self.why_no_sym_enc_key(record));
        let tmr_accesses = records.tmr_accesses.iter().map(|access| {
            if self.is_skipped(access.revoked) {
                Reason::Revoked
            } else if self.records.over_encryption_keys_of(access).next().is_none() {
                Reason::OverEncryptionKeyMissing { id: access.tmr_access_id }
            } else {
                Reason::Rejected
            }
        });
        let reasons: Vec<_> = tokens.chain(proxies).chain(sym_enc_keys).chain(tmr_accesses).collect();
        if reasons.is_empty() { vec![Reason::NoRecord] } else { reasons }
    }

    fn why_no_sym_enc_key(&self, record: &SymEncKeyRecord) -> Reason {
        let id = record.sym_enc_key_id;
        let secrets = self.records.secrets_of(id);
        let all_passwords = secrets.iter().all(|secret| matches!(secret.secret, PasswordOrKey::Password(_)));
        match secrets {
            _ if self.is_skipped(record.revoked) => Reason::Revoked,
            [] => Reason::SymEncKeySecretMissing { id },
            _ if all_passwords && self.records.app.is_none() => Reason::AppIdMissing { id },
            _ => Reason::Rejected,
        }
    }

    /// Whether something else than a user's own token leads to the session.
    fn has_delegated_ways(&self, records: &SessionRecords, has_group_key: impl Fn(KeyHash) -> bool) -> bool {
        let for_group = |token: &DeviceToken| match (token.device_id, token.created_for_key_hash) {
            (Some(device), _) if self.records.is_group_device(device) => true,
            (_, Some(hash)) => has_group_key(hash),
            // Whoever it is for, it does not say.
            (device, None) => device.is_none() && self.records.has_groups(),
        };
        !(records.proxies.is_empty() && records.sym_enc_keys.is_empty() && records.tmr_accesses.is_empty())
            || records.tokens.iter().any(for_group)
    }
}
