//! Servers that answer as no real registry should.

use axum::Router;
use tokio::net::TcpListener;

/// Serves `router` on a free loopback port for as long as the test runs; returns `127.0.0.1:PORT`.
pub async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}
