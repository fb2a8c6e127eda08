//! One key of an issuer, ready to check signatures.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey};

use super::compact_jws::NOT_BASE64URL;
use super::crypto_provider;
use super::jwk::{Jwk, KeyFault, Material};
use super::{BearerError, SigningAlgorithm};

/// A vetted key as `jsonwebtoken` takes it.
#[derive(Clone)]
pub(super) struct VerifyingKey {
    jwk: Jwk,
    decoding: DecodingKey,
}

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        self.jwk == other.jwk
    }
}

impl From<SigningAlgorithm> for Algorithm {
    fn from(algorithm: SigningAlgorithm) -> Self {
        match algorithm {
            SigningAlgorithm::Rs256 => Self::RS256,
            SigningAlgorithm::Ps256 => Self::PS256,
            SigningAlgorithm::Es256 => Self::ES256,
            SigningAlgorithm::EdDsa => Self::EdDSA,
        }
    }
}

impl VerifyingKey {
    /// Takes a vetted key.
    ///
    /// # Errors
    /// [`KeyFault::Modulus`] or [`KeyFault::Point`] when its numbers are no key for the cryptography.
    pub(super) fn new(jwk: Jwk) -> Result<Self, KeyFault> {
        let (decoding, fault) = match &jwk.material {
            Material::Rsa { modulus, exponent } => {
                (DecodingKey::from_rsa_raw_components(modulus, exponent), KeyFault::Modulus)
            }
            Material::P256(point) => (DecodingKey::from_ec_der(point), KeyFault::Point),
            Material::Ed25519(point) => (DecodingKey::from_ed_der(point), KeyFault::Point),
        };
        let is_key =
            |it: &SigningAlgorithm| crypto_provider::parse((*it).into(), &decoding).is_ok();
        if jwk.algorithms.iter().all(is_key) { Ok(Self { jwk, decoding }) } else { Err(fault) }
    }

    /// Whether it is the same key, whatever it is called.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.jwk.material == other.jwk.material
    }

    /// The key's `kid`.
    pub(super) fn id(&self) -> Option<&str> {
        self.jwk.id.as_deref()
    }

    /// Whether the key is for that algorithm.
    pub(super) fn fits(&self, algorithm: SigningAlgorithm) -> bool {
        self.jwk.algorithms.contains(&algorithm)
    }

    /// Checks a signature in Base64url over what was signed. The algorithm is compared before any
    /// arithmetic.
    pub(super) fn verify(
        &self,
        algorithm: SigningAlgorithm,
        signing_input: &str,
        signature: &str,
    ) -> Result<(), BearerError> {
        if !self.fits(algorithm) {
            return Err(BearerError::KeyMismatch);
        }
        let message = signing_input.as_bytes();
        match jsonwebtoken::crypto::verify(signature, message, &self.decoding, algorithm.into()) {
            Ok(true) => Ok(()),
            Err(error) if matches!(error.kind(), ErrorKind::Base64(_)) => Err(NOT_BASE64URL),
            Ok(false) | Err(_) => Err(BearerError::BadSignature),
        }
    }

    #[cfg(test)]
    pub(super) fn decoding_key(&self) -> &DecodingKey {
        &self.decoding
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::signer;
    use super::{BearerError, Jwk, NOT_BASE64URL, SigningAlgorithm, VerifyingKey};

    #[test]
    fn what_does_not_fit_is_refused_before_the_signature() {
        let key = Jwk::parse(&signer(SigningAlgorithm::Rs256).jwk()).and_then(VerifyingKey::new);
        let key = key.unwrap();
        let verdict = key.verify(SigningAlgorithm::Es256, "e30.e30", "AA");
        assert_eq!(verdict, Err(BearerError::KeyMismatch));
        let verdict = key.verify(SigningAlgorithm::Rs256, "e30.e30", "AA");
        assert_eq!(verdict, Err(BearerError::BadSignature));
        // The last character's stray bits, padding, the other alphabet, what is none.
        for signature in ["AB", "AA==", "A", "+_AA", "//AA", "AQ ID", "AQID\n", "\u{410}QID"] {
            let verdict = key.verify(SigningAlgorithm::Rs256, "e30.e30", signature);
            assert_eq!(verdict, Err(NOT_BASE64URL), "{signature:?}");
        }
    }
}
