//! Tenants with keys, on disk and in memory.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use neokeys::domain::{Digest, KeyRepository as _, TenantId};
use neokeys::storage::{DocumentRepository, StoreConfig, StoreUrl};
use tempfile::TempDir;

/// The key that may do everything.
pub const ADMIN: &str = "token-of-the-administrator";

/// A store's folder with tenants in it; it goes when this is dropped.
pub struct Population {
    root: TempDir,
    tenants: usize,
    keys: usize,
}

impl Population {
    /// One tenant, `t0`, with this many keys.
    pub fn one_tenant(keys: usize) -> Self {
        Self::new(1, keys)
    }

    #[expect(clippy::disallowed_methods, reason = "what is measured begins after this")]
    fn new(tenants: usize, keys: usize) -> Self {
        let parent = std::env::var("NEOKEYS_BENCH_DIR")
            .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/target").to_owned());
        let root = TempDir::new_in(parent).unwrap();
        for tenant in 0..tenants {
            let folder = root.path().join("store").join(format!("t{tenant}"));
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("security.yml"), document(tenant, keys)).unwrap();
        }
        Self { root, tenants, keys }
    }

    pub fn folder(&self) -> &Path {
        self.root.path()
    }

    pub fn keys(&self) -> usize {
        self.keys
    }

    pub fn store(&self) -> PathBuf {
        self.root.path().join("store")
    }

    pub fn first_document(&self) -> Vec<u8> {
        fs::read(self.store().join("t0").join("security.yml")).unwrap()
    }

    pub fn bytes_of_first(&self) -> usize {
        self.first_document().len()
    }

    fn open(&self) -> DocumentRepository {
        DocumentRepository::open(&StoreUrl::File(self.store()), &without_log()).unwrap()
    }
}

fn without_log() -> StoreConfig {
    let mut config = StoreConfig::default();
    config.audit.enabled = false;
    config
}

fn document(tenant: usize, keys: usize) -> String {
    let mut text = String::from("apiKeys:\n");
    let mut entry = |name: &str, permission: &str, token: &str| {
        let hash = Digest::of(token.as_bytes()).to_hex();
        write!(
            text,
            "  - name: {name}\n    enabled: true\n    permissions:\n      - {permission}\n    hash: {hash}\n"
        )
        .unwrap();
    };
    entry("admin", "'*'", ADMIN);
    for key in 1..keys {
        entry(&format!("key-{key}"), "passes:read", &format!("{tenant}/{key}"));
    }
    text
}

/// Microseconds that it takes to know that a loaded tenant's file is as it was.
pub fn freshness_check() -> f64 {
    let population = Population::one_tenant(100);
    let (store, tenant) = (population.open(), TenantId::parse("t0").unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        // Until the version is old enough to be trusted, it is read once more.
        let settled = Instant::now();
        while settled.elapsed().as_millis() < 100 {
            store.get_keyring(&tenant).await.unwrap();
        }
        let (start, checks) = (Instant::now(), 1_000_000);
        for _ in 0..checks {
            store.get_keyring(&tenant).await.unwrap();
        }
        start.elapsed().as_secs_f64() * 1e6 / f64::from(checks)
    })
}

/// The cost of a million keys.
pub struct Loaded {
    pub bytes_a_key: f64,
    pub megabytes_a_second: f64,
}

/// Loads 10,000 tenants of 100 keys from files that are in the page cache.
pub fn load_a_million_keys() -> Loaded {
    let population = Population::new(10_000, 100);
    let config = StoreConfig { loaded_limit: u64::MAX, ..without_log() };
    let store = DocumentRepository::open(&StoreUrl::File(population.store()), &config).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let size: u64 = (0..population.tenants)
        .map(|it| {
            fs::metadata(population.store().join(format!("t{it}/security.yml"))).unwrap().len()
        })
        .sum();
    let (before, start) = (resident(), Instant::now());
    runtime.block_on(async {
        for tenant in 0..population.tenants {
            let tenant = TenantId::parse(&format!("t{tenant}")).unwrap();
            assert_eq!(store.get_keyring(&tenant).await.unwrap().keys().len(), population.keys);
        }
    });
    let (seconds, used) = (start.elapsed().as_secs_f64(), resident().saturating_sub(before));
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    let (used, size, keys) =
        (used as f64, size as f64, (population.tenants * population.keys) as f64);
    Loaded { bytes_a_key: (used - size) / keys, megabytes_a_second: size / 1e6 / seconds }
}

/// Bytes of memory that the process holds.
fn resident() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = pages.split_whitespace().nth(1).unwrap().parse().unwrap();
    pages * 4096
}
