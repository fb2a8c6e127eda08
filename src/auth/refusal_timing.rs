//! Credentials that are refused for one reason or another: each takes the same steps, so that the time
//! of a refusal tells nothing of its reason.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Authenticator;
use super::bearer::{BearerConfig, BearerVerifier};
use crate::clock::SystemClock;
use crate::contract::API_KEY_HEADER;
use crate::domain::work_trace::{self, Work};
use crate::domain::{
    ApiKey, Commit, CommitFuture, Digest, KeyName, KeyRepository, Keyring, KeyringFuture,
    ReadError, Scopes, StoreHealth, TenantId, TenantsFuture,
};

/// Tenants whose keys never change.
struct Fixed(HashMap<TenantId, Arc<Keyring>>);

impl KeyRepository for Fixed {
    fn get_keyring<'a>(&'a self, tenant: &'a TenantId) -> KeyringFuture<'a> {
        work_trace::record(Work::Keyring);
        KeyringFuture::ready(self.0.get(tenant).cloned().ok_or(ReadError::NoSuchTenant))
    }

    fn tenants(&self) -> TenantsFuture<'_> {
        panic!("nobody lists tenants here")
    }

    fn feign_absence(&self, _: &TenantId) {
        work_trace::record(Work::Absence);
    }

    fn commit(&self, _: Commit) -> CommitFuture {
        panic!("nobody changes anything here")
    }

    fn health(&self) -> StoreHealth {
        StoreHealth::default()
    }
}

fn tenant(id: &str) -> TenantId {
    TenantId::parse(id).unwrap()
}

fn keyring(keys: &[(&str, bool)]) -> Arc<Keyring> {
    let keys = keys.iter().map(|(name, enabled)| {
        Arc::new(ApiKey::new(
            KeyName::parse(name).unwrap(),
            *enabled,
            Scopes::parse(&["*"]).unwrap(),
            Digest::of(name.as_bytes()),
        ))
    });
    Arc::new(Keyring::new(keys.collect(), Vec::new()))
}

async fn authenticator() -> Authenticator {
    let tenants = [
        (tenant("t1"), keyring(&[("good", true), ("off", false)])),
        (tenant("t2"), keyring(&[("other", true)])),
        (tenant("empty"), keyring(&[])),
    ];
    let bearer =
        BearerVerifier::open(BearerConfig::default(), Arc::new(SystemClock)).await.unwrap();
    Authenticator::new(Arc::new(Fixed(tenants.into())), bearer)
}

#[tokio::test]
async fn a_key_that_is_refused_takes_the_same_steps_whatever_it_is() {
    let authenticator = authenticator().await;
    let basic = |password: &str| format!("Basic {}", STANDARD.encode(format!("x:{password}")));
    let own = vec![Work::Keyring, Work::Digest, Work::Lookup];
    let twice = [&own[..], &[Work::Digest, Work::Lookup]].concat();
    for (name, value, as_client, expected) in [
        (&API_KEY_HEADER, "nobody".to_owned(), false, &own),
        (&API_KEY_HEADER, "other".to_owned(), false, &own),
        (&API_KEY_HEADER, "off".to_owned(), false, &own),
        (&API_KEY_HEADER, format!("nsk_{}", "0".repeat(49)), false, &own),
        (&API_KEY_HEADER, "nobody".to_owned(), true, &own),
        (&AUTHORIZATION, basic("nobody"), true, &own),
        (&AUTHORIZATION, basic("off"), true, &own),
        (&AUTHORIZATION, basic("nob+dy"), true, &twice),
        (&AUTHORIZATION, basic("of%66"), true, &twice),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(name.clone(), HeaderValue::from_str(&value).unwrap());
        for id in ["t1", "empty", "t3", "nowhere"] {
            let tenant = tenant(id);
            let _ = work_trace::take();
            let judged = match as_client {
                true => {
                    authenticator.authenticate_client(&headers, Some(tenant.clone()), None).await
                }
                false => authenticator.authenticate(&headers, Some(tenant.clone()), None).await,
            };
            assert!(judged.is_err(), "{value} {id}");
            // To a tenant that is there, the steps of one that is not are added by its store.
            let taken = work_trace::take();
            let (feigned, own): (Vec<_>, Vec<_>) =
                taken.into_iter().partition(|step| *step == Work::Absence);
            assert_eq!(&own, expected, "{value} {id}");
            let is_there = matches!(id, "t1" | "empty");
            assert_eq!(feigned.len(), usize::from(is_there), "{value} {id}");
        }
    }
    // Whoever gets in takes none of those that are for nothing.
    let mut headers = HeaderMap::new();
    headers.insert(API_KEY_HEADER, HeaderValue::from_static("good"));
    let _ = work_trace::take();
    assert!(authenticator.authenticate(&headers, Some(tenant("t1")), None).await.is_ok());
    assert_eq!(work_trace::take(), own);
}

#[tokio::test]
async fn a_token_that_is_worth_nothing_takes_the_same_steps_whatever_it_is() {
    let authenticator = authenticator().await;
    let part = "eyJhbGciOiJFUzI1NiJ9";
    for token in [
        "nobody".to_owned(),
        "other".to_owned(),
        "off".to_owned(),
        "x".to_owned(),
        "not a token".to_owned(),
        "x".repeat(20_000),
        format!("nsk_{}", "0".repeat(49)),
        format!("{part}.{part}.{part}"),
        format!("Bearer {part}.{part}.{part}"),
        format!("{part}.{part}"),
    ] {
        let keyring = keyring(&[("good", true), ("off", false)]);
        let _ = work_trace::take();
        let found = authenticator.inspect(&token, &tenant("t1"), &keyring, None).await;
        assert_eq!(found, None, "{token:.30}");
        assert_eq!(work_trace::take(), [Work::Digest, Work::Lookup], "{token:.30}");
    }
}
