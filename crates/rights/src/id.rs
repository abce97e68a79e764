//! Numbers of users, groups, sessions and what leads to them. A caller with other ids keeps a table; [`crate::scenario`] does so for names.

macro_rules! number {
    ($(#[$doc:meta] $name:ident)*) => {$(
        #[$doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u16);
    )*};
}

number! {
    /// A user.
    User
    /// A group of users.
    Group
    /// A session; a proxy is a session too.
    Session
    /// A SymEncKey: a key, mostly from a password, that opens a session for whoever knows it.
    SymEncKey
    /// A TMR access: opens a session for whoever proves an e-mail address or a telephone number.
    TmrAccess
}

/// Some of a holder's devices: bit n stands for device n.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Devices(pub u16);

impl Devices {
    /// No device.
    pub const NONE: Self = Self(0);
    /// The one device of a group.
    pub const OF_GROUP: Self = Self(1);
    /// The most devices that a holder may have.
    pub const MOST: u8 = 16;

    /// The first `count` devices, at most [`Devices::MOST`].
    pub fn first(count: u8) -> Self {
        (0..count).fold(Self::NONE, Self::with)
    }

    /// These and `device`.
    #[must_use]
    pub fn with(self, device: u8) -> Self {
        Self(self.0 | bit(device))
    }

    /// Whether `device` is one of them.
    pub fn contains(self, device: u8) -> bool {
        self.0 & bit(device) != 0
    }

    /// Whether all of `other` are among them.
    pub const fn contains_all(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// The bit of a device; none for a number beyond the last.
fn bit(device: u8) -> u16 {
    1_u16.checked_shl(device.into()).unwrap_or(0)
}
