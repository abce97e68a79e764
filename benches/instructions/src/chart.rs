//! The history as a picture: a row for each bench that there is now, its count after each accepted change.

use crate::history::{Accepted, counts};
use std::fmt::Write as _;

const ROW: usize = 26;
const TOP: usize = 44;
/// Where the columns of a row begin.
const LINE: usize = 260;
const COUNT: usize = 660;
const CHANGE: usize = 760;
const WIDTH: usize = 780;
const LINE_WIDTH: usize = 280;

/// The picture, the same for the same history.
pub(crate) fn draw(history: &[Accepted]) -> String {
    let states = counts(history);
    let Some(now) = states.last() else { return String::new() };
    let height = TOP + now.len() * ROW + 12;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"monospace\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n\
         <text x=\"12\" y=\"24\" font-weight=\"bold\">Instructions after each accepted change: {} to {}</text>\n",
        history.first().map_or("", |line| &line.date),
        history.last().map_or("", |line| &line.date),
    );
    for (row, (name, &count)) in now.iter().enumerate() {
        let y = TOP + row * ROW + ROW / 2;
        let values: Vec<Option<u64>> = states.iter().map(|state| state.get(name).copied()).collect();
        let first = values.iter().flatten().next().copied().unwrap_or(count);
        let _ = writeln!(svg, "<text x=\"12\" y=\"{}\">{name}</text>", y + 4);
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"#246\" stroke-width=\"1.5\"/>",
            points(&values, y)
        );
        let _ = writeln!(svg, "<text x=\"{COUNT}\" y=\"{}\" text-anchor=\"end\">{count}</text>", y + 4);
        let percent = (count as f64 / first as f64 - 1.0) * 100.0;
        let _ = writeln!(svg, "<text x=\"{CHANGE}\" y=\"{}\" text-anchor=\"end\">{percent:+.1} %</text>", y + 4);
    }
    svg + "</svg>\n"
}

/// Steps from change to change; the row's height stands for a quarter more or less than the first count, what is beyond is cut.
fn points(values: &[Option<u64>], middle: usize) -> String {
    let first = values.iter().flatten().next().copied().unwrap_or(1) as f64;
    let step = LINE_WIDTH as f64 / values.len() as f64;
    let mut points = Vec::new();
    for (place, value) in values.iter().enumerate() {
        let Some(value) = value else { continue };
        let change = (*value as f64 / first - 1.0).clamp(-0.25, 0.25);
        let y = middle as f64 - change * 4.0 * (ROW / 2 - 2) as f64;
        for x in [place, place + 1] {
            points.push(format!("{:.1},{y:.1}", LINE as f64 + step * x as f64));
        }
    }
    points.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_steps_from_the_first_count() {
        let line = |date: &str, before, after| Accepted {
            date: date.into(),
            reason: "because".into(),
            changed: [("open".to_owned(), (before, after))].into(),
        };
        let history = [line("2026-01-01", None, Some(1000)), line("2026-02-01", Some(1000), Some(1250))];
        let svg = draw(&history);
        assert!(svg.contains(">+25.0 %</text>"), "{svg}");
        assert!(svg.contains("points=\"260.0,57.0 400.0,57.0 400.0,46.0 540.0,46.0\""), "{svg}");
        let without: Vec<Accepted> = history.into_iter().chain([line("2026-03-01", Some(1250), None)]).collect();
        assert!(!draw(&without).contains("open"));
    }
}
