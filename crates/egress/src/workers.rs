//! Work on many items by several threads, with results taken in the order of the items whatever the threads do (EGR-25).

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Items that may be finished ahead of the oldest unfinished one. What waits is small: a path and a line.
const AHEAD: usize = 65_536;

/// Runs `work` on every item with several threads and gives the results to `take` in the order of the items.
///
/// # Errors
/// The first error of `take`; no further item is begun then.
pub(crate) fn in_order<'a, I: Sync, T: Send, E>(
    threads: usize,
    items: &'a [I],
    work: impl Fn(&'a I) -> T + Sync,
    mut take: impl FnMut(&'a I, T) -> Result<(), E>,
) -> Result<(), E> {
    if threads == 1 {
        return items.iter().try_for_each(|item| take(item, work(item)));
    }
    let queue = Queue::default();
    thread::scope(|scope| {
        for _ in 0..threads.min(items.len()) {
            scope.spawn(|| {
                let _bell = Bell(&queue);
                while let Some((place, item)) = queue.next(items) {
                    queue.finished(place, work(item));
                }
            });
        }
        let results = items.iter().enumerate().map_while(|(place, item)| Some((item, queue.wait_for(place)?)));
        let mut taken = results.map(|(item, result)| take(item, result));
        let result = taken.find(Result::is_err).unwrap_or(Ok(()));
        queue.stop();
        result
    })
}

/// As [`in_order`], for work without results.
pub(crate) fn each<I: Sync>(threads: usize, items: &[I], work: impl Fn(&I) + Sync) {
    let Ok(()) = in_order(threads, items, work, |_, ()| Ok::<(), Infallible>(()));
}

/// Ends the wait for results when a thread panics, so that the panic is told instead of waited for.
struct Bell<'a, T>(&'a Queue<T>);

impl<T> Drop for Bell<'_, T> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.stop();
        }
    }
}

struct Queue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T> {
    next: usize,
    taken: usize,
    finished: BTreeMap<usize, T>,
    stopped: bool,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        let state = State { next: 0, taken: 0, finished: BTreeMap::new(), stopped: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }
}

impl<T> Queue<T> {
    /// The next item to be worked on, once it is not too far ahead.
    fn next<'a, I>(&self, items: &'a [I]) -> Option<(usize, &'a I)> {
        let mut state = self.lock();
        loop {
            let item = items.get(state.next).filter(|_| !state.stopped)?;
            if state.next < state.taken + AHEAD {
                state.next += 1;
                return Some((state.next - 1, item));
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn finished(&self, place: usize, result: T) {
        self.lock().finished.insert(place, result);
        self.changed.notify_all();
    }

    /// The result of an item; `None` when the work was stopped before.
    fn wait_for(&self, place: usize) -> Option<T> {
        let mut state = self.lock();
        loop {
            if let Some(result) = state.finished.remove(&place) {
                state.taken = place + 1;
                self.changed.notify_all();
                return Some(result);
            }
            if state.stopped {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    #[test]
    fn results_come_in_order_whatever_the_threads_do() {
        let items: Vec<u64> = (0..200).collect();
        for threads in [1, 2, 8] {
            let mut seen = Vec::new();
            let work = |item: &u64| {
                thread::sleep(Duration::from_micros(item * 7919 % 97));
                item * 2
            };
            let result: Result<(), ()> = in_order(threads, &items, work, |_, doubled| {
                seen.push(doubled);
                Ok(())
            });
            assert_eq!((result, seen), (Ok(()), (0..200).map(|item| item * 2).collect()));
        }
    }

    #[test]
    fn an_error_ends_the_work_early() {
        let items: Vec<usize> = (0..1_000_000).collect();
        let begun = AtomicUsize::new(0);
        let result = in_order(
            2,
            &items,
            |_| begun.fetch_add(1, Ordering::Relaxed),
            |item, _| {
                if *item == 10 { Err("stop") } else { Ok(()) }
            },
        );
        assert_eq!(result, Err("stop"));
        assert!(begun.into_inner() < items.len());
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_panic_is_told_and_not_waited_for() {
        each(2, &[1, 2, 3], |&item| assert_ne!(item, 2));
    }

    #[test]
    fn nothing_to_do_is_done_at_once() {
        each(4, &[] as &[u8], |_| panic!("no item"));
    }
}
