//! What operations cost on this machine: a short measurement with keys of our own making, before time is promised (EGR-22).

use sealwright_envelope::SymKey;
use sealwright_kdf::{AppIdText, Password, sym_enc_key_key};
use sealwright_session::{Costs, Keyring, Work};
use sealwright_types::SessionId;
use sealwright_wrap::{symmetric, unwrap, wrap};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// How long each kind of operation is measured.
const LONG_ENOUGH: Duration = Duration::from_millis(20);

/// Measures the operations of which there is something to do. What fails or is not at hand keeps its usual cost.
pub(crate) fn measure(work: &Work, keyring: &Keyring) -> Costs {
    let mut costs = Costs::default();
    let Ok(key) = SymKey::generate() else { return costs };
    for &bits in work.private_key.keys() {
        // A token that we made: nothing of the bundle is opened.
        let private = keyring.keys().find(|private| private.bits() == bits);
        if let Some((private, token)) = private.and_then(|private| Some((private, wrap(&key, private.public()).ok()?)))
        {
            costs.set_private_key(bits, nanoseconds(|| unwrap(private, &token).is_ok()));
        }
    }
    if work.symmetric > 0
        && let Ok(data) = symmetric::wrap(&key, &key)
    {
        costs.symmetric = nanoseconds(|| symmetric::unwrap(&data, &key).is_ok());
    }
    if work.scrypt > 0
        && let (Ok(password), Ok(app), Ok(session)) =
            (Password::new("calibration"), AppIdText::new("calibration"), SessionId::random())
    {
        costs.scrypt = nanoseconds(|| sym_enc_key_key(&password, &app, session).is_ok());
    }
    costs
}

/// The shortest of several tries: whatever else the machine does only makes them longer.
fn nanoseconds(operation: impl Fn() -> bool) -> u64 {
    let (begin, mut best) = (Instant::now(), Duration::MAX);
    while best == Duration::MAX || begin.elapsed() < LONG_ENOUGH {
        let started = Instant::now();
        black_box(operation());
        best = best.min(started.elapsed());
    }
    u64::try_from(best.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sealwright_wrap::{KeySize, PrivateKey};
    use std::sync::Arc;

    #[test]
    fn what_there_is_to_do_is_measured_and_nothing_else() {
        let (usual, mut keyring) = (Costs::default(), Keyring::default());
        keyring.add(Arc::new(PrivateKey::generate(KeySize::Rsa2048).unwrap()), None);
        let mut work = Work::default();
        assert_eq!(measure(&work, &keyring), usual);
        work.private_key.extend([(2048, 1), (4096, 1)]);
        work.symmetric = 1;
        let costs = measure(&work, &keyring);
        assert_ne!(costs.private_key(2048), usual.private_key(2048));
        assert!(costs.symmetric < costs.private_key(2048), "{costs:?}");
        assert_eq!((costs.private_key(4096), costs.scrypt), (usual.private_key(4096), usual.scrypt));
    }
}
