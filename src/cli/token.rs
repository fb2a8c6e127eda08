//! `neokeys token`: a token and its hash, without a store.

use std::io::{Read as _, stdin};
use std::path::PathBuf;

use clap::Args;

use super::failure::Failure;
use super::output::Output;
use crate::domain::{Digest, Token};
use crate::settings::Settings;
use zeroize::Zeroizing;

/// The longest token that is read.
const LONGEST: u64 = 64 * 1024;

/// The token to make, or to hash.
#[derive(Debug, Args)]
pub(super) struct TokenArguments {
    /// Print the hash of a token that exists and is read from standard input: `--hash -`.
    #[arg(long, value_name = "-")]
    hash: Option<String>,
    /// The settings file, for the prefix of tokens [default: neokeys.yml, if it exists].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Writes a new token to standard output and its hash to standard error, or the hash of a token.
pub(super) fn write(arguments: &TokenArguments, output: &mut Output<'_>) -> Result<(), Failure> {
    match arguments.hash.as_deref() {
        None => {
            let settings = Settings::load(arguments.config.as_deref(), std::env::vars_os())
                .map_err(|error| Failure::usage(&error))?;
            let token = Token::generate(&settings.auth.token_prefix)
                .map_err(|error| Failure::refused(&error))?;
            let delivered = output.deliver(token.expose()).and_then(|()| output.deliver("\n"));
            delivered.map_err(|error| {
                Failure::because(format!("the token cannot be written: {error}"))
            })?;
            output.say(&format_args!("hash: {}\n", token.digest().to_hex()));
            Ok(())
        }
        Some("-") => {
            let mut token = Zeroizing::new(Vec::new());
            stdin().take(LONGEST + 1).read_to_end(&mut token).map_err(|error| {
                Failure::because(format!("standard input cannot be read: {error}"))
            })?;
            let told = token.strip_suffix(b"\n").unwrap_or(&token);
            let told = told.strip_suffix(b"\r").unwrap_or(told);
            if told.is_empty() || token.len() as u64 > LONGEST {
                return Err(Failure::misused("standard input holds no token")
                    .hint("pass it as in: printf %s \"$TOKEN\" | neokeys token --hash -"));
            }
            output.write(&format!("hash: {}\n", Digest::of(told).to_hex()))
        }
        // What was written there may be a token, so it is not repeated.
        Some(_) => Err(Failure::misused("a token is read from standard input alone")
            .hint("pass it as in: printf %s \"$TOKEN\" | neokeys token --hash -")),
    }
}
