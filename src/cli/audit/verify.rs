//! `audit verify`: whether a log is what it was.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::Log;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::storage::VerifiedLog;

/// The log, and what was kept of it.
#[derive(Debug, Args)]
pub(in crate::cli) struct VerifyArguments {
    #[command(flatten)]
    of: Log,
    /// A file with a checkpoint of this log that was kept elsewhere: the log must begin with what it was
    /// signed for.
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Print JSON instead of a sentence.
    #[arg(long)]
    json: bool,
}

/// A verified log as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'a> {
    lines: u64,
    signed: u64,
    checkpoint: &'a str,
    document_changed: bool,
}

/// Runs the command.
pub(super) async fn verify(
    arguments: &VerifyArguments,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let VerifyArguments { of, checkpoint, json } = arguments;
    let read = |path: &PathBuf| {
        fs::read_to_string(path).map_err(|error| {
            let path = path.display();
            Failure::because(format!("the kept checkpoint {path} cannot be read: {error}"))
        })
    };
    let kept = checkpoint.as_ref().map(read).transpose()?;
    let verified = of.access.open().await?.verify_log(&of.tenant, kept.as_deref()).await?;
    let VerifiedLog { lines, signed, checkpoint, is_document_changed } = verified;
    if is_document_changed {
        output.say(
            &"The document has changed since the last line; neokeys logs that when it loads it.\n",
        );
    }
    if signed < lines {
        output.say(
            &"No key vouches for all of this log: set audit.signing_key to a file with a key, or \
            audit.verify_keys to the public keys.\n",
        );
    }
    if *json {
        let document_changed = is_document_changed;
        let checkpoint = &checkpoint;
        return output.write_json(&Outcome { lines, signed, checkpoint, document_changed });
    }
    output.write(&format!("{lines} lines verified.\n{checkpoint}"))
}
