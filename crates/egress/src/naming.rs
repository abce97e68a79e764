//! Which name an output gets: the first free one of its directory (EGR-30 to EGR-32).

use crate::place::short_hash;
use sealwright_envelope::name;
use std::collections::{HashMap, HashSet};
use unicode_normalization::UnicodeNormalization as _;

/// The names that are taken, each as a hash of its directory and its folded form: there may be millions.
#[derive(Debug, Default)]
pub(crate) struct Names {
    taken: HashSet<[u8; 16]>,
    /// Names that were taken when they were wanted: below this number every alternative is taken too.
    next: HashMap<[u8; 16], u64>,
}

impl Names {
    /// Takes a path of the output that is there already, or will be: a file of an earlier run, or a directory with all above it.
    pub(crate) fn reserve(&mut self, path: &str) {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        if !directory.is_empty() {
            self.reserve(directory);
        }
        self.taken.insert(hash(directory, name));
    }

    /// The first free of `name.ext`, `name (1).ext`, `name (2).ext`, ..., which is then taken.
    pub(crate) fn next_free(&mut self, directory: &str, wanted: &str) -> String {
        let first = hash(directory, wanted);
        if self.taken.insert(first) {
            return wanted.to_owned();
        }
        let number = self.next.entry(first).or_insert(1);
        loop {
            let candidate = name::numbered(wanted, *number);
            *number += 1;
            if self.taken.insert(hash(directory, &candidate)) {
                return candidate;
            }
        }
    }
}

fn hash(directory: &str, name: &str) -> [u8; 16] {
    short_hash(&[directory.as_bytes(), folded(name).as_bytes()])
}

/// Two names are equal if their NFC, simple-case-folded forms are equal.
fn folded(name: &str) -> String {
    let fold = |character: char| {
        let folded = unicode_case_mapping::case_folded(character).and_then(|code| char::from_u32(code.get()));
        folded.unwrap_or(character)
    };
    name.nfc().map(fold).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equal_names_are_numbered_in_order() {
        let mut names = Names::default();
        let given: Vec<_> = (0..4).map(|_| names.next_free("data", "a.txt")).collect();
        assert_eq!(given, ["a.txt", "a (1).txt", "a (2).txt", "a (3).txt"]);
        assert_eq!(names.next_free("data/sub", "a.txt"), "a.txt");
    }

    #[test]
    fn names_are_equal_whatever_their_case_and_composition() {
        let mut names = Names::default();
        assert_eq!(names.next_free("", "Café.txt"), "Café.txt");
        assert_eq!(names.next_free("", "cafe\u{301}.TXT"), "cafe\u{301} (1).TXT");
        assert_eq!(names.next_free("", "CAFÉ (1).txt"), "CAFÉ (1) (1).txt");
        assert_eq!(names.next_free("", "straße"), "straße");
        assert_eq!(names.next_free("", "STRASSE"), "STRASSE");
    }

    #[test]
    fn reserved_paths_take_their_directories_too() {
        let mut names = Names::default();
        names.reserve("data/sub/old.txt");
        assert_eq!(names.next_free("data/sub", "OLD.txt"), "OLD (1).txt");
        assert_eq!(names.next_free("data", "sub"), "sub (1)");
        assert_eq!(names.next_free("", "data"), "data (1)");
    }

    proptest! {
        #[test]
        fn no_two_names_are_equal(wanted in proptest::collection::vec("[aAéÉ]{1,2}( \\([12]\\))?(\\.[tT])?", 0..40)) {
            let mut names = Names::default();
            let mut seen = HashSet::new();
            for name in wanted {
                prop_assert!(seen.insert(folded(&names.next_free("d", &name))));
            }
        }
    }
}
