//! One key of an issuer, ready to check signatures.

use std::sync::Arc;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents,
};

use super::compact_jws::decode_base64url;
use super::jwk::{Jwk, KeyFault, Material};
use super::{BearerError, SigningAlgorithm};

/// A vetted key, parsed once for each algorithm that it is for.
#[derive(Clone)]
pub(super) struct VerifyingKey {
    jwk: Jwk,
    parsed: Arc<[(SigningAlgorithm, ParsedPublicKey)]>,
}

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        self.jwk == other.jwk
    }
}

impl VerifyingKey {
    /// Takes a vetted key.
    ///
    /// # Errors
    /// [`KeyFault::Modulus`] or [`KeyFault::Point`] when its numbers are no key for the cryptography.
    pub(super) fn new(jwk: Jwk) -> Result<Self, KeyFault> {
        let parse =
            |algorithm: &SigningAlgorithm| Ok((*algorithm, parse(&jwk.material, *algorithm)?));
        let parsed = jwk.algorithms.iter().map(parse).collect::<Result<_, _>>()?;
        Ok(Self { jwk, parsed })
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
        let key = self.parsed.iter().find(|(its, _)| *its == algorithm);
        let (_, key) = key.ok_or(BearerError::KeyMismatch)?;
        let verdict = key.verify_sig(signing_input.as_bytes(), &decode_base64url(signature)?);
        verdict.or(Err(BearerError::BadSignature))
    }
}

/// The key as the cryptography has it, for one of its algorithms.
fn parse(material: &Material, algorithm: SigningAlgorithm) -> Result<ParsedPublicKey, KeyFault> {
    use SigningAlgorithm::{EdDsa, Es256, Ps256, Rs256};
    let (parsed, fault) = match (material, algorithm) {
        (Material::Rsa { modulus: n, exponent: e }, Rs256 | Ps256) => {
            let is_pss = algorithm == Ps256;
            let padding =
                if is_pss { &RSA_PSS_2048_8192_SHA256 } else { &RSA_PKCS1_2048_8192_SHA256 };
            let parsed = RsaPublicKeyComponents { n, e }.to_parsed_public_key(padding);
            (parsed, KeyFault::Modulus)
        }
        (Material::P256(point), Es256) => {
            (ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point), KeyFault::Point)
        }
        (Material::Ed25519(point), EdDsa) => {
            (ParsedPublicKey::new(&ED25519, point), KeyFault::Point)
        }
        (Material::Rsa { .. }, _) => return Err(KeyFault::Modulus),
        (Material::P256(_) | Material::Ed25519(_), _) => return Err(KeyFault::Point),
    };
    parsed.or(Err(fault))
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::crypto::verify;
    use jsonwebtoken::{Algorithm, DecodingKey};

    use super::super::compact_jws::NOT_BASE64URL;
    use super::super::testing::{SIGNERS, base64url, signer};
    use super::{BearerError, Jwk, SigningAlgorithm, VerifyingKey};

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
    #[test]
    fn a_signature_is_judged_as_jsonwebtoken_judges_it() {
        for signer in SIGNERS.iter() {
            let key = VerifyingKey::new(Jwk::parse(&signer.jwk()).unwrap()).unwrap();
            let other = DecodingKey::from_jwk(&serde_json::from_value(signer.jwk()).unwrap());
            let name = signer.alg();
            let own: Algorithm = name.parse().unwrap();
            let algorithm = SigningAlgorithm::find(name).unwrap();
            let good = signer.signature_of("said");
            let (mut short, mut changed) = (good.clone(), good.clone());
            short.pop();
            changed[7] ^= 1;
            let ended = [&good[..], &[0]].concat();
            let cases = [
                (&good, "said", true),
                (&good, "else", false),
                (&short, "said", false),
                (&changed, "said", false),
                (&ended, "said", false),
            ];
            for (signature, message, is_good) in cases {
                let signature = base64url(signature);
                assert_eq!(key.verify(algorithm, message, &signature).is_ok(), is_good, "{name}");
                let theirs = verify(&signature, message.as_bytes(), other.as_ref().unwrap(), own);
                assert_eq!(theirs.unwrap_or(false), is_good, "{name}");
            }
        }
    }
}
