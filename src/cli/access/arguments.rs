//! Where a command finds the keys, as its arguments say.

use clap::Args;

use super::KeyAccess;
use super::store::StoreAccess;
use crate::cli::Place;
use crate::cli::failure::Failure;

/// The store, or the server in its place.
#[derive(Debug, Args)]
pub(in crate::cli) struct AccessArguments {
    #[command(flatten)]
    place: Place,
}

impl AccessArguments {
    /// Opens the store, or gets ready to ask the server.
    pub(in crate::cli) fn open(&self) -> Result<Box<dyn KeyAccess>, Failure> {
        Ok(Box::new(StoreAccess::open(&self.place)?))
    }
}
