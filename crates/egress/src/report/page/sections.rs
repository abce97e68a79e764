//! The parts of the page, each a section that can be read on its own.

use super::numbers::{self, count, of};
use crate::recover::{Attempt, Outcome};
use crate::report::coverage::{LISTED, Listed};
use crate::report::markup::Html;
use crate::report::remedies::{self, Remedy};
use crate::report::{Report, Run, UserCoverage};
use std::collections::BTreeMap;

/// Runs that are shown, the latest first.
const SHOWN_RUNS: usize = 10;

/// How the parts of a bar are called, in the order in which they stand in it.
const PARTS: [(&str, &str); 6] = [
    ("converted", "open"),
    ("plain", "never encrypted"),
    ("closed", "no key"),
    ("rejected", "wrong key or damaged"),
    ("malformed", "wrong structure"),
    ("failed", "failed"),
];

/// Items, records and bytes as bars.
pub(super) fn coverage(html: &mut Html, report: &Report) {
    let summary = &report.summary;
    html.markup("<section>\n<h2>Coverage</h2>\n");
    let items = [summary.converted, summary.plain, summary.closed, summary.rejected, summary.malformed, summary.failed];
    bar(html, "Items", items, count, "Files of the bundle's data.");
    let rows = summary.rows;
    if rows.records > 0 {
        let told = rows.converted + rows.closed + rows.rejected + rows.malformed;
        let plain = rows.records.saturating_sub(told);
        let records = [rows.converted, plain, rows.closed, rows.rejected, rows.malformed, 0];
        bar(html, "Records", records, count, "Lines inside record files; never encrypted means without a message.");
    }
    let bytes = PARTS.map(|(name, _)| report.coverage.input_bytes.get(name).copied().unwrap_or(0));
    if bytes.iter().any(|&bytes| bytes > 0) {
        bar(html, "Bytes", bytes, numbers::bytes, "Length of the files as they lie in the bundle.");
    }
    let outputs = report.coverage.outputs;
    html.markup("<p>Written: ")
        .text(of(outputs.files, "file", "files"))
        .markup(", ")
        .text(numbers::bytes(outputs.bytes))
        .markup(".</p>\n</section>\n");
}

fn bar(html: &mut Html, name: &'static str, parts: [u64; 6], shown: fn(u64) -> String, explained: &'static str) {
    let whole: u64 = parts.iter().sum();
    html.element("<h3>", name, " <small>").element("", explained, "</small></h3>\n");
    html.markup("<svg class=\"bar\" aria-hidden=\"true\" width=\"100%\" height=\"20\">");
    let mut at = 0;
    for ((class, _), part) in PARTS.into_iter().zip(parts) {
        if part > 0 {
            html.markup("<rect class=\"").markup(class).element("\" x=\"", share(at, whole), "%\" width=\"");
            html.element("", share(part, whole), "%\" height=\"100%\"/>");
        }
        at += part;
    }
    html.markup("</svg>\n<ul class=\"legend\">\n");
    for ((class, words), part) in PARTS.into_iter().zip(parts) {
        if part > 0 || class == "converted" {
            html.markup("<li><span class=\"dot ").markup(class).markup("\"></span>");
            html.element("<b>", shown(part), "</b> ").text(words);
            html.element(" <span class=\"quiet\">", numbers::percent(part, whole), "</span></li>\n");
        }
    }
    html.markup("</ul>\n");
}

/// A share in per cent, for a length in a picture.
#[allow(clippy::cast_precision_loss, reason = "a length in a picture")]
fn share(part: u64, whole: u64) -> String {
    format!("{:.3}", if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 })
}

/// Why things stayed closed, and what can be done.
pub(super) fn unopened(html: &mut Html, report: &Report) {
    let coverage = &report.coverage;
    if coverage.unconverted.total == 0 && coverage.record_reasons.is_empty() {
        return;
    }
    html.markup("<section>\n<h2>What did not open, and what can be done</h2>\n");
    let mut codes: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (code, number) in &coverage.reasons {
        codes.entry(code).or_default().0 += number;
    }
    for (code, number) in &coverage.record_reasons {
        codes.entry(code).or_default().1 += number;
    }
    let mut codes: Vec<_> = codes.into_iter().collect();
    codes.sort_by_key(|&(_, (items, messages))| std::cmp::Reverse(items + messages));
    for (code, (items, messages)) in codes {
        let Remedy { short, meaning, remedy } = Remedy::of(code);
        html.markup("<article>\n<h3>").text(capital(short)).element(
            " <code>",
            code,
            "</code></h3>\n<p class=\"count\">",
        );
        let mut counts = Vec::new();
        if items > 0 {
            counts.push(of(items, "item", "items"));
        }
        if messages > 0 {
            counts.push(of(messages, "message inside records", "messages inside records"));
        }
        html.text(counts.join(", "));
        html.element("</p>\n<p>", meaning, "</p>\n<p><strong>What to do.</strong> ").element(
            "",
            remedy,
            "</p>\n</article>\n",
        );
    }
    html.markup("<h3>The items</h3>\n<table class=\"stacked\">\n<thead><tr><th>Item</th><th>Ended as</th><th>Why</th></tr></thead>\n<tbody>\n");
    for item in &coverage.unconverted.first {
        html.markup("<tr><td>")
            .name(&item.source)
            .markup("</td><td data-label=\"Ended as\">")
            .text(item.status.as_str());
        html.markup("</td><td data-label=\"Why\">");
        if let Some(error) = &item.error {
            html.text(Remedy::of(error).short).element(" <code>", error, "</code>");
        }
        if let Some(records) = item.records {
            html.text(of(records, "record stayed closed", "records stayed closed"));
        }
        html.markup("</td></tr>\n");
    }
    html.markup("</tbody>\n</table>\n");
    rest(html, &coverage.unconverted, "manifest.jsonl");
    html.markup("<p class=\"quiet\">manifest.jsonl has a line for every item, unopened.jsonl one for every message inside records.</p>\n</section>\n");
}

/// Says where the rest of a list stands.
fn rest<T>(html: &mut Html, listed: &Listed<T>, file: &'static str) {
    let more = listed.total.saturating_sub(listed.first.len() as u64);
    if more > 0 {
        html.element("<p>… and ", count(more), " more, in ").element("", file, ".</p>\n");
    }
}

/// Items by the way to their key.
pub(super) fn routes(html: &mut Html, report: &Report) {
    let routes = &report.coverage.routes;
    if routes.is_empty() {
        return;
    }
    html.markup("<section>\n<h2>How the keys were reached</h2>\n<table>\n")
        .markup("<thead><tr><th>Way to the key</th><th class=\"number\">Items</th><th class=\"number\">Bytes</th></tr></thead>\n<tbody>\n");
    let most = routes.values().map(|tally| tally.files).max().unwrap_or(0);
    for (route, tally) in routes {
        html.element("<tr><td>", capital(remedies::route(route)), " ").element("<code>", route, "</code>");
        length(html, tally.files, most);
        html.element("</td><td class=\"number\">", count(tally.files), "</td>");
        html.element("<td class=\"number\">", numbers::bytes(tally.bytes), "</td></tr>\n");
    }
    html.markup("</tbody>\n</table>\n");
    if report.coverage.chains > 0 {
        html.element(
            "<p>",
            of(report.coverage.chains, "item was", "items were"),
            " opened through a chain of proxies that normal use never follows, because that was asked for.</p>\n",
        );
    }
    html.markup("<p class=\"quiet\">Files that were opened as a whole. Messages inside record files are counted as records.</p>\n</section>\n");
}

fn length(html: &mut Html, part: u64, most: u64) {
    html.markup(
        "<svg class=\"length\" aria-hidden=\"true\" width=\"100%\" height=\"6\"><rect class=\"converted\" width=\"",
    );
    html.element("", share(part, most), "%\" height=\"100%\"/></svg>");
}

/// What was written, by size.
pub(super) fn sizes(html: &mut Html, report: &Report) {
    let used: Vec<_> = report.coverage.sizes.iter().filter(|class| class.tally.files > 0).collect();
    if used.is_empty() {
        return;
    }
    html.markup("<section>\n<h2>What was written, by size</h2>\n<table>\n")
        .markup("<thead><tr><th>Size</th><th class=\"number\">Files</th><th class=\"number\">Bytes</th></tr></thead>\n<tbody>\n");
    let most = used.iter().map(|class| class.tally.files).max().unwrap_or(0);
    for class in used {
        html.markup("<tr><td>");
        match class.up_to {
            Some(up_to) => html.markup("up to ").text(numbers::bytes(up_to)),
            None => html.markup("larger"),
        };
        length(html, class.tally.files, most);
        html.element("</td><td class=\"number\">", count(class.tally.files), "</td>");
        html.element("<td class=\"number\">", numbers::bytes(class.tally.bytes), "</td></tr>\n");
    }
    html.markup("</tbody>\n</table>\n</section>\n");
}

/// Every attempt to recover an identity, those that failed first.
pub(super) fn identities(html: &mut Html, report: &Report) {
    let all = &report.bundle.identities;
    let recovered = all.iter().filter(|attempt| attempt.outcome == Outcome::Recovered).count();
    html.markup("<section>\n<h2>Users and identities</h2>\n<p>");
    html.text(of(recovered as u64, "identity was", "identities were")).markup(" recovered, of ");
    html.text(of(report.bundle.users, "user", "users"));
    if all.len() > recovered {
        html.element("; ", of((all.len() - recovered) as u64, "attempt", "attempts"), " gave none");
    }
    html.markup(".</p>\n");
    if !all.is_empty() {
        html.markup("<table class=\"stacked\">\n<thead><tr><th>User</th><th>Found in</th><th>Result</th></tr></thead>\n<tbody>\n");
        let failed_first = all.iter().filter(|attempt| attempt.outcome != Outcome::Recovered);
        let recovered = all.iter().filter(|attempt| attempt.outcome == Outcome::Recovered);
        for attempt in failed_first.chain(recovered).take(LISTED) {
            identity(html, attempt);
        }
        html.markup("</tbody>\n</table>\n");
    }
    if let Some(more) = all.len().checked_sub(LISTED).filter(|&more| more > 0) {
        html.element("<p>… and ", count(more as u64), " more, in report.json.</p>\n");
    }
    by_user(html, &report.bundle.coverage_by_user);
    html.markup("</section>\n");
}

/// Whose keys opened how much.
fn by_user(html: &mut Html, users: &Listed<UserCoverage>) {
    if users.total == 0 {
        return;
    }
    html.markup("<h3>Whose keys lead to the data <small>By the way that was planned for each session.</small></h3>\n<table>\n")
        .markup("<thead><tr><th>User</th><th class=\"number\">Sessions</th><th class=\"number\">Items</th></tr></thead>\n<tbody>\n");
    let most = users.first.iter().map(|user| user.items).max().unwrap_or(0);
    for user in &users.first {
        html.markup("<tr><td>").name(&user.user);
        length(html, user.items, most);
        html.element("</td><td class=\"number\">", count(user.sessions), "</td>");
        html.element("<td class=\"number\">", count(user.items), "</td></tr>\n");
    }
    html.markup("</tbody>\n</table>\n<p class=\"quiet\">Messages inside record files count as items here. What a group, a SymEncKey, a TMR access or a known key opens is counted for nobody.</p>\n");
    rest(html, users, "the list of `egress plan --json`");
}

fn identity(html: &mut Html, attempt: &Attempt) {
    let (mark, words) = match attempt.outcome {
        Outcome::Recovered => ("<span class=\"dot converted\"></span>", "recovered"),
        Outcome::SlotDisabled => ("<span class=\"dot plain\"></span>", "empty: the identity was stored elsewhere"),
        Outcome::Rejected => ("<span class=\"dot rejected\"></span>", "wrong secret, or damaged"),
        Outcome::NoSecret => ("<span class=\"dot closed\"></span>", "its secret is not in the bundle"),
        Outcome::Malformed => ("<span class=\"dot malformed\"></span>", "not an identity, or unreadable"),
    };
    html.markup("<tr><td>")
        .name(&attempt.user)
        .markup("</td><td data-label=\"Found in\">")
        .name(&attempt.source)
        .markup("</td><td>");
    html.markup(mark).text(words);
    if let Some(error) = &attempt.error {
        html.element(" <code>", error, "</code>");
    }
    for warning in &attempt.warnings {
        html.element("<br><small>", warning, "</small>");
    }
    html.markup("</td></tr>\n");
}

/// What a person should know.
pub(super) fn warnings(html: &mut Html, report: &Report) {
    let (bundle, warnings) = (&report.bundle, &report.coverage.warnings);
    let nothing = warnings.total + bundle.malformed_record_count + bundle.revoked_records == 0;
    if nothing && bundle.unknown.is_empty() {
        return;
    }
    html.markup("<section>\n<h2>Worth knowing</h2>\n<ul>\n");
    if bundle.revoked_records > 0 {
        html.element(
            "<li>",
            of(bundle.revoked_records, "key record was", "key records were"),
            " marked as revoked by the service and used nevertheless: whoever has the data may open them.</li>\n",
        );
    }
    if bundle.malformed_record_count > 0 {
        html.element(
            "<li>",
            of(bundle.malformed_record_count, "record", "records"),
            " of the bundle could not be read and were passed over: ",
        );
        let places: Vec<_> = bundle.malformed_records.iter().map(ToString::to_string).collect();
        html.text(places.join(", "));
        let more = bundle.malformed_record_count - (places.len() as u64).min(bundle.malformed_record_count);
        if more > 0 {
            html.element(" and ", count(more), " more");
        }
        html.markup(".</li>\n");
    }
    for name in bundle.unknown.iter().take(LISTED) {
        html.markup("<li>").name(name).markup(" is no part of a bundle and was left alone.</li>\n");
    }
    if let Some(more) = bundle.unknown.len().checked_sub(LISTED).filter(|&more| more > 0) {
        html.element("<li>… and ", count(more as u64), " more such names, in report.json.</li>\n");
    }
    for warning in &warnings.first {
        html.markup("<li>").name(&warning.source).element(": ", &warning.warning, "</li>\n");
    }
    html.markup("</ul>\n");
    rest(html, warnings, "manifest.jsonl");
    html.markup("</section>\n");
}

/// What this report is about, so that it can be checked by anybody.
pub(super) fn fingerprints(html: &mut Html, report: &Report) {
    html.markup("<section>\n<h2>Fingerprints</h2>\n<p>SHA-256. Whoever changes a file changes its fingerprint; these lines tie this paper to the files.</p>\n<dl>\n");
    for (name, file) in [("manifest.jsonl", &report.manifest), ("unopened.jsonl", &report.unopened)] {
        html.element("<dt>", name, " <small>").text(of(file.lines, "line", "lines")).markup(", ");
        html.text(numbers::bytes(file.bytes)).markup("</small></dt><dd>").element(
            "<code>",
            &file.sha256,
            "</code></dd>\n",
        );
    }
    let inputs = &report.bundle.inputs;
    html.markup("<dt>Records and identities of the bundle <small>")
        .text(of(inputs.files, "file", "files"))
        .markup(", ");
    html.text(numbers::bytes(inputs.bytes)).markup("</small></dt><dd>").element(
        "<code>",
        &inputs.sha256,
        "</code></dd>\n",
    );
    let items = &report.bundle.items;
    html.element("<dt>Names of the items <small>", of(items.count, "item", "items"), "</small></dt>");
    html.element("<dd><code>", &items.sha256, "</code></dd>\n<dt>Options that decide what comes out</dt>");
    html.element("<dd><code>", &report.bundle.options, "</code></dd>\n</dl>\n");
    html.markup("<p>The manifest holds the fingerprint of every file that was written. <code>sealwright egress verify DIRECTORY</code> computes all of them again and prints that of the manifest.</p>\n");
    html.markup("<details>\n<summary>Fingerprint of each input file</summary>\n<dl>\n");
    for file in &inputs.first {
        html.markup("<dt>").name(&file.path).element(" <small>", numbers::bytes(file.bytes), "</small></dt>");
        html.element("<dd><code>", &file.sha256, "</code></dd>\n");
    }
    html.markup("</dl>\n");
    if let Some(more) = inputs.files.checked_sub(inputs.first.len() as u64).filter(|&more| more > 0) {
        html.element("<p>… and ", count(more), " more.</p>\n");
    }
    html.markup("<p class=\"quiet\">The fingerprint of all of them is that of the list which <code>sha256sum</code> prints for them, ordered by name.</p>\n</details>\n</section>\n");
}

/// By what, when and how fast.
pub(super) fn runs(html: &mut Html, report: &Report, runs: &[Run]) {
    html.markup("<section>\n<h2>How this was made</h2>\n<p>Sealwright ").text(&report.program.version);
    html.element(" on ", &report.program.target, ", without any network connection.</p>\n");
    if !runs.is_empty() {
        html.markup("<table class=\"stacked\">\n<thead><tr><th>Begun</th><th>Took</th><th class=\"number\">Items</th><th class=\"number\">Bytes</th><th class=\"number\">Rate</th><th>Details</th></tr></thead>\n<tbody>\n");
        for run in runs.iter().rev().take(SHOWN_RUNS) {
            html.element("<tr><td>", numbers::moment(run.started), "</td>");
            html.element("<td data-label=\"Took\">", numbers::duration(run.seconds), "</td>");
            html.element("<td class=\"number\" data-label=\"Items\">", count(run.items), "</td>");
            html.element("<td class=\"number\" data-label=\"Bytes\">", numbers::bytes(run.bytes), "</td>");
            html.element("<td class=\"number\" data-label=\"Rate\">", rate(run), "/s</td><td>");
            html.text(of(run.threads, "thread", "threads")).markup(", ");
            html.text(of(run.private_key_operations, "private-key operation", "private-key operations"));
            if let Some(shard) = &run.shard {
                html.element(", shard ", shard, "");
            }
            if let Some(sandbox) = &run.sandbox {
                html.element(", self-restriction: ", sandbox, "");
            }
            if run.version != report.program.version {
                html.element(", version ", &run.version, "");
            }
            html.markup("</td></tr>\n");
        }
        html.markup("</tbody>\n</table>\n");
        if let Some(more) = runs.len().checked_sub(SHOWN_RUNS).filter(|&more| more > 0) {
            html.element("<p>… and ", of(more as u64, "earlier run", "earlier runs"), ", in runs.jsonl.</p>\n");
        }
    }
    html.markup("</section>\n");
}

#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "three digits are shown"
)]
fn rate(run: &Run) -> String {
    numbers::bytes((run.bytes as f64 / run.seconds.max(0.001)) as u64)
}

/// Where a person signs, on paper.
pub(super) fn signature(html: &mut Html) {
    html.markup("<section class=\"signature\">\n<h2>Signature</h2>\n")
        .markup("<p>I have read this report. I accept what it says is open as complete, and what it says is closed as closed.</p>\n<div>\n");
    for label in ["Name", "Function", "Place and date", "Signature"] {
        html.element("<p><span>", label, "</span></p>\n");
    }
    html.markup("</div>\n</section>\n");
}

/// With a capital at the beginning.
fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
