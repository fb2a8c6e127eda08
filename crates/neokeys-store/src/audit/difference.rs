//! Differences between two states of a key, and of a tenant's keys.

use std::collections::HashMap;

use crate::domain::{ApiKey, KeyDetails, Keyring, Scopes};

/// The difference between two states of a key, without its tokens' digests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyChange {
    /// The permissions that it got.
    pub added: Vec<String>,
    /// The permissions that it lost.
    pub removed: Vec<String>,
    /// Whether it is enabled now, if that changed.
    pub enabled: Option<bool>,
    /// The end that it has now, if that changed; `Some(None)` for none.
    pub expires_at: Option<Option<String>>,
    /// The names of other members that changed, as the file has them.
    pub members: Vec<&'static str>,
}

/// The difference between two states of a tenant's keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyringChange {
    /// The names of keys that came.
    pub came: Vec<String>,
    /// The names of keys that went.
    pub went: Vec<String>,
    /// Keys that are others now, by their names.
    pub changed: Vec<(String, KeyChange)>,
}

impl KeyChange {
    /// The difference between a key before and after; of a new one, all that it has.
    #[must_use]
    pub fn of(before: Option<&ApiKey>, after: &ApiKey) -> Self {
        let nothing = (Scopes::default(), KeyDetails::default());
        let (old_scopes, old) =
            before.map_or((&nothing.0, &nothing.1), |key| (&key.scopes, key.details()));
        let new = after.details();
        let ends = [old, new].map(|details| details.limits.expires_at);
        let members = [
            ("hash", before.is_none_or(|before| before.digest == after.digest)),
            ("previousHashes", old.previous == new.previous),
            ("allowedIps", old.limits.allowed_ips == new.limits.allowed_ips),
            ("description", old.description == new.description),
            ("owner", old.owner == new.owner),
            ("labels", old.labels == new.labels),
            ("managedBy", old.managed_by == new.managed_by),
        ];
        Self {
            added: lacking(&after.scopes, old_scopes),
            removed: lacking(old_scopes, &after.scopes),
            enabled: before.is_none_or(|it| it.enabled != after.enabled).then_some(after.enabled),
            expires_at: (ends[0] != ends[1]).then(|| ends[1].map(|end| end.to_string())),
            members: members
                .iter()
                .filter(|(_, is_same)| !is_same)
                .map(|(name, _)| *name)
                .collect(),
        }
    }

    /// Whether all that changed is that the key is enabled or disabled, and which.
    pub(super) fn turned(&self) -> Option<bool> {
        let alone = Self { enabled: self.enabled, ..Self::default() };
        self.enabled.filter(|_| *self == alone)
    }
}

/// The scopes that others do not have, in order.
fn lacking(scopes: &Scopes, others: &Scopes) -> Vec<String> {
    let has = |text: &str| others.iter().any(|scope| scope.as_str() == text);
    scopes.iter().map(|it| it.as_str()).filter(|it| !has(it)).map(str::to_owned).collect()
}

impl KeyringChange {
    /// The difference between a tenant's keys before and after.
    #[must_use]
    pub fn of(before: &Keyring, after: &Keyring) -> Self {
        let before = before.keys();
        let mut old: HashMap<_, _> = before.iter().map(|key| (key.name.as_str(), key)).collect();
        let mut change = Self::default();
        for key in after.keys() {
            let name = key.name.as_str();
            match old.remove(name) {
                None => change.came.push(name.to_owned()),
                Some(same) if **same == **key => {}
                Some(other) => {
                    change.changed.push((name.to_owned(), KeyChange::of(Some(other), key)));
                }
            }
        }
        let went = before.iter().map(|key| key.name.as_str());
        change.went = went.filter(|name| old.contains_key(name)).map(str::to_owned).collect();
        change
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{KeyChange, KeyringChange};
    use crate::domain::{ApiKey, Digest, KeyDetails, KeyName, Keyring, Owner, Scopes};

    fn key(name: &str, enabled: bool, scopes: &[&str]) -> ApiKey {
        let digest = Digest::of(name.as_bytes());
        ApiKey::new(KeyName::parse(name).unwrap(), enabled, Scopes::parse(scopes).unwrap(), digest)
    }

    fn keyring(keys: &[ApiKey]) -> Keyring {
        Keyring::new(keys.iter().cloned().map(Arc::new).collect(), Vec::new())
    }

    #[test]
    fn a_difference_tells_what_came_what_went_and_what_is_another() {
        let owner = Some(Owner::parse("ops").unwrap());
        let owned = key("c", true, &["x"]).with_details(KeyDetails { owner, ..Default::default() });
        let before =
            keyring(&[key("a", true, &["x", "y"]), key("b", true, &["x"]), key("c", true, &["x"])]);
        let after = keyring(&[key("d", true, &["x"]), owned, key("a", false, &["z", "y"])]);
        let change = KeyringChange::of(&before, &after);
        let of = |name: &str| change.changed.iter().find(|it| it.0 == name).map(|it| &it.1);
        assert_eq!(
            (change.came.as_slice(), change.went.as_slice()),
            (&["d".to_owned()][..], &["b".to_owned()][..])
        );
        let a = KeyChange {
            added: vec!["z".to_owned()],
            removed: vec!["x".to_owned()],
            enabled: Some(false),
            ..Default::default()
        };
        assert_eq!(of("a"), Some(&a));
        let c = KeyChange { members: vec!["owner"], ..Default::default() };
        assert_eq!(of("c"), Some(&c));
        assert_eq!(KeyringChange::of(&after, &after), KeyringChange::default());
    }
}
