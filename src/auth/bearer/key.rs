//! One key of an issuer, ready to check signatures.

use jsonwebtoken::{Algorithm, DecodingKey};

use super::jwk::{Jwk, Material};
use super::{BearerError, SigningAlgorithm};

/// A vetted key with its numbers where the cryptography wants them.
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

impl VerifyingKey {
    /// Takes a vetted key.
    pub(super) fn new(jwk: Jwk) -> Self {
        let decoding = match &jwk.material {
            Material::Rsa { modulus, exponent } => {
                DecodingKey::from_rsa_raw_components(modulus, exponent)
            }
            Material::P256(point) => DecodingKey::from_ec_der(point),
            Material::Ed25519(point) => DecodingKey::from_ed_der(point),
        };
        Self { jwk, decoding }
    }

    /// The key's `kid`.
    pub(super) fn id(&self) -> Option<&str> {
        self.jwk.id.as_deref()
    }

    /// Whether the key is for that algorithm.
    pub(super) fn fits(&self, algorithm: SigningAlgorithm) -> bool {
        self.jwk.algorithms.contains(&algorithm)
    }

    /// Checks a signature in Base64url over what was signed. The algorithm is judged before any
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
        let algorithm = match algorithm {
            SigningAlgorithm::Rs256 => Algorithm::RS256,
            SigningAlgorithm::Ps256 => Algorithm::PS256,
            SigningAlgorithm::Es256 => Algorithm::ES256,
            SigningAlgorithm::EdDsa => Algorithm::EdDSA,
        };
        let message = signing_input.as_bytes();
        match jsonwebtoken::crypto::verify(signature, message, &self.decoding, algorithm) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(BearerError::BadSignature),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::signer;
    use super::{BearerError, Jwk, SigningAlgorithm, VerifyingKey};

    #[test]
    fn what_does_not_fit_is_refused_before_the_signature() {
        let key = VerifyingKey::new(Jwk::parse(&signer(SigningAlgorithm::Rs256).jwk()).unwrap());
        let verdict = key.verify(SigningAlgorithm::Es256, "e30.e30", "AA");
        assert_eq!(verdict, Err(BearerError::KeyMismatch));
        let verdict = key.verify(SigningAlgorithm::Rs256, "e30.e30", "AA");
        assert_eq!(verdict, Err(BearerError::BadSignature));
    }
}
