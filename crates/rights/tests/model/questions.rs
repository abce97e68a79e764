//! What is asked in a small world: every action that touches one record, or asks for something.

use super::invariants::LOOKUPS;
use super::renaming::Renaming;
use sealwright_rights::{Action, Actor, Group, Holder, Rights, Session, SymEncKey, TmrAccess, User, Wanted, World};

const USERS: [User; 3] = [User(1), User(2), User(3)];
const SESSIONS: u16 = 3;
const GROUP: Group = Group(1);
const KEY: SymEncKey = SymEncKey(1);
const ACCESS: TmrAccess = TmrAccess(1);

/// Other numbers for everything, under which each question is asked once more (INV-24).
pub const RENAMING: Renaming = Renaming { users: [2, 3, 1], sessions: [3, 1, 2] };

/// An action of somebody.
pub struct Question {
    pub actor: Actor,
    pub action: Action,
    /// The same under other numbers.
    pub renamed: (Actor, Action),
    /// Asked only where this session has an active record for this holder.
    needs: Option<(Session, Holder)>,
}

/// The questions for each number of sessions, which are numbered from 1.
pub struct Questions([Vec<Question>; SESSIONS as usize + 1]);

impl Questions {
    /// Worlds have three users, one group, one SymEncKey and one TMR access; `anonymous`: somebody without an account asks too.
    pub fn new(anonymous: bool) -> Self {
        Self([0, 1, 2, 3].map(|sessions| {
            let mut all = Vec::new();
            ask(sessions, anonymous, &mut |actor, action: Action, needs| {
                let renamed = (RENAMING.actor(actor), RENAMING.action(&action));
                all.push(Question { actor, action, renamed, needs });
            });
            all
        }))
    }

    /// Those for a world, each with its number.
    pub fn of(&self, world: &World) -> impl Iterator<Item = (u16, &Question)> {
        let all = &self.0[world.sessions().count()];
        let asked = |question: &Question| {
            question.needs.is_none_or(|(session, holder)| world.acl(session).unwrap().of(holder).is_some())
        };
        all.iter().enumerate().filter(move |(_, question)| asked(question)).map(|(i, question)| (i as u16, question))
    }

    /// The question of this number.
    pub fn get(&self, world: &World, number: u16) -> &Question {
        &self.0[world.sessions().count()][usize::from(number)]
    }
}

type Ask<'a> = &'a mut dyn FnMut(Actor, Action, Option<(Session, Holder)>);

fn ask(sessions: u16, anonymous: bool, ask: Ask<'_>) {
    let existing = || (1..=sessions).map(Session);
    let fresh = (sessions < SESSIONS).then_some(Session(sessions + 1));
    for user in USERS {
        let mut act = |action, needs| ask(Actor::User(user), action, needs);
        if let Some(session) = fresh {
            act(Action::Create { session, records: Vec::new() }, None);
            // The first session with one record too, so that as many steps lead further.
            let others = [Holder::Group(GROUP), Holder::SymEncKey(KEY), Holder::Tmr(ACCESS)];
            for holder in USERS.map(Holder::User).into_iter().chain(others).filter(|_| sessions == 0) {
                for rights in Rights::every() {
                    let wanted = Wanted { holder, rights: Some(rights) };
                    act(Action::Create { session, records: vec![wanted] }, None);
                }
            }
            act(Action::Retrieve { session, lookup: LOOKUPS[3], device: 0 }, None);
        }
        for session in existing() {
            on_session(sessions, session, &mut act);
        }
        for other in USERS {
            act(Action::GroupAdd { group: GROUP, user: other, admin: false }, None);
            act(Action::GroupRemove { group: GROUP, user: other }, None);
        }
        act(Action::GroupLeave { group: GROUP }, None);
    }
    if anonymous {
        let mut act = |action| ask(Actor::Anonymous, action, None);
        for session in existing() {
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
}

fn on_session(sessions: u16, session: Session, ask: &mut impl FnMut(Action, Option<(Session, Holder)>)) {
    let mut act = |action| ask(action, None);
    for lookup in LOOKUPS {
        act(Action::Retrieve { session, lookup, device: 0 });
    }
    act(Action::Use { session });
    act(Action::Recall { session });
    act(Action::Forget { session });
    let users = USERS.map(Holder::User).into_iter();
    let proxies = (1..=sessions).map(Session).map(Holder::Proxy);
    for holder in users.chain(proxies).chain([Holder::Group(GROUP), Holder::SymEncKey(KEY), Holder::Tmr(ACCESS)]) {
        for rights in Rights::every() {
            ask(Action::Add { session, wanted: Wanted { holder, rights: Some(rights) } }, None);
        }
        // One more than there is: a record that is not there.
        let needs = (holder != Holder::User(User(3))).then_some((session, holder));
        for rights in Rights::every().filter(|rights| !rights.is_empty()) {
            ask(Action::Change { session, holder, add: rights, remove: Rights::NONE }, needs);
            ask(Action::Change { session, holder, add: Rights::NONE, remove: rights }, needs);
        }
        ask(Action::Revoke { session, holders: vec![holder] }, needs);
    }
    let mut act = |action| ask(action, None);
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
