//! The answer to Envoy: who passes, or how the caller is refused.

use actix_web::http::header::{AUTHORIZATION, HeaderName};
use envoy_types::ext_authz::v3::pb::{
    CheckResponse, DeniedHttpResponse, HeaderAppendAction, HeaderValue, HeaderValueOption,
    HttpResponse, HttpStatus, OkHttpResponse,
};
use envoy_types::pb::google::protobuf::value::Kind;
use envoy_types::pb::google::protobuf::{ListValue, Struct, Value};
use envoy_types::pb::google::rpc;
use tonic::Code;

use crate::auth::Caller;
use crate::contract::API_KEY_HEADER;
use crate::domain::TenantId;
use crate::http::{IdentityText as Text, WrittenProblem, tell_identity};

/// The credentials, which the service behind has no use for.
const CREDENTIALS: [HeaderName; 2] = [AUTHORIZATION, API_KEY_HEADER];

/// A yes: the identity is written over what the caller sent under its names, and what could be taken for one of
/// the family goes, as do the credentials.
pub(super) fn passed<'h>(
    tenant: &TenantId,
    caller: &Caller,
    sent: impl Iterator<Item = &'h str>,
) -> CheckResponse {
    let mut identity = Vec::new();
    tell_identity(tenant, caller, |name, text| identity.push((name, text)));
    let mut headers = Vec::with_capacity(identity.len());
    let mut headers_to_remove: Vec<_> = CREDENTIALS.map(|it| it.as_str().to_owned()).into();
    let text = |name: &str| {
        let mut found = identity.iter().filter(|(it, _)| it.as_str() == name);
        found.find_map(|(_, text)| text.as_ref().map(Text::as_str).filter(|text| !text.is_empty()))
    };
    for (name, _) in &identity {
        match text(name.as_str()) {
            Some(text) => headers.push(header(
                name.as_str(),
                text,
                HeaderAppendAction::OverwriteIfExistsOrAdd,
            )),
            // A caller's own would stay.
            None => headers_to_remove.push(name.as_str().to_owned()),
        }
    }
    let is_own =
        |name: &str| identity.iter().any(|(own, _)| name.eq_ignore_ascii_case(own.as_str()));
    let strange = sent.filter(|name| is_of_family(name) && !is_own(name));
    headers_to_remove.extend(strange.map(str::to_owned));
    let scopes = text("x-auth-scopes").into_iter().flat_map(|list| list.split(' '));
    let scopes = ListValue { values: scopes.map(string).collect() };
    let told = [
        ("tenant", string(tenant.as_str())),
        ("principal", string(text("x-auth-principal").unwrap_or_default())),
        ("scopes", Value { kind: Some(Kind::ListValue(scopes)) }),
    ];
    let fields = told.map(|(name, value)| (name.to_owned(), value));
    CheckResponse {
        status: Some(status(Code::Ok)),
        dynamic_metadata: Some(Struct { fields: fields.into_iter().collect() }),
        http_response: Some(HttpResponse::OkResponse(OkHttpResponse {
            headers,
            headers_to_remove,
            ..OkHttpResponse::default()
        })),
    }
}

/// A no, with the answer that the caller gets.
#[expect(clippy::expect_used, reason = "challenges, times and ids are written by neokeys")]
pub(super) fn refused(problem: WrittenProblem) -> CheckResponse {
    let append = HeaderAppendAction::AppendIfExistsOrAdd;
    let headers = problem.headers.iter().map(|(name, value)| {
        let value = value.to_str().expect("what a refusal says in headers is visible ASCII");
        header(name.as_str(), value, append)
    });
    let code = match problem.status {
        401 => Code::Unauthenticated,
        _ => Code::PermissionDenied,
    };
    CheckResponse {
        status: Some(status(code)),
        dynamic_metadata: None,
        http_response: Some(HttpResponse::DeniedResponse(DeniedHttpResponse {
            status: Some(HttpStatus { code: problem.status.into() }),
            headers: headers.collect(),
            body: problem.body,
        })),
    }
}

/// Whether a service behind may take a header's name for one of the identity's: those that know one mark read
/// every mark as that (RFC 3875 §4.1.18).
fn is_of_family(name: &str) -> bool {
    const FAMILY: &[u8] = b"x-auth-";
    let marks =
        |byte: u8| if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase() } else { b'-' };
    name.len() > FAMILY.len()
        && name.bytes().zip(FAMILY).all(|(byte, wanted)| marks(byte) == *wanted)
}

fn header(name: &str, value: &str, action: HeaderAppendAction) -> HeaderValueOption {
    let header =
        HeaderValue { key: name.to_owned(), value: value.to_owned(), raw_value: Vec::new() };
    HeaderValueOption {
        header: Some(header),
        append_action: action.into(),
        ..HeaderValueOption::default()
    }
}

fn string(text: &str) -> Value {
    Value { kind: Some(Kind::StringValue(text.to_owned())) }
}

fn status(code: Code) -> rpc::Status {
    rpc::Status { code: code.into(), ..rpc::Status::default() }
}
