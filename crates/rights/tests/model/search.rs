//! Breadth first through every world that single steps reach, checking each world and each step.

use super::check::{Answers, Checker};
use super::invariants::Invariant;
use super::questions::Questions;
use super::renaming::{fingerprint, print_as_is};
use super::visited::{Link, Recent, Visited};
use sealwright_rights::World;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a search has seen.
#[derive(Debug)]
pub struct Seen {
    /// Different worlds, up to the numbers of users.
    pub worlds: usize,
    /// Worlds from which every action was tried.
    pub expanded: u64,
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
    /// Whether somebody without an account acts too.
    pub anonymous: bool,
    /// Whether to stop after the first depth at which an invariant is broken.
    pub stop_when_broken: bool,
}

/// A search that has got to some depth.
pub struct Search {
    questions: Questions,
    visited: Visited,
    depth: usize,
    /// Worlds one step back from the outermost ones.
    parents: Vec<World>,
    /// The outermost worlds, in an order that is the same each time.
    outermost: Vec<Link>,
    by_depth: Vec<usize>,
    /// What follows a mistake.
    spoilt: Mutex<BTreeSet<u128>>,
    answers: Answers,
}

/// Searches from all of these worlds at once.
pub fn search(starts: Vec<World>, bounds: Bounds) -> Seen {
    let mut search = Search::new(starts, bounds.anonymous);
    for _ in 0..bounds.depth {
        search.step();
        if bounds.stop_when_broken && search.answers.broken.keys().any(|name| *name != "REF") {
            break;
        }
    }
    search.seen()
}

impl Search {
    /// At the start worlds.
    pub fn new(starts: Vec<World>, anonymous: bool) -> Self {
        let (visited, mut checker) = (Visited::default(), Checker::default());
        for (number, world) in starts.iter().enumerate() {
            if visited.insert(fingerprint(world, &mut Default::default()), Link::start(number)) {
                checker.start(world);
            }
        }
        let outermost = visited.of_depth(0);
        Self {
            questions: Questions::new(anonymous),
            visited,
            depth: 0,
            parents: starts,
            by_depth: vec![outermost.len()],
            outermost,
            spoilt: Mutex::default(),
            answers: checker.answers,
        }
    }

    /// One step further from all of the outermost worlds.
    pub fn step(&mut self) {
        let depth = self.depth + 1;
        self.answers.add(in_parallel(self.outermost.len(), |checker, number| {
            let mut room = [Vec::new(), Vec::new()];
            checker.expand(
                &self.outermost_world(number),
                &self.questions,
                |after, question| {
                    let print = fingerprint(after, &mut room);
                    self.visited.insert(print, Link::new(depth, number, question))
                },
                |after| {
                    self.spoilt.lock().unwrap().insert(fingerprint(after, &mut Default::default()));
                },
            );
        }));
        let outermost = self.visited.of_depth(depth);
        self.by_depth.push(outermost.len());
        self.parents = (0..self.outermost.len()).map(|number| self.outermost_world(number)).collect();
        (self.depth, self.outermost) = (depth, outermost);
        let spoilt = std::mem::take(self.spoilt.get_mut().unwrap());
        if !spoilt.is_empty() {
            let is_spoilt = |link: &Link| spoilt.contains(&fingerprint(&self.world(*link), &mut Default::default()));
            self.outermost = self.outermost.iter().copied().filter(|link| !is_spoilt(link)).collect();
        }
    }

    /// One step further from one of `of` pieces of the outermost worlds, without keeping where it leads. Those worlds are checked too, each
    /// at least once: `recent` remembers what was.
    pub fn step_of_piece(&self, (piece, of): (usize, usize), recent: &Recent) -> Answers {
        let bound = |piece: usize| self.outermost.len() * piece / of;
        let first = bound(piece);
        in_parallel(bound(piece + 1) - first, |checker, number| {
            let mut room = Vec::new();
            let world = self.outermost_world(first + number);
            checker.expand(
                &world,
                &self.questions,
                |after, _| {
                    room.clear();
                    recent.insert(print_as_is(after, &mut room))
                },
                |_| {},
            );
        })
    }

    /// What was seen until here.
    pub fn seen(self) -> Seen {
        let Answers { expanded, steps, granted, broken, .. } = self.answers;
        Seen { worlds: self.by_depth.iter().sum(), expanded, steps, granted, by_depth: self.by_depth, broken }
    }

    /// The number of the outermost worlds.
    pub fn width(&self) -> usize {
        self.outermost.len()
    }

    fn outermost_world(&self, number: usize) -> World {
        self.world(self.outermost[number])
    }

    fn world(&self, link: Link) -> World {
        let mut world = self.parents[link.parent()].clone();
        if let Some(number) = link.question() {
            let question = self.questions.get(&world, number);
            let handle = world.handle(question.actor, &question.action);
            world.apply(question.actor, handle, &question.action).unwrap();
        }
        world
    }
}

/// Does this for each number below `count`, on every core.
fn in_parallel(count: usize, each: impl Fn(&mut Checker, usize) + Sync) -> Answers {
    const AT_ONCE: usize = 64;
    let next = AtomicUsize::new(0);
    let work = || {
        let mut checker = Checker::default();
        loop {
            let first = next.fetch_add(AT_ONCE, Ordering::Relaxed);
            (first..count.min(first + AT_ONCE)).for_each(|number| each(&mut checker, number));
            if first >= count {
                return checker.answers;
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut all = Answers::default();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().for_each(|worker| all.add(worker.join().unwrap()));
    });
    all
}
