//! The documented contract, as code that `build.rs` generates from `openapi/`.
//!
//! Here are the contract's operations as unit types, its bodies as structs, and the document that
//! is served. What stands in the contract (a path, a scope, a text, a schema) stands nowhere else:
//! it is read from the file, when the program is built or when it runs.
//!
//! Invariant: the served document equals the contract, but for what a deployment replaces in it.

mod body;
mod config;
mod document;
mod extensions_document;
mod operation;
mod public_url;

mod generated {
    //! The output of `build.rs`.

    use actix_web::http::Method;
    use actix_web::http::header::HeaderName;

    use super::body::{MemberValue, RequestBody};
    use super::document::part;
    use super::operation::{Operation, OperationDescription, OperationWithBody};

    include!(concat!(env!("OUT_DIR"), "/contract.rs"));
}

pub use body::RequestBody;
pub use config::ContractConfig;
pub use document::{contract, documented, sdk_profile};
pub use extensions_document::extensions_document;
pub use generated::*;
pub use operation::{Operation, OperationDescription, OperationWithBody};
pub use public_url::{PublicUrl, PublicUrlError};
