//! The service and its clients, in this process.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use neokeys::settings::Settings;
use neokeys::startup::{Application, Stop};

use super::population::{ADMIN, Population};

/// A running service.
pub struct Service {
    origin: String,
    keys: usize,
    stop: Stop,
}

impl Service {
    pub fn start(population: &Population) -> Self {
        let store = population.store();
        let settings = format!(
            "listen: 127.0.0.1:0\nstore: file:{}\naudit: {{ enabled: false }}\n",
            store.display()
        );
        let settings = Settings::from_yaml(&settings).unwrap();
        let (send, receive) = mpsc::channel();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let application = Application::start(settings, false).await.unwrap();
                send.send((application.origin().to_owned(), application.stop())).unwrap();
                application.run().await.unwrap();
            });
        });
        let (origin, stop) = receive.recv().unwrap();
        Self { origin, keys: population.keys(), stop }
    }

    /// Acknowledged updates a second by this many clients, each of keys of its own.
    pub fn update_rate(&self, clients: usize, time: Duration) -> f64 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let done = Arc::new(AtomicUsize::new(0));
        let start = Instant::now();
        runtime.block_on(async {
            let connections = Client::builder(TokioExecutor::new()).build_http();
            let clients = (0..clients).map(|client| {
                let (connections, done) = (connections.clone(), Arc::clone(&done));
                let (origin, keys) = (self.origin.clone(), self.keys);
                tokio::spawn(async move {
                    let mut round = client;
                    while start.elapsed() < time {
                        let request = update(&origin, 1 + round % (keys - 1), round);
                        let reply = connections.request(request).await.unwrap();
                        assert_eq!(reply.status(), 200);
                        reply.into_body().collect().await.unwrap();
                        done.fetch_add(1, Ordering::Relaxed);
                        round += 64;
                    }
                })
            });
            for client in clients.collect::<Vec<_>>() {
                client.await.unwrap();
            }
        });
        #[expect(clippy::cast_precision_loss, reason = "figures for people")]
        let done = done.load(Ordering::Relaxed) as f64;
        done / start.elapsed().as_secs_f64()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop.now();
    }
}

fn update(origin: &str, key: usize, round: usize) -> http::Request<Full<Bytes>> {
    let body = format!(r#"{{"enabled": true, "permissions": ["round:{round}"]}}"#);
    http::Request::put(format!("{origin}/api/t0/admin/apiKeys/key-{key}"))
        .header("X-API-KEY", ADMIN)
        .header("Content-Type", "application/json")
        .body(Full::new(body.into()))
        .unwrap()
}
