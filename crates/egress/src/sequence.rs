//! Pieces of one long input, worked on by several threads and taken in their order, a bounded number of them at a time.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// How much may be under way at once, in the costs of pieces.
pub(crate) const MOST: usize = 12;

/// Gets pieces from `next`, each with its cost up to [`MOST`], works on them with several threads and gives the results to `take`, in order and
/// on the calling thread. Each thread has a state of its own.
///
/// # Errors
/// The first error in the order of the pieces, of `next` or of `take`.
pub(crate) fn in_sequence<I: Send, S, T: Send, E: Send>(
    threads: usize,
    next: impl FnMut() -> Result<Option<(usize, I)>, E> + Send,
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, I) -> T + Sync,
    mut take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let (jobs, to_do) = sync_channel(MOST);
    let to_do = Mutex::new(to_do);
    thread::scope(|scope| {
        let (permit, permits) = sync_channel(MOST);
        let (promises, promised) = sync_channel(MOST);
        give_back(&permit, MOST);
        scope.spawn(move || get_all(next, &permits, &jobs, &promises));
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                let mut state = state();
                while let Some(Job { piece, result }) = next_job(&to_do) {
                    // Nobody waits for it after an error.
                    drop(result.send(work(&mut state, piece)));
                }
            });
        }
        for promise in promised {
            let Promise { cost, result } = promise?;
            // A thread that panicked keeps no promise; its panic is told when the scope ends.
            let Ok(result) = result.recv() else { break };
            take(result)?;
            give_back(&permit, cost);
        }
        Ok(())
    })
}

struct Job<I, T> {
    piece: I,
    result: SyncSender<T>,
}

struct Promise<T> {
    cost: usize,
    result: Receiver<T>,
}

/// Hands out all pieces, until nobody takes results any more.
fn get_all<I, T, E>(
    mut next: impl FnMut() -> Result<Option<(usize, I)>, E>,
    permits: &Receiver<()>,
    jobs: &SyncSender<Job<I, T>>,
    promises: &SyncSender<Result<Promise<T>, E>>,
) {
    loop {
        let (cost, piece) = match next() {
            Ok(Some(piece)) => piece,
            Ok(None) => return,
            Err(error) => {
                // Nobody waits for it after an earlier error.
                drop(promises.send(Err(error)));
                return;
            }
        };
        let cost = cost.clamp(1, MOST);
        let is_permitted = (0..cost).all(|_| permits.recv().is_ok());
        let (result, promise) = sync_channel(1);
        let is_wanted = is_permitted && promises.send(Ok(Promise { cost, result: promise })).is_ok();
        if !is_wanted || jobs.send(Job { piece, result }).is_err() {
            return;
        }
    }
}

fn next_job<I, T>(to_do: &Mutex<Receiver<Job<I, T>>>) -> Option<Job<I, T>> {
    to_do.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

fn give_back(permit: &SyncSender<()>, cost: usize) {
    for _ in 0..cost {
        if permit.send(()).is_err() {
            // Nobody asks for one after the last piece.
            return;
        }
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
