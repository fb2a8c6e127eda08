//! A service on axum that lets neokeys' keys in by itself, without asking over the network:
//!
//! ```console
//! $ cargo run --example guarded_axum --features tower -- file:data 127.0.0.1:9000
//! $ KEY=$(neokeys keys create --tenant demo shop --permission orders:read)
//! $ curl -H "X-API-KEY: $KEY" http://127.0.0.1:9000/shops/demo/orders
//! ```

mod orders;

use std::time::Duration;

use neokeys::guard::{BearerConfig, Guard};
use tokio::net::TcpListener;

#[expect(clippy::print_stdout, reason = "whoever starts it wants to know where it is")]
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let store = arguments.next().unwrap_or_else(|| "file:data".to_owned()).parse()?;
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:9000".to_owned());
    let guard = Guard::open(&store, BearerConfig::default()).await?;
    let listener = TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    orders::serve(listener, &guard).await?;
    guard.flush_usage(Duration::from_secs(5)).await;
    Ok(())
}
