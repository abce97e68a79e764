//! The ways that lead to a session's key.

use crate::flow::Flow;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A way to a session's key, in the order of preference: least delegated first (SES-22).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Route {
    /// The key was given.
    Known,
    /// Wrapped for a device of the user.
    Direct,
    /// Wrapped for the device of a group.
    Group,
    /// Wrapped under the key of a proxy session.
    Proxy,
    /// Wrapped under a SymEncKey.
    SymEncKey,
    /// Wrapped under an over-encryption key.
    Tmr,
    /// Carried by a legacy message itself.
    Local,
}

impl Route {
    /// All routes in the order of preference.
    pub const ALL: [Self; 7] =
        [Self::Known, Self::Direct, Self::Group, Self::Proxy, Self::SymEncKey, Self::Tmr, Self::Local];

    /// The flow that a session reached so is written with (FLOW-01); of a key that was given nothing is known.
    pub const fn flow(self) -> Flow {
        match self {
            Self::Known => Flow::Unknown(None),
            Self::Direct => Flow::Direct,
            Self::Group => Flow::Group,
            Self::Proxy => Flow::Proxy,
            Self::SymEncKey => Flow::SymEncKey,
            Self::Tmr => Flow::Tmr,
            Self::Local => Flow::Local,
        }
    }

    /// The name in manifests and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Direct => "direct",
            Self::Group => "group",
            Self::Proxy => "proxy",
            Self::SymEncKey => "symEncKey",
            Self::Tmr => "tmr",
            Self::Local => "local",
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
