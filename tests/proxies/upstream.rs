//! A service behind a gateway, which says what reached it.

use std::collections::HashMap;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use serde_json::json;

/// It runs until this goes.
pub struct Upstream {
    address: String,
    reached: Arc<AtomicUsize>,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Upstream {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let reached = Arc::new(AtomicUsize::new(0));
        let counter = web::Data::from(Arc::clone(&reached));
        let (send, receive) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app =
                    move || App::new().app_data(counter.clone()).default_service(web::to(tell));
                let server = HttpServer::new(app).workers(1).disable_signals();
                let server = server.listen(listener).unwrap().run();
                send.send(server.handle()).unwrap();
                server.await.unwrap();
            });
        });
        let handle = receive.recv().expect("the service behind starts");
        Self { address, reached, handle, thread: Some(thread) }
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// How many requests reached it until now.
    pub fn reached(&self) -> usize {
        self.reached.load(Ordering::SeqCst)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// The method, the path to the byte, every value of every header, and the body.
async fn tell(reached: web::Data<AtomicUsize>, request: HttpRequest, body: Bytes) -> HttpResponse {
    reached.fetch_add(1, Ordering::SeqCst);
    let mut headers = HashMap::<&str, Vec<_>>::new();
    for (name, value) in request.headers() {
        let text = String::from_utf8_lossy(value.as_bytes());
        headers.entry(name.as_str()).or_default().push(text);
    }
    HttpResponse::Ok().json(json!({
        "method": request.method().as_str(),
        "path": request.uri().to_string(),
        "headers": headers,
        "body": String::from_utf8_lossy(&body),
    }))
}
