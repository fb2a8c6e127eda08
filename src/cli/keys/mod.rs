//! `neokeys keys`: the operations on a tenant's keys and their life, on the store itself.

mod life;
mod list;
mod refusals;

use std::time::{Duration, Instant};

use clap::{Args, Subcommand};

use self::refusals::{not_done, unreadable};
use super::Place;
use super::failure::Failure;
use super::output::{Output, to_json};
use super::system_user;
use super::times;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::{
    ApiKey, Commit, CommitError, Committed, EditError, KeyName, KeyPolicy, KeyRepository as _,
    KeyringEdit, Minute, Precondition, Right, Rotation, Scope, Scopes, TenantId, Timestamp, Token,
    Usage,
};
use crate::http::ApiKeyDetails;
use crate::settings::parse_span_or_zero;
use crate::storage::DocumentRepository;

/// A command on the keys of a tenant.
#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// List the keys, with when they end.
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
        /// How long the present token works yet, such as 24h; 0 if it leaked.
        #[arg(long, value_name = "TIME", value_parser = parse_span_or_zero)]
        overlap: Duration,
        #[command(flatten)]
        end: life::End,
    },
    /// Change when a key ends, from where it may be used, and what people are told of it.
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
    place: Place,
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
    let asked_at = Instant::now();
    match command {
        KeysCommand::List { of, filter } => list::list(of, filter, output).await,
        KeysCommand::Get { key } => get(key, output).await,
        KeysCommand::Create { key, permissions, disabled, details } => {
            let scopes = permissions.scopes()?;
            let make = |token: &Token, policy: &KeyPolicy, now| {
                let bare = ApiKey::new(key.name.clone(), !disabled, scopes, token.digest());
                policy.create(bare, details.patch(now)?, now).map_err(|error| refused(error, key))
            };
            issue(key, Issue::Creation, make, asked_at, output).await
        }
        KeysCommand::Rotate { key, overlap, end } => {
            let make = |token: &Token, policy: &KeyPolicy, now| {
                let rotation = Rotation {
                    digest: token.digest(),
                    overlap: *overlap,
                    expires_at: end.patch(now),
                };
                let edit = policy.rotate(key.name.clone(), rotation, now);
                edit.map_err(|error| refused(error, key))
            };
            issue(key, Issue::Rotation, make, asked_at, output).await
        }
        KeysCommand::Limit { key, changes } => {
            let settings = key.of.place.settings()?;
            let now = SystemClock.now();
            let edit = settings.keys.amend(key.name.clone(), changes.patch(now)?, now);
            let edit = edit.map_err(|error| refused(error, key))?;
            let store = Place::open_as(&settings, false)?;
            let changed = commit(&store, &key.of, edit, asked_at).await?;
            let shown = show_changed(&store, &changed.key, &key.of).await?;
            output.write(&shown)
        }
        KeysCommand::EndOverlap { key } => {
            let edit = KeyringEdit::EndOverlap { name: key.name.clone() };
            commit(&key.of.place.open(false)?, &key.of, edit, asked_at).await?;
            output.say(&format_args!("Only the newest token of {} works.\n", key.name.as_str()));
            Ok(())
        }
        KeysCommand::Update { key, enabled, permissions } => {
            let edit = KeyringEdit::Update {
                name: key.name.clone(),
                enabled: *enabled,
                scopes: permissions.scopes()?,
            };
            let store = key.of.place.open(false)?;
            let updated = commit(&store, &key.of, edit, asked_at).await?;
            let shown = show_changed(&store, &updated.key, &key.of).await?;
            output.write(&shown)
        }
        KeysCommand::Delete { key } => {
            let edit = KeyringEdit::Delete { name: key.name.clone() };
            commit(&key.of.place.open(false)?, &key.of, edit, asked_at).await?;
            output.say(&format_args!(
                "{} is deleted.
",
                key.name.as_str()
            ));
            Ok(())
        }
    }
}

async fn get(key: &Key, output: &mut Output<'_>) -> Result<(), Failure> {
    let store = key.of.place.open(false)?;
    let keyring =
        store.get_keyring(&key.of.tenant).await.map_err(|error| unreadable(&error, &key.of))?;
    let found = keyring.get_by_name(&key.name).map_err(|error| not_done(&error.into(), &key.of))?;
    let shown = show(&store, found, &key.of).await?;
    output.write(&shown)
}

/// The occasion of a new token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Issue {
    Creation,
    Rotation,
}

/// Makes a change that gives a key a new token, and delivers the token.
async fn issue(
    key: &Key,
    occasion: Issue,
    make: impl FnOnce(&Token, &KeyPolicy, Timestamp) -> Result<KeyringEdit, Failure>,
    asked_at: Instant,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let settings = key.of.place.settings()?;
    let store = Place::open_as(&settings, false)?;
    // The error says nothing of its own: there is one cause.
    let token = Token::generate(&settings.auth.token_prefix)
        .or(Err(Failure::because("the operating system provides no randomness for a token")))?;
    let edit = make(&token, &settings.keys, SystemClock.now())?;
    let changed = commit(&store, &key.of, edit, asked_at).await?;
    // A token that did not arrive is lost, even if it was a reader who left.
    output.deliver(token.expose()).and_then(|()| output.deliver("\n")).map_err(|error| {
        let (name, tenant) = (key.name.as_str(), key.of.tenant.as_str());
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
    output.say(&show_changed(&store, &changed.key, &key.of).await?);
    output.say(&"The token is shown only once.\n");
    Ok(())
}

fn refused(error: impl Into<EditError>, key: &Key) -> Failure {
    not_done(&CommitError::Edit(error.into()), &key.of)
}

async fn commit(
    store: &DocumentRepository,
    of: &Tenant,
    edit: KeyringEdit,
    asked_at: Instant,
) -> Result<Committed, Failure> {
    let commit = Commit {
        tenant: of.tenant.clone(),
        edit,
        together: None,
        precondition: Precondition::default(),
        right: Right::Operator,
        initiator: system_user::initiator(),
        asked_at,
    };
    store.commit(commit).await.map_err(|error| not_done(&error, of))
}

async fn show(store: &DocumentRepository, key: &ApiKey, of: &Tenant) -> Result<String, Failure> {
    let usage = list::usage(store, of).await?;
    shown(key, of, &usage)
}

/// A key after a change: that nobody knows its last uses makes no change undone.
async fn show_changed(
    store: &DocumentRepository,
    key: &ApiKey,
    of: &Tenant,
) -> Result<String, Failure> {
    let usage = store.usage(&of.tenant).await;
    let unknown = || Usage::since(Minute::of(SystemClock.since_epoch()));
    shown(key, of, &usage.unwrap_or_else(|_| unknown()))
}

fn shown(key: &ApiKey, of: &Tenant, usage: &Usage) -> Result<String, Failure> {
    let now = SystemClock.now();
    if of.json {
        to_json(&ApiKeyDetails::of(key, now, usage))
    } else {
        Ok(list::key_table([key], now, usage))
    }
}
