//! A story about access with names instead of numbers: a world, then steps, each decided in turn.
//!
//! This is the `in` member of the vectors in `vectors/rights`, and what a person writes to ask "may Bob do that?".
//!
//! ```
//! let text = r#"{
//!   "world": { "users": [{ "id": "ann" }, { "id": "bob" }], "sessions": [{ "id": "s", "creator": "ann" }] },
//!   "steps": [{ "actor": "bob", "action": { "revoke-all": { "session": "s" } } }]
//! }"#;
//! let told = sealwright_rights::scenario::run(&serde_json::from_str(text)?)?;
//! assert_eq!(told.report.decisions[0].by, "RIGHT-52/g-stand");
//! assert!(told.words[0].starts_with("bob revokes everything on session s: refused: "));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod names;
mod sentence;
mod text;

pub use text::{
    ActionText, Decision, GroupText, HolderText, LookupText, MemoryText, RecordText, Report, Scenario, SessionText,
    Step, TargetResult, UserText, WantedText, WorldText,
};

use crate::decision::{Denied, Guard, Outcome};
use crate::{Acl, Action, Actor, BadWorld, Grant, Handle, Holder, World};
use names::Names;
use sealwright_types::Coded;

/// A story that cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// A name of the world that is no name: not 1 to 64 letters, digits, hyphens and underscores.
    #[error("{0:?} is no name: letters, digits, hyphens, underscores, at most 64")]
    Name(String),
    /// A step by somebody who is not in the world.
    #[error("{0} acts, but is not in the world")]
    Actor(String),
    /// The world contradicts a rule.
    #[error("{at} cannot be so: {why}")]
    World {
        /// Which user, group or session: `session s`.
        at: String,
        /// What is wrong with it.
        why: BadWorld,
    },
    /// A retrieval on a device that the user does not have; the first has number 0.
    #[error("{user} has no device {device}")]
    Device {
        /// Who.
        user: String,
        /// The number.
        device: u8,
    },
    /// A step through a session object that its actor got by creating the session, which somebody else did.
    #[error("{0} acts by the handle of a session's creator, but did not create it")]
    NotCreator(String),
    /// More than 65,535 names.
    #[error("too many names")]
    TooMany,
}

impl Coded for ScenarioError {
    fn code(&self) -> &'static str {
        match self {
            Self::World { why, .. } => why.code(),
            _ => "malformed",
        }
    }
}

/// What came of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// For programs.
    pub report: Report,
    /// For people: a sentence for each step. The words may change.
    pub words: Vec<String>,
}

/// Decides every step in turn. What is granted is done before the next step; what is refused changes nothing.
///
/// # Errors
/// [`ScenarioError`] when the world itself is wrong, or a step names what its actor cannot have. A refused step is no error, and neither is a malformed id in a step: that is
/// refused by the guard `g-id`, before anything else.
pub fn run(scenario: &Scenario) -> Result<Told, ScenarioError> {
    let mut names = Names::default();
    let mut world = names.world(&scenario.world)?;
    let (mut decisions, mut words) = (Vec::new(), Vec::new());
    for step in &scenario.steps {
        let actor = names.actor(step.actor.as_deref(), &world)?;
        let action = names.action(&step.action)?;
        if !action.malformed {
            possible(step, actor, &action.action, &world)?;
        }
        let handle = step.handle.unwrap_or_else(|| world.handle(actor, &action.action));
        let decided = match action.malformed {
            true => Err(Denied::new(action.action.rule(), Guard::Id)),
            false => world.apply(actor, handle, &action.action),
        };
        let why = decided.as_ref().map_or_else(Denied::explain, Grant::explain);
        words.push(format!("{}: {why}", sentence::tell(step)));
        decisions.push(match decided {
            Ok(grant) => granted(&grant, &names),
            Err(denied) => refused(&denied),
        });
    }
    Ok(Told { report: Report { decisions, after: names.world_text(&world) }, words })
}

/// Refuses a step with a device or a handle that its actor cannot have.
fn possible(step: &Step, actor: Actor, action: &Action, world: &World) -> Result<(), ScenarioError> {
    let name = || step.actor.clone().unwrap_or_else(|| "somebody without an account".to_owned());
    if let (Actor::User(user), &Action::Retrieve { device, .. }) = (actor, action)
        && !world.devices(Holder::User(user)).contains(device)
    {
        return Err(ScenarioError::Device { user: name(), device });
    }
    let acl = action.session().and_then(|session| world.acl(session));
    let created_by_actor = |acl: &Acl| acl.creator().is_some() && acl.creator() == actor.user();
    match step.handle {
        Some(Handle::Created) if !acl.is_none_or(created_by_actor) => Err(ScenarioError::NotCreator(name())),
        _ => Ok(()),
    }
}

fn granted(grant: &Grant, names: &Names) -> Decision {
    let mut decision = Decision {
        allowed: true,
        by: grant.rule().to_string(),
        code: None,
        unchanged: false,
        targets: None,
        listed: None,
    };
    match grant.outcome() {
        Outcome::Done => {}
        Outcome::Unchanged => decision.unchanged = true,
        Outcome::Targets(targets) => {
            let result = |&done| if done { TargetResult::Ok } else { TargetResult::Ko };
            decision.targets = Some(targets.iter().map(result).collect());
        }
        Outcome::Listed(holders) => {
            decision.listed = Some(holders.iter().map(|&holder| names.holder_text(holder)).collect())
        }
    }
    decision
}

fn refused(denied: &Denied) -> Decision {
    Decision {
        allowed: false,
        by: denied.name(),
        code: Some(denied.code().to_owned()),
        unchanged: false,
        targets: None,
        listed: None,
    }
}
