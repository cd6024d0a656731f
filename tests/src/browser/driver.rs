//! The program that drives a browser for WebDriver: chromedriver or geckodriver, on a free port.

use std::io::{BufRead as _, BufReader, Lines, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use thirtyfour::SessionId;

/// A running driver. It ends when this is dropped, and its browser with it where [`Driver::end`] was called before.
pub(super) struct Driver {
    process: Child,
    port: String,
}

/// What a driver prints after it said its port, and what its browser does.
pub(super) type Printed = Lines<BufReader<ChildStdout>>;

impl Driver {
    /// Starts it, and reads the port that it takes, which stands behind `says`.
    pub(super) fn start(program: &str, arguments: &[&str], says: &str) -> (Self, Printed) {
        // The port that it takes for IPv4 may be another's for IPv6: then it ends, and takes another.
        let started = (0..5).find_map(|_| Self::attempt(program, arguments, says));
        started.unwrap_or_else(|| panic!("{program} says no port"))
    }

    /// None where it ended before it had a port.
    fn attempt(program: &str, arguments: &[&str], says: &str) -> Option<(Self, Printed)> {
        let mut process = Command::new(program)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{program} cannot be run: {error}"));
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once(says)?;
            Some(port.trim_end_matches('.').to_owned())
        });
        match port {
            Some(port) => Some((Self { process, port }, lines)),
            None => {
                process.wait().expect("a driver ended");
                None
            }
        }
    }

    /// Its address.
    pub(super) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its number as a process.
    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Sends a request that the library does not know; what comes back is read from the stream.
    pub(super) fn ask(&self, request: &str, body: &str) -> std::io::Result<TcpStream> {
        let request = format!(
            "{request} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(format!("127.0.0.1:{}", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        stream.write_all(request.as_bytes())?;
        Ok(stream)
    }

    /// Ends the browser, which would outlive its driver.
    pub(super) fn end(&self, session: &SessionId) {
        if let Ok(mut stream) = self.ask(&format!("DELETE /session/{session}"), "") {
            // It answers when the browser has ended.
            let _ = stream.read(&mut [0; 64]);
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
