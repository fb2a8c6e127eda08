//! Plots as SVG, readable on light and dark pages alike.

use std::fmt::Write as _;

use crate::report::Row;
use crate::rounds::Figure;

const STYLE: &str = "<style>\
text{font:13px system-ui,sans-serif;fill:#24292f}.title{font-weight:600;font-size:15px}\
.small{font-size:11px;fill:#57606a}.bar{fill:#2f7ed8}.over{fill:#d1453b}\
.line{fill:none;stroke-width:2}.axis{stroke:#8c959f;stroke-width:1}\
.grid{stroke:#8c959f;stroke-width:.5;opacity:.4}.limit{stroke:#24292f;stroke-width:2}\
.spread{stroke:#24292f;stroke-width:1}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.small{fill:#9198a1}\
.limit,.spread{stroke:#e6edf3}}</style>";

const COLOURS: [&str; 4] = ["#2f7ed8", "#d97706", "#2da44e", "#a855f7"];

/// Each row as a bar, in parts of what it may be at most, with the limit as a mark.
pub fn bars(title: &str, rows: &[Row]) -> String {
    const LEFT: f64 = 330.0;
    const SCALE: f64 = 380.0;
    let height = 60 + rows.len() * 30;
    let mut svg = open(860, height, title);
    for (index, row) in rows.iter().enumerate() {
        let top = 44 + index * 30;
        let part = |value: f64| (value / row.at_most).min(1.25) * SCALE;
        let Figure { median, lowest, highest } = row.figure;
        let (what, unit) = (escaped(&row.what), row.unit);
        let class = if row.holds() { "bar" } else { "over" };
        writeln!(
            svg,
            r#"<text x="{}" y="{}" text-anchor="end">{what}</text>
<rect class="{class}" x="{LEFT}" y="{top}" width="{:.1}" height="18" rx="2"/>
<line class="spread" x1="{:.1}" y1="{y}" x2="{:.1}" y2="{y}"/>
<text class="small" x="{}" y="{}" fill="white" style="fill:#fff">{median:.2} {unit}</text>
<text class="small" x="{:.1}" y="{}">at most {} {unit}</text>"#,
            LEFT - 8.0,
            top + 14,
            part(median),
            LEFT + part(lowest),
            LEFT + part(highest),
            LEFT + 6.0,
            top + 13,
            LEFT + SCALE + 6.0,
            top + 13,
            row.at_most,
            y = top + 9,
        )
        .unwrap();
    }
    let (x, bottom) = (LEFT + SCALE, 44 + rows.len() * 30);
    writeln!(svg, r#"<line class="limit" x1="{x}" y1="38" x2="{x}" y2="{bottom}"/></svg>"#)
        .unwrap();
    svg
}

/// A request with something more, in parts of the same without it: counted, and by time.
pub struct Pair {
    pub name: String,
    pub counted: Option<f64>,
    pub time: Figure,
}

/// Each pair as two bars that begin at nothing, with a mark at "as without".
pub fn pairs(title: &str, pairs: &[Pair]) -> String {
    const LEFT: f64 = 330.0;
    const SCALE: f64 = 250.0;
    let part = |value: f64| value.min(2.0) * SCALE;
    let bottom = 64 + pairs.len() * 40;
    let mut svg = open(880, bottom + 10, title);
    let [counted_colour, time_colour, ..] = COLOURS;
    for (left, colour, name) in
        [(LEFT, counted_colour, "instructions"), (LEFT + 110.0, time_colour, "processor time")]
    {
        writeln!(
            svg,
            r#"<rect fill="{colour}" x="{left}" y="34" width="10" height="10"/><text class="small" x="{}" y="43">{name}</text>"#,
            left + 14.0
        )
        .unwrap();
    }
    for (index, pair) in pairs.iter().enumerate() {
        let top = 56 + index * 40;
        let Figure { median, lowest, highest } = pair.time;
        writeln!(
            svg,
            r#"<text x="{}" y="{}" text-anchor="end">{}</text>"#,
            LEFT - 8.0,
            top + 20,
            escaped(&pair.name)
        )
        .unwrap();
        for (top, colour, value) in
            [(top, counted_colour, pair.counted), (top + 16, time_colour, Some(median))]
        {
            let Some(value) = value else { continue };
            writeln!(
                svg,
                r#"<rect fill="{colour}" x="{LEFT}" y="{top}" width="{:.1}" height="13" rx="2"/><text class="small" x="{}" y="{}" style="fill:#fff">{value:.2} ×</text>"#,
                part(value),
                LEFT + 6.0,
                top + 10
            )
            .unwrap();
        }
        writeln!(
            svg,
            r#"<line class="spread" x1="{:.1}" y1="{y}" x2="{:.1}" y2="{y}"/>"#,
            LEFT + part(lowest),
            LEFT + part(highest),
            y = top + 22
        )
        .unwrap();
    }
    let x = LEFT + part(1.0);
    writeln!(svg, r#"<line class="limit" x1="{x}" y1="50" x2="{x}" y2="{bottom}"/></svg>"#)
        .unwrap();
    svg
}

/// Figures that belong together: what grows, and at each size how much it took.
pub struct Line {
    pub name: String,
    pub points: Vec<(f64, Figure)>,
}

/// Lines over a logarithmic axis of sizes; the other axis begins at zero.
pub fn lines(title: &str, unit: &str, lines: &[Line]) -> String {
    const LEFT: f64 = 60.0;
    const WIDTH: f64 = 560.0;
    const TOP: f64 = 50.0;
    const HEIGHT: f64 = 260.0;
    let mut svg = open(860, 370, title);
    let points = || lines.iter().flat_map(|line| &line.points);
    let decades = points().map(|(size, _)| size.log10()).fold(1.0, f64::max).ceil();
    let most = points().map(|(_, figure)| figure.highest).fold(1.0, f64::max);
    let step = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0]
        .into_iter()
        .find(|step| most / step <= 8.0)
        .unwrap_or(500.0);
    let top = (most / step).ceil() * step;
    let x = |size: f64| LEFT + size.log10() / decades * WIDTH;
    let y = |value: f64| TOP + HEIGHT - value / top * HEIGHT;
    let mut value = 0.0;
    while value <= top {
        writeln!(
            svg,
            r#"<line class="grid" x1="{LEFT}" y1="{0:.1}" x2="{1}" y2="{0:.1}"/><text class="small" x="{2}" y="{3:.1}" text-anchor="end">{value}</text>"#,
            y(value),
            LEFT + WIDTH,
            LEFT - 6.0,
            y(value) + 4.0
        )
        .unwrap();
        value += step;
    }
    let mut size = 1_u64;
    while precise(size).log10() <= decades {
        writeln!(
            svg,
            r#"<text class="small" x="{:.1}" y="{}" text-anchor="middle">{}</text>"#,
            x(precise(size)),
            TOP + HEIGHT + 18.0,
            grouped(size)
        )
        .unwrap();
        size *= 10;
    }
    writeln!(svg, r#"<text class="small" x="{LEFT}" y="40">{}</text>"#, escaped(unit)).unwrap();
    for (index, (line, colour)) in lines.iter().zip(COLOURS.iter().cycle()).enumerate() {
        let path: Vec<_> = line
            .points
            .iter()
            .map(|(size, figure)| format!("{:.1},{:.1}", x(*size), y(figure.median)))
            .collect();
        writeln!(svg, r#"<polyline class="line" stroke="{colour}" points="{}"/>"#, path.join(" "))
            .unwrap();
        for (size, figure) in &line.points {
            writeln!(
                svg,
                r#"<circle cx="{0:.1}" cy="{1:.1}" r="3" fill="{colour}"/><line x1="{0:.1}" y1="{2:.1}" x2="{0:.1}" y2="{3:.1}" stroke="{colour}"/>"#,
                x(*size),
                y(figure.median),
                y(figure.lowest),
                y(figure.highest)
            )
            .unwrap();
        }
        let (left, row) = (LEFT + WIDTH + 20.0, TOP + 14.0 + precise(index as u64) * 24.0);
        writeln!(
            svg,
            r#"<line class="line" stroke="{colour}" x1="{left}" y1="{0}" x2="{1}" y2="{0}"/><text x="{2}" y="{3}">{4}</text>"#,
            row - 4.0,
            left + 20.0,
            left + 26.0,
            row,
            escaped(&line.name)
        )
        .unwrap();
    }
    svg.push_str("</svg>\n");
    svg
}

fn open(width: usize, height: usize, title: &str) -> String {
    let title = escaped(title);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{title}\">{STYLE}\n<text class=\"title\" x=\"12\" y=\"22\">{title}</text>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
fn precise(number: u64) -> f64 {
    number as f64
}

/// 1,000,000.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}
