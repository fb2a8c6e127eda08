//! Tokens that were found good, so that each pays for its signature once.
//!
//! Invariants: what is kept is what was decided about one exact text, known by its SHA-256, under
//! one exact key set. It counts only as long as its issuer still has that very set, and the time
//! is judged anew at each use, so a token never lives longer than without this. A refusal is not
//! kept. The number of tokens is bounded; the token itself is not kept.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use super::claims::Lifetime;
use super::key_set::KeySet;
use crate::auth::Principal;

/// How many tokens fit into one of the two generations.
const GENERATION: usize = 4096;
/// The longest token that is kept, in bytes: what it says takes memory in proportion.
const LONGEST: usize = 4096;

/// A token's SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// The digest of a token that is short enough to be kept.
    pub(super) fn of(token: &str) -> Option<Self> {
        (token.len() <= LONGEST).then(|| Self(Sha256::digest(token).into()))
    }
}

/// What was found about a token.
pub(super) struct Verified {
    /// The caller that it names.
    pub principal: Principal,
    /// When it may be used.
    pub lifetime: Lifetime,
    /// Its issuer's place among the issuers.
    pub issuer: usize,
    /// The key set that its signature was checked with.
    pub keys: Arc<KeySet>,
}

/// The tokens used lately: at least the last 4,096, at most twice as many.
#[derive(Default)]
pub(super) struct VerifiedTokens(Mutex<Generations>);

/// Two generations in place of a queue: a token that is used moves to the young one; when that is
/// full, it becomes the old one, and what was not used since the last time falls away.
#[derive(Default)]
struct Generations {
    young: HashMap<TokenDigest, Arc<Verified>>,
    old: HashMap<TokenDigest, Arc<Verified>>,
}

impl VerifiedTokens {
    /// What was found about the token, if that was lately.
    pub(super) fn find(&self, token: &TokenDigest) -> Option<Arc<Verified>> {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(verified) = generations.young.get(token) {
            return Some(verified.clone());
        }
        let verified = generations.old.remove(token)?;
        generations.insert(*token, verified.clone());
        Some(verified)
    }

    /// Keeps what was found about a token.
    pub(super) fn insert(&self, token: TokenDigest, verified: Verified) {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        generations.insert(token, Arc::new(verified));
    }

    /// Forgets a token.
    pub(super) fn remove(&self, token: &TokenDigest) {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        generations.young.remove(token);
        generations.old.remove(token);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        let generations = self.0.lock().unwrap();
        generations.young.len() + generations.old.len()
    }
}

impl Generations {
    fn insert(&mut self, token: TokenDigest, verified: Arc<Verified>) {
        if self.young.len() >= GENERATION {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(token, verified);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::super::claims::Claims;
    use super::super::key_set::KeySet;
    use super::super::testing::{
        NOW, SIGNERS, TestClock, claims, claims_with, issuer_config, key_set, signer, verifier_of,
    };
    use super::super::{BearerError, BearerVerifier, SigningAlgorithm};
    use super::{GENERATION, LONGEST, TokenDigest, Verified, VerifiedTokens};

    async fn verifier(clock: Arc<TestClock>) -> Arc<BearerVerifier> {
        verifier_of(issuer_config(), key_set(SIGNERS.iter()), clock).await
    }

    #[tokio::test]
    async fn a_token_seen_before_says_the_same() {
        let verifier = verifier(TestClock::new()).await;
        let token = signer(SigningAlgorithm::Rs256).token(&claims());
        let first = verifier.verify(&token).await.unwrap();
        assert_eq!(verifier.verified().len(), 1);
        assert_eq!(verifier.verify(&token).await, Ok(first));
        assert_eq!(verifier.verified().len(), 1);
    }

    #[tokio::test]
    async fn a_token_seen_before_ends_when_any_other_would() {
        let clock = TestClock::new();
        let verifier = verifier(clock.clone()).await;
        let window = json!({ "nbf": NOW - 10, "exp": NOW + 10 });
        let token = signer(SigningAlgorithm::Es256).token(&claims_with(window));
        assert!(verifier.verify(&token).await.is_ok());
        for (time, expected) in [
            (NOW - 41, Some(BearerError::NotYetValid)),
            (NOW - 40, None),
            (NOW + 39, None),
            (NOW + 40, Some(BearerError::Expired)),
            (NOW + 41, Some(BearerError::Expired)),
        ] {
            clock.set(time);
            assert_eq!(verifier.verify(&token).await.err(), expected, "{time}");
        }
        assert_eq!(verifier.verified().len(), 0, "an expired token was kept");
    }

    #[tokio::test]
    async fn what_was_refused_or_is_long_is_not_kept() {
        let verifier = verifier(TestClock::new()).await;
        let signer = signer(SigningAlgorithm::Es256);
        let expired = signer.token(&claims_with(json!({ "exp": 1 })));
        assert!(verifier.verify(&expired).await.is_err());
        let token = signer.token(&claims());
        let forged = format!("{}AAAA", &token[..token.len() - 4]);
        assert!(verifier.verify(&forged).await.is_err());
        let long = signer.token(&claims_with(json!({ "more": "x".repeat(LONGEST) })));
        assert!(verifier.verify(&long).await.is_ok());
        assert_eq!(verifier.verified().len(), 0);
        assert!(verifier.verify(&token).await.is_ok());
        assert!(verifier.verify(&forged).await.is_err());
        assert_eq!(verifier.verified().len(), 1);
    }

    #[test]
    fn the_number_of_tokens_is_bounded_and_those_in_use_stay() {
        let tokens = VerifiedTokens::default();
        let text = claims().to_string();
        let judged = Claims::parse(text.as_bytes()).unwrap().judge(&issuer_config(), "tenants");
        let (principal, lifetime) = judged.unwrap();
        let keys = Arc::new(KeySet::default());
        let insert = |digest| {
            let (principal, keys) = (principal.clone(), keys.clone());
            tokens.insert(digest, Verified { principal, lifetime, issuer: 0, keys });
        };
        let used = TokenDigest::of("used").unwrap();
        insert(used);
        for number in 0..3 * GENERATION {
            insert(TokenDigest::of(&number.to_string()).unwrap());
            assert!(tokens.find(&used).is_some());
            assert!(tokens.len() <= 2 * GENERATION);
        }
        assert!(tokens.find(&TokenDigest::of("0").unwrap()).is_none());
    }
}
