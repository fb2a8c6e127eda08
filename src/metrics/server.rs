//! The address at which metrics are asked for.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, VARY, X_CONTENT_TYPE_OPTIONS};
use actix_web::web::{self, ThinData};
use actix_web::{App, HttpRequest, HttpResponse, guard};

use super::{Format, Metrics};
use crate::connections::{self, Beyond, ConnectionTally, Listening, Patience};

/// The path of metrics at their address.
pub(crate) const PATH: &str = "/metrics";

/// How many scrapers may be connected at once; for one more, one that asks nothing makes room.
const CONNECTIONS: usize = 64;

/// The server of metrics on a bound listener; it answers once it is polled.
///
/// # Errors
/// The operating system's error for the listener.
pub(crate) fn serve(
    listener: TcpListener,
    metrics: Arc<Metrics>,
    patience: Patience,
    stall_time: Duration,
) -> io::Result<Server> {
    let app = move || {
        let reads = guard::Any(guard::Get()).or(guard::Head());
        App::new()
            .app_data(ThinData(Arc::clone(&metrics)))
            .service(web::resource(PATH).route(web::route().guard(reads).to(page)))
            .default_service(web::to(elsewhere))
    };
    let listening = Listening {
        listener,
        tls: None,
        patience,
        stall_time,
        connections: CONNECTIONS,
        beyond: Beyond::MakesRoom,
        workers: 1,
        shutdown: Duration::ZERO,
        // Who asks how things stand is no part of how they stand.
        tally: Arc::new(ConnectionTally::default()),
        introduce: |_, _| {},
    };
    connections::serve(listening, app)
}

async fn page(request: HttpRequest, metrics: ThinData<Arc<Metrics>>) -> HttpResponse {
    let accepted = request.headers().get_all(ACCEPT).filter_map(|value| value.to_str().ok());
    let format = Format::for_accept(accepted);
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, format.content_type()))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((VARY, "Accept"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(metrics.page(format))
}

async fn elsewhere() -> HttpResponse {
    HttpResponse::NotFound().content_type("text/plain").body(format!("Metrics are at {PATH}.\n"))
}
