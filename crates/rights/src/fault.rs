//! Rules that a test can break one at a time. Without the feature `fault-injection` nothing is ever broken.

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident)*) => {
        /// A rule that is broken on purpose.
        #[cfg_attr(not(feature = "fault-injection"), allow(unreachable_pub, reason = "the module is public with the feature"))]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Fault { $($(#[$doc])* $name),* }

        impl Fault {
            /// All of them.
            #[cfg(feature = "fault-injection")]
            pub const EVERY: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

faults! {
    /// RIGHT-31: who adds may give rights that they do not have.
    GrantsExceed
    /// RIGHT-31: nobody needs the right to forward.
    NoForwardNeeded
    /// RIGHT-12: the rights on the proxy count on the session too.
    EntryRightsCarry
    /// RIGHT-12: a group opens a proxy.
    ProxyByGroup
    /// RIGHT-13: the creator reads without a record.
    CreatorReads
    /// RIGHT-02: revoked records still open the session.
    RevokedOpens
    /// RIGHT-11: everybody is a member.
    StrangersInGroup
    /// RIGHT-70: a session got by SymEncKey can be managed.
    BearerManages
    /// RIGHT-72: a self-add gives what it asks for.
    SelfAddExceeds
    /// RIGHT-50: everybody with standing revokes.
    NoRevokeNeeded
    /// RIGHT-53: SymEncKeys survive.
    OthersKeepSymEncKeys
    /// RIGHT-52: the session stays open.
    StaysOpen
    /// RIGHT-41: the wrapped keys stay.
    KeepsWrapped
    /// RIGHT-31: adding somebody again gives the new rights.
    AddsAgain
    /// CACHE-02: nothing is evicted.
    NeverEvicts
    /// RIGHT-16: only the first path counts.
    FirstPathOnly
    /// RIGHT-21: a retrieval goes through proxies when it has not asked for them.
    LookupReversed
}

/// Breaks one rule, or none, in the whole process.
#[cfg(feature = "fault-injection")]
pub fn inject(fault: Option<Fault>) {
    INJECTED.store(fault.map_or(u8::MAX, |fault| fault as u8), std::sync::atomic::Ordering::SeqCst);
}

#[cfg(feature = "fault-injection")]
static INJECTED: std::sync::atomic::AtomicU8 = std::sync::atomic::AtomicU8::new(u8::MAX);

/// Whether this rule is broken now.
#[cfg(feature = "fault-injection")]
pub(crate) fn broken(fault: Fault) -> bool {
    INJECTED.load(std::sync::atomic::Ordering::Relaxed) == fault as u8
}

/// Whether this rule is broken: never.
#[cfg(not(feature = "fault-injection"))]
pub(crate) const fn broken(_: Fault) -> bool {
    false
}
