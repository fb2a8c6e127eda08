//! The five operations on a tenant's API keys, a file each.

mod commit;
mod create;
mod delete;
mod get;
mod key_name_parameter;
mod list;
mod outcome;
mod representation;
mod update;

pub(super) use commit::{commit, complete_initiator, make};
pub(super) use create::{__path_create_api_key, NewKey, create_api_key, new_token};
pub(super) use delete::{__path_delete_api_key, delete_api_key};
pub(super) use get::{__path_get_api_key, get_api_key};
pub(super) use key_name_parameter::KeyNameParameter;
pub(super) use list::{__path_list_api_keys, list_api_keys};
pub(super) use outcome::of_edit;
pub(super) use representation::{answer, location_at};
pub(super) use update::{__path_update_api_key, update_api_key};
