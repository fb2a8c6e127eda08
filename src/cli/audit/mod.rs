//! `neokeys audit`: what was done to a tenant's keys, and whether the log of it is what it was.

mod export;
mod keygen;
mod list;
mod verify;

use clap::{Args, Subcommand};

use super::access::AccessArguments;
use super::failure::Failure;
use super::output::Output;
use crate::domain::TenantId;

/// A command on audit logs.
#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// List what was done to a tenant's keys, the newest first.
    List(list::ListArguments),
    /// Write a tenant's whole log to standard output as it is, a JSON object a line, the oldest first.
    Export {
        #[command(flatten)]
        of: Log,
    },
    /// Verify that nothing was removed from a tenant's log or changed in it; report the first fault.
    Verify(verify::VerifyArguments),
    /// Make a key that signs heads of logs. Only this key goes to standard output; the public key, which
    /// verifies them, goes to standard error.
    Keygen(keygen::KeygenArguments),
}

/// The log of a tenant.
#[derive(Debug, Args)]
pub(super) struct Log {
    /// The tenant of the log.
    #[arg(long, value_name = "ID", value_parser = TenantId::parse)]
    tenant: TenantId,
    #[command(flatten)]
    access: AccessArguments,
}

/// Runs the command.
pub(super) async fn run(command: &AuditCommand, output: &mut Output<'_>) -> Result<(), Failure> {
    match command {
        AuditCommand::List(arguments) => list::list(arguments, output).await,
        AuditCommand::Export { of } => export::export(of, output).await,
        AuditCommand::Verify(arguments) => verify::verify(arguments, output).await,
        AuditCommand::Keygen(arguments) => keygen::keygen(arguments, output),
    }
}
