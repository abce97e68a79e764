//! Which name an output gets: the first free one of its directory (EGR-30 to EGR-32).

use crate::hashed::{Hashed, ShortHash, short_hash};
use sealwright_envelope::name;
use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization as _;

/// The names that are taken, each as a hash of its directory and its folded form: there may be millions.
#[derive(Debug, Default)]
pub(crate) struct Names {
    taken: Hashed<()>,
    /// Names that were taken when they were wanted: below this number every alternative is taken too.
    next: HashMap<ShortHash, u64>,
    /// What the sink appends to names: it stays at the end of a numbered one, `report (1).pdf.age`.
    appended: Option<&'static str>,
}

impl Names {
    /// No name is taken. `appended` is what the sink appends to names.
    pub(crate) fn new(appended: Option<&'static str>) -> Self {
        Self { appended, ..Self::default() }
    }

    /// Takes a path of the output that is there already, or will be: a file of an earlier run, or a directory with all above it.
    pub(crate) fn reserve(&mut self, path: &str) {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        if !directory.is_empty() {
            self.reserve(directory);
        }
        self.taken.insert(hash(directory, name), ());
    }

    /// The first free of `name.ext`, `name (1).ext`, `name (2).ext`, ..., which is then taken.
    pub(crate) fn next_free(&mut self, directory: &str, wanted: &str) -> String {
        let first = hash(directory, wanted);
        if self.taken.insert(first, ()).is_none() {
            return wanted.to_owned();
        }
        let number = self.next.entry(first).or_insert(1);
        loop {
            let candidate = numbered(wanted, self.appended, *number);
            *number += 1;
            if self.taken.insert(hash(directory, &candidate), ()).is_none() {
                return candidate;
            }
        }
    }
}

/// The alternative of a name (EGR-31).
fn numbered(name: &str, appended: Option<&str>, number: u64) -> String {
    let appended = appended.and_then(|ending| Some((name.strip_suffix(ending)?, ending)));
    match appended.filter(|(clear, _)| !clear.is_empty()) {
        Some((clear, ending)) => {
            let longest = name::LONGEST.saturating_sub(ending.len());
            format!("{}{ending}", name::numbered_within(clear, number, longest))
        }
        None => name::numbered(name, number),
    }
}

fn hash(directory: &str, name: &str) -> ShortHash {
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
    use std::collections::HashSet;

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
    fn what_a_sink_appends_stays_at_the_end() {
        let mut names = Names::new(Some(".age"));
        let given: Vec<_> = (0..2).map(|_| names.next_free("", "report.pdf.age")).collect();
        assert_eq!(given, ["report.pdf.age", "report (1).pdf.age"]);
        assert_eq!(names.next_free("", "report.pdf"), "report.pdf");
        // A stored name may end like that too: then it is an extension like any other.
        let mut names = Names::default();
        let given: Vec<_> = (0..2).map(|_| names.next_free("", "report.pdf.age")).collect();
        assert_eq!(given, ["report.pdf.age", "report.pdf (1).age"]);
        let mut names = Names::new(Some(".seald"));
        let long = format!("{}.pdf.seald", "a".repeat(245));
        let given: Vec<_> = (0..12).map(|_| names.next_free("", &long)).collect();
        assert!(given.iter().all(|name| name.len() <= name::LONGEST && name.ends_with(".pdf.seald")), "{given:?}");
        assert_eq!(given[11], format!("{}(11).pdf.seald", "a".repeat(240) + " "));
        assert_eq!(given[0], long);
        assert_eq!((0..2).map(|_| names.next_free("", ".age")).collect::<Vec<_>>(), [".age", ".age (1)"]);
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
