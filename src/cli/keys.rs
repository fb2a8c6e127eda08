//! `neokeys keys`: the five operations on a tenant's keys, on the store itself.

use std::time::Instant;

use clap::{Args, Subcommand};

use super::Place;
use super::failure::Failure;
use super::output::{Output, table, to_json};
use crate::contract::ApiKeyDefinition;
use crate::domain::{
    ApiKey, Commit, CommitError, Committed, EditError, KeyName, KeyRepository as _, KeyringEdit,
    Precondition, ReadError, Remedy, Right, Scope, Scopes, TenantId, Token, Unavailable,
};
use crate::storage::{DocumentError, DocumentRepository};

/// A command on the keys of a tenant.
#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// List the keys.
    List {
        #[command(flatten)]
        of: Tenant,
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
        KeysCommand::List { of } => list(of, output).await,
        KeysCommand::Get { key } => get(key, output).await,
        KeysCommand::Create { key, permissions, disabled } => {
            create(key, permissions.scopes()?, !disabled, asked_at, output).await
        }
        KeysCommand::Update { key, enabled, permissions } => {
            let edit = KeyringEdit::Update {
                name: key.name.clone(),
                enabled: *enabled,
                scopes: permissions.scopes()?,
            };
            let updated = commit(&key.of.place.open(false)?, &key.of, edit, asked_at).await?;
            let shown = show(&updated.key, key.of.json)?;
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

async fn list(of: &Tenant, output: &mut Output<'_>) -> Result<(), Failure> {
    let store = of.place.open(false)?;
    let keyring = store.get_keyring(&of.tenant).await.map_err(|error| unreadable(&error, of))?;
    let faulty = keyring.faulty_entries().len();
    if faulty > 0 {
        let tenant = of.tenant.as_str();
        output.say(&format_args!(
            "{faulty} invalid entries are left out; `neokeys check --tenant {tenant}` says why.\n"
        ));
    }
    if of.json {
        let keys: Vec<_> = keyring.keys().iter().map(|key| definition(key)).collect();
        output.write_json(&keys)
    } else {
        output.write(&key_table(keyring.keys().iter().map(|key| &**key)))
    }
}

async fn get(key: &Key, output: &mut Output<'_>) -> Result<(), Failure> {
    let store = key.of.place.open(false)?;
    let keyring =
        store.get_keyring(&key.of.tenant).await.map_err(|error| unreadable(&error, &key.of))?;
    let found = keyring.get_by_name(&key.name).map_err(|error| not_done(&error.into(), &key.of))?;
    let shown = show(found, key.of.json)?;
    output.write(&shown)
}

async fn create(
    key: &Key,
    scopes: Scopes,
    enabled: bool,
    asked_at: Instant,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let settings = key.of.place.settings()?;
    let store = Place::open_as(&settings, false)?;
    // The error says nothing of its own: there is one cause.
    let token = Token::generate(&settings.auth.token_prefix)
        .or(Err(Failure::because("the operating system provides no randomness for a token")))?;
    let name = key.name.clone();
    let edit = KeyringEdit::Create(ApiKey::new(name, enabled, scopes, token.digest()));
    let created = commit(&store, &key.of, edit, asked_at).await?;
    // A token that did not arrive is lost, even if it was a reader who left.
    output.deliver(token.expose()).and_then(|()| output.deliver("\n")).map_err(|error| {
        let (name, tenant) = (key.name.as_str(), key.of.tenant.as_str());
        Failure::because(format!("the key is created, but its token cannot be written: {error}"))
            .hint(format!(
                "delete it with `neokeys keys delete {name} --tenant {tenant}`, then create it again"
            ))
    })?;
    output.say(&show(&created.key, key.of.json)?);
    output.say(&"The token is shown only once.\n");
    Ok(())
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
        precondition: Precondition::default(),
        right: Right::Operator,
        asked_at,
    };
    store.commit(commit).await.map_err(|error| not_done(&error, of))
}

fn unreadable(error: &ReadError, of: &Tenant) -> Failure {
    match error {
        ReadError::NoSuchTenant => no_such_tenant(of),
        ReadError::Unavailable(cause) => Failure::refused(error).hint(unavailable_hint(cause, of)),
    }
}

fn not_done(error: &CommitError, of: &Tenant) -> Failure {
    let tenant = of.tenant.as_str();
    let failure = Failure::refused(error);
    match error {
        CommitError::NoSuchTenant => no_such_tenant(of),
        CommitError::Edit(EditError::NameTaken) => {
            failure.hint("choose another name, or change the key with `neokeys keys update`")
        }
        CommitError::Edit(EditError::NotFound) => {
            failure.hint(format!("`neokeys keys list --tenant {tenant}` lists the keys"))
        }
        CommitError::Edit(
            EditError::NameTakenByFaultyEntry { .. } | EditError::NoKeyButFaultyEntry { .. },
        )
        | CommitError::NotEditable { .. } => failure.hint("fix it in the file, then try again"),
        CommitError::Edit(EditError::TooManyTokens) => {
            failure.hint("end them with `neokeys keys end-overlap`, or rotate with --overlap 0")
        }
        CommitError::Edit(EditError::KeyExpired { .. }) => failure.hint(
            "give it an end in the future with --expires-in or --expires-at, or none with --never",
        ),
        CommitError::Edit(
            EditError::PreconditionFailed | EditError::NoSuchToken | EditError::TooManyLabels(_),
        )
        | CommitError::NotAllowed(_)
        | CommitError::CallerGone => failure,
        CommitError::Unavailable(cause) => failure.hint(unavailable_hint(cause, of)),
        CommitError::Uncertain(_) => failure.hint(format!(
            "check the disk; `neokeys keys list --tenant {tenant}` shows the current keys"
        )),
    }
}

fn no_such_tenant(of: &Tenant) -> Failure {
    let tenant = of.tenant.as_str();
    Failure::because(format!("there is no tenant {tenant}")).hint(format!(
        "`neokeys tenants list` lists the tenants, `neokeys tenants create {tenant}` creates it"
    ))
}

/// Where to look: at the store where that is the fault, else at what the file says.
fn unavailable_hint(cause: &Unavailable, of: &Tenant) -> String {
    match cause.remedy() {
        Remedy::Mend(sentence) => {
            return format!("the file is not at fault: {sentence}");
        }
        Remedy::WaitForEditor => {
            return "try again when nobody is writing to the file".to_owned();
        }
        Remedy::TryLater(_) => {
            return "nothing was changed, and the file is not at fault; try again later".to_owned();
        }
        Remedy::ReachStore => return Remedy::REACH_STORE.to_owned(),
        Remedy::TryAgain => {}
    }
    if cause.is::<DocumentError>() {
        return "the file is not at fault: neokeys needs to read it and to write in its folder"
            .to_owned();
    }
    format!("`neokeys check --tenant {}` says what is wrong in the file", of.tenant.as_str())
}

fn show(key: &ApiKey, json: bool) -> Result<String, Failure> {
    if json { to_json(&definition(key)) } else { Ok(key_table([key])) }
}

fn key_table<'k>(keys: impl IntoIterator<Item = &'k ApiKey>) -> String {
    let row = |key: &ApiKey| {
        let ApiKeyDefinition { name, enabled, permissions } = definition(key);
        [name.to_owned(), enabled.to_string(), permissions.join(" ")]
    };
    let rows: Vec<_> = keys.into_iter().map(row).collect();
    table(["NAME", "ENABLED", "PERMISSIONS"], &rows)
}

fn definition(key: &ApiKey) -> ApiKeyDefinition<'_> {
    ApiKeyDefinition {
        name: key.name.as_str(),
        enabled: key.enabled,
        permissions: key.scopes.iter().map(Scope::as_str).collect(),
    }
}
