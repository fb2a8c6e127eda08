//! One member of a key set (RFC 7517 §4, RFC 7518 §6), vetted: what may not check signatures is told
//! with the reason. Whether a point is on its curve is left to who uses it (`key`).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::SigningAlgorithm;
use super::strict_json::Object;
use super::weak_rsa::is_of_weak_generator;

/// The sizes of RSA moduli that are taken, in bits: RFC 7518 §3.3 demands 2048, and the cost of a
/// signature check grows with the square.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// The longest RSA exponent in bytes. Every exponent in use has three.
const LONGEST_EXPONENT: usize = 4;

/// Members that a key has only where it is private or symmetric.
const PRIVATE: [&str; 4] = ["d", "p", "q", "k"];

/// Why a key of a key set is left out (RFC 7517 §4, RFC 7518 §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// Not a JSON object, or a member of a wrong type.
    #[error("it is not an object with members of the right types")]
    Shape,
    /// The set has the very same key already.
    #[error("the set has it already")]
    Duplicate,
    /// Another key of the set has the same `kid`, so neither is known by it.
    #[error("its kid occurs more than once in the set")]
    RepeatedId,
    /// A symmetric key: whoever can check with it can sign with it.
    #[error("it is symmetric")]
    Symmetric,
    /// A private key, published: anyone may sign with it.
    #[error("it is a private key")]
    Private,
    /// `kty` is not one with an allowed algorithm.
    #[error("it is of a type that no allowed algorithm uses")]
    Type,
    /// `use` or `key_ops` says that it is not for checking signatures.
    #[error("it is not for checking signatures")]
    Purpose,
    /// `alg` is none that is allowed, or not one of this type of key.
    #[error("its algorithm is not allowed or does not fit it")]
    Algorithm,
    /// `crv` is not P-256 for EC or Ed25519 for OKP.
    #[error("its curve does not fit an allowed algorithm")]
    Curve,
    /// A number in it is no canonical Base64url of the right length.
    #[error("a number in it is not Base64url of the right length")]
    Encoding,
    /// An RSA modulus under 2048 or over 8192 bits, or an even one.
    #[error("its RSA modulus is even, or not of 2048 to 8192 bits")]
    Modulus,
    /// An RSA modulus whose factors can be found, since its generator was broken (CVE-2017-15361).
    #[error("its RSA modulus was made by a generator whose keys anyone can take apart (ROCA)")]
    WeakGenerator,
    /// An RSA exponent that is even, 1, or over 32 bits.
    #[error("its RSA exponent is even, 1, or over 32 bits")]
    Exponent,
    /// The point is not on the curve, or of small order (then anyone can sign).
    #[error("its point is not on the curve or of small order")]
    Point,
}

/// The public numbers of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Material {
    /// Modulus and exponent, big-endian, without leading zeros.
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    /// An uncompressed point: 4, x, y (SEC 1 §2.3.3).
    P256([u8; 65]),
    /// An encoded point (RFC 8032 §5.1.2).
    Ed25519([u8; 32]),
}

/// A public key that may check signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Jwk {
    /// `kid`.
    pub id: Option<String>,
    /// Its uses: all that its type can do, or its `alg` alone.
    pub algorithms: &'static [SigningAlgorithm],
    /// Its numbers.
    pub material: Material,
}

impl Jwk {
    /// Vets one member of a key set's `keys`.
    pub(super) fn parse(value: &Value) -> Result<Self, KeyFault> {
        let members = value.as_object().ok_or(KeyFault::Shape)?;
        if is_for_encryption(value) {
            return Err(KeyFault::Purpose);
        }
        let id = find_text(members, "kid")?.map(str::to_owned);
        let (material, fitting) = match find_text(members, "kty")?.ok_or(KeyFault::Shape)? {
            "RSA" => (rsa(members)?, &[SigningAlgorithm::Rs256, SigningAlgorithm::Ps256][..]),
            "EC" => (p256(members)?, &[SigningAlgorithm::Es256][..]),
            "OKP" => (ed25519(members)?, &[SigningAlgorithm::EdDsa][..]),
            "oct" => return Err(KeyFault::Symmetric),
            _ => return Err(KeyFault::Type),
        };
        if PRIVATE.iter().any(|name| members.contains_key(*name)) {
            return Err(KeyFault::Private);
        }
        demand_purpose(members)?;
        let algorithms = match find_text(members, "alg")? {
            None => fitting,
            Some(name) => {
                let named = SigningAlgorithm::find(name);
                let place = fitting.iter().position(|algorithm| Some(*algorithm) == named);
                let place = place.ok_or(KeyFault::Algorithm)?;
                &fitting[place..=place]
            }
        };
        Ok(Self { id, algorithms, material })
    }
}

/// Whether one member of a key set is public and says, by its `use` or its `alg`, that it is for
/// encryption alone. Such a key may share its `kid` with one for signatures (RFC 7517 §4.5): no token
/// can mean it.
pub(super) fn is_for_encryption(value: &Value) -> bool {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let encrypts = match (text("use"), text("alg")) {
        (Some(purpose), _) => purpose == "enc",
        (None, Some(algorithm)) => {
            ["RSA-OAEP", "RSA1_5", "ECDH-ES"].iter().any(|it| algorithm.starts_with(it))
        }
        (None, None) => false,
    };
    encrypts && !PRIVATE.iter().any(|name| value.get(name).is_some())
}

fn find_text<'m>(members: &'m Object, name: &str) -> Result<Option<&'m str>, KeyFault> {
    members.get(name).map(|value| value.as_str().ok_or(KeyFault::Shape)).transpose()
}

/// RFC 7517 §4.2 and §4.3: what the key's owner means it for.
fn demand_purpose(members: &Object) -> Result<(), KeyFault> {
    if find_text(members, "use")?.is_some_and(|purpose| purpose != "sig") {
        return Err(KeyFault::Purpose);
    }
    match members.get("key_ops") {
        None => Ok(()),
        Some(Value::Array(operations)) if operations.iter().any(|name| name == "verify") => Ok(()),
        Some(Value::Array(_)) => Err(KeyFault::Purpose),
        Some(_) => Err(KeyFault::Shape),
    }
}

fn number(members: &Object, name: &str) -> Result<Vec<u8>, KeyFault> {
    let text = find_text(members, name)?.ok_or(KeyFault::Shape)?;
    URL_SAFE_NO_PAD.decode(text).ok().ok_or(KeyFault::Encoding)
}

fn rsa(members: &Object) -> Result<Material, KeyFault> {
    // RFC 7518 §6.3.1.1 forbids leading zeros and tells that some libraries write one all the
    // same. It changes nothing but the length.
    let shortest = |mut bytes: Vec<u8>| {
        bytes.drain(..bytes.iter().take_while(|byte| **byte == 0).count());
        bytes
    };
    let modulus = shortest(number(members, "n")?);
    let bits =
        modulus.first().map_or(0, |first| modulus.len() * 8 - first.leading_zeros() as usize);
    if !RSA_BITS.contains(&bits) || modulus.last().is_none_or(|last| last % 2 == 0) {
        return Err(KeyFault::Modulus);
    }
    if is_of_weak_generator(&modulus) {
        return Err(KeyFault::WeakGenerator);
    }
    let exponent = shortest(number(members, "e")?);
    let odd = exponent.last().is_some_and(|last| last % 2 == 1);
    if !odd || exponent == [1] || exponent.len() > LONGEST_EXPONENT {
        return Err(KeyFault::Exponent);
    }
    Ok(Material::Rsa { modulus, exponent })
}

fn p256(members: &Object) -> Result<Material, KeyFault> {
    if find_text(members, "crv")? != Some("P-256") {
        return Err(KeyFault::Curve);
    }
    let (x, y) = (number(members, "x")?, number(members, "y")?);
    if (x.len(), y.len()) != (32, 32) {
        return Err(KeyFault::Encoding);
    }
    let mut point = [4; 65];
    point[1..33].copy_from_slice(&x);
    point[33..].copy_from_slice(&y);
    Ok(Material::P256(point))
}

fn ed25519(members: &Object) -> Result<Material, KeyFault> {
    if find_text(members, "crv")? != Some("Ed25519") {
        return Err(KeyFault::Curve);
    }
    let x = number(members, "x")?;
    let point: [u8; 32] = x.as_slice().try_into().ok().ok_or(KeyFault::Encoding)?;
    if is_of_small_order(&point) {
        return Err(KeyFault::Point);
    }
    Ok(Material::Ed25519(point))
}

/// Whether an encoded point of edwards25519 is one of the eight of small order, in any of their
/// encodings: y is 0, 1, -1 (also with the field's prime added) or one of two roots. A signature
/// under such a key can be made without its private half.
fn is_of_small_order(point: &[u8; 32]) -> bool {
    const ROOT: [u8; 32] = [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ];
    const NEGATED_ROOT: [u8; 32] = [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ];
    let mut y = *point;
    y[31] &= 0x7f;
    let middle = |byte: u8| y[1..31].iter().all(|other| *other == byte);
    let low = y[31] == 0 && middle(0) && y[0] <= 1;
    let high = y[31] == 0x7f && middle(0xff) && (0xec..=0xee).contains(&y[0]);
    low || high || y == ROOT || y == NEGATED_ROOT
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::{base64url, signer};
    use super::super::verifying_key::VerifyingKey;
    use super::super::weak_rsa::tests::weak_modulus;
    use super::{Jwk, KeyFault, SigningAlgorithm};

    /// The public key of that algorithm with one member replaced, or removed for `null`.
    fn with(algorithm: SigningAlgorithm, name: &str, value: Value) -> Value {
        let mut jwk = signer(algorithm).jwk();
        if value.is_null() {
            jwk.as_object_mut().unwrap().shift_remove(name);
        } else {
            jwk[name] = value;
        }
        jwk
    }

    fn number(bytes: &[u8]) -> Value {
        base64url(bytes).into()
    }

    #[test]
    fn a_key_without_alg_is_for_what_its_type_can_do() {
        for (algorithm, fitting) in [
            (SigningAlgorithm::Rs256, &[SigningAlgorithm::Rs256, SigningAlgorithm::Ps256][..]),
            (SigningAlgorithm::Es256, &[SigningAlgorithm::Es256][..]),
            (SigningAlgorithm::EdDsa, &[SigningAlgorithm::EdDsa][..]),
        ] {
            let free = Jwk::parse(&with(algorithm, "alg", Value::Null)).unwrap();
            let bound = Jwk::parse(&signer(algorithm).jwk()).unwrap();
            for other in SigningAlgorithm::ALL {
                assert_eq!(
                    free.algorithms.contains(&other),
                    fitting.contains(&other),
                    "{algorithm} {other}"
                );
                assert_eq!(
                    bound.algorithms.contains(&other),
                    other == algorithm,
                    "{algorithm} {other}"
                );
            }
        }
    }

    #[test]
    fn keys_that_may_not_be_used_are_told_with_the_reason() {
        use SigningAlgorithm::{EdDsa, Es256, Ps256, Rs256};
        let (low, high) = ([&[0x40][..], &[1; 255]].concat(), [&[1][..], &[1; 1024]].concat());
        let even = [&[0x80][..], &[2; 255]].concat();
        for (jwk, fault) in [
            (json!("text"), KeyFault::Shape),
            (json!({}), KeyFault::Shape),
            (with(Rs256, "kty", 1.into()), KeyFault::Shape),
            (with(Rs256, "kid", 1.into()), KeyFault::Shape),
            (with(Rs256, "kty", "rsa".into()), KeyFault::Type),
            (with(Rs256, "kty", "AKP".into()), KeyFault::Type),
            (json!({ "kty": "oct", "k": "AAAA" }), KeyFault::Symmetric),
            (with(Rs256, "kty", "oct".into()), KeyFault::Symmetric),
            (with(Rs256, "d", "AQAB".into()), KeyFault::Private),
            (with(EdDsa, "d", "AQAB".into()), KeyFault::Private),
            (with(Rs256, "use", "enc".into()), KeyFault::Purpose),
            (with(Rs256, "use", "SIG".into()), KeyFault::Purpose),
            (with(Rs256, "use", json!(["sig"])), KeyFault::Shape),
            (with(Rs256, "key_ops", json!([])), KeyFault::Purpose),
            (with(Rs256, "key_ops", json!(["sign", "encrypt"])), KeyFault::Purpose),
            (with(Rs256, "key_ops", "verify".into()), KeyFault::Shape),
            (with(Rs256, "alg", "HS256".into()), KeyFault::Algorithm),
            (with(Rs256, "alg", "none".into()), KeyFault::Algorithm),
            (with(Rs256, "alg", "RS512".into()), KeyFault::Algorithm),
            (with(Rs256, "alg", "RSA-OAEP".into()), KeyFault::Algorithm),
            (with(Rs256, "alg", "ES256".into()), KeyFault::Algorithm),
            (with(Es256, "alg", "RS256".into()), KeyFault::Algorithm),
            (with(EdDsa, "alg", "ES256".into()), KeyFault::Algorithm),
            (with(Rs256, "n", Value::Null), KeyFault::Shape),
            (with(Rs256, "n", "".into()), KeyFault::Modulus),
            (with(Rs256, "n", number(&low)), KeyFault::Modulus),
            (with(Rs256, "n", number(&high)), KeyFault::Modulus),
            (with(Rs256, "n", number(&even)), KeyFault::Modulus),
            (with(Rs256, "n", number(&[0; 256])), KeyFault::Modulus),
            (with(Rs256, "n", "AQ==".into()), KeyFault::Encoding),
            (with(Rs256, "n", number(&weak_modulus(2048, 3))), KeyFault::WeakGenerator),
            (with(Ps256, "n", number(&weak_modulus(4096, 7))), KeyFault::WeakGenerator),
            (with(EdDsa, "alg", "Ed448".into()), KeyFault::Algorithm),
            (with(Rs256, "alg", "Ed25519".into()), KeyFault::Algorithm),
            (with(Rs256, "e", number(&[])), KeyFault::Exponent),
            (with(Rs256, "e", number(&[0])), KeyFault::Exponent),
            (with(Ps256, "e", number(&[1])), KeyFault::Exponent),
            (with(Rs256, "e", number(&[0, 0, 1])), KeyFault::Exponent),
            (with(Rs256, "e", number(&[1, 0, 0])), KeyFault::Exponent),
            (with(Rs256, "e", number(&[1, 0, 0, 0, 1])), KeyFault::Exponent),
            (with(Rs256, "e", "A+AB".into()), KeyFault::Encoding),
            (with(Es256, "crv", "P-384".into()), KeyFault::Curve),
            (with(Es256, "crv", "secp256k1".into()), KeyFault::Curve),
            (with(Es256, "crv", "Ed25519".into()), KeyFault::Curve),
            (with(Es256, "crv", Value::Null), KeyFault::Curve),
            (with(Es256, "x", number(&[1; 31])), KeyFault::Encoding),
            (with(Es256, "y", number(&[1; 33])), KeyFault::Encoding),
            (with(Es256, "y", number(&[1; 32])), KeyFault::Point),
            (with(Es256, "x", number(&[0xff; 32])), KeyFault::Point),
            (with(EdDsa, "crv", "Ed448".into()), KeyFault::Curve),
            (with(EdDsa, "crv", "X25519".into()), KeyFault::Curve),
            (with(EdDsa, "x", number(&[9; 31])), KeyFault::Encoding),
        ] {
            let refused = Jwk::parse(&jwk).and_then(VerifyingKey::new).err();
            assert_eq!(refused, Some(fault), "{jwk}");
        }
    }

    #[test]
    fn the_two_names_of_one_algorithm_are_one() {
        for alg in ["EdDSA", "Ed25519"] {
            let jwk = Jwk::parse(&with(SigningAlgorithm::EdDsa, "alg", alg.into())).unwrap();
            assert_eq!(jwk.algorithms, [SigningAlgorithm::EdDsa]);
        }
    }

    #[test]
    fn a_leading_zero_in_a_modulus_changes_nothing() {
        let jwk = signer(SigningAlgorithm::Rs256).jwk();
        let mut padded = jwk.clone();
        padded["n"] = format!("AAAA{}", jwk["n"].as_str().unwrap()).into();
        assert!(Jwk::parse(&jwk).unwrap() == Jwk::parse(&padded).unwrap());
    }

    #[test]
    fn a_point_under_which_anyone_can_sign_is_refused() {
        let mut points = Vec::new();
        for first in [0_u8, 1, 0xec, 0xed, 0xee] {
            let mut point = if first > 1 { [0xff; 32] } else { [0; 32] };
            (point[0], point[31]) = (first, if first > 1 { 0x7f } else { 0 });
            points.push(point);
        }
        let root = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a";
        let mut point = [0; 32];
        for (place, byte) in point.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&root[2 * place..2 * place + 2], 16).unwrap();
        }
        points.push(point);
        for mut point in points {
            for sign in [0, 0x80] {
                point[31] = (point[31] & 0x7f) | sign;
                let jwk = with(SigningAlgorithm::EdDsa, "x", number(&point));
                assert_eq!(Jwk::parse(&jwk).err(), Some(KeyFault::Point), "{point:?}");
            }
        }
    }
}
