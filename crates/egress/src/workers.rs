//! Work on many items by several threads, with results taken in the order of the items whatever the threads do (EGR-25).

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ops::Range;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Items that may be finished ahead of the oldest unfinished one. What waits is small: a path and a line.
const AHEAD: usize = 65_536;
/// The load of a batch that a thread takes at once. Bytes, where items are files.
pub(crate) const FULL: u64 = 1024 * 1024;
/// The smallest load of an item: no batch has more than 32 of them.
const LEAST: u64 = FULL / 32;

/// Runs `work` on every item with several threads and gives the results to `take` in the order of the items.
///
/// # Errors
/// The first error of `take`; no further item is begun then.
pub(crate) fn in_order<'a, I: Sync, T: Send, E>(
    threads: usize,
    items: &'a [I],
    work: impl Fn(&'a I) -> T + Sync,
    take: impl FnMut(&'a I, T) -> Result<(), E>,
) -> Result<(), E> {
    in_batches(threads, items, |_| FULL, || false, work, take).map(drop)
}

/// As [`in_batches`], a few items at a time, for work without results.
pub(crate) fn each<I: Sync>(
    threads: usize,
    items: &[I],
    stop: impl Fn() -> bool + Sync,
    work: impl Fn(&I) + Sync,
) -> Ended {
    let Ok(ended) = in_batches(threads, items, |_| FULL / 8, stop, work, |_, ()| Ok::<(), Infallible>(()));
    ended
}

/// Whether the work came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    Complete,
    /// Every item that was begun is finished and taken, and the rest was not begun.
    Stopped,
}

/// As [`in_order`], several items of little load at a time, until `stop` says that no further item is to be begun.
///
/// # Errors
/// As [`in_order`].
pub(crate) fn in_batches<'a, I: Sync, T: Send, E>(
    threads: usize,
    items: &'a [I],
    load: impl Fn(&'a I) -> u64 + Sync,
    stop: impl Fn() -> bool + Sync,
    work: impl Fn(&'a I) -> T + Sync,
    mut take: impl FnMut(&'a I, T) -> Result<(), E>,
) -> Result<Ended, E> {
    let queue = Queue::default();
    thread::scope(|scope| {
        for _ in 0..threads.min(items.len()) {
            scope.spawn(|| {
                let _bell = Bell(&queue);
                while let Some(batch) = queue.next(items, &load, &stop) {
                    let results = items.get(batch.clone()).unwrap_or_default().iter().map(&work).collect();
                    queue.finished(batch.start, results);
                }
            });
        }
        let mut rest = items.iter();
        let mut taken = 0;
        while let Some(results) = queue.wait_for(taken, items.len()) {
            taken += results.len();
            for (result, item) in results.into_iter().zip(rest.by_ref()) {
                if let Err(error) = take(item, result) {
                    queue.stop();
                    return Err(error);
                }
            }
        }
        Ok(if taken < items.len() { Ended::Stopped } else { Ended::Complete })
    })
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
    /// Whoever takes results waits here for the next batch,
    finished: Condvar,
    /// and the threads here for room ahead of it.
    room: Condvar,
}

struct State<T> {
    next: usize,
    taken: usize,
    /// Results by the place of their first item.
    finished: BTreeMap<usize, Vec<T>>,
    /// Threads wait for room.
    crowded: bool,
    /// No item from here on is to be begun.
    ends_at: Option<usize>,
    failed: bool,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        let state =
            State { next: 0, taken: 0, finished: BTreeMap::new(), crowded: false, ends_at: None, failed: false };
        Self { state: Mutex::new(state), finished: Condvar::new(), room: Condvar::new() }
    }
}

impl<T> Queue<T> {
    /// The places of the next items to be worked on, once they are not too far ahead.
    fn next<'a, I>(
        &self,
        items: &'a [I],
        load: impl Fn(&'a I) -> u64,
        stop: impl Fn() -> bool,
    ) -> Option<Range<usize>> {
        let mut state = self.lock();
        loop {
            if state.failed || state.ends_at.is_some() || state.next >= items.len() {
                return None;
            }
            if stop() {
                state.ends_at = Some(state.next);
                self.finished.notify_one();
                return None;
            }
            if state.next < state.taken + AHEAD {
                let first = state.next;
                let mut left = FULL;
                let rest = items.get(first..).unwrap_or_default();
                let batch = rest.iter().take_while(|item| {
                    let has_room = left > 0;
                    left = left.saturating_sub(load(item).max(LEAST));
                    has_room
                });
                state.next += batch.count().max(1);
                return Some(first..state.next);
            }
            state.crowded = true;
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn finished(&self, place: usize, results: Vec<T>) {
        let mut state = self.lock();
        state.finished.insert(place, results);
        if place == state.taken {
            self.finished.notify_one();
        }
    }

    /// The results of the batch that begins at this place; `None` when all were taken or nothing more comes.
    fn wait_for(&self, place: usize, end: usize) -> Option<Vec<T>> {
        let mut state = self.lock();
        state.taken = place;
        if std::mem::take(&mut state.crowded) {
            self.room.notify_all();
        }
        loop {
            if place >= end || state.failed || state.ends_at.is_some_and(|ends_at| place >= ends_at) {
                return None;
            }
            if let Some(results) = state.finished.remove(&place) {
                return Some(results);
            }
            state = self.finished.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn stop(&self) {
        self.lock().failed = true;
        self.finished.notify_all();
        self.room.notify_all();
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
    fn batches_come_in_order_and_are_no_larger_than_full() {
        let items: Vec<u64> = (0..5_000).map(|item| item * 7919 % 1_000).collect();
        for (threads, unit) in [(1, 1), (3, 4_096), (2, FULL)] {
            let mut seen = Vec::new();
            let work = |item: &u64| *item;
            let result = in_batches(
                threads,
                &items,
                |item| item * unit,
                || false,
                work,
                |item, result| {
                    assert_eq!(*item, result);
                    seen.push(result);
                    Ok::<(), ()>(())
                },
            );
            assert_eq!(result, Ok(Ended::Complete));
            assert_eq!(seen, items);
        }
        let queue = Queue::<()>::default();
        let loads = [0, 0, FULL, 5, FULL - 1, FULL - 1, 1, 1];
        let batches = std::iter::from_fn(|| queue.next(&loads, |&load| load, || false));
        assert_eq!(batches.collect::<Vec<_>>(), [0..3, 3..5, 5..7, 7..8]);
        let queue = Queue::<()>::default();
        assert_eq!(queue.next(&[0; 100], |_| 0, || false), Some(0..32));
    }

    #[test]
    fn what_was_begun_before_a_stop_is_taken() {
        let items: Vec<usize> = (0..100_000).collect();
        for threads in [1, 2, 4] {
            let (begun, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let stop = || taken.load(Ordering::SeqCst) >= 1_000;
            let result = in_batches(
                threads,
                &items,
                |_| 0,
                stop,
                |_| begun.fetch_add(1, Ordering::SeqCst),
                |&item, _| {
                    assert_eq!(item, taken.fetch_add(1, Ordering::SeqCst));
                    Ok::<(), ()>(())
                },
            );
            assert_eq!(result, Ok(Ended::Stopped));
            assert_eq!(begun.into_inner(), taken.into_inner());
        }
        let stopped_before = in_batches(2, &items, |_| 0, || true, |_| panic!("begun"), |_, ()| Ok::<(), ()>(()));
        assert_eq!(stopped_before, Ok(Ended::Stopped));
        let late = in_batches(2, &[1, 2], |_| 0, || false, |_| (), |_, ()| Ok::<(), ()>(()));
        assert_eq!(late, Ok(Ended::Complete));
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
        each(2, &[1, 2, 3], || false, |&item| assert_ne!(item, 2));
    }

    #[test]
    fn nothing_to_do_is_done_at_once() {
        assert_eq!(each(4, &[] as &[u8], || false, |_| panic!("no item")), Ended::Complete);
    }
}
