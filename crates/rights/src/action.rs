//! What somebody wants to do, and how they got there.

use crate::{Group, Holder, Rights, Session, SymEncKey, TmrAccess, User};
use sealwright_types::RuleId;

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// A user.
    User(User),
    /// Somebody without an account.
    Anonymous,
}

/// How the actor got the session object through which the call is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Handle {
    /// There is none. Nothing is refused for that alone.
    #[default]
    None,
    /// By creating the session.
    Created,
    /// By a retrieval as a recipient: direct, by group, by proxy.
    Plain,
    /// By a SymEncKey or a TMR access (RIGHT-14, RIGHT-15).
    Bearer,
    /// Without an account.
    Anonymous,
}

impl Handle {
    /// Whether the session can be managed through it (RIGHT-70).
    pub const fn manages(self) -> bool {
        !matches!(self, Self::Bearer | Self::Anonymous)
    }
}

/// Which detours a retrieval may take. Management takes all of them in any case (RIGHT-18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lookup {
    /// Through groups.
    pub group: bool,
    /// Through proxies.
    pub proxy: bool,
}

impl Lookup {
    /// Every path.
    pub const ALL: Self = Self { group: true, proxy: true };
}

impl Default for Lookup {
    /// Groups, but not proxies (SES-20).
    fn default() -> Self {
        Self { group: true, proxy: false }
    }
}

/// A holder and the rights wanted for it; without rights the default (DEF-01 to DEF-06).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wanted {
    /// For whom or what.
    pub holder: Holder,
    /// What, if it is said.
    pub rights: Option<Rights>,
}

/// Something that an actor wants to do.
///
/// `proven` says whether the actor has shown what a SymEncKey or TMR access asks for: its secret, its factor.
#[allow(missing_docs, reason = "every field is what its type says")]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Makes a session with records (RIGHT-20).
    Create { session: Session, records: Vec<Wanted> },
    /// Asks for the key as a recipient, on one of the own devices (RIGHT-21).
    Retrieve { session: Session, lookup: Lookup, device: u8 },
    /// Seals or opens with the key in memory (RIGHT-22).
    Use { session: Session },
    /// Takes the key from the own cache (RIGHT-22).
    Recall { session: Session },
    /// Drops key and session object from memory.
    Forget { session: Session },
    /// Adds a record (RIGHT-31 to RIGHT-34).
    Add { session: Session, wanted: Wanted },
    /// Adds rights to a record and removes some from it; what is named in neither stays (RIGHT-40 to RIGHT-44).
    Change { session: Session, holder: Holder, add: Rights, remove: Rights },
    /// Revokes the listed holders' records (RIGHT-50).
    Revoke { session: Session, holders: Vec<Holder> },
    /// Drops the own record (RIGHT-51).
    Leave { session: Session },
    /// Revokes everything and closes the session (RIGHT-52).
    RevokeAll { session: Session },
    /// Revokes everything but the own record (RIGHT-53).
    RevokeOthers { session: Session },
    /// Lists the records of others (RIGHT-60).
    List { session: Session },
    /// Looks at the own record (RIGHT-61).
    ListOwn { session: Session },
    /// Reads by a SymEncKey, with an account (RIGHT-71).
    ReadBySymEncKey { session: Session, key: SymEncKey, proven: bool },
    /// Becomes a recipient by a SymEncKey (RIGHT-72).
    SelfAdd { session: Session, key: SymEncKey, proven: bool, rights: Option<Rights> },
    /// Reads by a SymEncKey with a token of this scope instead of an account (RIGHT-73).
    ReadAnonymously { session: Session, key: SymEncKey, proven: bool, scope: i32 },
    /// Reads by a TMR access, with an account (RIGHT-74).
    ReadByTmr { session: Session, access: TmrAccess, proven: bool },
    /// Turns a TMR access into a record of one's own (RIGHT-75).
    Convert { session: Session, access: TmrAccess, proven: bool, delete_on_convert: bool },
    /// Makes a user a member of a group, perhaps an admin (RIGHT-80).
    GroupAdd { group: Group, user: User, admin: bool },
    /// Removes a member from a group (RIGHT-80).
    GroupRemove { group: Group, user: User },
    /// Leaves a group (RIGHT-80).
    GroupLeave { group: Group },
    /// Names a group that manages the session (RIGHT-81).
    SetManagingGroup { session: Session, group: Group },
}

impl Action {
    /// The row of the decision table that decides it.
    pub const fn rule(&self) -> RuleId {
        RuleId::new(match *self {
            Self::Create { .. } => "RIGHT-20",
            Self::Retrieve { .. } => "RIGHT-21",
            Self::Use { .. } | Self::Recall { .. } | Self::Forget { .. } => "RIGHT-22",
            Self::Add { wanted, .. } => match wanted.holder {
                Holder::User(_) | Holder::Group(_) => "RIGHT-31",
                Holder::Proxy(_) => "RIGHT-32",
                Holder::SymEncKey(_) => "RIGHT-33",
                Holder::Tmr(_) => "RIGHT-34",
            },
            Self::Change { holder: Holder::Proxy(_), .. } => "RIGHT-43",
            Self::Change { holder: Holder::Tmr(_), .. } => "RIGHT-44",
            Self::Change { remove: Rights::NONE, .. } => "RIGHT-40",
            Self::Change { add: Rights::NONE, .. } => "RIGHT-41",
            Self::Change { .. } => "RIGHT-42",
            Self::Revoke { .. } => "RIGHT-50",
            Self::Leave { .. } => "RIGHT-51",
            Self::RevokeAll { .. } => "RIGHT-52",
            Self::RevokeOthers { .. } => "RIGHT-53",
            Self::List { .. } => "RIGHT-60",
            Self::ListOwn { .. } => "RIGHT-61",
            Self::ReadBySymEncKey { .. } => "RIGHT-71",
            Self::SelfAdd { .. } => "RIGHT-72",
            Self::ReadAnonymously { .. } => "RIGHT-73",
            Self::ReadByTmr { .. } => "RIGHT-74",
            Self::Convert { .. } => "RIGHT-75",
            Self::GroupAdd { .. } | Self::GroupRemove { .. } | Self::GroupLeave { .. } => "RIGHT-80",
            Self::SetManagingGroup { .. } => "RIGHT-81",
        })
    }

    /// The session that it is about; none for what happens in a group.
    pub const fn session(&self) -> Option<Session> {
        match *self {
            Self::Create { session, .. }
            | Self::Retrieve { session, .. }
            | Self::Use { session }
            | Self::Recall { session }
            | Self::Forget { session }
            | Self::Add { session, .. }
            | Self::Change { session, .. }
            | Self::Revoke { session, .. }
            | Self::Leave { session }
            | Self::RevokeAll { session }
            | Self::RevokeOthers { session }
            | Self::List { session }
            | Self::ListOwn { session }
            | Self::ReadBySymEncKey { session, .. }
            | Self::SelfAdd { session, .. }
            | Self::ReadAnonymously { session, .. }
            | Self::ReadByTmr { session, .. }
            | Self::Convert { session, .. }
            | Self::SetManagingGroup { session, .. } => Some(session),
            Self::GroupAdd { .. } | Self::GroupRemove { .. } | Self::GroupLeave { .. } => None,
        }
    }

    /// Whether the actor learns from its success what is left of the own paths: by looking at the own record, or by taking access away
    /// (CACHE-02).
    pub const fn shows_own_paths(&self) -> bool {
        matches!(
            self,
            Self::Change { .. }
                | Self::Revoke { .. }
                | Self::Leave { .. }
                | Self::RevokeAll { .. }
                | Self::RevokeOthers { .. }
                | Self::ListOwn { .. }
        )
    }
}

impl Actor {
    /// The user, unless anonymous.
    pub const fn user(self) -> Option<User> {
        match self {
            Self::User(user) => Some(user),
            Self::Anonymous => None,
        }
    }
}
