//! `audit export`: the lines as they are.

use super::Log;
use crate::cli::failure::Failure;
use crate::cli::output::Output;

/// Runs the command.
pub(super) async fn export(of: &Log, output: &mut Output<'_>) -> Result<(), Failure> {
    let access = of.access.open().await?;
    let mut write = |lines: &[u8]| output.write(&String::from_utf8_lossy(lines));
    access.export_log(&of.tenant, &mut write).await
}
