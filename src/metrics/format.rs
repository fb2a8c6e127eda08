//! The format that a scraper accepts.

/// The form of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Prometheus' own text format, which everything reads.
    Text,
    /// `OpenMetrics` 1.0.
    OpenMetrics,
}

impl Format {
    /// The format of an answer to a request that accepts these media types (RFC 9110 §12.5.1): the
    /// text format unless `OpenMetrics` is named and wanted no less.
    pub(crate) fn for_accept<'h>(values: impl IntoIterator<Item = &'h str>) -> Self {
        let (mut text, mut open_metrics) = (None, None);
        for item in values.into_iter().flat_map(|value| value.split(',')) {
            let mut parts = item.split(';').map(str::trim);
            let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
            let mut quality = 1.0;
            let mut is_known_version = true;
            for (name, value) in parts.filter_map(|part| part.split_once('=')) {
                match name.to_ascii_lowercase().as_str() {
                    "q" => quality = value.parse().unwrap_or(0.0),
                    "version" => is_known_version = matches!(value, "1.0.0" | "0.0.1"),
                    _ => {}
                }
            }
            let place = match media_type.as_str() {
                "application/openmetrics-text" if is_known_version => &mut open_metrics,
                "text/plain" | "text/*" => &mut text,
                _ => continue,
            };
            *place = Some(place.map_or(quality, |known: f64| known.max(quality)));
        }
        match open_metrics {
            Some(quality) if quality > 0.0 && quality >= text.unwrap_or(0.0) => Self::OpenMetrics,
            _ => Self::Text,
        }
    }

    /// The content type of a page in this format.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Format;

    #[test]
    fn openmetrics_is_for_those_who_want_it_no_less_than_text() {
        let open = "application/openmetrics-text";
        for (accept, expected) in [
            (String::new(), Format::Text),
            ("*/*".into(), Format::Text),
            ("text/html, text/plain".into(), Format::Text),
            (open.into(), Format::OpenMetrics),
            (format!("{open}; version=1.0.0; charset=utf-8"), Format::OpenMetrics),
            (format!("{open};version=2.0.0,text/plain;q=0.1"), Format::Text),
            // Prometheus 2.42.
            (
                format!(
                    "{open};version=1.0.0,{open};version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
                ),
                Format::OpenMetrics,
            ),
            (format!("text/plain;version=0.0.4;q=0.6,{open};version=1.0.0;q=0.5"), Format::Text),
            (format!("{open};q=0"), Format::Text),
            (format!("{open};q=nonsense"), Format::Text),
            (format!("TEXT/PLAIN;Q=0.3, {open};Q=0.4"), Format::OpenMetrics),
        ] {
            assert_eq!(Format::for_accept([accept.as_str()]), expected, "{accept}");
        }
        assert_eq!(Format::for_accept(["text/plain;q=0.1", open]), Format::OpenMetrics);
    }
}
