//! `neokeys openapi`: the documents that are served, without a server.

use std::env;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::failure::Failure;
use super::output::Output;
use crate::contract::{documented, extensions_document, sdk_profile};
use crate::http::{collected, collected_extensions};
use crate::settings::Settings;

/// Which document.
#[derive(Debug, Args)]
pub(super) struct OpenapiArguments {
    /// The contract as it is documented, or repaired for generators of clients; or what other
    /// services ask beyond it.
    #[arg(long, value_enum, default_value = "documented")]
    profile: Profile,
    /// The file of settings [default: neokeys.yml, if it is there].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Profile {
    /// Equal to the published contract.
    Documented,
    /// The published contract, repaired so that generated clients work.
    Sdk,
    /// Questions of gateways and resource servers, which are not in the published contract.
    Extensions,
}

/// Writes the document with the addresses that are set.
pub(super) fn write(arguments: &OpenapiArguments, output: &mut Output<'_>) -> Result<(), Failure> {
    let settings = Settings::load(arguments.config.as_deref(), env::vars_os())
        .map_err(|error| Failure::usage(&error))?;
    output.write_json(&match arguments.profile {
        Profile::Documented => documented(collected(), &settings.contract),
        Profile::Sdk => sdk_profile(&settings.contract),
        Profile::Extensions => extensions_document(collected_extensions(), &settings.contract),
    })
}
