//! The cryptography of `jsonwebtoken` with public keys that are parsed once.
//!
//! `jsonwebtoken` gives its cryptography the bytes of a key for every signature, and its own on aws-lc
//! takes them apart each time: a third of what checking an RSA signature costs. This one knows the keys
//! that it has parsed, and leaves all else to the one on aws-lc: a service that takes in the guard may
//! have tokens of its own, of any algorithm. It is chosen when the program starts or a guard is opened
//! ([`install`]), since `jsonwebtoken` would choose by itself at the first token; a choice that the
//! service has made before stays.

use std::sync::{Arc, LazyLock};

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents,
};
use foldhash::fast::RandomState;
use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, aws_lc};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{self, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};

/// How many keys are known at once: those of many issuers, and not those of years.
const MOST: usize = 4096;

/// Parsed public keys.
static PARSED: LazyLock<ParsedKeys> = LazyLock::new(ParsedKeys::default);

/// By algorithm, the length of the modulus if there is one, and all bytes. Without the length, the last
/// byte of one key's modulus could be the first of another's exponent.
type ParsedKeys =
    papaya::HashMap<(Algorithm, Option<usize>, Vec<u8>), Arc<ParsedPublicKey>, RandomState>;

static PROVIDER: LazyLock<CryptoProvider> = LazyLock::new(|| CryptoProvider {
    verifier_factory: |&algorithm, key| match parse(algorithm, key) {
        Ok(key) => Ok(Box::new(ParsedVerifier { algorithm, key })),
        Err(_) => (aws_lc::DEFAULT_PROVIDER.verifier_factory)(&algorithm, key),
    },
    ..aws_lc::DEFAULT_PROVIDER.clone()
});

/// Lets `jsonwebtoken` use this cryptography in the whole process, unless another has been chosen.
pub fn install() {
    if PROVIDER.install_default().is_err() {
        tracing::debug!("the process has already installed a CryptoProvider for its tokens");
    }
}

/// The key as aws-lc has it, parsed now or before.
///
/// # Errors
/// When it is no key for the algorithm: its point is not on the curve, say.
pub(super) fn parse(
    algorithm: Algorithm,
    key: &DecodingKey,
) -> Result<Arc<ParsedPublicKey>, Error> {
    let (modulus, bytes) = match key.kind() {
        DecodingKeyKind::SecretOrDer(bytes) => (None, bytes.clone()),
        DecodingKeyKind::RsaModulusExponent { n, e } => (Some(n.len()), [&n[..], e].concat()),
    };
    let name = (algorithm, modulus, bytes);
    let known = PARSED.pin();
    if let Some(key) = known.get(&name) {
        return Ok(Arc::clone(key));
    }
    let parsed = match (algorithm, key.kind()) {
        (Algorithm::RS256, DecodingKeyKind::RsaModulusExponent { n, e }) => {
            RsaPublicKeyComponents { n, e }.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
        }
        (Algorithm::PS256, DecodingKeyKind::RsaModulusExponent { n, e }) => {
            RsaPublicKeyComponents { n, e }.to_parsed_public_key(&RSA_PSS_2048_8192_SHA256)
        }
        (Algorithm::ES256, DecodingKeyKind::SecretOrDer(point)) => {
            ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
        }
        (Algorithm::EdDSA, DecodingKeyKind::SecretOrDer(point)) => {
            ParsedPublicKey::new(&ED25519, point)
        }
        _ => return Err(ErrorKind::InvalidAlgorithm.into()),
    };
    let parsed = Arc::new(parsed.ok().ok_or(ErrorKind::InvalidKeyFormat)?);
    if known.len() >= MOST {
        known.clear();
    }
    known.insert(name, Arc::clone(&parsed));
    Ok(parsed)
}

/// A parsed key, as `jsonwebtoken` uses one.
struct ParsedVerifier {
    algorithm: Algorithm,
    key: Arc<ParsedPublicKey>,
}

impl Verifier<Vec<u8>> for ParsedVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        self.key.verify_sig(message, signature).map_err(signature::Error::from_source)
    }
}

impl JwtVerifier for ParsedVerifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jsonwebtoken::crypto::aws_lc;
    use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};

    use super::super::jwk::{Jwk, Material};
    use super::super::testing::{SIGNERS, signer};
    use super::super::{SigningAlgorithm, verifying_key::VerifyingKey};
    use super::{PROVIDER, parse};

    #[test]
    fn it_judges_signatures_as_the_one_does_that_it_stands_in_for() {
        for signer in SIGNERS.iter() {
            let key = VerifyingKey::new(Jwk::parse(&signer.jwk()).unwrap()).unwrap();
            let (algorithm, key) = (signer.algorithm, key.decoding_key());
            for provider in [&*PROVIDER, &aws_lc::DEFAULT_PROVIDER] {
                let verifier = (provider.verifier_factory)(&algorithm, key).unwrap();
                assert_eq!(verifier.algorithm(), algorithm);
                let mut signature = signer.signature_of("said");
                assert!(verifier.verify(b"said", &signature).is_ok(), "{algorithm:?}");
                assert!(verifier.verify(b"else", &signature).is_err(), "{algorithm:?}");
                signature.pop();
                assert!(verifier.verify(b"said", &signature).is_err(), "{algorithm:?}");
            }
            let again = parse(algorithm, key).unwrap();
            assert!(Arc::ptr_eq(&parse(algorithm, key).unwrap(), &again), "{algorithm:?}");
        }
    }

    #[test]
    fn keys_whose_numbers_are_the_same_bytes_one_after_the_other_are_two() {
        let jwk = signer(SigningAlgorithm::Rs256).jwk();
        let Material::Rsa { modulus, exponent } = Jwk::parse(&jwk).unwrap().material else {
            panic!("{jwk}")
        };
        let rsa = |n: &[u8], e: &[u8]| {
            parse(Algorithm::RS256, &DecodingKey::from_rsa_raw_components(n, e))
        };
        let key = rsa(&modulus, &exponent).unwrap();
        assert!(Arc::ptr_eq(&rsa(&modulus, &exponent).unwrap(), &key));
        let (shorter, last) = modulus.split_at(modulus.len() - 1);
        let other = rsa(shorter, &[last, &exponent].concat());
        assert!(other.is_ok_and(|other| !Arc::ptr_eq(&other, &key)), "it is taken for the other");
        let der = DecodingKey::from_ec_der(&[modulus, exponent].concat());
        assert!(parse(Algorithm::RS256, &der).is_err());
    }

    #[test]
    fn it_leaves_other_tokens_of_a_process_to_aws_lc() {
        for algorithm in [Algorithm::HS256, Algorithm::HS512] {
            let signer = (PROVIDER.signer_factory)(&algorithm, &EncodingKey::from_secret(&[7; 64]));
            let signature = signer.unwrap().sign(b"said");
            let key = DecodingKey::from_secret(&[7; 64]);
            let verifier = (PROVIDER.verifier_factory)(&algorithm, &key).unwrap();
            assert!(verifier.verify(b"said", &signature).is_ok(), "{algorithm:?}");
            assert!(verifier.verify(b"else", &signature).is_err(), "{algorithm:?}");
        }
    }

    #[test]
    fn what_is_no_key_for_an_algorithm_is_none() {
        let secret = DecodingKey::from_secret(&[7; 32]);
        let point = DecodingKey::from_ec_der(&[4; 65]);
        for (algorithm, key) in [
            (Algorithm::HS256, &secret),
            (Algorithm::RS256, &secret),
            (Algorithm::ES256, &point),
            (Algorithm::ES384, &point),
        ] {
            assert!(parse(algorithm, key).is_err(), "{algorithm:?}");
        }
    }
}
