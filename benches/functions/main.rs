//! The cost of a request's parts, one by one: `cargo bench --bench functions`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a benchmark ends at its first fault")]

mod keys;

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use neokeys::auth::Authenticator;
use neokeys::auth::bearer::{BearerConfig, BearerVerifier};
use neokeys::clock::SystemClock;
use neokeys::contract::{ApiKeyDefinition, ListApiKeys, Operation as _};
use neokeys::domain::{
    Actor, ApiKey, Commit, Digest, Initiator, KeyName, KeyRepository as _, Keyring, KeyringEdit,
    Precondition, Right, Scope, Scopes,
};
use tokio::runtime::{Builder, Runtime};

use self::keys::{SIZES, in_memory, keyring, on_disk, tenant, token};

fn digest(criterion: &mut Criterion) {
    let token = token(7);
    criterion.bench_function("digest of a token", |bencher| {
        bencher.iter(|| Digest::of(black_box(token.as_bytes())));
    });
}

fn lookup(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("lookup");
    for keys in SIZES {
        let keyring = keyring(keys);
        let digests: Vec<_> = (0..keys).map(|key| Digest::of(token(key).as_bytes())).collect();
        let mut turn = digests.iter().cycle().step_by(keys / 7 + 1);
        group.bench_function(BenchmarkId::new("by digest", keys), |bencher| {
            bencher.iter(|| {
                keyring.find_by_digest(black_box(turn.next().unwrap())).unwrap().key.enabled
            });
        });
        group.bench_function(BenchmarkId::new("by name", keys), |bencher| {
            bencher.iter(|| keyring.find_by_name(black_box("key-000003")).unwrap().enabled);
        });
    }
    group.finish();
}

fn freshness(criterion: &mut Criterion) {
    let (_folder, store) = on_disk(100);
    let (runtime, tenant) = (runtime(), tenant());
    // Until the file's version is old enough to be trusted, it is read once more.
    std::thread::sleep(Duration::from_millis(50));
    runtime.block_on(store.get_keyring(&tenant)).unwrap();
    criterion.bench_function("a loaded tenant's keyring, known to be fresh", |bencher| {
        bencher.iter(|| runtime.block_on(store.get_keyring(black_box(&tenant))).unwrap());
    });
}

fn guard(criterion: &mut Criterion) {
    let (tenant, runtime) = (tenant(), runtime());
    let keys = Arc::new(in_memory(100));
    let bearer = BearerVerifier::open(BearerConfig::default(), Arc::new(SystemClock));
    let authenticator = Authenticator::new(keys, runtime.block_on(bearer).unwrap());
    let mut headers = HeaderMap::new();
    let name = HeaderName::from_static("x-api-key");
    headers.insert(name, HeaderValue::try_from(token(3)).unwrap());
    let caller = authenticator.authenticate(&headers, Some(tenant.clone()), None);
    let caller = runtime.block_on(caller).unwrap();
    criterion.bench_function("a caller's right to an operation", |bencher| {
        bencher.iter(|| black_box(&caller).authorize(Some(&tenant), ListApiKeys::SCOPE).unwrap());
    });
}

fn definition(key: &ApiKey) -> ApiKeyDefinition<'_> {
    ApiKeyDefinition {
        name: key.name.as_str(),
        enabled: key.enabled,
        permissions: key.scopes.iter().map(Scope::as_str).collect(),
    }
}

fn serialization(criterion: &mut Criterion) {
    let keyring = keyring(1_000);
    let key = &keyring.keys()[3];
    criterion.bench_function("a definition as JSON", |bencher| {
        bencher.iter(|| serde_json::to_vec(&definition(black_box(key))).unwrap());
    });
    criterion.bench_function("a definition's entity_tag", |bencher| {
        bencher.iter(|| black_box(key).entity_tag());
    });
    criterion.bench_function("1,000 definitions as JSON", |bencher| {
        let list = |keyring: &Keyring| {
            let keys: Vec<_> = keyring.keys().iter().map(|key| definition(key)).collect();
            serde_json::to_vec(&keys).unwrap()
        };
        bencher.iter(|| list(black_box(&keyring)));
    });
}

fn edit(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("update of a key, judged, edited and checked");
    let runtime = runtime();
    for keys in SIZES {
        let store = in_memory(keys);
        let (mut enabled, name) = (false, KeyName::parse("key-000003").unwrap());
        let commit = || {
            enabled = !enabled;
            let scopes = Scopes::parse(&[ListApiKeys::SCOPE]).unwrap();
            Commit {
                tenant: tenant(),
                edit: KeyringEdit::Update { name: name.clone(), enabled, scopes },
                together: None,
                precondition: Precondition::default(),
                right: Right::Operator,
                initiator: Initiator::of(Actor::SERVICE),
                asked_at: Instant::now(),
            }
        };
        let mut commit = commit;
        group.bench_function(BenchmarkId::new("in a document of keys", keys), |bencher| {
            bencher.iter_batched(
                &mut commit,
                |commit| runtime.block_on(store.commit(commit)).unwrap(),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn configured() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
}

criterion_group! {
    name = functions;
    config = configured();
    targets = digest, lookup, freshness, guard, serialization, edit
}
criterion_main!(functions);
