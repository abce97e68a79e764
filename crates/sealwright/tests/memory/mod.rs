//! Searching the heap of this process for what should be gone.
//!
//! The heap is read as the kernel shows it, `/proc/self/mem`, so freed blocks are seen too. What is sought is kept as its complement and so is the copy
//! that is searched, or the search would find itself. Stacks are left out: moving a value copies its pointer, not the secret, which lies in a box.
//! One test a program: while another runs, the memory changes under the search.

use std::any::Any;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use zeroize::Zeroizing;

/// Bytes that are sought, as their complement.
pub(crate) struct Needle(Vec<u8>);

impl Needle {
    pub(crate) fn of(secret: &[u8]) -> Self {
        assert!(secret.len() >= 16);
        Self(secret.iter().map(|byte| !byte).collect())
    }
}

/// What a type makes of a secret, and the bytes that have to be gone with it: each alone, wherever one of them is seen.
pub(crate) type Case = (&'static str, fn() -> (Box<dyn Any>, Vec<Needle>));

/// Fails unless each value can be seen in memory while it lives, and can't when it is dropped.
pub(crate) fn assert_each_is_wiped(cases: &[Case]) {
    for (name, make) in cases {
        let (value, needles) = make();
        assert!(occurrences(&needles) > 0, "{name}: the search does not see a secret that is there");
        drop(value);
        assert_eq!(occurrences(&needles), 0, "{name} leaves its secret behind");
    }
}

/// How often any of them stands in the writable memory of this process, the stack of this thread excepted.
pub(crate) fn occurrences(needles: &[Needle]) -> usize {
    let on_this_stack = 0_u8;
    let here = std::ptr::from_ref(&on_this_stack).addr();
    let mut memory = File::open("/proc/self/mem").unwrap();
    let finders: Vec<_> = needles.iter().map(|needle| memchr::memmem::Finder::new(&needle.0)).collect();
    writable_memory()
        .filter(|range| !range.contains(&here))
        .map(|range| {
            let mut copy = Zeroizing::new(vec![0; range.len()]);
            memory.seek(SeekFrom::Start(range.start as u64)).unwrap();
            memory.read_exact(&mut copy).unwrap();
            copy.iter_mut().for_each(|byte| *byte = !*byte);
            finders.iter().map(|finder| finder.find_iter(&copy).count()).sum::<usize>()
        })
        .sum()
}

/// The writable ranges of this process without the main stack; other stacks are told by what lies in them.
fn writable_memory() -> impl Iterator<Item = Range<usize>> {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let ranges: Vec<Range<usize>> = maps
        .lines()
        .filter(|line| line.contains(" rw") && !line.ends_with("[stack]"))
        .filter_map(|line| line.split_once(' ')?.0.split_once('-'))
        .map(|(start, end)| usize::from_str_radix(start, 16).unwrap()..usize::from_str_radix(end, 16).unwrap())
        .collect();
    ranges.into_iter()
}
