//! `audit keygen`: a key that signs heads of logs.

use clap::Args;

use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::transparency::SigningKey;

/// The key to make.
#[derive(Debug, Args)]
pub(in crate::cli) struct KeygenArguments {
    /// The name of who signs, as in the setting audit.origin, such as keys.example.com.
    #[arg(long, value_name = "NAME")]
    origin: String,
}

/// Runs the command.
pub(super) fn keygen(arguments: &KeygenArguments, output: &mut Output<'_>) -> Result<(), Failure> {
    let key = SigningKey::generate(&arguments.origin).map_err(|error| Failure::usage(&error))?;
    let delivered = output.deliver(&key.to_secret_text()).and_then(|()| output.deliver("\n"));
    delivered.map_err(|error| Failure::because(format!("the key cannot be written: {error}")))?;
    output.say(&format_args!("{}\n", key.verifying()));
    Ok(())
}
