//! Calls of documented operations, with a credential.

use std::borrow::Cow;

use http::{HeaderValue, Method};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderMap, IF_MATCH};
use reqwest::{Client, Response, Url};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::credential::Credential;
use super::refusal::{Refusal, foreign};
use crate::cli::failure::Failure;
use crate::cli::web;
use crate::contract::{API_KEY_HEADER_TEXT, Operation, parameter};
use crate::domain::{KeyName, TenantId};

/// A server that answers documented operations.
pub(in crate::cli::access) struct ServerClient {
    base: Url,
    client: Client,
    headers: HeaderMap,
}

/// A call of an operation.
#[derive(Clone)]
pub(super) struct Call<'c> {
    method: Method,
    path: String,
    success: u16,
    media_type: Option<&'static str>,
    query: Vec<(&'static str, Cow<'c, str>)>,
    state: Option<&'c str>,
    body: Option<Map<String, Value>>,
}

/// The answer to a call that was successful.
#[derive(Debug)]
pub(super) struct Success {
    /// The state of what is answered, as `If-Match` takes it, without quotation marks.
    pub(super) state: Option<String>,
    body: Vec<u8>,
}

impl<'c> Call<'c> {
    /// A call about a tenant.
    pub(super) fn of<O: Operation>(tenant: &TenantId) -> Self {
        let call = Self::about_all::<O>();
        Self { path: call.path.replace(&place(parameter::TENANT_ID), tenant.as_str()), ..call }
    }

    /// A call about no single tenant.
    pub(super) fn about_all<O: Operation>() -> Self {
        Self {
            method: method::<O>(),
            path: O::PATH.to_owned(),
            success: O::SUCCESS,
            media_type: O::REQUEST_MEDIA_TYPES.first().copied(),
            query: Vec::new(),
            state: None,
            body: None,
        }
    }

    /// About this key.
    pub(super) fn key(mut self, name: &KeyName) -> Self {
        self.path = self.path.replace(&place(parameter::KEY_NAME), name.as_str());
        self
    }

    /// With a parameter of the query.
    pub(super) fn query(mut self, name: &'static str, value: impl Into<Cow<'c, str>>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Only if the state is this one.
    pub(super) fn on(mut self, state: &'c str) -> Self {
        self.state = Some(state);
        self
    }

    /// With a body.
    pub(super) fn body(mut self, members: Map<String, Value>) -> Self {
        self.body = Some(members);
        self
    }
}

/// The method as reqwest's release of the crate http has it, which is a later one than actix-web's.
#[expect(clippy::expect_used, reason = "what is a method in one release is one in the other")]
fn method<O: Operation>() -> Method {
    Method::from_bytes(O::METHOD.as_str().as_bytes()).expect("a method")
}

/// A parameter as a path has it.
fn place(parameter: &str) -> String {
    format!("{{{parameter}}}")
}

impl ServerClient {
    /// Gets ready to ask a server.
    pub(in crate::cli::access) fn new(base: Url, client: Client, credential: &Credential) -> Self {
        let (name, value) = match credential {
            Credential::Bearer(value) => (AUTHORIZATION.as_str(), value),
            Credential::ApiKey(value) => (API_KEY_HEADER_TEXT, value),
        };
        let name = http::HeaderName::from_bytes(name.as_bytes());
        Self { base, client, headers: name.map(|name| (name, value.clone())).into_iter().collect() }
    }

    /// Whether the credential is an API key.
    pub(super) fn has_api_key(&self) -> bool {
        self.headers.contains_key(API_KEY_HEADER_TEXT)
    }

    /// Asks, and reads the answer whole.
    pub(super) async fn ask(&self, call: Call<'_>) -> Result<Success, Refusal> {
        let answer = self.open(call).await?;
        let state = answer.headers().get(ETAG).and_then(|tag| tag.to_str().ok());
        let state = state.map(|tag| tag.trim_matches('"').to_owned());
        let body = web::read(answer).await.map_err(Refusal::Unanswered)?;
        Ok(Success { state, body })
    }

    /// Asks; the answer is a successful one, and is yet to be read.
    pub(super) async fn open(&self, call: Call<'_>) -> Result<Response, Refusal> {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{}", self.base.path().trim_end_matches('/'), call.path));
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let mut request = self.client.request(call.method, url).headers(self.headers.clone());
        if let Some(state) = call.state {
            request = request.header(IF_MATCH, format!("\"{state}\""));
        }
        if let (Some(body), Some(media_type)) = (call.body, call.media_type) {
            request = request.header(CONTENT_TYPE, HeaderValue::from_static(media_type));
            request = request.body(Value::Object(body).to_string());
        }
        let answer = web::send(request).await.map_err(Refusal::Unanswered)?;
        if answer.status().as_u16() == call.success {
            return Ok(answer);
        }
        Err(Refusal::read(answer).await)
    }
}

impl Success {
    /// Reads it as JSON.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(|error| unreadable(&error))
    }

    /// Reads it as a text.
    pub(super) fn text(self) -> Result<String, Failure> {
        String::from_utf8(self.body).map_err(|error| foreign(&error.utf8_error().to_string()))
    }
}

/// An answer is none of the operation. What it holds may be a secret, so it is not repeated.
pub(super) fn unreadable(error: &serde_json::Error) -> Failure {
    let told =
        if error.is_data() { "it lacks what the documents promise" } else { "it is not JSON" };
    foreign(told)
}
