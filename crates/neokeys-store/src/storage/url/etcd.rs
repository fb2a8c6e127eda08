//! `etcd://HOST:PORT,HOST:PORT/PREFIX?tls=true&user=NAME&…`.
//!
//! What a connection needs stands in the address, so that one command can name two clusters. A
//! secret does not: the address names the file that has it.

use std::fmt;
use std::path::PathBuf;

use super::redaction::without_secrets;

/// Where documents go when the address names no prefix.
const DEFAULT_PREFIX: &str = "/neokeys";
/// etcd's port for clients.
const DEFAULT_PORT: &str = "2379";

/// An etcd cluster and the part of its keys that is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EtcdUrl {
    /// Host and port of members; one suffices, several are taken in turn.
    pub members: Vec<String>,
    /// The prefix of our keys; a slash first and none last.
    pub prefix: String,
    /// Whether TLS is spoken.
    pub tls: bool,
    /// A PEM file with the roots that a member's certificate may lead to; the system's otherwise.
    pub ca: Option<PathBuf>,
    /// A PEM file with our own certificate, where members ask for one.
    pub certificate: Option<PathBuf>,
    /// A PEM file with its key.
    pub key: Option<PathBuf>,
    /// Who we are, where members ask.
    pub user: Option<String>,
    /// A file with the user's password.
    pub password_file: Option<PathBuf>,
}

/// A fault in an address of etcd.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum EtcdUrlError {
    #[error("it names no member; write etcd://HOST:PORT,HOST:PORT/PREFIX")]
    NoMember,
    /// A member that is no host and port.
    #[error("{0:?} is not the HOST:PORT of a member")]
    Member(String),
    #[error(
        "it has a user or password before the host; write ?user=NAME&password_file=FILE at the end"
    )]
    Secret,
    #[error("the prefix {0:?} is not made of letters, digits, - _ . and /, or has an empty part")]
    Prefix(String),
    #[error(
        "{0:?} is not one of its parameters, or has an invalid value; they are tls=true, ca=FILE, \
         certificate=FILE, key=FILE, user=NAME and password_file=FILE"
    )]
    Parameter(String),
    #[error("{0} goes together with {1}")]
    Together(&'static str, &'static str),
}

impl EtcdUrl {
    /// Parses what stands after `etcd://`.
    pub(super) fn parse(text: &str) -> Result<Self, EtcdUrlError> {
        let (place, parameters) = text.split_once('?').unwrap_or((text, ""));
        let (members, prefix) = match place.find('/') {
            Some(slash) => place.split_at(slash),
            None => (place, ""),
        };
        if place.contains('@') {
            return Err(EtcdUrlError::Secret);
        }
        if members.is_empty() {
            return Err(EtcdUrlError::NoMember);
        }
        let members = members.split(',').map(member).collect::<Result<_, _>>()?;
        let prefix = match prefix.strip_suffix('/').unwrap_or(prefix) {
            "" => DEFAULT_PREFIX,
            prefix => prefix,
        };
        let is_plain = |part: &str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            !part.is_empty() && part.bytes().all(plain)
        };
        if !prefix.split('/').skip(1).all(is_plain) {
            return Err(EtcdUrlError::Prefix(without_secrets(prefix)));
        }
        let mut url = Self {
            members,
            prefix: prefix.to_owned(),
            tls: false,
            ca: None,
            certificate: None,
            key: None,
            user: None,
            password_file: None,
        };
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            url.set(parameter)?;
        }
        url.demand_whole()?;
        Ok(url)
    }

    fn set(&mut self, parameter: &str) -> Result<(), EtcdUrlError> {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        // A value that is not understood may be a password.
        let unknown = || EtcdUrlError::Parameter(without_secrets(name));
        if value.is_empty() {
            return Err(unknown());
        }
        match name {
            "tls" => self.tls = value.parse().map_err(|_not_a_bool| unknown())?,
            "ca" => self.ca = Some(value.into()),
            "certificate" => self.certificate = Some(value.into()),
            "key" => self.key = Some(value.into()),
            "user" => self.user = Some(value.to_owned()),
            "password_file" => self.password_file = Some(value.into()),
            _ => return Err(unknown()),
        }
        Ok(())
    }

    fn demand_whole(&self) -> Result<(), EtcdUrlError> {
        let pairs = [
            ("user", self.user.is_some(), "password_file", self.password_file.is_some()),
            ("certificate", self.certificate.is_some(), "key", self.key.is_some()),
        ];
        for (one, has_one, other, has_other) in pairs {
            if has_one != has_other {
                return Err(EtcdUrlError::Together(one, other));
            }
        }
        if !self.tls && self.ca.is_some() {
            return Err(EtcdUrlError::Together("ca", "tls=true"));
        }
        if !self.tls && self.certificate.is_some() {
            return Err(EtcdUrlError::Together("certificate", "tls=true"));
        }
        Ok(())
    }
}

fn member(text: &str) -> Result<String, EtcdUrlError> {
    let fault = || EtcdUrlError::Member(without_secrets(text));
    let (host, port) = match text.rsplit_once(':') {
        // The last colon of an IPv6 address is none before a port.
        Some(_) if text.ends_with(']') => (text, DEFAULT_PORT),
        Some((host, _)) if host.contains(':') && !host.ends_with(']') => return Err(fault()),
        Some((host, port)) => (host, port),
        None => (text, DEFAULT_PORT),
    };
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte);
    let usable = !host.is_empty() && host.bytes().all(is_host) && port.parse::<u16>().is_ok();
    if usable { Ok(format!("{host}:{port}")) } else { Err(fault()) }
}

impl fmt::Display for EtcdUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "etcd://{}{}", self.members.join(","), self.prefix)?;
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        let parameters = [
            ("tls", self.tls.then(|| "true".to_owned())),
            ("ca", path(&self.ca)),
            ("certificate", path(&self.certificate)),
            ("key", path(&self.key)),
            ("user", self.user.clone()),
            ("password_file", path(&self.password_file)),
        ];
        let mut separator = '?';
        for (name, value) in parameters {
            if let Some(value) = value {
                write!(formatter, "{separator}{name}={value}")?;
                separator = '&';
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::StoreUrl;
    use super::{EtcdUrl, EtcdUrlError};

    #[test]
    fn an_address_is_written_as_it_is_read() {
        for (text, members, prefix) in [
            ("etcd://h:1/p", vec!["h:1"], "/p"),
            ("etcd://a:1,b:2,10.0.0.1:3/p/q", vec!["a:1", "b:2", "10.0.0.1:3"], "/p/q"),
            (
                "etcd://[::1]:2379/neokeys?user=u&password_file=/run/p",
                vec!["[::1]:2379"],
                "/neokeys",
            ),
            ("etcd://h:1/p?tls=true&ca=ca.pem&certificate=c.pem&key=k.pem", vec!["h:1"], "/p"),
        ] {
            let url: StoreUrl = text.parse().unwrap();
            assert_eq!(url.to_string(), text);
            let StoreUrl::Etcd(url) = url else { panic!("{text}") };
            assert_eq!(
                (url.members, url.prefix.as_str()),
                (members.iter().map(ToString::to_string).collect(), prefix)
            );
        }
        for (short, long) in
            [("h", "etcd://h:2379/neokeys"), ("[::1]/", "etcd://[::1]:2379/neokeys")]
        {
            assert_eq!(EtcdUrl::parse(short).unwrap().to_string(), long);
        }
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_what_is_wrong() {
        let member = |text: &str| EtcdUrlError::Member(text.to_owned());
        let parameter = |text: &str| EtcdUrlError::Parameter(text.to_owned());
        for (text, fault) in [
            ("", EtcdUrlError::NoMember),
            ("/p", EtcdUrlError::NoMember),
            ("u:p@h:1", EtcdUrlError::Secret),
            ("h:1,,k:2", member("")),
            ("h:port", member("h:…")),
            ("::1", member("::1")),
            ("h:1//p", EtcdUrlError::Prefix("//p".to_owned())),
            ("h:1/p q", EtcdUrlError::Prefix("/p q".to_owned())),
            ("h:1?password=x", parameter("password")),
            ("h:1?tls=maybe", parameter("tls")),
            ("h:1?user", parameter("user")),
            ("h:1?user=u", EtcdUrlError::Together("user", "password_file")),
            ("h:1?tls=true&key=k", EtcdUrlError::Together("certificate", "key")),
            ("h:1?ca=c", EtcdUrlError::Together("ca", "tls=true")),
        ] {
            assert_eq!(EtcdUrl::parse(text), Err(fault), "{text}");
        }
    }
}
