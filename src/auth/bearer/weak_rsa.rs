//! RSA moduli whose factors can be found: those of one generator (ROCA, CVE-2017-15361).
//!
//! It drew primes of the form k·M + (65537^a mod M), where M is a product of small primes. So modulo
//! each of these primes, its moduli are powers of 65537. Of any other modulus that is true by chance
//! once in about 2^154 (Nemec and others, "The Return of Coppersmith's Attack", §3).

/// The odd primes of the smallest M. The larger ones of longer keys have them too.
const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// The generator's base.
const BASE: u32 = 65_537;

/// Whether a modulus, big-endian, is one of that generator.
#[must_use]
pub(super) fn is_of_weak_generator(modulus: &[u8]) -> bool {
    PRIMES.into_iter().all(|prime| is_power(remainder(modulus, prime), prime))
}

fn remainder(number: &[u8], prime: u32) -> u32 {
    number.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime)
}

/// Whether a number is a power of the base modulo a prime.
fn is_power(number: u32, prime: u32) -> bool {
    let powers = std::iter::successors(Some(1), |power| Some(power * (BASE % prime) % prime));
    powers.take(prime as usize).any(|power| power == number)
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::testing::signer;
    use super::super::{SigningAlgorithm, jwk::Jwk, jwk::Material};
    use super::{BASE, PRIMES, is_of_weak_generator};

    /// A number as base-2^16 digits, the least first.
    fn times(number: &[u16], factor: u32) -> Vec<u16> {
        let mut carry = 0_u64;
        let mut product: Vec<u16> = number
            .iter()
            .map(|digit| {
                carry += u64::from(*digit) * u64::from(factor);
                let low = u16::try_from(carry & 0xffff).unwrap();
                carry >>= 16;
                low
            })
            .collect();
        while carry > 0 {
            product.push(u16::try_from(carry & 0xffff).unwrap());
            carry >>= 16;
        }
        product
    }

    fn plus(one: &[u16], other: &[u16]) -> Vec<u16> {
        let digit = |number: &[u16], place| u32::from(number.get(place).copied().unwrap_or(0));
        let mut carry = 0;
        let mut sum: Vec<u16> = (0..one.len().max(other.len()))
            .map(|place| {
                carry += digit(one, place) + digit(other, place);
                let low = u16::try_from(carry & 0xffff).unwrap();
                carry >>= 16;
                low
            })
            .collect();
        sum.extend((carry > 0).then_some(1));
        sum
    }

    fn bytes(number: &[u16]) -> Vec<u8> {
        let bytes: Vec<u8> = number.iter().rev().flat_map(|digit| digit.to_be_bytes()).collect();
        bytes.into_iter().skip_while(|byte| *byte == 0).collect()
    }

    /// A modulus of about so many bits as the generator's are: a power of its base, and a multiple of
    /// twice its primes.
    pub(in super::super) fn weak_modulus(bits: usize, seed: u16) -> Vec<u8> {
        let power = (0..40 + usize::from(seed)).fold(vec![1], |power, _| times(&power, BASE));
        let mut multiple =
            PRIMES.into_iter().fold(vec![2], |product, prime| times(&product, prime));
        let mut factor = u32::from(seed) | 0x8000;
        while multiple.len() * 16 <= bits {
            factor = (factor.wrapping_mul(40_503) % 65_521) | 0x8000;
            multiple = times(&multiple, factor);
        }
        bytes(&plus(&multiple, &power))
    }

    #[test]
    fn what_the_generator_makes_is_known_at_every_length() {
        for bits in [2048, 2064, 3072, 4096, 8000] {
            for seed in 0..20 {
                let modulus = weak_modulus(bits, seed);
                assert!(modulus.len() * 8 >= bits && modulus.last().unwrap() % 2 == 1, "{bits}");
                assert!(is_of_weak_generator(&modulus), "{bits} {seed}");
                // One beside it is not.
                let mut other = modulus;
                *other.last_mut().unwrap() ^= 2;
                assert!(!is_of_weak_generator(&other), "{bits} {seed}");
            }
        }
    }

    #[test]
    fn what_other_generators_make_is_not() {
        for algorithm in [SigningAlgorithm::Rs256, SigningAlgorithm::Ps256] {
            let Material::Rsa { modulus, .. } =
                Jwk::parse(&signer(algorithm).jwk()).unwrap().material
            else {
                panic!("an RSA key")
            };
            assert!(!is_of_weak_generator(&modulus));
        }
        for number in 1..2_000_u32 {
            let modulus = [number.to_be_bytes().to_vec(), vec![0x5b; 252], vec![1]].concat();
            assert!(!is_of_weak_generator(&modulus), "{number}");
        }
    }
}
