//! Requests as far as the servers of this program have to read them.

use std::io::{self, BufRead as _, BufReader, Read as _};
use std::net::TcpStream;

/// A request, with its body.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn read(stream: &TcpStream) -> io::Result<Self> {
        let mut request = BufReader::new(stream);
        let mut head = String::new();
        request.read_line(&mut head)?;
        let mut length = 0;
        loop {
            let mut line = String::new();
            request.read_line(&mut line)?;
            match line.trim_end().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.parse().unwrap_or(0);
                }
                Some(_) => {}
                None => break,
            }
        }
        let mut body = String::new();
        request.take(length).read_to_string(&mut body)?;
        let mut words = head.split(' ').map(str::to_owned);
        Ok(Self {
            method: words.next().unwrap_or_default(),
            path: words.next().unwrap_or_default(),
            body,
        })
    }
}
