//! The schemas of values in details, with all bounds that the service keeps to.

use utoipa::openapi::schema::{
    AdditionalProperties, Array, ArrayBuilder, Object, ObjectBuilder, SchemaType, Type,
};
use utoipa::openapi::{KnownFormat, SchemaFormat};

use crate::domain::{AllowedIps, Labels, Scopes};

const LABEL: &str = "^[A-Za-z0-9_./-]+$";
/// No control characters but tabs and line feeds.
const TEXT: &str = r"^[^\x00-\x08\x0B-\x1F\x7F]+$";

fn text(most: usize) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(most))
}

fn nullable(schema: ObjectBuilder, kind: Type) -> ObjectBuilder {
    schema.schema_type(SchemaType::from_iter([kind, Type::Null]))
}

fn time_text() -> ObjectBuilder {
    text(40).format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
}

/// A time.
pub(super) fn time() -> Object {
    time_text().build()
}

/// A time, or `null`.
pub(in crate::http) fn time_or_null() -> Object {
    nullable(time_text(), Type::String).build()
}

/// A key's name.
pub(in crate::http) fn name() -> Object {
    text(128).pattern(Some(r"^(?!\.{1,2}$)[A-Za-z0-9._-]+$")).build()
}

fn permission_list() -> ArrayBuilder {
    let permission = text(256).pattern(Some(r"^[\x21\x23-\x5B\x5D-\x7E]+$"));
    ArrayBuilder::new().items(permission).max_items(Some(Scopes::MOST))
}

/// The permissions of a key. One that somebody wrote by hand may have none.
pub(super) fn permissions() -> Array {
    permission_list().build()
}

/// The permissions that a key is given.
pub(in crate::http) fn given_permissions() -> Array {
    permission_list().min_items(Some(1)).build()
}

fn networks() -> ArrayBuilder {
    let network = text(43).pattern(Some("^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$"));
    ArrayBuilder::new().items(network).min_items(Some(1)).max_items(Some(AllowedIps::MOST))
}

/// A list of networks.
pub(super) fn allowed_ips() -> Array {
    networks().build()
}

/// A list of networks, or `null`.
pub(in crate::http) fn allowed_ips_or_null() -> Array {
    networks().schema_type(SchemaType::from_iter([Type::Array, Type::Null])).build()
}

/// A purpose.
pub(super) fn description() -> Object {
    text(1024).pattern(Some(TEXT)).build()
}

/// A purpose, or `null`.
pub(in crate::http) fn description_or_null() -> Object {
    nullable(text(1024).pattern(Some(TEXT)), Type::String).build()
}

/// Who answers for a key.
pub(super) fn owner() -> Object {
    text(256).pattern(Some(TEXT)).build()
}

/// Who answers for a key, or `null`.
pub(in crate::http) fn owner_or_null() -> Object {
    nullable(text(256).pattern(Some(TEXT)), Type::String).build()
}

fn label_map(value: ObjectBuilder) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .property_names(Some(text(63).pattern(Some(LABEL))))
        .additional_properties(Some(AdditionalProperties::RefOr(value.build().into())))
        .max_properties(Some(Labels::MOST))
}

/// Labels.
pub(super) fn labels() -> Object {
    label_map(text(63).pattern(Some(LABEL))).build()
}

/// Changes of labels, or `null`.
pub(in crate::http) fn labels_or_null() -> Object {
    let value = nullable(text(63).pattern(Some(LABEL)), Type::String);
    nullable(label_map(value), Type::Object).build()
}

/// A status.
pub(super) fn status() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(["active", "disabled", "expired"]))
        .build()
}

/// A token.
pub(in crate::http) fn token() -> Object {
    text(128).pattern(Some("^[A-Za-z0-9_-]+$")).build()
}

/// A cursor.
pub(super) fn cursor() -> Object {
    text(512).pattern(Some("^[A-Za-z0-9_-]+$")).build()
}

/// A hash.
pub(in crate::http) fn hash() -> Object {
    text(64).min_length(Some(43)).pattern(Some("^[A-Za-z0-9+/_-]+=?$")).build()
}

/// The owner of wanted keys.
pub(in crate::http) fn managed_by() -> Object {
    text(128).pattern(Some(TEXT)).build()
}

/// The action of a plan on a key.
pub(in crate::http) fn action() -> Object {
    let actions = ["create", "change", "delete"];
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(actions)).build()
}

/// The name of a member.
pub(in crate::http) fn member() -> Object {
    text(32).pattern(Some("^[A-Za-z]+$")).build()
}

/// A value as a text.
pub(in crate::http) fn any_text() -> Object {
    text(65_536).pattern(Some(TEXT)).build()
}
