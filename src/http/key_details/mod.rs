//! The life of a tenant's keys as one more resource over the same keys: `…/admin/apiKeyDetails`.
//!
//! Keys are the contract's; here stands what the contract's closed schemas have no room for: ends, older
//! tokens, networks, texts for people. It is described in the extensions document.

mod amend;
mod body;
mod create;
mod description;
mod end_overlap;
mod get;
mod last_uses;
mod list;
mod own_key;
mod query;
mod representation;
mod rotate;
pub(super) mod schemas;
mod values;

pub(super) use amend::{__path_amend_api_key_details, amend_api_key_details};
pub(super) use body::read_overlap;
pub(super) use create::{__path_create_api_key_details, create_api_key_details};
pub(super) use description::schema_with_details;
pub(super) use end_overlap::{__path_end_previous_tokens, end_previous_tokens};
pub(super) use get::{__path_get_api_key_details, get_api_key_details};
pub(super) use list::{__path_list_api_key_details, list_api_key_details};
pub(super) use own_key::{
    __path_end_own_token, __path_get_own_api_key, end_own_token, get_own_api_key,
};
pub(crate) use query::is_unused_since;
pub(crate) use representation::ApiKeyDetails;
pub(super) use representation::{ApiKeyDetailsList, ApiKeyDetailsWithToken, PreviousTokenDetails};
pub(super) use rotate::{__path_rotate_api_key, rotate_api_key};
pub(super) use values::{MEMBERS, read_detail};
