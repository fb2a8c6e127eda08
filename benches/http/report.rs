//! The measurements, as Markdown: on standard output, and with `--record` in `docs/speed/`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::machine;
use crate::rounds::{Case, Figure};

/// A figure held against a target.
pub struct Row {
    pub what: String,
    pub against: String,
    pub figure: Figure,
    pub at_most: f64,
    pub unit: &'static str,
}

impl Row {
    /// A ratio.
    pub fn ratio(what: &str, against: &str, figure: Figure, at_most: f64) -> Self {
        let (what, against) = (what.to_owned(), against.to_owned());
        Self { what, against, figure, at_most, unit: "×" }
    }

    pub fn holds(&self) -> bool {
        self.figure.median <= self.at_most
    }
}

/// The rows as a table.
pub fn rows(rows: &[Row]) -> String {
    let mut text = String::from(
        "| what | against | measured (lowest to highest round) | at most | |\n|---|---|---|---|---|\n",
    );
    for Row { what, against, figure, at_most, unit } in rows {
        let Figure { median, lowest, highest } = figure;
        let verdict = if *median <= *at_most { "holds" } else { "missed" };
        writeln!(
            text,
            "| {what} | {against} | **{median:.2} {unit}** ({lowest:.2} to {highest:.2}) | {at_most} {unit} | {verdict} |"
        )
        .unwrap();
    }
    text
}

/// The cases as a table.
pub fn cases<'c>(cases: impl IntoIterator<Item = &'c Case<'c>>) -> String {
    let mut text = String::from(
        "| load | server CPU per request, µs (lowest to highest round) | requests/s | p50, µs | p99, µs |\n|---|---|---|---|---|\n",
    );
    for case in cases {
        let cpu = case.figure(|it| it.cpu_us);
        let p99 = case.figure(|it| it.p99_us).median;
        let p99 = if p99.is_nan() { "not counted".to_owned() } else { format!("{p99:.0}") };
        writeln!(
            text,
            "| {} | **{:.2}** ({:.2} to {:.2}) | {:.0} | {:.0} | {p99} |",
            case.name,
            cpu.median,
            cpu.lowest,
            cpu.highest,
            case.figure(|it| it.rate).median,
            case.figure(|it| it.p50_us).median,
        )
        .unwrap();
    }
    text
}

/// Where a run leaves its pages: with the sources, or out of their way.
pub struct Pages {
    folder: PathBuf,
    is_record: bool,
}

/// Between these, `README.md` has the table of targets.
const BEGIN: &str = "<!-- made by benches/http -->";
const END: &str = "<!-- end -->";

impl Pages {
    pub fn new(record: bool) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = if record { root.join("docs/speed") } else { root.join("target/speed") };
        fs::create_dir_all(&folder).unwrap();
        Self { folder, is_record: record }
    }

    /// Prints a page and writes it, with the machine at its end.
    pub fn page(&self, name: &str, text: &str) {
        self.page_of_any_machine(
            name,
            &format!("{text}\nMeasured on: {}\n", machine::description()),
        );
    }

    /// Prints and writes a page that is the same on every machine.
    pub fn page_of_any_machine(&self, name: &str, text: &str) {
        println!("{text}");
        self.write(&format!("{name}.md"), text);
    }

    /// A page of the repository as it is.
    pub fn recorded(&self, name: &str) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        fs::read_to_string(root.join("docs/speed").join(format!("{name}.md"))).unwrap()
    }

    pub fn plot(&self, name: &str, svg: &str) {
        self.write(&format!("{name}.svg"), svg);
    }

    /// Puts a table into `README.md`, between its two marks; with the sources alone.
    pub fn readme(&self, table: &str) {
        if !self.is_record {
            return;
        }
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
        let text = fs::read_to_string(&path).unwrap();
        let (before, rest) = text.split_once(BEGIN).unwrap();
        let (_, after) = rest.split_once(END).unwrap();
        fs::write(&path, format!("{before}{BEGIN}\n{table}{END}{after}")).unwrap();
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.join(name), text).unwrap();
    }
}
