//! A real HTTP client that sends paths and headers to the byte as they are given.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde_json::Value;

use super::contract_checker::{self, Exchange};
use super::secrets;

/// A client of one service. Cloning shares its connections.
#[derive(Clone)]
pub struct Client {
    connections: hyper_util::client::legacy::Client<HttpConnector, Full<Bytes>>,
    origin: String,
    headers: HeaderMap,
    is_ours: bool,
}

/// A request that is being put together.
pub struct Request {
    client: Client,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Client {
    pub fn new(origin: &str) -> Self {
        // Well below what the service keeps an idle connection for, so that no request is sent into
        // one that is being closed.
        let connections = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(1))
            .build_http();
        Self { connections, origin: origin.to_owned(), headers: HeaderMap::new(), is_ours: true }
    }

    /// A client of a server that is not ours: its answers are held against nothing.
    pub fn of_another(origin: &str) -> Self {
        Self { is_ours: false, ..Self::new(origin) }
    }

    /// The same client with a header on every request.
    pub fn with(&self, name: &'static str, value: &str) -> Self {
        let mut client = self.clone();
        let value = HeaderValue::from_str(value).unwrap();
        client.headers.append(HeaderName::from_static(name), value);
        client
    }

    pub fn with_bearer(&self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }

    pub fn with_api_key(&self, token: &str) -> Self {
        self.with("x-api-key", token)
    }

    pub fn request(&self, method: &str, path: &str) -> Request {
        Request {
            client: self.clone(),
            method: method.parse().unwrap(),
            path: path.to_owned(),
            headers: self.headers.clone(),
            body: Bytes::new(),
        }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.request("GET", path).send().await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.request("DELETE", path).send().await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.request("POST", path).json(body).send().await
    }

    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.request("PUT", path).json(body).send().await
    }
}

impl Request {
    pub fn header(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        let value = HeaderValue::from_bytes(value.as_ref()).unwrap();
        self.headers.append(HeaderName::from_static(name), value);
        self
    }

    #[expect(clippy::needless_pass_by_value, reason = "a body is written where it is sent")]
    pub fn json(self, body: Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends it, reads the answer whole, and, of our own service, holds both against the contract
    /// and against what every answer carries.
    pub async fn send(self) -> Reply {
        let secrets = secrets::presented(&self.headers);
        let uri: Uri = format!("{}{}", self.client.origin, self.path).parse().unwrap();
        let request_type =
            self.headers.get("content-type").and_then(|it| it.to_str().ok()).map(str::to_owned);
        let mut request = http::Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri;
        *request.headers_mut() = self.headers;
        let response = self.client.connections.request(request).await.unwrap();
        let (head, body) = response.into_parts();
        let reply = Reply {
            status: head.status,
            headers: head.headers,
            body: body.collect().await.unwrap().to_bytes(),
        };
        if !self.client.is_ours {
            return reply;
        }
        contract_checker::check(&Exchange {
            method: self.method.as_str(),
            path: &self.path,
            request_type: request_type.as_deref(),
            request_body: &self.body,
            status: reply.status.as_u16(),
            response_headers: &reply.headers,
            response_body: &reply.body,
        });
        reply.check_common(&self.method, &self.path);
        if !self.path.starts_with("/openapi/") {
            secrets::assert_absent(&secrets, &self.path, &reply);
        }
        reply
    }
}

impl Reply {
    /// The value of a header that must be there.
    pub fn header(&self, name: &str) -> &str {
        self.find_header(name).unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    pub fn find_header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The last part of a problem's type.
    pub fn problem(&self) -> String {
        let json = self.json();
        json["type"].as_str().unwrap().trim_start_matches("/problems/").to_owned()
    }

    fn check_common(&self, method: &Method, path: &str) {
        let label = format!("{method} {path} -> {}", self.status);
        assert!(!self.header("x-request-id").is_empty(), "{label}");
        assert_eq!(self.header("x-content-type-options"), "nosniff", "{label}");
        if path.starts_with("/api/") {
            let is_read = matches!(*method, Method::GET | Method::HEAD);
            let expected =
                if is_read { "private, no-cache, no-transform" } else { "no-store, no-transform" };
            assert_eq!(self.header("cache-control"), expected, "{label}");
            if is_read {
                let mut varies = self.headers.get_all("vary").iter();
                let ours = "Authorization, X-API-KEY, Accept";
                assert!(varies.any(|value| value == ours), "{label}: {self:?}");
            }
        }
        if path.starts_with("/auth/") {
            assert_eq!(self.header("cache-control"), "no-store", "{label}");
        }
        match self.status.as_u16() {
            401 | 403 => assert!(self.header("www-authenticate").starts_with("Bearer"), "{label}"),
            405 => assert!(!self.header("allow").is_empty(), "{label}"),
            _ => {}
        }
    }
}
