//! Pieces of one long input, worked on by several threads and taken in their order, a bounded number of them at a time.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// How much may be under way at once, in the costs of pieces.
pub(crate) const MOST: usize = 12;

/// Gets pieces from `next`, each with its cost up to [`MOST`], works on them with several threads and gives the results to `take`, in order. Both
/// are called on the calling thread; each other thread has a state of its own.
///
/// # Errors
/// The first error in the order of the pieces, of `next` or of `take`.
pub(crate) fn in_sequence<I: Send, S, T: Send, E>(
    threads: usize,
    mut next: impl FnMut() -> Result<Option<(usize, I)>, E>,
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, I) -> T + Sync,
    take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let (jobs, to_do) = channel();
    let to_do = Mutex::new(to_do);
    thread::scope(|scope| {
        // Ends with this closure, and the threads with it.
        let jobs: Sender<Job<I, T>> = jobs;
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                let mut state = state();
                while let Some(Job { piece, result }) = next_job(&to_do) {
                    // Nobody waits for it after an error.
                    drop(result.send(work(&mut state, piece)));
                }
            });
        }
        let mut under_way = UnderWay { promises: VecDeque::new(), cost: 0, take };
        loop {
            let (cost, piece) = match next() {
                Ok(Some(piece)) => piece,
                Ok(None) => return under_way.take_down_to(0),
                Err(error) => return under_way.take_down_to(0).and(Err(error)),
            };
            let cost = cost.clamp(1, MOST);
            under_way.take_down_to(MOST.saturating_sub(cost))?;
            let (result, promise) = sync_channel(1);
            under_way.add(cost, promise);
            if jobs.send(Job { piece, result }).is_err() {
                // All threads have panicked, which is told when the scope ends.
                return Ok(());
            }
        }
    })
}

struct Job<I, T> {
    piece: I,
    result: SyncSender<T>,
}

fn next_job<I, T>(to_do: &Mutex<Receiver<Job<I, T>>>) -> Option<Job<I, T>> {
    to_do.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

/// What the threads have promised, in order.
struct UnderWay<T, F> {
    promises: VecDeque<(usize, Receiver<T>)>,
    cost: usize,
    take: F,
}

impl<T, E, F: FnMut(T) -> Result<(), E>> UnderWay<T, F> {
    fn add(&mut self, cost: usize, promise: Receiver<T>) {
        self.promises.push_back((cost, promise));
        self.cost += cost;
    }

    /// Takes results, the oldest first, until no more than this is under way.
    fn take_down_to(&mut self, cost: usize) -> Result<(), E> {
        while self.cost > cost {
            let Some((taken, promise)) = self.promises.pop_front() else { break };
            self.cost -= taken;
            // A thread that panicked keeps no promise; its panic is told when the scope ends.
            let Ok(result) = promise.recv() else { break };
            (self.take)(result)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    #[test]
    fn results_come_in_order_and_no_more_than_is_permitted_is_under_way() {
        for threads in [1, 2, 5] {
            let (under_way, mut next, mut taken) = (AtomicUsize::new(0), 0..300_usize, Vec::new());
            let cost = |piece: usize| if piece % 50 == 7 { MOST } else { 1 + piece % 3 };
            let result: Result<(), ()> = in_sequence(
                threads,
                || Ok(next.next().map(|piece| (cost(piece), piece))),
                || (),
                |(), piece| {
                    let now = under_way.fetch_add(cost(piece), Ordering::SeqCst) + cost(piece);
                    thread::sleep(Duration::from_micros(piece as u64 * 7919 % 97));
                    (now, piece)
                },
                |(now, piece)| {
                    assert!(now <= MOST, "{now}");
                    under_way.fetch_sub(cost(piece), Ordering::SeqCst);
                    taken.push(piece);
                    Ok(())
                },
            );
            assert_eq!((result, taken), (Ok(()), (0..300).collect()));
        }
    }

    #[test]
    fn the_first_error_in_order_is_told() {
        for (reading, taking) in [(500, 10), (10, 500), (10, 10), (11, 10)] {
            let (mut read, mut taken) = (0, 0);
            let result = in_sequence(
                3,
                || {
                    read += 1;
                    if read > reading { Err("read") } else { Ok(Some((1, read))) }
                },
                || (),
                |(), piece| piece,
                |piece| {
                    taken += 1;
                    assert_eq!(piece, taken);
                    if piece > taking { Err("take") } else { Ok(()) }
                },
            );
            assert_eq!(result, Err(if taking < reading { "take" } else { "read" }), "{reading}, {taking}");
        }
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_panic_is_told_and_not_waited_for() {
        let mut next = 0..1_000;
        let work = |(): &mut (), piece: i32| assert_ne!(piece, 500);
        let result: Result<(), ()> =
            in_sequence(2, || Ok(next.next().map(|piece| (1, piece))), || (), work, |()| Ok(()));
        assert_eq!(result, Ok(()), "the panic comes first");
    }
}
