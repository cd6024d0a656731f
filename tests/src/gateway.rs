//! A gateway inside the test's own process, and a client that goes through it.

use std::time::Duration;

use onionskin_core::source::registry::{Client, ClientOptions, Url, http_client};
use onionskin_gateway::{Gateway, GatewayOptions};

use crate::odd::serve;

/// A client that goes through a gateway which was told of these registries, and the
/// gateway's address.
pub async fn through_gateway(registries: &[String]) -> (Client, String) {
    let options = GatewayOptions {
        registries: registries.iter().map(|r| r.parse().unwrap()).collect(),
        ..GatewayOptions::default()
    };
    let address = serve(Gateway::new(&options).unwrap().router()).await;
    let options = ClientOptions {
        gateway: Some(Url::parse(&format!("http://{address}/")).unwrap()),
        ..ClientOptions::default()
    };
    (
        Client::new(http_client().build().unwrap(), options),
        address,
    )
}

/// The address of a gateway with its own server, as `onionskin serve` runs it.
pub async fn serving(options: GatewayOptions) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let gateway = Gateway::new(&options).unwrap();
    tokio::spawn(gateway.serve(listener, std::future::pending()));
    address
}

/// Waits until something is so.
pub async fn until(what: impl Fn() -> bool) {
    let waited = async {
        while !what() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(60), waited).await;
    waited.expect("it never came to that");
}
