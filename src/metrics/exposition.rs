//! A page of metrics in either of its two formats.
//!
//! [Text format 0.0.4](https://prometheus.io/docs/instrumenting/exposition_formats/) and
//! [OpenMetrics 1.0](https://prometheus.io/docs/specs/om/open_metrics_spec/). They differ in what a
//! counter's family is called, in units, and in how a page ends; samples are the same to the letter,
//! so that a scraper which changes its mind finds the same series.
//!
//! `prometheus-client` writes OpenMetrics alone, from counters of its own; ours are plain numbers that
//! layers own, which cannot name a monitoring system, and scrapers also ask for the text format.

use std::fmt::Write as _;

use super::Format;
use crate::tally::Distribution;

/// Labels of a sample, in order.
pub(super) type Labels<'l> = &'l [(&'static str, &'l str)];

/// A page that is being written.
pub(super) struct Page {
    text: String,
    format: Format,
}

/// A family of samples that is being written.
pub(super) struct Family<'p> {
    page: &'p mut Page,
    name: &'static str,
    suffix: &'static str,
}

/// The type of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
    Info,
}

impl Page {
    pub(super) fn new(format: Format) -> Self {
        Self { text: String::with_capacity(16 * 1024), format }
    }

    /// A count that only grows. Its samples are called `{name}_total`.
    pub(super) fn counter(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family(Kind::Counter, name, help)
    }

    /// A value that goes up and down.
    pub(super) fn gauge(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family(Kind::Gauge, name, help)
    }

    /// A distribution of values.
    pub(super) fn histogram(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family(Kind::Histogram, name, help)
    }

    /// Information in labels alone. Its samples are called `{name}_info`.
    pub(super) fn fact(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family(Kind::Info, name, help)
    }

    /// The whole page.
    pub(super) fn finish(mut self) -> String {
        if self.format == Format::OpenMetrics {
            self.text.push_str("# EOF\n");
        }
        self.text
    }

    fn family(&mut self, kind: Kind, name: &'static str, help: &str) -> Family<'_> {
        let suffix = match kind {
            Kind::Counter => "_total",
            Kind::Info => "_info",
            Kind::Gauge | Kind::Histogram => "",
        };
        let (family, kind) = match (self.format, kind) {
            (Format::Text, Kind::Info) => (format!("{name}{suffix}"), "gauge"),
            (Format::Text, Kind::Counter) => (format!("{name}{suffix}"), "counter"),
            (Format::OpenMetrics, Kind::Info) => (name.to_owned(), "info"),
            (Format::OpenMetrics, Kind::Counter) => (name.to_owned(), "counter"),
            (_, Kind::Gauge) => (name.to_owned(), "gauge"),
            (_, Kind::Histogram) => (name.to_owned(), "histogram"),
        };
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(self.text, "# HELP {family} {help}\n# TYPE {family} {kind}");
        if self.format == Format::OpenMetrics
            && let Some(unit) = ["seconds", "bytes"].into_iter().find(|unit| name.ends_with(unit))
        {
            let _ = writeln!(self.text, "# UNIT {family} {unit}");
        }
        Family { page: self, name, suffix }
    }

    fn sample(&mut self, name: [&str; 2], labels: Labels<'_>, bound: Option<&str>, value: f64) {
        self.text.extend(name);
        let labels = labels.iter().copied().chain(bound.map(|bound| ("le", bound)));
        let mut opening = '{';
        for (label, value) in labels {
            let _ = write!(self.text, "{opening}{label}=\"{}\"", escaped(value));
            opening = ',';
        }
        if opening == ',' {
            self.text.push('}');
        }
        let _ = writeln!(self.text, " {value}");
    }
}

impl Family<'_> {
    /// One sample.
    pub(super) fn sample(&mut self, labels: Labels<'_>, value: f64) -> &mut Self {
        self.page.sample([self.name, self.suffix], labels, None, value);
        self
    }

    /// One sample of a count.
    pub(super) fn count(&mut self, labels: Labels<'_>, count: u64) -> &mut Self {
        self.sample(labels, float(count))
    }

    /// The samples of a histogram, whose values are of so many to the unit that the name says.
    pub(super) fn distribution(
        &mut self,
        labels: Labels<'_>,
        counted: &Distribution,
        to_the_unit: f64,
    ) {
        let bounds =
            counted.bounds.iter().map(|bound| format!("{:?}", float(*bound) / to_the_unit));
        let mut below = 0;
        for (bound, count) in bounds.chain(["+Inf".to_owned()]).zip(&counted.counts) {
            below += count;
            self.page.sample([self.name, "_bucket"], labels, Some(&bound), float(below));
        }
        self.page.sample([self.name, "_sum"], labels, None, float(counted.sum) / to_the_unit);
        self.page.sample([self.name, "_count"], labels, None, float(below));
    }
}

/// A count as samples have it: exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "Prometheus knows floating-point numbers alone")]
pub(super) fn float(count: u64) -> f64 {
    count as f64
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::{Format, Page};
    use crate::tally::Histogram;

    fn page(format: Format) -> String {
        let mut page = Page::new(format);
        page.counter("a", "Help.").count(&[("x", "1"), ("y", "q\"\\\n")], 3).count(&[], 4);
        page.gauge("b_bytes", "More.").sample(&[], 0.5);
        page.fact("c", "Which.").sample(&[("version", "1")], 1.0);
        let histogram = Histogram::new(&[1_000, 2_000_000]);
        [500, 1_500, 9_000_000].into_iter().for_each(|value| histogram.observe(value));
        page.histogram("d_seconds", "Long.").distribution(
            &[("o", "p")],
            &histogram.distribution(),
            1e6,
        );
        page.finish()
    }

    const SAMPLES: [&str; 4] = [
        "a_total{x=\"1\",y=\"q\\\"\\\\\\n\"} 3\na_total 4\n",
        "b_bytes 0.5\n",
        "c_info{version=\"1\"} 1\n",
        "d_seconds_bucket{o=\"p\",le=\"0.001\"} 1\nd_seconds_bucket{o=\"p\",le=\"2.0\"} 2\n\
         d_seconds_bucket{o=\"p\",le=\"+Inf\"} 3\nd_seconds_sum{o=\"p\"} 9.002\n\
         d_seconds_count{o=\"p\"} 3\n",
    ];

    #[test]
    fn the_text_format_is_written_as_it_is_specified() {
        let [a, b, c, d] = SAMPLES;
        let expected = format!(
            "# HELP a_total Help.\n# TYPE a_total counter\n{a}\
             # HELP b_bytes More.\n# TYPE b_bytes gauge\n{b}\
             # HELP c_info Which.\n# TYPE c_info gauge\n{c}\
             # HELP d_seconds Long.\n# TYPE d_seconds histogram\n{d}"
        );
        assert_eq!(page(Format::Text), expected);
    }

    #[test]
    fn openmetrics_is_written_as_it_is_specified() {
        let [a, b, c, d] = SAMPLES;
        let expected = format!(
            "# HELP a Help.\n# TYPE a counter\n{a}\
             # HELP b_bytes More.\n# TYPE b_bytes gauge\n# UNIT b_bytes bytes\n{b}\
             # HELP c Which.\n# TYPE c info\n{c}\
             # HELP d_seconds Long.\n# TYPE d_seconds histogram\n# UNIT d_seconds seconds\n{d}# EOF\n"
        );
        assert_eq!(page(Format::OpenMetrics), expected);
    }
}
