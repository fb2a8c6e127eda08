//! The descriptions of requests and answers about the audit log in the extensions document.

use std::collections::BTreeMap;

use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::openapi::{
    Content, ContentBuilder, KnownFormat, Ref, RefOr, Response, ResponseBuilder, SchemaFormat,
};
use utoipa::{IntoParams, IntoResponses};

use crate::http::answers::answers;
use crate::http::refusals::described;
use crate::problem::ProblemType;

const MOST: u64 = 9_007_199_254_740_991;

fn number() -> ObjectBuilder {
    let format = SchemaFormat::KnownFormat(KnownFormat::Int64);
    let number = ObjectBuilder::new().schema_type(Type::Integer).format(Some(format));
    number.minimum(Some(0)).maximum(Some(MOST))
}

fn whole_number() -> Object {
    number().build()
}

fn words() -> Object {
    let text = ObjectBuilder::new().schema_type(Type::String);
    text.min_length(Some(1)).max_length(Some(64)).pattern(Some("^[A-Za-z ]+$")).build()
}

fn cursor() -> Object {
    let text = ObjectBuilder::new().schema_type(Type::String);
    text.min_length(Some(1)).max_length(Some(512)).pattern(Some("^[A-Za-z0-9_-]+$")).build()
}

/// An object of OCSF, whose members are in its schema.
fn part() -> Object {
    ObjectBuilder::new().schema_type(Type::Object).max_properties(Some(64)).build()
}

/// One event: class Entity Management of OCSF 1.8.0. Members may be added; ignore those that you do not know.
#[derive(utoipa::ToSchema)]
#[schema(example = json!({
    "class_uid": 3004, "category_uid": 3, "type_uid": 300_499, "activity_id": 99, "activity_name": "Rotate",
    "time": 1_795_723_200_123_u64, "severity_id": 1, "status_id": 1,
    "metadata": {
        "version": "1.8.0", "sequence": 42, "uid": "8f1c", "tenant_uid": "demo",
        "product": {"name": "neokeys", "version": "0.2.0"}
    },
    "actor": {"user": {"name": "deploy-bot", "type": "api_key", "type_id": 99}},
    "src_endpoint": {"ip": "203.0.113.7"},
    "entity": {"name": "crm-sync", "type": "API key", "type_id": 99, "data": {"overlapSeconds": 86400}},
}))]
#[expect(dead_code, reason = "the description of a line, which is sent as it was written")]
pub(in crate::http) struct AuditEvent {
    /// The class: 3004.
    #[schema(schema_with = whole_number)]
    class_uid: u32,
    /// The category of the class: 3.
    #[schema(schema_with = whole_number)]
    category_uid: u32,
    /// The class and the activity in one: `class_uid * 100 + activity_id`.
    #[schema(schema_with = whole_number)]
    type_uid: u32,
    /// The kind of action: 1 create, 3 update, 4 delete, 8 enable, 9 disable, 99 what `activity_name` says.
    #[schema(schema_with = whole_number)]
    activity_id: u32,
    /// The action.
    #[schema(schema_with = words)]
    activity_name: String,
    /// In milliseconds since the Unix epoch.
    #[schema(schema_with = whole_number)]
    time: u64,
    /// The severity: 1, informational.
    #[schema(schema_with = whole_number)]
    severity_id: u32,
    /// 1: it was done; 2: it was refused.
    #[schema(schema_with = whole_number)]
    status_id: u32,
    /// The place in the log (`sequence`, from 0), the tenant and the request.
    #[schema(schema_with = part)]
    metadata: String,
    /// Who did it.
    #[schema(schema_with = part)]
    actor: String,
    /// The address that it came from (`ip`), where there is one.
    #[schema(schema_with = part, required = false)]
    src_endpoint: Option<String>,
    /// The key or tenant that it was done to, and the differences.
    #[schema(schema_with = part)]
    entity: String,
}

/// A page of events, the newest first.
#[derive(utoipa::ToSchema)]
#[schema(example = json!({
    "items": [{
        "class_uid": 3004, "category_uid": 3, "type_uid": 300_404, "activity_id": 4, "activity_name": "Delete",
        "time": 1_795_723_200_123_u64, "severity_id": 1, "status_id": 1,
        "metadata": {"version": "1.8.0", "sequence": 42, "tenant_uid": "demo"},
        "actor": {"user": {"name": "deploy-bot"}},
        "entity": {"name": "crm-sync", "type": "API key"},
    }],
    "next": "ZGVtbyA0Mg",
}))]
#[expect(
    dead_code,
    reason = "the description of a page, whose lines are sent as they were written"
)]
pub(in crate::http) struct AuditEventList {
    /// The events. There may be none on a page that is not the last.
    #[schema(max_items = 1000)]
    items: Vec<AuditEvent>,
    /// The `cursor` of the next page; absent: this is the last one.
    #[schema(schema_with = cursor, required = false)]
    next: Option<String>,
}

/// The path of a tile below `tile/`.
pub(in crate::http) struct TilePath;

impl IntoParams for TilePath {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(5));
        let pattern = r"^([0-9]{1,2}|entries)(/x[0-9]{3})*/[0-9]{3}(\.p/[0-9]{1,3})?$";
        let text = text.max_length(Some(64)).pattern(Some(pattern));
        let told = "`L/N`, or `entries/N`, followed by `.p/W` if the tile has only W hashes so far. N is in \
            groups of three digits, each but the last with `x` before it. The slashes are sent as they are.";
        let path = ParameterBuilder::new().name("path").parameter_in(ParameterIn::Path);
        let path = path.required(utoipa::openapi::Required::True).description(Some(told));
        vec![path.schema(Some(text)).example(Some("0/000.p/1".into())).build()]
    }
}

/// The line that is to be proven.
pub(in crate::http) struct Sequence;

impl IntoParams for Sequence {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let query = ParameterBuilder::new().name("sequence").parameter_in(ParameterIn::Query);
        let query = query.required(utoipa::openapi::Required::True);
        let query = query.description(Some("The `metadata.sequence` of an event."));
        vec![query.schema(Some(number())).example(Some(0.into())).build()]
    }
}

fn text(most: u64) -> ObjectBuilder {
    let most = usize::try_from(most).ok();
    ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(most)
}

fn shown(media_type: &str, schema: ObjectBuilder, example: &str, told: &str) -> ResponseBuilder {
    let content = ContentBuilder::new().schema(Some(schema)).example(Some(example.into()));
    ResponseBuilder::new().description(told).content(media_type, content.build())
}

const CHECKPOINT: &str = "keys.example.com/demo\n1\n\
    MdKVXDuKrMDO3XXMBV8hqIc9BRpWLCr6dYBgXKJg2yY=\n\n\
    \u{2014} keys.example.com Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

answers! {
    /// A page of events.
    Listed: "200", ResponseBuilder::new().description("The events of this page, the newest first.")
        .content("application/json", Content::new(Some(Ref::from_schema_name("AuditEventList")))).build();
    /// The whole log.
    Exported: "200", shown(
        "application/x-ndjson", text(MOST).min_length(Some(0)), "{\"class_uid\":3004}\n",
        "The events, an `AuditEvent` a line, the oldest first.",
    ).build();
    /// The head.
    Signed: "200", shown(
        "text/plain", text(4096), CHECKPOINT, "The head of the log, as a signed note.",
    ).build();
    /// A proof.
    Proven: "200", shown(
        "text/plain", text(16_384), &format!("c2sp.org/tlog-proof@v1\nindex 0\n\n{CHECKPOINT}"),
        "The proof that the line is in the log, with the log's head.",
    ).build();
    /// A tile.
    Tiled: "200", shown(
        "application/octet-stream", text(4_195_000).min_length(Some(2)), "32 bytes for each hash",
        "The hashes of the tile, or its lines, each preceded by its length in two bytes.",
    ).build();
    /// The refusal of a part that the log does not have.
    OfLog: "404", described(
        "The log does not have this, or not yet; or there is no such tenant.",
        ProblemType::NotLogged, "The log is not long enough for this tile.",
    );
}

/// The refusal of what is of a tenant.
pub(in crate::http) struct OfTenant;

impl IntoResponses for OfTenant {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        crate::http::refusals::referred(&[("404", "TenantNotFound")])
    }
}
