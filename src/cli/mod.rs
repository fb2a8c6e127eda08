//! The command line: one file a subcommand.
//!
//! Invariants: what a script may want goes to standard output and everything else to standard
//! error; the exit code is 0 when it is done, 1 when it was refused or not found, 2 when the usage
//! or a setting is wrong, 3 when `plan --exit-code` has something to do; a reader that closes the pipe early is no error.

mod access;
mod audit;
mod check;
mod complaint;
mod copy;
mod diff;
mod environment;
mod escape;
mod failure;
mod files;
mod keys;
mod login;
mod manual;
mod openapi;
mod output;
mod plan;
mod serve;
mod system_user;
mod tenants;
mod times;
mod token;
mod version;
mod web;

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use self::failure::Failure;
use self::output::Output;
use crate::settings::{self, Settings};
use crate::storage::{
    DocumentRepository, DocumentStore, OpenError, StoreConfig, StoreUrl, StoreUrlError,
    finish_background_work, open_documents,
};

/// Issues, manages and checks the API keys of a platform's tenants.
#[derive(Debug, Parser)]
#[command(name = "neokeys", version, long_version = version::whole(), subcommand_required = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service: the API, its documentation and health checks.
    #[command(after_long_help = settings::help())]
    Serve(serve::ServeArguments),
    /// List and change the API keys of a tenant, with or without a running server.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// List and create tenants.
    #[command(subcommand)]
    Tenants(tenants::TenantsCommand),
    /// Read and verify the log of what was done to keys.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Check every security.yml; report each problem with its line and how to fix it.
    Check(check::CheckArguments),
    /// Copy documents from one store to another, byte for byte, and verify them.
    Copy(copy::CopyArguments),
    /// Show the changes that make the keys of tenants match files.
    Plan(plan::PlanArguments),
    /// Make the keys of tenants match files, or carry out a plan.
    Apply(plan::ApplyArguments),
    /// Take over the keys of another store with their hashes, so that their tokens go on working.
    Import(plan::ImportArguments),
    /// Sign in for servers, by a page of the issuer in a browser anywhere (the device grant).
    Login(login::LoginArguments),
    /// End the sign-in.
    Logout,
    /// Make a token, without a store: the token goes to standard output, its hash to standard error.
    Token(token::TokenArguments),
    /// Compare two files of keys, key by key; also as git's diff command.
    Diff(diff::DiffArguments),
    /// Print the OpenAPI document.
    Openapi(openapi::OpenapiArguments),
    /// Print the completion script for a shell.
    Completions(manual::CompletionsArguments),
    /// Print the manual page, or write one for each command.
    Man(manual::ManArguments),
}

/// The settings and the store.
#[derive(Debug, Clone, Args)]
struct Place {
    /// The settings file [default: neokeys.yml, if it exists].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The store URL, as in the setting of this name: file:DIR, or a shared store.
    #[arg(long, value_name = "URL")]
    store: Option<StoreAddress>,
}

impl Place {
    /// All settings, with the flag over file and environment.
    fn settings(&self) -> Result<Settings, Failure> {
        let mut settings = Settings::load(self.config.as_deref(), env::vars_os())
            .map_err(|error| Failure::usage(&error))?;
        if let Some(store) = &self.store {
            settings.store = store.parse()?;
        }
        Ok(settings)
    }

    /// Whether the store is named by the flag.
    fn names_store(&self) -> bool {
        self.store.is_some()
    }

    /// Opens the store; creates its folder if asked to.
    fn open(&self, create_folder: bool) -> Result<DocumentRepository, Failure> {
        Self::open_as(&self.settings()?, create_folder)
    }

    fn open_as(settings: &Settings, create_folder: bool) -> Result<DocumentRepository, Failure> {
        let config = config(settings, create_folder);
        DocumentRepository::open(&settings.store, &config).map_err(|error| not_opened(&error))
    }

    /// Opens the documents of the store alone.
    fn open_documents(&self, create_folder: bool) -> Result<Arc<dyn DocumentStore>, Failure> {
        let settings = self.settings()?;
        let config = config(&settings, create_folder);
        open_documents(&settings.store, &config).map_err(|error| not_opened(&error))
    }
}

/// The address of a store as it was typed. The parser of arguments would repeat one that it refuses,
/// with the password that somebody wrote in it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct StoreAddress(String);

impl From<String> for StoreAddress {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl StoreAddress {
    fn parse(&self) -> Result<StoreUrl, Failure> {
        self.0.parse().map_err(|error: StoreUrlError| Failure::usage(&error))
    }
}

/// The use that a command makes of a store.
fn config(settings: &Settings, create_folder: bool) -> StoreConfig {
    // A command looks once, and at what is there now.
    let max_staleness = Some(Duration::ZERO);
    StoreConfig { create_folder, max_staleness, ..settings.storage.clone() }
}

fn not_opened(error: &OpenError) -> Failure {
    let failure = Failure::refused(error);
    if matches!(error, OpenError::NoFolder(_)) {
        failure.hint(
            "choose another store with --store, or create the folder with `neokeys tenants create`",
        )
    } else if matches!(error, OpenError::Folder { .. }) {
        failure.hint("neokeys needs to read and write the folder; check its owner and mode")
    } else {
        failure.hint("choose another store with --store")
    }
}

/// How long a command that is done waits for what it began, such as the record of a change from outside.
const PATIENCE_AT_THE_END: Duration = Duration::from_secs(3);

/// Runs the command that the arguments name; the first is the program's name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let given: Vec<_> = arguments.into_iter().collect();
    let output = &mut Output::of_process();
    let arguments = match Arguments::try_parse_from(&given) {
        Ok(arguments) => arguments,
        Err(error) => {
            complaint::say(&error, &given, output);
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    let done = match arguments.command {
        Command::Serve(arguments) => serve::serve(&arguments, output),
        Command::Keys(command) => block_on(keys::run(&command, output)),
        Command::Tenants(command) => block_on(tenants::run(&command, output)),
        Command::Audit(command) => block_on(audit::run(&command, output)),
        Command::Check(arguments) => block_on(check::run(&arguments, output)),
        Command::Copy(arguments) => block_on(copy::run(&arguments, output)),
        Command::Plan(arguments) => block_on(plan::run(&arguments, output)),
        Command::Apply(arguments) => block_on(plan::apply(&arguments, output)),
        Command::Import(arguments) => block_on(plan::import(&arguments, output)),
        Command::Login(arguments) => block_on(login::login(&arguments, output)),
        Command::Logout => block_on(login::logout(output)),
        Command::Token(arguments) => token::write(&arguments, output),
        Command::Diff(arguments) => diff::write(&arguments, output),
        Command::Completions(arguments) => manual::write_completions(&arguments, output),
        Command::Man(arguments) => manual::write_pages(&arguments, output),
        Command::Openapi(arguments) => openapi::write(&arguments, output),
    };
    finish_background_work(PATIENCE_AT_THE_END);
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.say(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}

fn block_on(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::refused(&error))?
        .block_on(work)
}
