//! Registries and clients that speak HTTP as no library would let them: byte by byte.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A server whose answers are bytes. Each ends with its connection.
pub struct Raw {
    /// `127.0.0.1:PORT`.
    pub address: String,
}

impl Raw {
    /// Starts a server; `answer` gets the head of a request, and returns all that is sent.
    pub async fn new(answer: impl Fn(&str) -> Vec<u8> + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let answer = answer.clone();
                tokio::spawn(async move {
                    let head = head(&mut stream).await?;
                    stream.write_all(&answer(&head)).await?;
                    // Closing with unread bytes would make a reset of it, which may overtake what was sent.
                    stream.shutdown().await?;
                    stream.read_to_end(&mut Vec::new()).await
                });
            }
        });
        Self { address }
    }
}

/// All up to and with the empty line.
async fn head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
        // A client that tries TLS first learns at once that there is none.
        if head
            .first()
            .is_some_and(|first| !first.is_ascii_uppercase())
        {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// An answer of this status line and header lines.
pub fn answer(head: &[&str], body: &[u8]) -> Vec<u8> {
    let head: String = head.iter().map(|line| format!("{line}\r\n")).collect();
    [head.as_bytes(), b"\r\n", body].concat()
}

/// The bytes as chunks of a body of unknown length, without its end.
pub fn chunks(bytes: &[u8]) -> Vec<u8> {
    let chunk =
        |chunk: &[u8]| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat();
    bytes.chunks(10_000).flat_map(chunk).collect()
}

/// What ends a body of chunks.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body; chunks are put together.
    pub body: Vec<u8>,
    /// The body came to the end that its framing promised.
    pub complete: bool,
}

impl Answer {
    /// All values of a header.
    pub fn header(&self, name: &str) -> Vec<&str> {
        let headers = self.headers.iter().filter(|(key, _)| key == name);
        headers.map(|(_, value)| value.as_str()).collect()
    }
}

/// Asks a server, and reads its answer to the end of the connection.
pub async fn ask(address: &str, request: &str) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    // A reset is an end as well.
    let _ = stream.read_to_end(&mut bytes).await;
    parse(&bytes)
}

fn parse(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no head in {} bytes", bytes.len()));
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let rest = &bytes[end + 4..];
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    let status = status.parse().unwrap();
    let headers: Vec<(String, String)> = lines
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().to_owned())
        })
        .collect();
    let find = |name: &str| headers.iter().find(|(key, _)| key == name);
    let (body, complete) = match (find("transfer-encoding"), find("content-length")) {
        (Some(_), _) => unchunked(rest),
        (None, Some((_, length))) => (rest.to_vec(), length.parse() == Ok(rest.len())),
        (None, None) => (rest.to_vec(), true),
    };
    Answer {
        status,
        headers,
        body,
        complete,
    }
}

/// The bytes of chunks, and whether their end came.
fn unchunked(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    loop {
        let Some(end) = rest.windows(2).position(|two| two == b"\r\n") else {
            return (body, false);
        };
        let size = std::str::from_utf8(&rest[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return (body, true);
        }
        let chunk = &rest[end + 2..];
        body.extend_from_slice(&chunk[..size.min(chunk.len())]);
        match chunk.get(size + 2..) {
            Some(next) => rest = next,
            None => return (body, false),
        }
    }
}

/// Connections from `from` on which `request` is sent, and nothing read.
pub async fn deaf(from: [u8; 4], address: &str, request: &str, count: usize) -> Vec<TcpStream> {
    let address: SocketAddr = address.parse().unwrap();
    let mut streams = Vec::new();
    for _ in 0..count {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        // As little as the system allows, so that the sender is what has to wait.
        socket.set_recv_buffer_size(4096).unwrap();
        socket.bind((from, 0).into()).unwrap();
        let mut stream = socket.connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        streams.push(stream);
    }
    streams
}

/// Waits until the other side has ended the connection, whatever came before.
pub async fn ended(stream: &mut TcpStream) {
    let mut buffer = vec![0; 64 << 10];
    while !matches!(stream.read(&mut buffer).await, Ok(0) | Err(_)) {}
}
