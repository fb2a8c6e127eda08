//! The orders of each tenant's shop, for whoever may see or add to them.

use std::net::TcpListener;
use std::sync::Mutex;

use actix_web::dev::Server;
use actix_web::{App, HttpServer, web};
use neokeys::guard::{Guard, RequiredScope, ScopedAuthorize};

/// The right to see orders.
struct ReadOrders;

impl RequiredScope for ReadOrders {
    const SCOPE: &'static str = "orders:read";
}

/// The right to place orders.
struct WriteOrders;

impl RequiredScope for WriteOrders {
    const SCOPE: &'static str = "orders:write";
}

/// Every order with the tenant whose it is.
type Orders = web::Data<Mutex<Vec<(String, String)>>>;

/// The guard comes first: nothing is read for a caller who may not.
async fn list_orders(caller: ScopedAuthorize<ReadOrders>, orders: Orders) -> String {
    let tenant = caller.tenant().as_str();
    let orders = orders.lock().map(|orders| orders.clone()).unwrap_or_default();
    let own = orders.iter().filter(|(of, _)| of == tenant);
    let own: String = own.map(|(_, order)| format!("{order}\n")).collect();
    format!("{tenant} (by {})\n{own}", caller.caller().subject())
}

async fn take_order(caller: ScopedAuthorize<WriteOrders>, orders: Orders, body: String) -> String {
    let order = format!("{body} (by {})", caller.caller().subject());
    if let Ok(mut orders) = orders.lock() {
        orders.push((caller.tenant().as_str().to_owned(), order.clone()));
    }
    order
}

/// The service on a listener; it runs when awaited.
pub(crate) fn serve(listener: TcpListener, guard: &Guard) -> std::io::Result<Server> {
    let (guard, orders) = (guard.clone(), Orders::default());
    let app = move || {
        let shop = guard
            .scope("/shops/{tenantId}")
            .app_data(orders.clone())
            .route("/orders", web::get().to(list_orders))
            .route("/orders", web::post().to(take_order));
        App::new().service(shop)
    };
    Ok(HttpServer::new(app).listen(listener)?.run())
}
