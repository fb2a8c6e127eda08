//! Tenant documents: one `security.yml` each, read, edited and kept.
