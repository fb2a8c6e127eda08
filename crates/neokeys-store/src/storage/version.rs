//! Versions of documents.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// The state of a document, by which it is told from others. What a store puts into one is its own
/// affair: it may also say up to when the document is known to be so.
#[derive(Debug, Clone)]
pub struct Version(Option<Arc<dyn State>>);

trait State: Any + fmt::Debug + Send + Sync {
    fn is(&self, other: &dyn State) -> bool;
}

impl<T: Any + fmt::Debug + PartialEq + Send + Sync> State for T {
    fn is(&self, other: &dyn State) -> bool {
        (other as &dyn Any).downcast_ref() == Some(self)
    }
}

impl Version {
    /// The version of a document that is not there. Its bytes are none.
    pub const ABSENT: Self = Self(None);

    /// The version of a document that is there, told by its state.
    #[must_use]
    pub fn of(state: impl Any + fmt::Debug + PartialEq + Send + Sync) -> Self {
        Self(Some(Arc::new(state)))
    }

    /// The state, for the store that told it.
    #[must_use]
    pub fn state<T: Any>(&self) -> Option<&T> {
        let state: &dyn Any = self.0.as_deref()?;
        state.downcast_ref()
    }

    /// Whether there is no document.
    #[must_use]
    pub(crate) fn is_absent(&self) -> bool {
        self.0.is_none()
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => one.is(&**other),
            (one, other) => one.is_none() && other.is_none(),
        }
    }
}

impl Eq for Version {}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn a_version_is_another_one_where_its_state_or_the_kind_of_that_is() {
        assert_eq!(Version::of(1_u64), Version::of(1_u64));
        assert_ne!(Version::of(1_u64), Version::of(2_u64));
        assert_ne!(Version::of(1_u64), Version::of(1_i64));
        assert_ne!(Version::of(()), Version::ABSENT);
        assert_eq!(Version::ABSENT, Version::ABSENT);
        assert_eq!(Version::of(1_u64).state(), Some(&1_u64));
        assert_eq!(Version::of(1_u64).state::<i64>(), None);
        assert!(Version::ABSENT.is_absent() && !Version::of(()).is_absent());
    }
}
