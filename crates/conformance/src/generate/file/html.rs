//! Containers of protocol 2.

use super::super::archive::{end, regular};
use super::super::envelope::sealed;
use super::super::message::{OTHER, SESSION, SESSION_S64};
use super::super::{Draft, GenerateError, pattern};
use super::{Ours, file};
use crate::kinds::file_open::{self, Container, FileOpen, Wanted};
use sealwright_types::b64;

pub(super) fn html() -> Result<Draft<FileOpen>, GenerateError> {
    let mut draft = Draft::ours("envelope/file-open-html", "file-html");
    let ours = Ours::new();
    let content = pattern(60);
    let payload = b64::encode(sealed(&ours.key, "html", &end(&[regular("page.txt", &content)]))?);
    let uid = format!("<script>window.sealdDocumentUID = '{SESSION}';");
    let page = |before: &str, payload: &str, after: &str| format!("{before}\nwindow.sealdDocument = '{payload}{after}");
    let at = |offset: usize| {
        let filler = " ".repeat(offset - uid.len());
        format!("{uid}{filler}window.sealdDocument = '{payload}'")
    };
    let with_uid = |uid: &str| page(uid, &payload, "'");
    let with_payload = |payload: &str| page(&uid, payload, "';</script>");
    let lines: String = payload.as_bytes().chunks(61).map(|line| String::from_utf8_lossy(line) + " \r\n\t").collect();
    for (rule, comment, text) in [
        ("HTML-02", "the marker begins at 65535", at(65_535)),
        ("HTML-02", "a second marker after the payload", page(&uid, &payload, "'; window.sealdDocument = 'x'")),
        ("HTML-03", "no space, single quotes", with_uid(&format!("window.sealdDocumentUID='{SESSION}'"))),
        (
            "HTML-03",
            "white space and double quotes",
            with_uid(&format!("window.sealdDocumentUID \t\n = \r\n \"{SESSION}\"")),
        ),
        ("HTML-03", "one quote of each kind", with_uid(&format!("window.sealdDocumentUID = \"{SESSION}'"))),
        (
            "HTML-03",
            "the name without a value before it",
            with_uid(&format!("window.sealdDocumentUID; window.sealdDocumentUID = '{SESSION}'")),
        ),
        ("HTML-03", "a second id after the first one", with_uid(&format!("{uid} window.sealdDocumentUID = '{OTHER}'"))),
        ("HTML-04", "text between marker and quote", format!("{uid}window.sealdDocument = /* here */ '{payload}'")),
        ("HTML-04", "unpadded", with_payload(payload.trim_end_matches('='))),
        ("HTML-04", "url alphabet", with_payload(&payload.replace('+', "-").replace('/', "_"))),
        (
            "HTML-05",
            "text before and after",
            page(&format!("<!DOCTYPE html>é{uid}"), &payload, "' it's = 'more'</html>"),
        ),
        ("HTML-05", "nothing after the quote", page(&uid, &payload, "'")),
        ("HTML-05", "line breaks inside", with_payload(&lines)),
    ] {
        let input = ours.input(&mut draft, Wanted::One, text.as_bytes());
        let mut output = ours.output(None, vec![file("page.txt", "page.txt", &content)]);
        output.kind = Container::Html;
        draft.valid(rule, comment, input, output, content.len() as u64);
    }
    let marked = |marker: &str| page(&uid, &payload, "'").replace("window.sealdDocument = ", marker);
    for (rule, comment, text) in [
        ("HTML-02", "the marker begins at 65536", at(65_536)),
        ("HTML-02", "no marker", uid.clone()),
        ("HTML-02", "no space before the equals sign", marked("window.sealdDocument= ")),
        ("HTML-02", "no space after the equals sign", marked("window.sealdDocument =")),
        ("HTML-02", "a tab in the marker", marked("window.sealdDocument =\t")),
        ("HTML-02", "the marker in another case", marked("window.SealdDocument = ")),
        (
            "HTML-02",
            "the first marker counts",
            format!("{uid}window.sealdDocument = 'x';window.sealdDocument = '{payload}'"),
        ),
        ("HTML-03", "no id", with_uid("")),
        ("HTML-03", "the id after the marker", format!("window.sealdDocument = '{payload}'; {uid}")),
        ("HTML-03", "upper case", with_uid(&uid.replace(SESSION, &SESSION.to_uppercase()))),
        ("HTML-03", "S64", with_uid(&uid.replace(SESSION, SESSION_S64))),
        ("HTML-03", "empty", with_uid(&uid.replace(SESSION, ""))),
        ("HTML-03", "a space in the quotes", with_uid(&uid.replace(SESSION, &format!("{SESSION} ")))),
        ("HTML-03", "version 7", with_uid(&uid.replace("41ee", "71ee"))),
        ("HTML-03", "no quotes", with_uid(&format!("window.sealdDocumentUID = {SESSION}"))),
        ("HTML-03", "the first id is none", with_uid(&format!("window.sealdDocumentUID = 'x'; {uid}"))),
        ("HTML-04", "no closing quote", page(&uid, &payload, "")),
        ("HTML-04", "no closing quote, more text", page(&uid, &payload, ";</script>")),
        ("HTML-04", "no quote at all", format!("{uid}window.sealdDocument = ")),
        ("HTML-04", "empty payload", with_payload("")),
        ("HTML-04", "junk in the payload", with_payload(&format!("!{payload}"))),
        ("HTML-04", "S64 payload", with_payload(&payload.replace(['+', '/'], "%"))),
        (
            "HTML-04",
            "an equals sign between two groups",
            with_payload(&format!("{}={}", &payload[..80], &payload[80..])),
        ),
        ("HTML-04", "text after the padding", with_payload(&format!("{payload}=AAAA"))),
        (
            "HTML-04",
            "one character left over",
            with_payload(&payload[..payload.trim_end_matches('=').len() / 4 * 4 - 3]),
        ),
    ] {
        let input = ours.input(&mut draft, Wanted::One, text.as_bytes());
        draft.invalid(rule, comment, input, "malformed", &["HtmlTrick"]);
    }
    let mut damaged = payload.clone().into_bytes();
    for place in [3, damaged.len() / 2, damaged.len() - 6] {
        let before = damaged[place];
        damaged[place] = if before == b'A' { b'B' } else { b'A' };
        let text = page(&uid, &String::from_utf8_lossy(&damaged), "'");
        damaged[place] = before;
        let input = ours.input(&mut draft, Wanted::One, text.as_bytes());
        draft.invalid(
            "HTML-04",
            format!("character {place} of the payload changed"),
            input,
            "rejected",
            &["EarlyRelease"],
        );
    }
    let other = file_open::Input {
        session: Some(OTHER.to_owned()),
        ..ours.input(&mut draft, Wanted::One, with_uid(&uid).as_bytes())
    };
    draft.invalid("FILE-19", "a page of another session", other, "wrong-session", &["HtmlTrick"]);
    Ok(draft)
}
