//! A service behind a gateway, which says what reached it.

use std::collections::HashMap;
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Payload};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use serde_json::{Value, json};

/// A key of a websocket's opening, and what proves that it was read (RFC 6455 §1.3).
pub const WEBSOCKET_KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
pub const WEBSOCKET_ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// It runs until this goes.
pub struct Upstream {
    address: String,
    log: Arc<Log>,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

/// The request that reached it.
#[derive(Default)]
struct Log {
    reached: AtomicUsize,
    last: Mutex<Option<Value>>,
    paths: Mutex<Vec<String>>,
}

impl Upstream {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let log = Arc::new(Log::default());
        let shared = web::Data::from(Arc::clone(&log));
        let (send, receive) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app =
                    move || App::new().app_data(shared.clone()).default_service(web::to(tell));
                let server = HttpServer::new(app).workers(1).disable_signals();
                let server = server.listen(listener).unwrap().run();
                send.send(server.handle()).unwrap();
                server.await.unwrap();
            });
        });
        let handle = receive.recv().expect("the service behind starts");
        Self { address, log, handle, thread: Some(thread) }
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// How many requests reached it until now.
    pub fn reached(&self) -> usize {
        self.log.reached.load(Ordering::SeqCst)
    }

    /// The paths that were asked for.
    pub fn paths(&self) -> Vec<String> {
        self.log.paths.lock().unwrap().clone()
    }

    /// Its description of the last one.
    pub fn last(&self) -> Option<Value> {
        self.log.last.lock().unwrap().clone()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// The method, the path to the byte, every value of every header, and the body. A request to make
/// something else of the connection is granted, whatever it is, and its bytes come back.
async fn tell(log: web::Data<Log>, request: HttpRequest, payload: Payload) -> HttpResponse {
    log.reached.fetch_add(1, Ordering::SeqCst);
    log.paths.lock().unwrap().push(request.uri().to_string());
    let mut headers = HashMap::<&str, Vec<_>>::new();
    for (name, value) in request.headers() {
        let text = String::from_utf8_lossy(value.as_bytes());
        headers.entry(name.as_str()).or_default().push(text);
    }
    let mut told = json!({
        "method": request.method().as_str(),
        "path": request.uri().to_string(),
        "headers": headers,
    });
    if let Some(upgrade) = request.headers().get("upgrade") {
        *log.last.lock().unwrap() = Some(told);
        return HttpResponse::SwitchingProtocols()
            .upgrade(upgrade.to_str().unwrap())
            .insert_header(("sec-websocket-accept", WEBSOCKET_ACCEPT))
            .streaming(payload);
    }
    let body = payload.to_bytes().await.unwrap();
    told["body"] = String::from_utf8_lossy(&body).into();
    *log.last.lock().unwrap() = Some(told.clone());
    HttpResponse::Ok().json(told)
}
