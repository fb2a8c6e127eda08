//! `neokeys openapi`: the documents that are served, without a server.

use std::env;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::failure::Failure;
use super::output::Output;
use crate::contract::{documented, extensions_document, sdk_profile};
use crate::http::{collected, collected_extensions};
use crate::settings::Settings;

/// The document to print.
#[derive(Debug, Args)]
pub(super) struct OpenapiArguments {
    /// The document: the published contract, the contract for client generators, or the endpoints for
    /// gateways and resource servers.
    #[arg(long, value_enum, default_value = "documented")]
    profile: Profile,
    /// The settings file [default: neokeys.yml, if it exists].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Profile {
    /// The published contract.
    Documented,
    /// The published contract, corrected so that generated clients work.
    Sdk,
    /// The endpoints for gateways and resource servers, which are not in the published contract.
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
