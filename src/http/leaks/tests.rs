//! Answers while the work on a report takes its time.

use std::collections::HashSet;
use std::future::{pending, ready};
use std::sync::{Arc, Mutex};

use tokio::sync::{Notify, oneshot};

use super::{LeakAction, LeakReporter, Leaks, Match, label};
use crate::auth::ReporterKeys;
use crate::clock::SystemClock;
use crate::domain::{
    Commit, CommitFuture, Digest, Holders, HoldersFuture, KeyRepository, KeyringFuture, ReadError,
    StoreHealth, TenantId, TenantsFuture,
};

/// A store that looks for holders until it is told what to find.
struct Slow {
    found: Mutex<Option<oneshot::Receiver<Holders>>>,
    is_asked: Arc<Notify>,
}

impl KeyRepository for Slow {
    fn get_keyring<'a>(&'a self, _: &'a TenantId) -> KeyringFuture<'a> {
        KeyringFuture::ready(Err(ReadError::NoSuchTenant))
    }

    fn tenants(&self) -> TenantsFuture<'_> {
        panic!("nobody lists tenants here")
    }

    fn find_holders(&self, _: HashSet<Digest>) -> HoldersFuture {
        let found = self.found.lock().unwrap().take().unwrap();
        self.is_asked.notify_one();
        Box::pin(async { Ok(found.await.unwrap()) })
    }

    fn commit(&self, _: Commit) -> CommitFuture {
        panic!("nobody has a token here")
    }

    fn health(&self) -> StoreHealth {
        StoreHealth::default()
    }
}

fn leaks() -> Leaks {
    let keys = ReporterKeys::File("none".into());
    let reporter = LeakReporter::new(keys, Arc::new(SystemClock)).unwrap();
    Leaks { reporter: Arc::new(reporter), token_type: "nsk".into(), action: LeakAction::Disable }
}

fn found() -> Vec<Match> {
    super::matches::parse(br#"[{"token": "a", "type": "nsk"}]"#).unwrap()
}

#[tokio::test]
async fn what_is_not_known_by_the_deadline_is_left_out_and_the_work_goes_on() {
    let (send, receive) = oneshot::channel();
    let is_asked = Arc::new(Notify::new());
    let keys = Slow { found: Mutex::new(Some(receive)), is_asked: Arc::clone(&is_asked) };
    let keys = Arc::new(keys);
    let answer = label(leaks(), found(), Arc::clone(&keys) as _, ready(())).await.unwrap();
    assert!(answer.is_empty(), "{answer:?}");
    // It still waits for what it asked: nobody took its end of the channel away.
    is_asked.notified().await;
    assert!(send.send(Holders { tenants: Vec::new(), is_complete: true }).is_ok());
}

#[tokio::test]
async fn what_was_not_looked_at_is_no_false_positive() {
    for (is_complete, labels) in [(true, &["false_positive"][..]), (false, &[])] {
        let (send, receive) = oneshot::channel();
        let keys = Slow { found: Mutex::new(Some(receive)), is_asked: Arc::default() };
        assert!(send.send(Holders { tenants: Vec::new(), is_complete }).is_ok());
        let answer = label(leaks(), found(), Arc::new(keys), pending()).await.unwrap();
        let told: Vec<_> = answer.iter().map(|it| it.label).collect();
        assert_eq!(told, labels);
    }
}
