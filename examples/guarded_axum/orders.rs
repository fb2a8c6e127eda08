//! The orders of each tenant's shop, for whoever may see or add to them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use neokeys::guard::{Guard, RequiredScope, ScopedAuthorize};
use tokio::net::TcpListener;

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
type Orders = Arc<Mutex<Vec<(String, String)>>>;

/// The guard comes first: nothing is read for a caller who may not.
async fn list_orders(caller: ScopedAuthorize<ReadOrders>, State(orders): State<Orders>) -> String {
    let tenant = caller.tenant().as_str();
    let orders = orders.lock().map(|orders| orders.clone()).unwrap_or_default();
    let own = orders.iter().filter(|(of, _)| of == tenant);
    let own: String = own.map(|(_, order)| format!("{order}\n")).collect();
    format!("{tenant} (by {})\n{own}", caller.caller().subject())
}

async fn take_order(
    caller: ScopedAuthorize<WriteOrders>,
    State(orders): State<Orders>,
    body: String,
) -> String {
    let order = format!("{body} (by {})", caller.caller().subject());
    if let Ok(mut orders) = orders.lock() {
        orders.push((caller.tenant().as_str().to_owned(), order.clone()));
    }
    order
}

/// Serves on a listener. The guard learns from `ConnectInfo` from where a request came.
pub(crate) async fn serve(listener: TcpListener, guard: &Guard) -> std::io::Result<()> {
    let shops = Router::new()
        .route("/shops/{tenantId}/orders", get(list_orders).post(take_order))
        .layer(guard.layer("/shops/{tenantId}"))
        .with_state(Orders::default());
    axum::serve(listener, shops.into_make_service_with_connect_info::<SocketAddr>()).await
}
