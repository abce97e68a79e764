//! Archives of every kind and every trick, each asked for in three ways.

use super::super::archive::{end, entry, header, padded, patched, pax, record, regular};
use super::super::{Draft, GenerateError};
use super::{Ours, file};
use crate::kinds::file_open::{FileOpen, OneFile, Wanted};
use tar::{EntryType, Header};

const ALL: [Wanted; 3] = [Wanted::One, Wanted::First, Wanted::List];

/// Outcome of a trick for each of the three ways of asking: the files, or the error.
type Outcomes = [Result<Vec<OneFile>, &'static str>; 3];

pub(super) fn archives() -> Result<Draft<FileOpen>, GenerateError> {
    let mut draft = Draft::ours("envelope/file-open-archives", "file-tar");
    let ours = Ours::new();
    let mut put = |rule: &str, comment: &str, archive: &[u8], outcomes: Outcomes| -> Result<(), GenerateError> {
        let container = ours.container(archive)?;
        for (wanted, outcome) in ALL.into_iter().zip(outcomes) {
            let input = ours.input(&mut draft, wanted, &container);
            match outcome {
                Ok(files) => {
                    let released = files.iter().map(|file| file.content.len).sum();
                    draft.valid(rule, comment, input, ours.output(Some("1"), files), released);
                }
                Err(error) => draft.invalid(rule, comment, input, error, &["ArchiveTrick"]),
            }
        }
        Ok(())
    };
    let good = |name: &str, safe: &str, content: &[u8]| -> Outcomes {
        let files = vec![file(name, safe, content)];
        [Ok(files.clone()), Ok(files.clone()), Ok(files)]
    };
    let bad = |error: &'static str| -> Outcomes { [Err(error), Err(error), Err(error)] };
    let x = b"x";
    let block = header(Header::new_ustar(), EntryType::Regular, b"n", 1);
    let symlink = header(Header::new_ustar(), EntryType::Symlink, b"link", 5_000);
    let global = |body: &[u8]| entry(EntryType::XGlobalHeader, "g", body);
    let gnu = |name: &str| entry(EntryType::GNULongName, "././@LongLink", format!("{name}\0").as_bytes());
    let long = "d/".repeat(80) + "long";

    put(
        "TAR-10",
        "a name in a PAX header",
        &end(&[pax(&[("path", &long)])?, regular("short", x)]),
        good(&long, "long", x),
    )?;
    let feed = end(&[pax(&[("path", "line\nfeed=é")])?, regular("short", x)]);
    put(
        "TAR-10",
        "a name with a line feed and an equals sign in a PAX header",
        &feed,
        good("line\nfeed=é", "line_feed=é", x),
    )?;
    let two = end(&[pax(&[("mtime", "1.5"), ("path", "a"), ("path", "b"), ("x", "")])?, regular("c", x)]);
    put("TAR-10", "the last of two path records counts", &two, good("b", "b", x))?;
    put(
        "TAR-10",
        "an empty path record leaves the name",
        &end(&[pax(&[("path", "")])?, regular("n", x)]),
        good("n", "n", x),
    )?;
    put("TAR-10", "a GNU long name", &end(&[gnu(&long), regular("short", x)]), good(&long, "long", x))?;
    let both = end(&[gnu("one"), pax(&[("path", "two")])?, regular("three", x)]);
    put("TAR-10", "a GNU long name, then a PAX header", &both, good("two", "two", x))?;
    let split = [patched(&block, 345, b"pre"), padded(x)].concat();
    put("TAR-10", "a ustar prefix", &end(&[split]), good("pre/n", "n", x))?;
    let hundred = "n".repeat(100);
    put("TAR-10", "a name of 100 bytes without NUL", &end(&[regular(&hundred, x)]), good(&hundred, &hundred, x))?;

    // Written by its library, a type of NUL would be `0`.
    let nul = |form: Header, name: &[u8], size| patched(&header(form, EntryType::Regular, name, size), 156, &[0]);
    let zero = header(Header::new_old(), EntryType::Regular, b"v7", 1);
    for (old, comment) in [(zero, "V7 header"), (nul(Header::new_old(), b"v7", 1), "V7 header with type NUL")] {
        put("TAR-11", comment, &end(&[old, padded(x)]), good("v7", "v7", x))?;
    }
    let gnu_header = header(Header::new_gnu(), EntryType::Regular, b"gnu", 1);
    put("TAR-11", "GNU header", &end(&[gnu_header, padded(x)]), good("gnu", "gnu", x))?;

    let elsewhere = record("path", "elsewhere")?;
    put("TAR-12", "a global PAX header", &end(&[global(elsewhere.as_bytes()), regular("n", x)]), good("n", "n", x))?;
    put("TAR-12", "a global header of rubbish", &end(&[global(b"rubbish"), regular("n", x)]), good("n", "n", x))?;
    let link = entry(EntryType::GNULongLink, "././@LongLink", b"somewhere\0");
    put("TAR-12", "a GNU long link", &end(&[link, regular("n", x)]), good("n", "n", x))?;

    let whole = end(&[regular("n", b"abc")]);
    for (length, comment) in [
        (515, "no padding and no trailer"),
        (700, "half the padding"),
        (1_024, "no trailer"),
        (1_300, "half a zero block"),
        (1_536, "one zero block"),
        (2_047, "a byte less than two zero blocks"),
    ] {
        put("TAR-13", comment, &whole[..length], good("n", "n", b"abc"))?;
    }
    put("TAR-13", "twenty zero blocks", &[&whole[..], &[0; 9_216]].concat(), good("n", "n", b"abc"))?;
    put("TAR-14", "an empty file", &end(&[regular("n", b"")]), good("n", "n", b""))?;
    put("TAR-14", "an empty file and no trailer", &regular("n", b""), good("n", "n", b""))?;

    let (a, b) = (file("a", "a", b"one"), file("b", "b", b"two"));
    let several = |first: &OneFile, all: &[OneFile]| -> Outcomes {
        [Err("several-entries"), Ok(vec![first.clone()]), Ok(all.to_vec())]
    };
    let pair = end(&[regular("a", b"one"), regular("b", b"two")]);
    put("TAR-15", "two files", &pair, several(&a, &[a.clone(), b.clone()]))?;
    let same = end(&[regular("a", b"one"), regular("a", b"two")]);
    put("TAR-15", "two files of one name", &same, several(&a, &[a.clone(), file("a", "a", b"two")]))?;
    let named = end(&[regular("a", b"one"), pax(&[("path", "b")])?, regular("n", b"two")]);
    put("TAR-15", "a name for the second file only", &named, several(&a, &[a.clone(), b.clone()]))?;
    let three = end(&[regular("a", b""), regular("b", b"two"), regular("a", b"one")]);
    put(
        "TAR-15",
        "three files, the first one empty",
        &three,
        several(&file("a", "a", b""), &[file("a", "a", b""), b, a]),
    )?;

    for (kind, comment) in [
        (EntryType::Directory, "a directory"),
        (EntryType::Symlink, "a symbolic link"),
        (EntryType::Link, "a hard link"),
        (EntryType::Fifo, "a pipe"),
        (EntryType::Char, "a device"),
        (EntryType::Continuous, "type 7"),
        (EntryType::GNUSparse, "a sparse file"),
        (EntryType::new(b'V'), "a volume label"),
    ] {
        let first = vec![file("d", "d", b"")];
        let outcomes = [Err("not-a-file"), Ok(first), Err("not-a-file")];
        put("TAR-16", comment, &end(&[entry(kind, "d", b"")]), outcomes)?;
    }
    for (comment, form) in
        [("a directory of V7", Header::new_old()), ("a directory of V7, an ustar header", Header::new_ustar())]
    {
        let outcomes = [Err("not-a-file"), Ok(vec![file("folder/", "folder", b"")]), Err("not-a-file")];
        let directory = nul(form, b"folder/", 0);
        put("TAR-16", comment, &end(&[directory]), outcomes)?;
    }
    let named = [nul(Header::new_old(), b"folder/", 1), padded(x)].concat();
    put("TAR-16", "a name of a directory of V7, with content", &end(&[named]), good("folder/", "folder", x))?;
    put(
        "TAR-16",
        "a name of a directory of V7, and type 0",
        &end(&[regular("folder/", b"")]),
        good("folder/", "folder", b""),
    )?;
    let outcomes = || [Err("not-a-file"), Ok(vec![file("link", "link", b"")]), Err("not-a-file")];
    put("TAR-16", "a symbolic link that says it has content", &end(&[symlink]), outcomes())?;

    let label = header(Header::new_ustar(), EntryType::new(b'V'), b"v", 5_000);
    let outcomes = [Err("not-a-file"), Err("malformed"), Err("malformed")];
    put("TAR-16", "a volume label whose content is cut off", &label, outcomes)?;

    let far = [&end(&[regular("n", x)])[..], &[0; 512], &[1]].concat();
    let outcomes = || -> Outcomes { [Err("malformed"), Ok(vec![file("n", "n", x)]), Err("malformed")] };
    put("TAR-17", "a byte after the trailer", &far, outcomes())?;
    let twice = [end(&[regular("n", x)]), end(&[regular("m", x)])].concat();
    put("TAR-17", "a second archive after the first one", &twice, outcomes())?;
    put(
        "TAR-17",
        "a file between the two zero blocks",
        &[&regular("n", x)[..], &[0; 512], &regular("m", x), &[0; 512]].concat(),
        outcomes(),
    )?;

    let larger = end(&[regular("n", &[b'y'; 700])]);
    for (length, comment) in [
        (1, "one byte"),
        (100, "half a header"),
        (511, "a header without its last byte"),
        (512, "a header alone"),
        (513, "one byte of content"),
        (1_024, "a block of content"),
        (1_211, "content without its last byte"),
    ] {
        put("TAR-18", &format!("cut: {comment}"), &larger[..length], bad("malformed"))?;
    }
    for (at, comment) in [(0, "name"), (130, "size"), (148, "checksum"), (156, "type"), (511, "last byte")] {
        let mut wrong = larger.clone();
        if let Some(byte) = wrong.get_mut(at) {
            *byte ^= 0x40;
        }
        put("TAR-18", &format!("checksum: {comment} changed"), &wrong, bad("malformed"))?;
    }
    let utf8 = end(&[regular("é", x)]);
    put("TAR-03", "bytes above 127 count unsigned", &utf8, good("é", "é", x))?;
    for (field, comment) in [
        (&b"77777777777\0"[..], "eleven sevens"),
        (b"777777777777", "twelve sevens"),
        (b"9          \0", "no octal digit"),
        (b"-1         \0", "negative"),
        (b"\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", "binary, 2^64 - 1"),
        (b"\x80\0\0\x01\0\0\0\0\0\0\0\x01", "binary, 2^64 + 1"),
        (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "binary, -1"),
    ] {
        let lying = end(&[patched(&block, 124, field), padded(x)]);
        put("TAR-18", &format!("a size that lies: {comment}"), &lying, bad("malformed"))?;
    }
    put("TAR-18", "a PAX header without a file", &end(&[pax(&[("path", "p")])?]), bad("malformed"))?;
    put("TAR-18", "a PAX header cut after its record", &pax(&[("path", "p")])?[..600], bad("malformed"))?;
    put("TAR-18", "rubbish", &[b'?'; 1_024], bad("malformed"))?;
    let binary = end(&[patched(&block, 124, b"\x80\0\0\0\0\0\0\0\0\0\0\x01"), padded(x)]);
    put("TAR-13", "a binary size that is right", &binary, good("n", "n", x))?;

    for (length, comment) in
        [(0, "no byte"), (1, "one zero byte"), (512, "one zero block"), (1_024, "a trailer alone"), (4_096, "zeros")]
    {
        put("TAR-19", comment, &vec![0; length], bad("empty-archive"))?;
    }
    put("TAR-19", "a global header alone", &end(&[global(b"g")]), bad("empty-archive"))?;

    let seven = [b'y'; 700];
    put(
        "TAR-20",
        "a size in a PAX header",
        &end(&[pax(&[("size", "700")])?, block.clone(), padded(&seven)]),
        good("n", "n", &seven),
    )?;
    put("TAR-20", "an empty size record", &end(&[pax(&[("size", "")])?, block.clone(), padded(x)]), good("n", "n", x))?;
    for lie in ["-1", "0x10", "18446744073709551616", "1 ", "٣"] {
        let archive = end(&[pax(&[("size", lie)])?, block.clone(), padded(&seven)]);
        put("TAR-20", &format!("a PAX size that is no number: {lie:?}"), &archive, bad("malformed"))?;
    }
    for body in [
        "x",
        "10 path=a",
        "8 path=a\n",
        "11 path=a\n",
        "0 \n",
        "3 \n",
        "5 ab\n",
        " path=a\n",
        "99999999999999999999 a=b\n",
        "10 path=a\nx",
    ] {
        let archive = end(&[entry(EntryType::XHeader, "x", body.as_bytes()), regular("n", x)]);
        put("TAR-20", &format!("a PAX record of another shape: {body:?}"), &archive, bad("malformed"))?;
    }
    let name = "n".repeat(4_096);
    put(
        "TAR-20",
        "a name of 4096 bytes",
        &end(&[pax(&[("path", &name)])?, regular("n", x)]),
        good(&name, &name[..255], x),
    )?;
    let name = "n".repeat(4_097);
    put("TAR-20", "a name of 4097 bytes", &end(&[pax(&[("path", &name)])?, regular("n", x)]), bad("too-large"))?;
    put("TAR-20", "a GNU name of 4097 bytes", &end(&[gnu(&name), regular("n", x)]), bad("too-large"))?;
    for (kind, comment) in [
        (EntryType::XHeader, "PAX"),
        (EntryType::XGlobalHeader, "global PAX"),
        (EntryType::GNULongLink, "GNU long link"),
    ] {
        let huge = header(Header::new_ustar(), kind, b"x", 65_537);
        put("TAR-20", &format!("a {comment} header of 65537 bytes"), &end(&[huge]), bad("too-large"))?;
    }

    for (raw, safe) in SAFE_NAMES {
        let archive = end(&[pax(&[("path", raw)])?, regular("n", x)]);
        put("TAR-22", &format!("the name {raw:?}"), &archive, good(raw, safe, x))?;
    }
    put("TAR-22", "an empty name", &end(&[regular("", x)]), good("", "unnamed", x))?;
    let wide = "é".repeat(200);
    let archive = end(&[pax(&[("path", &wide)])?, regular("n", x)]);
    put("TAR-22", "a name of 400 bytes", &archive, good(&wide, &"é".repeat(127), x))?;
    let spaced = format!("con{}x", " ".repeat(252));
    let archive = end(&[pax(&[("path", &spaced)])?, regular("n", x)]);
    put("TAR-22", "a name of 256 bytes, reserved once it is cut", &archive, good(&spaced, "_con", x))?;
    let spaced = format!("con{}x", " ".repeat(251));
    let archive = end(&[pax(&[("path", &spaced)])?, regular("n", x)]);
    put("TAR-22", "a name of 255 bytes, which is not cut and not reserved", &archive, good(&spaced, &spaced, x))?;
    put("TAR-22", "a name with NUL", &end(&[pax(&[("path", "a\0b")])?, regular("n", x)]), bad("malformed"))?;
    for name in [&b"a\xff"[..], b"\xc3"] {
        let archive = end(&[header(Header::new_ustar(), EntryType::Regular, name, 0)]);
        put("TAR-22", "a name that is not UTF-8", &archive, bad("malformed"))?;
    }
    Ok(draft)
}

const SAFE_NAMES: &[(&str, &str)] = &[
    ("report.pdf", "report.pdf"),
    ("../../etc/passwd", "passwd"),
    ("C:\\Windows\\system.ini", "system.ini"),
    ("/absolute", "absolute"),
    ("folder/", "folder"),
    ("folder\\\\//", "folder"),
    ("..", "unnamed"),
    (".", "unnamed"),
    ("///", "unnamed"),
    ("...", "unnamed"),
    ("a/..", "unnamed"),
    (" . ", "unnamed"),
    (".hidden", ".hidden"),
    ("dots... ", "dots"),
    ("a<b>c:d\"e|f?g*h", "a_b_c_d_e_f_g_h"),
    ("bell\u{7}delete\u{7f}", "bell_delete_"),
    ("con", "_con"),
    ("Con.txt", "_Con.txt"),
    ("COM1.tar.gz", "_COM1.tar.gz"),
    ("com0", "com0"),
    ("com10", "com10"),
    ("LPT9", "_LPT9"),
    ("nul .txt", "_nul .txt"),
    ("nul\u{a0}.txt", "nul\u{a0}.txt"),
    ("console", "console"),
    ("日本.txt", "日本.txt"),
];
