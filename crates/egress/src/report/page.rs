//! `report.html`: one page for the person who has to sign, complete in itself. No script, nothing loaded from elsewhere.

mod numbers;
mod sections;
mod verdict;

use super::markup::Html;
use super::{Form, Report, Run};
use ring::digest::{SHA256, digest};
use sealwright_types::b64;
use verdict::Verdict;

const STYLE: &str = include_str!("page/style.css");

/// The whole page.
pub(super) fn page(report: &Report, runs: &[Run]) -> String {
    let verdict = Verdict::of(report);
    let mut html = Html::default();
    html.markup("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
        // The one style of the page is named by its hash; everything else is forbidden.
        .markup("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-")
        .text(b64::encode(digest(&SHA256, STYLE.as_bytes())))
        .markup("'; base-uri 'none'; form-action 'none'\">\n")
        .markup("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
        .markup(
            "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n",
        )
        .element("<title>", &verdict.sentence, " · Egress report</title>\n<style>")
        .markup(STYLE)
        .markup("</style>\n</head>\n<body>\n<main>\n");
    head(&mut html, report, &verdict);
    sections::coverage(&mut html, report);
    sections::unopened(&mut html, report);
    sections::routes(&mut html, report);
    sections::sizes(&mut html, report);
    sections::identities(&mut html, report);
    sections::warnings(&mut html, report);
    sections::fingerprints(&mut html, report);
    sections::runs(&mut html, report, runs);
    sections::signature(&mut html);
    html.markup("</main>\n</body>\n</html>\n");
    html.into_text()
}

fn head(html: &mut Html, report: &Report, verdict: &Verdict) {
    html.markup("<header>\n<p class=\"kind\">Egress report</p>\n<h1 class=\"")
        .markup(verdict.tone.class())
        .markup("\"><span class=\"mark\" aria-hidden=\"true\"><b>")
        .markup(verdict.tone.mark())
        .element("</b></span><span>", &verdict.sentence, "</span></h1>\n");
    for detail in &verdict.details {
        html.element("<p>", detail, "</p>\n");
    }
    html.markup("<p class=\"form\"><strong>");
    match report.bundle.form {
        Form::ClientSide => html
            .markup("Client-side form.</strong> At most one user's identity was in use: ")
            .markup("that user's data became readable where this was done, and nobody else's."),
        Form::ServerSide => html
            .markup("Server-side form.</strong> The identities of ")
            .text(numbers::count(report.bundle.users))
            .markup(" users were in use. Their data are now readable for everybody who has the output: ")
            .markup("the users should be told, and bundle and output deleted as soon as they are not needed any more."),
    };
    html.markup("</p>\n</header>\n");
}

#[cfg(test)]
mod tests;
