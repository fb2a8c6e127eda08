//! The change of one member of a key, as people are shown it.

use crate::domain::{ApiKey, Scope};

/// A member of a key before and after; of a token, only that it is another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberChange {
    /// The name of the member, as in a file of wanted keys.
    pub member: &'static str,
    /// Its value before; none where there was none, or where it is secret.
    pub before: Option<String>,
    /// Its value after.
    pub after: Option<String>,
}

impl MemberChange {
    /// The members that a new key has, but for its token.
    pub(super) fn of_new(key: &ApiKey) -> Vec<Self> {
        let has = |(member, after): (_, Option<String>)| {
            after.is_some().then_some(Self { member, before: None, after })
        };
        values(key).into_iter().filter_map(has).collect()
    }

    /// The members that differ between two states of a key.
    #[must_use]
    pub fn between(before: &ApiKey, after: &ApiKey) -> Vec<Self> {
        let both = values(before).into_iter().zip(values(after));
        let changes = both.map(|((member, before), (_, after))| Self { member, before, after });
        let mut changes: Vec<_> = changes.filter(|it| it.before != it.after).collect();
        if before.digest != after.digest {
            changes.push(Self { member: "hash", before: None, after: None });
        }
        changes
    }
}

fn values(key: &ApiKey) -> [(&'static str, Option<String>); 8] {
    let details = key.details();
    let joined = |texts: Vec<String>| (!texts.is_empty()).then(|| texts.join(" "));
    let networks = details.limits.allowed_ips.iter().flatten().map(ToString::to_string).collect();
    let labels = details.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let scopes = key.scopes.iter().map(Scope::as_str).map(str::to_owned).collect();
    [
        ("enabled", Some(key.enabled.to_string())),
        ("permissions", joined(scopes)),
        ("expiresAt", details.limits.expires_at.map(|end| end.to_string())),
        ("allowedIps", joined(networks)),
        ("description", details.description.as_ref().map(|text| text.as_str().to_owned())),
        ("owner", details.owner.as_ref().map(|text| text.as_str().to_owned())),
        ("labels", joined(labels)),
        ("managedBy", details.managed_by.as_ref().map(|text| text.as_str().to_owned())),
    ]
}
