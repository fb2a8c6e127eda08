//! Stores on disk: tenants `t000000`, … with keys `key-000000`, … that may read.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use neokeys::domain::Digest;
use tempfile::TempDir;

/// A folder of one store, its settings and its log; it goes when this is dropped.
pub struct Population {
    root: TempDir,
    tenants: usize,
}

/// The token of a key, of the usual length.
pub fn token(tenant: usize, key: usize) -> String {
    format!("nsk_{:049}", tenant * 1_000_000 + key)
}

/// Where a tenant's keys are.
pub fn list(tenant: usize) -> String {
    format!("/api/t{tenant:06}/admin/apiKeys")
}

/// Where a key is.
pub fn key(tenant: usize, key: usize) -> String {
    format!("{}/key-{key:06}", list(tenant))
}

/// Where a gateway asks about a tenant.
pub fn forward_auth(tenant: usize) -> String {
    format!("/auth/t{tenant:06}")
}

/// Where a resource server asks what a token is worth in a tenant.
pub fn introspect(tenant: usize) -> String {
    format!("/api/t{tenant:06}/introspect")
}

impl Population {
    pub fn empty() -> Self {
        let root = TempDir::new_in(concat!(env!("CARGO_MANIFEST_DIR"), "/target")).unwrap();
        fs::create_dir(root.path().join("store")).unwrap();
        Self { root, tenants: 0 }
    }

    /// So many tenants with so many keys each.
    pub fn of(tenants: usize, keys: usize) -> Self {
        (0..tenants).fold(Self::empty(), |population, _| population.and_tenant(keys))
    }

    pub fn and_tenant(self, keys: usize) -> Self {
        let text = document(self.tenants, keys);
        self.and_document(&text)
    }

    /// One more tenant, whose `security.yml` is this.
    pub fn and_document(mut self, text: &str) -> Self {
        let folder = self.store().join(format!("t{:06}", self.tenants));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("security.yml"), text).unwrap();
        self.tenants += 1;
        self
    }

    /// Puts a tenant's keys back to what they were, as somebody does who edits the file.
    pub fn restore(&self, tenant: usize, keys: usize) {
        let file = self.store().join(format!("t{tenant:06}")).join("security.yml");
        let edited = file.with_extension("edited");
        fs::write(&edited, document(tenant, keys)).unwrap();
        fs::rename(&edited, &file).unwrap();
    }

    pub fn folder(&self) -> &Path {
        self.root.path()
    }

    pub fn store(&self) -> PathBuf {
        self.root.path().join("store")
    }

    /// A file of settings for this store: no log, any free port, and more lines.
    pub fn settings(&self, name: &str, more: &str) -> PathBuf {
        let path = self.root.path().join(name);
        let store = self.store();
        let text = format!(
            "listen: 127.0.0.1:0\nstore: file:{}\nlimits: {{ loaded: 16GiB }}\n{more}",
            store.display()
        );
        fs::write(&path, text).unwrap();
        path
    }
}

/// A tenant's `security.yml` in which one key has more members, which are given as lines.
pub fn document_with(tenant: usize, keys: usize, key: usize, members: &str) -> String {
    let hash = Digest::of(token(tenant, key).as_bytes()).to_hex();
    document(tenant, keys).replace(&format!("{hash}\n"), &format!("{hash}\n{members}"))
}

/// A tenant's `security.yml`. Its first key may write too.
pub fn document(tenant: usize, keys: usize) -> String {
    let mut text = String::from("apiKeys:\n");
    for key in 0..keys {
        let hash = Digest::of(token(tenant, key).as_bytes()).to_hex();
        let other = if key == 0 { "tenant.apiKey:write" } else { "passes:write" };
        write!(
            text,
            "  - name: key-{key:06}\n    enabled: true\n    permissions:\n      \
             - tenant.apiKey:read\n      - {other}\n    hash: {hash}\n"
        )
        .unwrap();
    }
    text
}
