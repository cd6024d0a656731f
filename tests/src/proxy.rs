//! An HTTP proxy, and the `onionskin` command behind it: to the command, what a proxy resolves is on the internet.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;

use crate::binary::onionskin;

/// Every variable that could name a proxy on the machine that runs the tests.
const PROXIES: [&str; 8] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
];

/// The command, with no proxy but those that `environment` names.
pub fn command(environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(onionskin());
    for variable in PROXIES {
        command.env_remove(variable);
    }
    command.envs(environment.iter().copied()).kill_on_drop(true);
    command
}

/// A proxy that knows where `registry.test` really is, and remembers what it was asked for.
pub struct Proxy {
    /// `127.0.0.1:PORT`.
    pub address: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Starts a proxy that connects everybody to `registry`, whatever they ask for.
    pub async fn to(registry: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let log = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let (log, registry) = (Arc::clone(&log), registry.clone());
                tokio::spawn(pass_on(connection, registry, log));
            }
        });
        Self { address, seen }
    }

    /// What it was asked for since this was called last.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

/// One connection of a proxy (RFC 9110, 9.3.6 CONNECT; RFC 9112, 3.2.2 absolute-form). Ends where a side does.
async fn pass_on(
    mut connection: TcpStream,
    registry: String,
    log: Arc<Mutex<Vec<String>>>,
) -> std::io::Result<()> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        head.push(char::from(connection.read_u8().await?));
    }
    let line = head.lines().next().unwrap_or_default().to_owned();
    let secret = head
        .lines()
        .find(|line| line.to_lowercase().starts_with("proxy-authorization"));
    let told = [Some(line.as_str()), secret].into_iter().flatten();
    log.lock().unwrap().push(told.collect::<Vec<_>>().join(" "));
    let mut onward = TcpStream::connect(registry).await?;
    if line.starts_with("CONNECT ") {
        connection.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    } else {
        let head = head.replacen("http://registry.test", "", 1);
        onward.write_all(head.as_bytes()).await?;
    }
    tokio::io::copy_bidirectional(&mut connection, &mut onward).await?;
    Ok(())
}
