//! Tokens that were found good, so that each pays for its signature once.
//!
//! Invariants: what is kept is what was decided about one exact text under one exact key set. The
//! text is known by its `SipHash` of 128 bits under a key that the process drew and tells nobody: to
//! have one text taken for another, a caller would have to forge a message authentication code
//! without having seen any. It counts only as long as its issuer still has that very set, and the
//! time is judged anew at each use, so a token never lives longer than without this. A refusal is
//! not kept. The number of tokens is bounded; the token itself is not kept.
//!
//! `ARCHITECTURE.md` (Caches of our own) compares this with the libraries for it.

use std::hash::Hasher as _;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use foldhash::fast::RandomState;
use papaya::ResizeMode;
use ring::rand::{SecureRandom as _, SystemRandom};
use siphasher::sip128::{Hasher128 as _, SipHasher24};
use smol_str::SmolStr;

use super::SigningAlgorithm;
use super::claims::Lifetime;
use super::key_set::KeySet;
use crate::auth::Principal;

/// How many tokens fit into one of the two generations.
const GENERATION: usize = 4096;
/// The longest token that is kept, in bytes: what it says takes memory in proportion.
const LONGEST: usize = 4096;

/// A token's `SipHash` of 128 bits under the key of the tokens that it is looked for in.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TokenDigest(u128);

/// A token that was found good.
pub(super) struct Verified {
    /// The caller that it names.
    pub principal: Principal,
    /// When it may be used.
    pub lifetime: Lifetime,
    /// Its issuer's place among the issuers.
    pub issuer: usize,
    /// The key set that its signature was checked with.
    pub keys: Arc<KeySet>,
    /// The key's name among them, as the token says it.
    pub key_id: Option<SmolStr>,
    /// How it is signed.
    pub algorithm: SigningAlgorithm,
}

/// The tokens used lately: about the last 4,096, at most twice as many and what comes while one
/// generation follows another.
///
/// Who finds a token waits for nobody.
pub(super) struct VerifiedTokens {
    key: [u8; 16],
    generations: ArcSwap<Generations>,
    turning: Mutex<()>,
}

/// Two generations in place of a queue: a token that is used is in the young one from then on; when
/// that is full, it becomes the old one, and what was not used since the last time falls away.
struct Generations {
    young: Arc<Tokens>,
    old: Arc<Tokens>,
}

type Tokens = papaya::HashMap<TokenDigest, Arc<Verified>, RandomState>;

impl Generations {
    /// No token is young.
    fn after(old: Arc<Tokens>) -> Self {
        // A map that is between two sizes is searched in both until it is written to again.
        let young = papaya::HashMap::builder()
            .hasher(RandomState::default())
            .resize_mode(ResizeMode::Blocking)
            .build();
        Self { young: Arc::new(young), old }
    }
}

impl Default for Generations {
    fn default() -> Self {
        Self::after(Arc::default())
    }
}

impl VerifiedTokens {
    /// No tokens, and a key of their own.
    #[expect(clippy::expect_used, reason = "without random bytes nothing here is safe")]
    pub(super) fn new() -> Self {
        let mut key = [0; 16];
        SystemRandom::new().fill(&mut key).expect("the system has random bytes");
        Self { key, generations: ArcSwap::default(), turning: Mutex::default() }
    }

    /// The digest of a token that is short enough to be kept.
    pub(super) fn digest(&self, token: &str) -> Option<TokenDigest> {
        let is_kept = token.len() <= LONGEST;
        is_kept.then(|| {
            let mut hasher = SipHasher24::new_with_key(&self.key);
            hasher.write(token.as_bytes());
            TokenDigest(hasher.finish128().as_u128())
        })
    }

    /// The token, if it was found good lately.
    pub(super) fn find(&self, token: &TokenDigest) -> Option<Arc<Verified>> {
        let generations = self.generations.load();
        if let Some(verified) = generations.young.pin().get(token) {
            return Some(Arc::clone(verified));
        }
        let verified = generations.old.pin().get(token).cloned()?;
        self.keep(&generations, *token, Arc::clone(&verified));
        Some(verified)
    }

    /// Keeps what was found about a token.
    pub(super) fn insert(&self, token: TokenDigest, verified: Arc<Verified>) {
        self.keep(&self.generations.load(), token, verified);
    }

    /// Forgets a token.
    pub(super) fn remove(&self, token: &TokenDigest) {
        let generations = self.generations.load();
        generations.young.pin().remove(token);
        generations.old.pin().remove(token);
    }

    fn keep(&self, generations: &Generations, token: TokenDigest, verified: Arc<Verified>) {
        generations.young.pin().insert(token, verified);
        if generations.young.len() >= GENERATION {
            self.turn(generations);
        }
    }

    /// Lets the next generation begin, unless another thread did.
    fn turn(&self, full: &Generations) {
        // It guards an order of steps, not a value.
        let _turning = self.turning.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&self.generations.load().young, &full.young) {
            let old = Arc::clone(&full.young);
            self.generations.store(Arc::new(Generations::after(old)));
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        let generations = self.generations.load();
        generations.young.len() + generations.old.len()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::super::claims::Claims;
    use super::super::key_set::KeySet;
    use super::super::testing::{
        AUDIENCE, ISSUER, NOW, SIGNERS, TestClock, changed, claims, claims_with, issuer_config,
        key_set, signer, verifier_of,
    };
    use super::super::{BearerError, BearerVerifier, SigningAlgorithm};
    use super::{GENERATION, LONGEST, Verified, VerifiedTokens};

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
        let verifier = verifier(Arc::clone(&clock)).await;
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
        let header_with = |changes| signer.sign(&changed(signer.header(), &changes), &claims());
        for refused in [
            forged.clone(),
            token.replace('.', ""),
            header_with(json!({ "kid": "unknown" })),
            header_with(json!({ "alg": "RS256" })),
            header_with(json!({ "alg": "HS256" })),
            header_with(json!({ "typ": "JWE" })),
            header_with(json!({ "crit": ["exp"] })),
            signer.token(&claims_with(json!({ "iss": "https://other.example/" }))),
            signer.token(&claims_with(json!({ "aud": "other" }))),
            signer.token(&claims_with(json!({ "nbf": NOW + 300 }))),
            signer.token(&claims_with(json!({ "sub": 1 }))),
            signer.token(&claims_with(json!({ "scope": null }))),
        ] {
            assert!(verifier.verify(&refused).await.is_err(), "{refused}");
        }
        let long = signer.token(&claims_with(json!({ "more": "x".repeat(LONGEST) })));
        assert!(verifier.verify(&long).await.is_ok());
        assert_eq!(verifier.verified().len(), 0);
        assert!(verifier.verify(&token).await.is_ok());
        assert!(verifier.verify(&forged).await.is_err());
        assert_eq!(verifier.verified().len(), 1);
    }

    fn verified() -> Arc<Verified> {
        let text = claims().to_string();
        let claims = Claims::parse(text.as_bytes()).unwrap();
        let judged = claims.validate(&ISSUER.into(), AUDIENCE, "tenants");
        let (principal, lifetime) = judged.unwrap();
        Arc::new(Verified {
            principal,
            lifetime,
            issuer: 0,
            keys: Arc::new(KeySet::default()),
            key_id: None,
            algorithm: SigningAlgorithm::Es256,
        })
    }

    #[test]
    fn a_token_is_known_by_its_text_and_a_key_of_this_cache() {
        let (tokens, others) = (VerifiedTokens::new(), VerifiedTokens::new());
        let digest = tokens.digest("a token");
        assert!(digest.is_some() && digest == tokens.digest("a token"));
        assert!(digest != tokens.digest("a tokeo") && digest != others.digest("a token"));
        assert!(tokens.digest(&"a".repeat(LONGEST)).is_some());
        assert!(tokens.digest(&"a".repeat(LONGEST + 1)).is_none());
    }

    #[test]
    fn who_finds_a_token_waits_for_no_generation() {
        let tokens = VerifiedTokens::new();
        let (old, young) = (tokens.digest("old").unwrap(), tokens.digest("young").unwrap());
        tokens.insert(old, verified());
        tokens.turn(&tokens.generations.load());
        tokens.insert(young, verified());
        let _turning = tokens.turning.lock().unwrap();
        assert!(tokens.find(&old).is_some() && tokens.find(&young).is_some());
        assert!(tokens.find(&tokens.digest("never").unwrap()).is_none());
    }

    #[test]
    fn the_number_of_tokens_is_bounded_whatever_thread_brings_them() {
        let tokens = VerifiedTokens::new();
        std::thread::scope(|threads| {
            for thread in 0..4 {
                let tokens = &tokens;
                threads.spawn(move || {
                    for number in 0..GENERATION {
                        let token = format!("{thread}-{number}");
                        tokens.insert(tokens.digest(&token).unwrap(), verified());
                        assert!(tokens.len() <= 2 * GENERATION + 4);
                    }
                });
            }
        });
        assert!(tokens.len() >= GENERATION);
    }

    #[test]
    fn the_number_of_tokens_is_bounded_and_those_in_use_stay() {
        let tokens = VerifiedTokens::new();
        let used = tokens.digest("used").unwrap();
        tokens.insert(used, verified());
        for number in 0..3 * GENERATION {
            tokens.insert(tokens.digest(&number.to_string()).unwrap(), verified());
            assert!(tokens.find(&used).is_some());
            assert!(tokens.len() <= 2 * GENERATION);
        }
        assert!(tokens.find(&tokens.digest("0").unwrap()).is_none());
    }
}
