//! The examples of the pages, run: every command and configuration of `README.md` and `docs/` is in the
//! inventory, with the test that runs it as it stands there, or with why none can.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod audit;
mod backup;
mod book;
mod command_line;
mod commands;
mod configurations;
mod events;
mod file;
mod guard;
mod http;
mod inventory;
mod key_life;
mod keys_in_git;
mod leaked_key;
mod links;
mod moving;
mod pages;
mod security;
mod server;
mod start;
mod upgrade;
mod versions;
