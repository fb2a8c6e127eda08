//! Any text as a settings file: settings, or one sentence that says what is wrong.
#![no_main]

use libfuzzer_sys::fuzz_target;
use neokeys::settings::Settings;

fuzz_target!(|text: &str| {
    match Settings::from_yaml(text) {
        Ok(settings) => assert_eq!(Settings::from_yaml(text).ok(), Some(settings)),
        Err(error) => assert!(!error.to_string().trim().is_empty()),
    }
});
