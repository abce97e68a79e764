//! Where the program says something else than the call of the library that the vector is about, on purpose.

use super::Verdict;

/// Vectors that the program judges otherwise.
pub(crate) struct Otherwise {
    pub(crate) ids: &'static [&'static str],
    /// What it says instead.
    pub(crate) says: fn(&Verdict) -> bool,
    pub(crate) why: &'static str,
}

pub(crate) const OTHERWISE: &[Otherwise] = &[
    Otherwise {
        ids: &["msg-open-138", "msg-open-140", "msg-peer-061", "msg-peer-063"],
        says: Result::is_ok,
        why: "into a file go bytes; text is only wanted where it is shown on a terminal (MSG-23)",
    },
    Otherwise {
        ids: &["old-msg-034", "old-msg-035"],
        says: Result::is_ok,
        why: "white space around a message belongs to the file that it stands in",
    },
    Otherwise {
        ids: &[
            "derive-120",
            "derive-128",
            "derive-130",
            "derive-136",
            "derive-138",
            "derive-139",
            "derive-145",
            "derive-147",
            "derive-148",
            "derive-154",
            "derive-156",
            "derive-157",
            "derive-163",
            "derive-169",
            "derive-175",
            "derive-181",
            "derive-183",
            "derive-185",
            "derive-186",
            "derive-217",
        ],
        says: |verdict| is(verdict, "usage"),
        why: "an argument that cannot be is told as such, before anything is done",
    },
    Otherwise {
        ids: &["derive-188", "derive-189", "derive-190", "derive-193", "derive-194", "derive-195"],
        says: |verdict| is(verdict, "malformed"),
        why: "the nonce is a part of the token that is checked, and the token is what is malformed",
    },
    Otherwise {
        ids: &["key-import-035", "key-import-036"],
        says: Result::is_ok,
        why: "`inspect` looks into base64 too",
    },
    Otherwise {
        ids: &["ser-read-005"],
        says: |verdict| verdict.as_ref().is_ok_and(|told| told["flow"] == "localOrTmr"),
        why: "the program does not know which generation wrote the 4 (FLOW-02)",
    },
];

fn is(verdict: &Verdict, code: &str) -> bool {
    verdict.as_ref().is_err_and(|found| found == code)
}
