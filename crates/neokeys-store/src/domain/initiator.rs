//! Who asks for a change, and from where, for those who keep a record of it.

use std::net::IpAddr;
use std::sync::Arc;

use smol_str::SmolStr;

use super::key_name::KeyName;

/// The asker of a change, with the circumstances that a record of it names. It gives no right to
/// anything: that is [`Right`](super::Right)'s.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Initiator {
    /// Who it is.
    pub actor: Actor,
    /// The address that the request came from.
    pub address: Option<IpAddr>,
    /// The id of the request, as its answer has it.
    pub request_id: Option<SmolStr>,
    /// Why, in the asker's own words. Text from outside.
    pub reason: Option<SmolStr>,
    /// Where the token was found that is to end, as its finder says. Text from outside.
    pub found_at: Option<SmolStr>,
    /// Names of keys that tell a secret of the asker's own, so that a record does not have them.
    pub telling_names: Vec<KeyName>,
}

/// A person or program that changes keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The name of it: a key's, the subject of a token, a user's. Text from outside.
    pub name: SmolStr,
    /// How it is known that it is this one.
    pub kind: ActorKind,
    /// The id that the name's system has for it: of a user at the command line, the number.
    pub uid: Option<SmolStr>,
    /// Who vouches for the name: the issuer of a bearer token.
    pub issuer: Option<Arc<str>>,
}

/// The kind of an actor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActorKind {
    /// A caller over HTTP, by the methods of its credentials, such as `api_key`.
    Caller(SmolStr),
    /// A user of the operating system, at the command line.
    SystemUser,
    /// Whoever changed a document by other means than neokeys.
    File,
    /// neokeys itself.
    Service,
}

impl Initiator {
    /// An asker of whom nothing but the name is known.
    #[must_use]
    pub fn of(actor: Actor) -> Self {
        Self {
            actor,
            address: None,
            request_id: None,
            reason: None,
            found_at: None,
            telling_names: Vec::new(),
        }
    }
}

impl Actor {
    /// neokeys itself.
    pub const SERVICE: Self = Self::named("neokeys", ActorKind::Service);
    /// Whoever changed a document by other means.
    pub const FILE: Self = Self::named("file", ActorKind::File);

    const fn named(name: &'static str, kind: ActorKind) -> Self {
        Self { name: SmolStr::new_static(name), kind, uid: None, issuer: None }
    }

    /// A user of the operating system.
    #[must_use]
    pub fn system_user(name: &str, uid: u32) -> Self {
        let uid = Some(smol_str::format_smolstr!("{uid}"));
        Self { name: name.into(), kind: ActorKind::SystemUser, uid, issuer: None }
    }

    /// Whether it came with credentials that may be lacking.
    #[must_use]
    pub fn is_caller(&self) -> bool {
        matches!(self.kind, ActorKind::Caller(_))
    }
}
