//! `neokeys keys`: the operations on a tenant's keys and their life, wherever they are.

mod life;
mod list;

use std::time::Duration;

use clap::{Args, Subcommand};
use secrecy::ExposeSecret as _;

use super::access::{AccessArguments, IssuedKey, NewKey};
use super::failure::Failure;
use super::output::Output;
use super::times;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::parse_span_or_zero;
use crate::domain::{KeyName, Scope, Scopes, TenantId};

/// A command on the keys of a tenant.
#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// List the keys, with their expiry.
    List {
        #[command(flatten)]
        of: Tenant,
        #[command(flatten)]
        filter: list::Filter,
    },
    /// Show one key.
    Get {
        #[command(flatten)]
        key: Key,
    },
    /// Create a key. Only its token goes to standard output, and it is shown only once.
    Create {
        #[command(flatten)]
        key: Key,
        #[command(flatten)]
        permissions: Permissions,
        /// Create the key disabled.
        #[arg(long)]
        disabled: bool,
        #[command(flatten)]
        details: life::NewDetails,
    },
    /// Change the permissions of a key and whether it is enabled; its name and token stay.
    Update {
        #[command(flatten)]
        key: Key,
        /// Whether the key is enabled.
        #[arg(long, value_name = "BOOL", action = clap::ArgAction::Set)]
        enabled: bool,
        #[command(flatten)]
        permissions: Permissions,
    },
    /// Give a key a new token, which alone goes to standard output and is shown only once.
    Rotate {
        #[command(flatten)]
        key: Key,
        /// How long the old token stays valid, such as 24h; 0 if it leaked.
        #[arg(long, value_name = "TIME", value_parser = parse_span_or_zero)]
        overlap: Duration,
        #[command(flatten)]
        end: life::End,
    },
    /// Change when a key expires, where it may be used from, and its texts for people.
    Limit {
        #[command(flatten)]
        key: Key,
        #[command(flatten)]
        changes: life::Changes,
    },
    /// End all tokens of a key but the newest.
    EndOverlap {
        #[command(flatten)]
        key: Key,
    },
    /// Delete a key: it stops working at once.
    Delete {
        #[command(flatten)]
        key: Key,
    },
}

#[derive(Debug, Args)]
pub(super) struct Tenant {
    /// The tenant of the keys.
    #[arg(long, value_name = "ID", value_parser = TenantId::parse)]
    tenant: TenantId,
    #[command(flatten)]
    access: AccessArguments,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Key {
    /// The name of the key.
    #[arg(value_parser = KeyName::parse)]
    name: KeyName,
    #[command(flatten)]
    of: Tenant,
}

#[derive(Debug, Args)]
pub(super) struct Permissions {
    /// A permission of the key; * for all. Can be given several times.
    #[arg(
        long = "permission", value_name = "P", required = true, num_args = 1..,
        value_parser = Scope::parse,
    )]
    permissions: Vec<Scope>,
}

impl Permissions {
    /// The permissions by the rules on their number.
    fn scopes(&self) -> Result<Scopes, Failure> {
        let texts: Vec<&str> = self.permissions.iter().map(Scope::as_str).collect();
        Scopes::parse(&texts).map_err(|errors| match errors.first() {
            Some(error) => Failure::usage(error),
            None => Failure::because("the permissions are refused"),
        })
    }
}

/// Runs the command.
pub(super) async fn run(command: &KeysCommand, output: &mut Output<'_>) -> Result<(), Failure> {
    match command {
        KeysCommand::List { of, filter } => list::list(of, filter, output).await,
        KeysCommand::Get { key: Key { name, of } } => {
            let found = of.access.open().await?.get_key(&of.tenant, name).await?;
            output.write(&found.text(of.json)?)
        }
        KeysCommand::Create { key: Key { name, of }, permissions, disabled, details } => {
            let key = NewKey {
                name: name.clone(),
                enabled: !disabled,
                scopes: permissions.scopes()?,
                details: details.patch(SystemClock.now())?,
            };
            let issued = of.access.open().await?.create_key(&of.tenant, key).await?;
            deliver(&issued, Issue::Creation, of, output)
        }
        KeysCommand::Rotate { key: Key { name, of }, overlap, end } => {
            let access = of.access.open().await?;
            let end = end.patch(SystemClock.now());
            let issued = access.rotate_key(&of.tenant, name, *overlap, end).await?;
            deliver(&issued, Issue::Rotation, of, output)
        }
        KeysCommand::Limit { key: Key { name, of }, changes } => {
            let patch = changes.patch(SystemClock.now())?;
            let changed = of.access.open().await?.amend_key(&of.tenant, name, patch).await?;
            output.write(&changed.text(of.json)?)
        }
        KeysCommand::EndOverlap { key: Key { name, of } } => {
            of.access.open().await?.end_overlap(&of.tenant, name).await?;
            output.say(&format_args!("Only the newest token of {name} works.\n"));
            Ok(())
        }
        KeysCommand::Update { key: Key { name, of }, enabled, permissions } => {
            let scopes = permissions.scopes()?;
            let access = of.access.open().await?;
            let updated = access.update_key(&of.tenant, name, *enabled, scopes).await?;
            output.write(&updated.text(of.json)?)
        }
        KeysCommand::Delete { key: Key { name, of } } => {
            of.access.open().await?.delete_key(&of.tenant, name).await?;
            output.say(&format_args!("{name} is deleted.\n"));
            Ok(())
        }
    }
}

/// The occasion of a new token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Issue {
    Creation,
    Rotation,
}

/// Writes a token that was just issued. One that did not arrive is lost, even if it was a reader who left.
fn deliver(
    issued: &IssuedKey,
    occasion: Issue,
    of: &Tenant,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let token = issued.token.expose_secret();
    output.deliver(token).and_then(|()| output.deliver("\n")).map_err(|error| {
        let (name, tenant) = (issued.key.name(), &of.tenant);
        let (done, next) = match occasion {
            Issue::Creation => (
                "created",
                format!("delete it with `neokeys keys delete {name} --tenant {tenant}`, then create it again"),
            ),
            Issue::Rotation => (
                "rotated",
                format!("rotate it again with `neokeys keys rotate {name} --tenant {tenant} --overlap …`"),
            ),
        };
        Failure::because(format!("the key is {done}, but its token cannot be written: {error}"))
            .hint(next)
    })?;
    output.say(&issued.key.text(of.json)?);
    output.say(&"The token is shown only once.\n");
    Ok(())
}
