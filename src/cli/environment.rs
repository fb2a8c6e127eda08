//! The variables that commands read beside those of settings.

use std::env;
use std::ffi::OsString;

pub(super) use crate::settings::{API_KEY, SERVER, TOKEN};

/// The value of a variable that is set to something.
pub(super) fn find(name: &str) -> Option<OsString> {
    let mut all = env::vars_os();
    all.find_map(|(variable, value)| (variable == name).then_some(value))
        .filter(|it| !it.is_empty())
}
