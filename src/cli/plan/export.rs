//! Exports of other stores of keys, read as wanted keys: what each calls a member, and how it writes a hash.
//!
//! Invariants: a key that was off stays off, and one with an end keeps it; what neokeys has no place for is
//! counted, and never taken for something else. No hash is in a fault.

mod fields;
mod rows;

use std::collections::HashSet;

use clap::ValueEnum;

use self::fields::Fields;
use self::rows::{Row, csv_rows, json_rows};
use crate::domain::{
    Description, DesiredKey, Digest, KeyName, Owner, Patch, Scope, Scopes, Timestamp,
};
use crate::storage::Diagnostic;

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Rows of Unkey's table of keys, as JSON.
    Unkey,
    /// Rows of better-auth's table of API keys, as JSON.
    BetterAuth,
    /// Lines with name, hash, permissions, enabled, expiresAt, description and owner.
    Csv,
}

/// The keys of an export.
#[derive(Debug, Default)]
pub(super) struct Export {
    pub(super) keys: Vec<DesiredKey>,
    /// Where each stands: line and column.
    pub(super) places: Vec<(u64, u64)>,
    /// How many rows were deleted there.
    pub(super) deleted: usize,
    /// How many keys have limits of use, which neokeys does not keep.
    pub(super) limited: usize,
}

impl Export {
    /// Reads an export. A key without permissions of its own gets these.
    ///
    /// # Errors
    /// Every fault with its place.
    pub(super) fn read(
        format: Format,
        bytes: &[u8],
        scopes: Option<&Scopes>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let rows = match format {
            Format::Unkey | Format::BetterAuth => json_rows(bytes),
            Format::Csv => csv_rows(bytes),
        };
        let fields = Fields::of(format);
        let (mut export, mut faults, mut names) = (Self::default(), Vec::new(), HashSet::new());
        for row in rows.map_err(|fault| vec![fault])? {
            if fields.deleted.iter().any(|member| row.has(member)) {
                export.deleted += 1;
                continue;
            }
            match key(&row, &fields, scopes, &mut names) {
                Ok(key) => {
                    export.limited +=
                        usize::from(fields.limits.iter().any(|member| row.has(member)));
                    export.keys.push(key);
                    export.places.push(row.place);
                }
                Err(fault) => faults.push(row.fault(fault)),
            }
        }
        if faults.is_empty() { Ok(export) } else { Err(faults) }
    }
}

/// A fault, and what to do about it.
type Fault = (String, &'static str);

fn key(
    row: &Row,
    fields: &Fields,
    scopes: Option<&Scopes>,
    names: &mut HashSet<KeyName>,
) -> Result<DesiredKey, Fault> {
    let title = row.text(fields.name)?;
    let name = name(row, fields, title.as_deref(), names)?;
    let hash = row.text(fields.hash)?.ok_or_else(|| {
        let told = format!("{name} has no {}", fields.hash);
        (told, "export it with the hash of its token")
    })?;
    let digest = Digest::parse(&hash).or(Err((
        format!("the {} of {name} is no SHA-256", fields.hash),
        "only hashes of that kind can be taken over",
    )))?;
    let refused = |member: &str, error: &dyn std::fmt::Display| {
        (format!("the {member} of {name} {error}"), "mend it in the export")
    };
    // The name that people know stays readable where it cannot be the key's.
    let unsaid = title.filter(|title| title != name.as_str());
    let description = fields.description.map_or(Ok(None), |member| row.text(member))?.or(unsaid);
    let description = description.map(|text| Description::parse(&text)).transpose();
    let owner = row.first_text(fields.owner)?.map(|text| Owner::parse(&text)).transpose();
    let own = row.scopes(fields.permissions)?;
    let own = own.map(|texts| Scopes::parse(&texts)).transpose().map_err(|errors| {
        let told: Vec<_> = errors.iter().map(ToString::to_string).collect();
        refused(fields.permissions, &told.join(" "))
    })?;
    let scopes = own.or_else(|| scopes.cloned()).ok_or_else(|| {
        (format!("{name} has no permissions"), "name those of such keys with --permission")
    })?;
    Ok(DesiredKey {
        enabled: Some(row.flag(fields.enabled)?.unwrap_or(true)),
        scopes: Some(scopes),
        digest: Some(digest),
        expires_at: row.time(fields.ends)?.map_or(Patch::Remove, Patch::Set),
        description: description.map(patch).map_err(|error| refused("description", &error))?,
        owner: owner.map(patch).map_err(|error| refused("owner", &error))?,
        ..DesiredKey::named(name.clone())
    })
}

/// The name of a key, if neokeys can address it and no row before has it; else its id there.
fn name(
    row: &Row,
    fields: &Fields,
    title: Option<&str>,
    names: &mut HashSet<KeyName>,
) -> Result<KeyName, Fault> {
    let id = fields.id.map_or(Ok(None), |member| row.text(member))?;
    let candidates = title.into_iter().chain(id.as_deref());
    let free = candidates.filter_map(|text| KeyName::parse(text).ok());
    let name = free.into_iter().find(|name| !names.contains(name)).ok_or_else(|| {
        let told = match title {
            Some(title) => format!("{title:?} is no name of a key, or an earlier one has it"),
            None => "the key has no name".to_owned(),
        };
        (told, "give it a name of A-Z a-z 0-9 - _ . that no other has")
    })?;
    names.insert(name.clone());
    Ok(name)
}

fn patch<T>(value: Option<T>) -> Patch<T> {
    value.map_or(Patch::Keep, Patch::Set)
}

/// Permissions as better-auth has them: the actions of each resource.
fn scope_of(resource: &str, action: &str) -> Option<String> {
    let text = format!("{resource}:{action}");
    Scope::validate(&text).ok().map(|()| text)
}

/// A time in milliseconds since the Unix epoch, or as RFC 3339 has it.
fn time_of(text: &str) -> Option<Timestamp> {
    let since_epoch = text.parse().ok().map(std::time::Duration::from_millis);
    since_epoch.map(Timestamp::from_epoch).or_else(|| Timestamp::parse(text).ok())
}

#[cfg(test)]
mod tests;
