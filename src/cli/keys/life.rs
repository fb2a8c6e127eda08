//! The details of a key on the command line: its end, networks, and texts for people.

use std::collections::BTreeMap;

use clap::Args;

use super::times::Moment;
use crate::cli::failure::Failure;
use crate::domain::parse_span;
use crate::domain::{AllowedIps, Description, DetailsPatch, Label, Owner, Patch, Timestamp};

/// When a key ends.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(in crate::cli) struct End {
    /// The key expires after this time, such as 90d.
    #[arg(long, value_name = "TIME", value_parser = parse_span)]
    expires_in: Option<std::time::Duration>,
    /// The key expires at this time, such as 2027-02-24T21:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    expires_at: Option<Timestamp>,
    /// The key never expires.
    #[arg(long)]
    never: bool,
}

/// The details of a new key.
#[derive(Debug, Args)]
pub(in crate::cli) struct NewDetails {
    #[command(flatten)]
    end: End,
    /// An address or network that the key may be used from. Can be given several times.
    #[arg(long = "allow-ip", value_name = "NET")]
    networks: Vec<String>,
    #[command(flatten)]
    texts: Texts,
}

/// Changes of a key's details; what is not named stays.
#[derive(Debug, Args)]
pub(in crate::cli) struct Changes {
    #[command(flatten)]
    end: End,
    /// An address or network that the key may be used from, in place of those before. Can be given several
    /// times.
    #[arg(long = "allow-ip", value_name = "NET", conflicts_with = "any_ip")]
    networks: Vec<String>,
    /// The key may be used from everywhere.
    #[arg(long = "allow-any-ip")]
    any_ip: bool,
    #[command(flatten)]
    texts: Texts,
}

#[derive(Debug, Args)]
struct Texts {
    /// The purpose of the key; '' removes it.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Who is responsible for the key; '' removes it.
    #[arg(long, value_name = "TEXT")]
    owner: Option<String>,
    /// A label of the key; KEY= removes it. Can be given several times.
    #[arg(long = "label", value_name = "KEY=VALUE")]
    labels: Vec<String>,
}

impl End {
    /// The change of the present expiry.
    pub(super) fn patch(&self, now: Timestamp) -> Patch<Timestamp> {
        let named = self.expires_at.map(Moment::At).or(self.expires_in.map(Moment::In));
        match named {
            Some(moment) => Patch::Set(moment.from(now)),
            None if self.never => Patch::Remove,
            None => Patch::Keep,
        }
    }
}

impl NewDetails {
    /// The details as a change of a key that has none.
    pub(super) fn patch(&self, now: Timestamp) -> Result<DetailsPatch, Failure> {
        patch(&self.end, networks(&self.networks)?, &self.texts, now)
    }
}

impl Changes {
    /// The changes as an edit has them.
    pub(super) fn patch(&self, now: Timestamp) -> Result<DetailsPatch, Failure> {
        let nothing = DetailsPatch::default();
        let networks = if self.any_ip { Patch::Remove } else { networks(&self.networks)? };
        patch(&self.end, networks, &self.texts, now)
        .and_then(|patch| {
            if patch == nothing {
                return Err(Failure::misused("nothing to change is named").hint(
                    "name it, such as --expires-in 90d; `neokeys keys limit --help` lists what there is",
                ));
            }
            Ok(patch)
        })
    }
}

fn patch(
    end: &End,
    allowed_ips: Patch<AllowedIps>,
    texts: &Texts,
    now: Timestamp,
) -> Result<DetailsPatch, Failure> {
    Ok(DetailsPatch {
        expires_at: end.patch(now),
        allowed_ips,
        description: text("--description", texts.description.as_deref(), Description::parse)?,
        owner: text("--owner", texts.owner.as_deref(), Owner::parse)?,
        labels: labels(&texts.labels)?,
        managed_by: Patch::Keep,
    })
}

fn networks(texts: &[String]) -> Result<Patch<AllowedIps>, Failure> {
    if texts.is_empty() {
        return Ok(Patch::Keep);
    }
    AllowedIps::parse(texts).map(Patch::Set).map_err(|errors| {
        let told: Vec<_> = errors.iter().map(ToString::to_string).collect();
        wrong("--allow-ip", &told.join(" "))
    })
}

fn text<T, E: std::fmt::Display>(
    option: &str,
    text: Option<&str>,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<Patch<T>, Failure> {
    Ok(match text {
        None => Patch::Keep,
        Some("") => Patch::Remove,
        Some(text) => {
            Patch::Set(parse(text).map_err(|error| wrong(option, &format!("It {error}.")))?)
        }
    })
}

fn labels(texts: &[String]) -> Result<Patch<BTreeMap<Label, Option<Label>>>, Failure> {
    let mut labels = BTreeMap::new();
    for text in texts {
        let refused = |error: &dyn std::fmt::Display| wrong("--label", &format!("{text}: {error}"));
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| refused(&"write KEY=VALUE, or KEY= to remove it"))?;
        let name = Label::parse(name).map_err(|error| refused(&error))?;
        let value = Some(value).filter(|value| !value.is_empty());
        let value = value.map(Label::parse).transpose().map_err(|error| refused(&error))?;
        labels.insert(name, value);
    }
    Ok(if labels.is_empty() { Patch::Keep } else { Patch::Set(labels) })
}

fn wrong(option: &str, told: &str) -> Failure {
    Failure::misused(format!("{option} is not right: {told}"))
}
