//! How much a request may ask for.

/// Bounds on requests: the settings `limits.body` and `limits.shutdown`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitsConfig {
    /// The largest body, in bytes.
    pub body: usize,
    /// How long requests in flight may take to end once the service is told to stop.
    pub shutdown: std::time::Duration,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self { body: 64 * 1024, shutdown: std::time::Duration::from_secs(10) }
    }
}
