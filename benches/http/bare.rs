//! The limit: a handler of the same framework that answers the same bytes and does nothing.

use std::io::Write as _;
use std::net::TcpListener;
use std::num::NonZero;
use std::path::Path;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{App, HttpResponse, HttpServer, web};
use bytes::Bytes;

/// An answer to give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// The headers that the framework writes by itself.
const OF_THE_FRAMEWORK: [&str; 3] = ["connection", "content-length", "date"];

impl Answer {
    /// Takes an answer as it went over the wire.
    pub fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers: Vec<_> = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .filter(|(name, _)| !OF_THE_FRAMEWORK.contains(&name.as_str()))
            .collect();
        headers.sort();
        Self { status, headers, body: bytes[end + 4..].to_vec() }
    }

    /// The answer without what differs from one request to the next.
    pub fn without_id(mut self) -> Self {
        self.headers.retain(|(name, _)| name != "x-request-id");
        self
    }
}

/// Serves the answer of a file until the process is ended.
pub fn serve(answer: &Path) {
    let Answer { status, headers, body } = Answer::parse(&std::fs::read(answer).unwrap());
    let status = StatusCode::from_u16(status).unwrap();
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| {
            (
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_str(value).unwrap(),
            )
        })
        .collect();
    let body = Bytes::from(body);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("bare handler on http://{}", listener.local_addr().unwrap());
    std::io::stdout().flush().unwrap();
    let app = move || {
        let (headers, body) = (headers.clone(), body.clone());
        let handler = move || {
            let mut response = HttpResponse::build(status);
            for (name, value) in &headers {
                response.append_header((name.clone(), value.clone()));
            }
            std::future::ready(response.body(body.clone()))
        };
        let told = handler.clone();
        App::new()
            .service(web::resource("/auth/{tenantId}").route(web::get().to(handler.clone())))
            .service(
                web::resource("/api/{tenantId}/introspect")
                    .route(web::post().to(move |_: Bytes| told())),
            )
            .service(
                web::resource("/api/{tenantId}/admin/apiKeys")
                    .route(web::get().to(handler.clone())),
            )
            .service(
                web::resource("/api/{tenantId}/admin/apiKeys/{keyName}")
                    .route(web::get().to(handler)),
            )
    };
    let server = HttpServer::new(app)
        .workers(std::thread::available_parallelism().map_or(1, NonZero::get))
        .listen(listener)
        .unwrap();
    actix_web::rt::System::new().block_on(server.run()).unwrap();
}
