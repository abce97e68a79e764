//! The JSON form of a story and of what was decided.

use crate::{CachePolicy, Handle, Rights};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A world and what happens there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct Scenario {
    /// How it is at the beginning.
    pub world: WorldText,
    /// What is done, one after the other.
    pub steps: Vec<Step>,
}

/// A world with names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, remote = "Self")]
pub struct WorldText {
    /// The users.
    pub users: Vec<UserText>,
    /// The groups.
    pub groups: Vec<GroupText>,
    /// The sessions.
    pub sessions: Vec<SessionText>,
    /// What is done with keys after a retrieval.
    pub cache: CachePolicy,
}

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct UserText {
    /// The name.
    pub id: String,
    /// How many devices; they are numbered from 0.
    #[serde(default = "one")]
    pub devices: u8,
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct GroupText {
    /// The name.
    pub id: String,
    /// Who is in it.
    pub members: Vec<String>,
    /// Which of them are admins.
    pub admins: Vec<String>,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct SessionText {
    /// The name.
    pub id: String,
    /// Who made it; `null`, which has to be said, if that was done anonymously.
    #[serde(deserialize_with = "Option::deserialize")]
    pub creator: Option<String>,
    /// Whether everything was revoked.
    #[serde(default)]
    pub closed: bool,
    /// The records, oldest first.
    #[serde(default)]
    pub records: Vec<RecordText>,
    /// What is in whose memory.
    #[serde(default)]
    pub memory: Vec<MemoryText>,
}

/// An access record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct RecordText {
    /// For whom or what.
    pub holder: HolderText,
    /// The rights, `rf` for example.
    pub rights: Rights,
    /// Who made it.
    #[serde(default)]
    pub by: Option<String>,
    /// Whether it is in force.
    #[serde(default = "yes")]
    pub active: bool,
    /// The devices for which the key is wrapped; without the member all of them, if the record reads.
    #[serde(default)]
    pub wrapped: Option<Vec<u8>>,
}

/// What somebody has in memory of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct MemoryText {
    /// Who; `null`, which has to be said, is somebody without an account.
    #[serde(deserialize_with = "Option::deserialize")]
    pub actor: Option<String>,
    /// How the session object came.
    pub handle: Handle,
    /// Whether the key is there.
    pub holds: bool,
    /// Whether the key is in the cache.
    #[serde(default)]
    pub cached: bool,
}

/// To whom or what a record gives access: `{"user": "bob"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "as in the model")]
pub enum HolderText {
    User(String),
    Group(String),
    Proxy(String),
    SymEncKey(String),
    Tmr(String),
}

/// A step of a story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct Step {
    /// Who acts; `null`, which has to be said, is somebody without an account.
    #[serde(deserialize_with = "Option::deserialize")]
    pub actor: Option<String>,
    /// How the session object came through which the call is made; without the member as the world remembers it.
    #[serde(default)]
    pub handle: Option<Handle>,
    /// What is done.
    pub action: ActionText,
}

/// A holder and the rights wanted for it; without rights the default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct WantedText {
    /// For whom or what.
    pub holder: HolderText,
    /// What, if it is said.
    #[serde(default)]
    pub rights: Option<Rights>,
}

/// Which detours a retrieval takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct LookupText {
    /// Through groups.
    pub group: bool,
    /// Through proxies.
    pub proxy: bool,
}

/// An action: an object with one member, `{"leave": {"session": "s"}}`. Each is what [`crate::Action`] says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, remote = "Self")]
#[allow(missing_docs, reason = "as in the model")]
pub enum ActionText {
    Create {
        session: String,
        records: Vec<WantedText>,
    },
    Retrieve {
        session: String,
        #[serde(default)]
        lookup: LookupText,
        #[serde(default)]
        device: u8,
    },
    Use {
        session: String,
    },
    Recall {
        session: String,
    },
    Forget {
        session: String,
    },
    Add {
        session: String,
        holder: HolderText,
        #[serde(default)]
        rights: Option<Rights>,
    },
    Change {
        session: String,
        holder: HolderText,
        #[serde(default)]
        add: Rights,
        #[serde(default)]
        remove: Rights,
    },
    Revoke {
        session: String,
        holders: Vec<HolderText>,
    },
    Leave {
        session: String,
    },
    RevokeAll {
        session: String,
    },
    RevokeOthers {
        session: String,
    },
    List {
        session: String,
    },
    ListOwn {
        session: String,
    },
    ReadBySymEncKey {
        session: String,
        key: String,
        proven: bool,
    },
    SelfAdd {
        session: String,
        key: String,
        proven: bool,
        #[serde(default)]
        rights: Option<Rights>,
    },
    ReadAnonymously {
        session: String,
        key: String,
        proven: bool,
        scope: i32,
    },
    ReadByTmr {
        session: String,
        access: String,
        proven: bool,
    },
    Convert {
        session: String,
        access: String,
        proven: bool,
        #[serde(default = "yes")]
        delete_on_convert: bool,
    },
    GroupAdd {
        group: String,
        user: String,
        #[serde(default)]
        admin: bool,
    },
    GroupRemove {
        group: String,
        user: String,
    },
    GroupLeave {
        group: String,
    },
    SetManagingGroup {
        session: String,
        group: String,
    },
}

/// What was decided and how the world is afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct Report {
    /// For each step.
    pub decisions: Vec<Decision>,
    /// The world after the last step.
    pub after: WorldText,
}

/// One decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct Decision {
    /// Whether the step may be done.
    pub allowed: bool,
    /// The rule, and for a refusal the guard: `RIGHT-31/g-grant`.
    pub by: String,
    /// The code of a refusal.
    pub code: Option<String>,
    /// Whether it was so already.
    pub unchanged: bool,
    /// For a revocation: what came of each target.
    pub targets: Option<Vec<TargetResult>>,
    /// For a list: the holders.
    pub listed: Option<Vec<HolderText>>,
}

/// What came of a target of a revocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetResult {
    /// Revoked.
    Ok,
    /// Unknown, or revoked before.
    Ko,
}

/// What is derived takes the members of an object from an array too, in their order: here an object has to be one.
macro_rules! objects {
    ($($name:ident)*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Object;

                impl<'de> Visitor<'de> for Object {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<$name, A::Error> {
                        $name::deserialize(MapAccessDeserializer::new(members))
                    }
                }

                deserializer.deserialize_map(Object)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $name::serialize(self, serializer)
            }
        }
    )*};
}

objects! {
    Scenario WorldText UserText GroupText SessionText RecordText MemoryText Step WantedText LookupText ActionText Report Decision
}

impl Default for LookupText {
    fn default() -> Self {
        let crate::Lookup { group, proxy } = crate::Lookup::default();
        Self { group, proxy }
    }
}

const fn one() -> u8 {
    1
}

const fn yes() -> bool {
    true
}
