//! `audit export`: the lines as they are, a block at a time.

use super::Log;
use crate::audit::TenantTrail;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::transparency::BLOCK;

/// Runs the command.
pub(super) async fn export(of: &Log, output: &mut Output<'_>) -> Result<(), Failure> {
    let (store, head) = of.open().await?;
    let size = head.map_or(0, |head| head.size);
    let trail = TenantTrail::new(&store, &of.tenant);
    let mut from = 0;
    while from < size {
        let end = (from + BLOCK).min(size);
        let lines = trail.lines(from..end).await.map_err(|error| Failure::refused(&error))?;
        let mut text = String::new();
        for line in &lines {
            text.push_str(&String::from_utf8_lossy(line));
            text.push('\n');
        }
        output.write(&text)?;
        from = end;
    }
    Ok(())
}
