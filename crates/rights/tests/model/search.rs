//! Breadth first through every world that single steps reach, checking each world and each step.

use super::invariants::{self, Invariant, LOOKUPS, Step};
use super::reference::Facts;
use super::renaming::{Renaming, fingerprint, sorted};
use sealwright_rights::{Action, Actor, Group, Holder, Rights, Session, SymEncKey, TmrAccess, User, Wanted, World};
use std::collections::{BTreeMap, HashSet};
use std::sync::Mutex;

/// What a search has seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// Different worlds, up to the numbers of users.
    pub worlds: usize,
    /// Worlds from which every action was tried.
    pub expanded: usize,
    /// Actions that were tried.
    pub steps: u64,
    /// Of these, those that were granted.
    pub granted: u64,
    /// New worlds at each depth.
    pub by_depth: Vec<usize>,
    /// How often each invariant was broken, and a first example.
    pub broken: BTreeMap<Invariant, (u64, String)>,
}

/// How far and how wide to look.
#[derive(Clone, Copy)]
pub struct Bounds {
    /// Steps from a start world.
    pub depth: usize,
    /// Of how many worlds one is taken for the last step, chosen by fingerprint; 1 takes all.
    pub one_in: u64,
    /// Whether somebody without an account acts too.
    pub anonymous: bool,
    /// Whether to stop after the first depth at which an invariant is broken.
    pub stop_when_broken: bool,
}

const SESSIONS: u16 = 3;
const GROUP: Group = Group(1);
const KEY: SymEncKey = SymEncKey(1);
const ACCESS: TmrAccess = TmrAccess(1);

/// Searches from all of these worlds at once.
pub fn search(starts: Vec<World>, bounds: Bounds) -> Seen {
    let known = Mutex::new(HashSet::new());
    let mut room = [Vec::new(), Vec::new()];
    let mut frontier = starts;
    frontier.retain(|world| known.lock().unwrap().insert(fingerprint(world, &mut room)));
    let mut seen = Seen { worlds: frontier.len(), by_depth: vec![frontier.len()], ..Seen::default() };
    for start in &frontier {
        seen.note(&invariants::of_world(start, &Facts::of(start)), || format!("start {start:?}"));
    }
    for depth in 1..=bounds.depth {
        // The worlds of the last depth are checked and counted, but nothing starts from them.
        let keep = |print: u128| {
            depth < bounds.depth && (depth + 1 < bounds.depth || print.is_multiple_of(bounds.one_in.into()))
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let pieces: Vec<Vec<World>> = split(frontier, threads);
        let found: Vec<(Seen, Vec<World>)> = std::thread::scope(|scope| {
            let workers: Vec<_> =
                pieces.iter().map(|piece| scope.spawn(|| expand(piece, bounds, keep, &known))).collect();
            workers.into_iter().map(|worker| worker.join().unwrap()).collect()
        });
        frontier = Vec::new();
        let mut new = 0;
        for (part, worlds) in found {
            new += part.worlds;
            seen.add(part);
            frontier.extend(worlds);
        }
        seen.by_depth.push(new);
        if bounds.stop_when_broken && seen.broken.keys().any(|name| *name != "REF") {
            break;
        }
    }
    seen
}

fn split(worlds: Vec<World>, pieces: usize) -> Vec<Vec<World>> {
    let mut parts: Vec<Vec<World>> = (0..pieces).map(|_| Vec::new()).collect();
    for (i, world) in worlds.into_iter().enumerate() {
        parts[i % pieces].push(world);
    }
    parts
}

fn expand(
    worlds: &[World],
    bounds: Bounds,
    keep: impl Fn(u128) -> bool,
    known: &Mutex<HashSet<u128>>,
) -> (Seen, Vec<World>) {
    let mut seen = Seen::default();
    let mut found = Vec::new();
    let mut room = [Vec::new(), Vec::new()];
    let mut after = World::default();
    for before in worlds {
        seen.expanded += 1;
        let facts = Facts::of(before);
        // Another order and other numbers for everything (INV-24).
        let renaming = Renaming { users: [2, 3, 1], sessions: [3, 1, 2] };
        let renamed = renaming.reversed_world(before);
        for (actor, action) in actions(before, bounds.anonymous) {
            seen.steps += 1;
            let handle = before.handle(actor, &action);
            after.clone_from(before);
            let answer = after.apply(actor, handle, &action);
            let step = Step { before, facts: &facts, actor, handle, action: &action, answer: &answer, after: &after };
            let mut broken = invariants::of_step(&step);

            let told = renamed.decide(renaming.actor(actor), handle, &renaming.action(&action));
            let same = match (&answer, &told) {
                (Ok(grant), Ok(told)) => {
                    grant.rule() == told.rule()
                        && sorted(renaming.outcome(grant.outcome())) == sorted(told.outcome().clone())
                }
                (Err(denied), Err(told)) => denied == told,
                _ => false,
            };
            if !same {
                broken.push("INV-24");
            }

            let changed = after != *before;
            let after_facts = changed.then(|| Facts::of(&after));
            let agrees = match (&answer, facts.step(actor, handle, &action)) {
                (Ok(grant), Ok((outcome, expected))) => {
                    *grant.outcome() == outcome && *after_facts.as_ref().unwrap_or(&facts) == expected
                }
                (Err(denied), Err((rule, guard))) => {
                    denied.rule().as_str() == rule && denied.guard().as_str() == guard && !changed
                }
                _ => false,
            };
            if !agrees {
                broken.push("REF");
            }
            seen.granted += u64::from(answer.is_ok());
            let print = changed.then(|| fingerprint(&after, &mut room));
            if let Some(print) = print.filter(|&print| known.lock().unwrap().insert(print)) {
                seen.worlds += 1;
                broken.extend(invariants::of_world(&after, after_facts.as_ref().unwrap()));
                // Nothing is to be learnt from what follows a mistake.
                if keep(print) && broken.is_empty() {
                    found.push(after.clone());
                }
            }
            seen.note(&broken, || format!("{actor:?} {handle:?} {action:?} in {before:?}"));
        }
    }
    (seen, found)
}

/// Every action that changes at most one record, or asks for something, in a world of at most three sessions, one SymEncKey and one TMR access.
fn actions(world: &World, anonymous: bool) -> Vec<(Actor, Action)> {
    let mut all = Vec::new();
    let sessions: Vec<_> = world.sessions().collect();
    let fresh = (1..=SESSIONS).map(Session).find(|session| world.acl(*session).is_none());
    for user in world.users() {
        let mut act = |action| all.push((Actor::User(user), action));
        if let Some(session) = fresh {
            act(Action::Create { session, records: Vec::new() });
            // The first session with one record too, so that as many steps lead further.
            let holders = world.users().map(Holder::User).filter(|_| sessions.is_empty());
            let others = [Holder::Group(GROUP), Holder::SymEncKey(KEY), Holder::Tmr(ACCESS)];
            for holder in holders.chain(others.into_iter().filter(|_| sessions.is_empty())) {
                for rights in Rights::every() {
                    let wanted = Wanted { holder, rights: Some(rights) };
                    act(Action::Create { session, records: vec![wanted] });
                }
            }
            act(Action::Retrieve { session, lookup: LOOKUPS[3], device: 0 });
        }
        for &session in &sessions {
            on_session(world, session, &mut act);
        }
        for other in world.users() {
            act(Action::GroupAdd { group: GROUP, user: other, admin: false });
            act(Action::GroupRemove { group: GROUP, user: other });
        }
        act(Action::GroupLeave { group: GROUP });
    }
    if anonymous {
        let mut act = |action| all.push((Actor::Anonymous, action));
        for &session in &sessions {
            for scope in [5, -1, 4] {
                act(Action::ReadAnonymously { session, key: KEY, proven: true, scope });
            }
            act(Action::ReadBySymEncKey { session, key: KEY, proven: true });
            act(Action::ReadByTmr { session, access: ACCESS, proven: true });
            act(Action::Retrieve { session, lookup: LOOKUPS[3], device: 0 });
            act(Action::SelfAdd { session, key: KEY, proven: true, rights: None });
            act(Action::Convert { session, access: ACCESS, proven: true, delete_on_convert: true });
            act(Action::RevokeAll { session });
            act(Action::Leave { session });
            let holder = Holder::User(User(3));
            act(Action::Add { session, wanted: Wanted { holder, rights: Some(Rights::READ) } });
        }
    }
    all
}

fn on_session(world: &World, session: Session, act: &mut impl FnMut(Action)) {
    for lookup in LOOKUPS {
        act(Action::Retrieve { session, lookup, device: 0 });
    }
    act(Action::Use { session });
    act(Action::Recall { session });
    act(Action::Forget { session });
    let users = world.users().map(Holder::User);
    let others =
        world.sessions().map(Holder::Proxy).chain([Holder::Group(GROUP), Holder::SymEncKey(KEY), Holder::Tmr(ACCESS)]);
    for holder in users.chain(others) {
        for rights in Rights::every() {
            act(Action::Add { session, wanted: Wanted { holder, rights: Some(rights) } });
        }
        // One more than there is: a record that is not there.
        if world.acl(session).unwrap().of(holder).is_some() || holder == Holder::User(User(3)) {
            for rights in Rights::every().filter(|rights| !rights.is_empty()) {
                act(Action::Change { session, holder, add: rights, remove: Rights::NONE });
                act(Action::Change { session, holder, add: Rights::NONE, remove: rights });
            }
            act(Action::Revoke { session, holders: vec![holder] });
        }
    }
    act(Action::Leave { session });
    act(Action::RevokeAll { session });
    act(Action::RevokeOthers { session });
    act(Action::List { session });
    act(Action::ListOwn { session });
    for proven in [true, false] {
        act(Action::ReadBySymEncKey { session, key: KEY, proven });
        act(Action::ReadByTmr { session, access: ACCESS, proven });
    }
    act(Action::ReadAnonymously { session, key: KEY, proven: true, scope: 5 });
    for rights in Rights::every() {
        act(Action::SelfAdd { session, key: KEY, proven: true, rights: Some(rights) });
    }
    for delete_on_convert in [true, false] {
        act(Action::Convert { session, access: ACCESS, proven: true, delete_on_convert });
    }
}

impl Seen {
    fn note(&mut self, broken: &[Invariant], example: impl Fn() -> String) {
        for name in broken {
            self.broken.entry(name).or_insert_with(|| (0, example())).0 += 1;
        }
    }

    fn add(&mut self, part: Self) {
        self.worlds += part.worlds;
        self.expanded += part.expanded;
        self.steps += part.steps;
        self.granted += part.granted;
        for (name, (times, example)) in part.broken {
            self.broken.entry(name).or_insert((0, example)).0 += times;
        }
    }
}
