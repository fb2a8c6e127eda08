//! The client of a request, and whether it is still connected.

use crate::domain::CallerGone;

/// The client of a connection, as whoever accepts connections leaves it with each of its requests.
///
/// A client that ends its sending side counts as gone, for nobody can tell the one from the other.
pub(crate) struct Client(Box<dyn Fn() -> CallerGone>);

/// A mark on a request whose change was not made since its client had gone.
pub(crate) struct ClientGone;

impl Client {
    /// A client that is gone once what this gives is ready.
    pub(crate) fn new(gone: impl Fn() -> CallerGone + 'static) -> Self {
        Self(Box::new(gone))
    }

    pub(crate) fn gone(&self) -> CallerGone {
        (self.0)()
    }
}
