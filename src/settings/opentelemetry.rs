//! OpenTelemetry's own variables: those that apply to traces, and those that are ignored.

use std::time::Duration;

use crate::traces::Standard;

/// Those that are followed: here, or by the exporter and the SDK.
const DONE: [&str; 11] = [
    "SDK_DISABLED",
    "SERVICE_NAME",
    "RESOURCE_ATTRIBUTES",
    "EXPORTER_OTLP_HEADERS",
    "EXPORTER_OTLP_TRACES_HEADERS",
    "EXPORTER_OTLP_TIMEOUT",
    "EXPORTER_OTLP_TRACES_TIMEOUT",
    "EXPORTER_OTLP_COMPRESSION",
    "EXPORTER_OTLP_TRACES_COMPRESSION",
    "BSP_",
    "SPAN_",
];

/// The requests of the variables. One that is empty counts as one that is not set.
pub(super) fn read(environment: &[(String, String)]) -> Standard {
    let set: Vec<(&str, &str)> = environment
        .iter()
        .filter(|(_, value)| !value.trim().is_empty())
        .filter_map(|(name, value)| Some((name.strip_prefix("OTEL_")?, value.trim())))
        .collect();
    let find = |name: &str| set.iter().find(|(other, _)| *other == name).map(|(_, value)| *value);
    let milliseconds = |name: &str| find(name)?.parse().ok().map(Duration::from_millis);
    let is_done = |name: &str, value: &str| match name.rsplit('_').next() {
        Some("TIMEOUT") if !name.starts_with("BSP_") && value.parse::<u64>().is_err() => false,
        Some("COMPRESSION") if !matches!(value, "gzip" | "none") => false,
        _ => DONE.iter().any(|it| *it == name || it.ends_with('_') && name.starts_with(it)),
    };
    let mut ignored: Vec<_> = set
        .iter()
        .filter(|(name, value)| !is_done(name, value))
        .map(|(name, _)| format!("OTEL_{name}"))
        .collect();
    ignored.sort_unstable();
    let attributes = find("RESOURCE_ATTRIBUTES").unwrap_or_default();
    Standard {
        is_disabled: find("SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")),
        names_service: find("SERVICE_NAME").is_some()
            || attributes.split(',').any(|it| it.trim().starts_with("service.name=")),
        timeout: milliseconds("EXPORTER_OTLP_TRACES_TIMEOUT")
            .or_else(|| milliseconds("EXPORTER_OTLP_TIMEOUT")),
        ignored,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Standard, read};

    #[test]
    fn each_variable_is_done_or_named() {
        let of = |variables: &[(&str, &str)]| {
            let all =
                variables.iter().map(|(name, value)| (format!("OTEL_{name}"), (*value).to_owned()));
            read(&all.collect::<Vec<_>>())
        };
        assert_eq!(
            of(&[("SERVICE_NAME", ""), ("EXPORTER_OTLP_TIMEOUT", " ")]),
            Standard::default()
        );
        let done = of(&[
            ("SDK_DISABLED", "True"),
            ("RESOURCE_ATTRIBUTES", "a=b, service.name=x"),
            ("EXPORTER_OTLP_TIMEOUT", "1000"),
            ("EXPORTER_OTLP_TRACES_TIMEOUT", "250"),
            ("EXPORTER_OTLP_COMPRESSION", "gzip"),
            ("BSP_SCHEDULE_DELAY", "100"),
        ]);
        let timeout = Some(Duration::from_millis(250));
        let expected =
            Standard { is_disabled: true, names_service: true, timeout, ignored: vec![] };
        assert_eq!(done, expected);
        let others = of(&[
            ("TRACES_SAMPLER", "always_off"),
            ("EXPORTER_OTLP_ENDPOINT", "http://a"),
            ("EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("EXPORTER_OTLP_COMPRESSION", "zstd"),
            ("EXPORTER_OTLP_TRACES_TIMEOUT", "5s"),
            ("SDK_DISABLED", "1"),
        ]);
        let named = [
            "OTEL_EXPORTER_OTLP_COMPRESSION",
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
            "OTEL_TRACES_SAMPLER",
        ];
        assert_eq!(others.ignored, named);
        assert!(!others.is_disabled && others.timeout.is_none());
    }
}
