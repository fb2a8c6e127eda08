//! Keys that sign notes, and those that verify them, in the text forms that programs for notes share.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use zeroize::Zeroizing;

/// The byte that says Ed25519, before a key and in its id.
const ED25519_NOTES: u8 = 1;

const PRIVATE: &str = "PRIVATE+KEY+";

/// Why a text is no key, or none was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum NoteKeyError {
    #[error("the name of a key is not empty, and has no spaces and no +")]
    Name,
    #[error("a key that verifies is NAME+ID+KEY, as `neokeys audit keygen` prints it")]
    Verifying,
    #[error("a key that signs is PRIVATE+KEY+NAME+ID+KEY, as `neokeys audit keygen` creates it")]
    Signing,
    #[error("the id of the key is not that of its name and its bytes; copy the whole line")]
    Id,
    #[error("the operating system provides no random bytes")]
    Random,
}

/// A key that verifies notes: `NAME+ID+KEY`, the id in hexadecimal digits, the key in Base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyingKey {
    name: String,
    id: u32,
    public: [u8; 32],
}

impl VerifyingKey {
    fn new(name: &str, public: [u8; 32]) -> Result<Self, NoteKeyError> {
        if name.is_empty()
            || name.chars().any(|it| it.is_whitespace() || it.is_control() || it == '+')
        {
            return Err(NoteKeyError::Name);
        }
        let hashed = digest(&SHA256, &[name.as_bytes(), b"\n", &[ED25519_NOTES], &public].concat());
        let id = hashed.as_ref().iter().take(4).fold(0, |id, byte| id << 8 | u32::from(*byte));
        Ok(Self { name: name.to_owned(), id, public })
    }

    /// The name of who signs.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which key of that name it is.
    #[must_use]
    pub(super) const fn id(&self) -> u32 {
        self.id
    }

    pub(super) fn verifies(&self, text: &str, signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.public).verify(text.as_bytes(), signature).is_ok()
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, id, public } = self;
        let key = STANDARD.encode([[ED25519_NOTES].as_slice(), public].concat());
        write!(formatter, "{name}+{id:08x}+{key}")
    }
}

impl FromStr for VerifyingKey {
    type Err = NoteKeyError;

    fn from_str(text: &str) -> Result<Self, NoteKeyError> {
        let (name, id, public) = parts(text).ok_or(NoteKeyError::Verifying)?;
        let key = Self::new(name, *public)?;
        if key.id == id { Ok(key) } else { Err(NoteKeyError::Id) }
    }
}

/// A key that signs notes: `PRIVATE+KEY+NAME+ID+KEY`. `Debug` prints nothing of what is secret.
pub struct SigningKey {
    seed: Zeroizing<[u8; 32]>,
    pair: Ed25519KeyPair,
    verifying: VerifyingKey,
}

impl SigningKey {
    /// A new key with this name.
    ///
    /// # Errors
    /// [`NoteKeyError::Name`], and [`NoteKeyError::Random`].
    pub fn generate(name: &str) -> Result<Self, NoteKeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        SystemRandom::new().fill(seed.as_mut()).or(Err(NoteKeyError::Random))?;
        Self::new(name, seed)
    }

    /// A key from its text.
    ///
    /// # Errors
    /// A text that is none. The error has nothing of the text.
    pub fn parse(text: &str) -> Result<Self, NoteKeyError> {
        let parts = text.strip_prefix(PRIVATE).and_then(parts);
        let (name, id, seed) = parts.ok_or(NoteKeyError::Signing)?;
        let key = Self::new(name, seed)?;
        if key.verifying.id == id { Ok(key) } else { Err(NoteKeyError::Id) }
    }

    fn new(name: &str, seed: Zeroizing<[u8; 32]>) -> Result<Self, NoteKeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_slice());
        let pair = pair.or(Err(NoteKeyError::Signing))?;
        let public = pair.public_key().as_ref().try_into().or(Err(NoteKeyError::Signing))?;
        Ok(Self { verifying: VerifyingKey::new(name, public)?, seed, pair })
    }

    /// The text to keep where nobody else reads it.
    #[must_use]
    pub fn to_secret_text(&self) -> Zeroizing<String> {
        let VerifyingKey { name, id, .. } = &self.verifying;
        let bytes = Zeroizing::new([[ED25519_NOTES].as_slice(), self.seed.as_slice()].concat());
        let key = Zeroizing::new(STANDARD.encode(&*bytes));
        Zeroizing::new(format!("{PRIVATE}{name}+{id:08x}+{}", *key))
    }

    /// The key that verifies what this one signs.
    #[must_use]
    pub const fn verifying(&self) -> &VerifyingKey {
        &self.verifying
    }

    pub(super) fn sign(&self, text: &str) -> impl AsRef<[u8]> {
        self.pair.sign(text.as_bytes())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SigningKey({}, ..)", self.verifying)
    }
}

/// The name, the id and the 32 bytes of a key.
fn parts(text: &str) -> Option<(&str, u32, Zeroizing<[u8; 32]>)> {
    let (name, rest) = text.split_once('+')?;
    let (id, key) = rest.split_once('+')?;
    let id = (id.len() == 8).then(|| u32::from_str_radix(id, 16).ok()).flatten()?;
    let key = Zeroizing::new(STANDARD.decode(key).ok()?);
    let (kind, bytes) = key.split_first()?;
    let bytes = (*kind == ED25519_NOTES).then(|| bytes.try_into().ok()).flatten()?;
    Some((name, id, Zeroizing::new(bytes)))
}
