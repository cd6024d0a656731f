//! Runs a command whose standard output is a terminal.

use std::fs::File;
use std::io::Read as _;
use std::process::{Command, Output, Stdio};

use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// Runs the command, however it ends, on a terminal of so many columns; one of 0 does not say how many it has. Colours are
/// off, and standard error is a pipe.
pub fn on_terminal(mut command: Command, columns: u16) -> Output {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let size = Winsize {
        ws_row: 24,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&ours, size).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap();
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let theirs = open(name.as_c_str(), flags, Mode::empty()).unwrap();
    command
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(theirs)
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Read beside the other one: what is full stops the command.
    let mut problems = child.stderr.take().unwrap();
    let problems = std::thread::spawn(move || {
        let mut told = Vec::new();
        problems.read_to_end(&mut told).map(|_| told)
    });
    // What is printed ends when nobody holds the other end any longer, and the command still does.
    drop(command);
    let mut printed = Vec::new();
    if let Err(error) = File::from(ours).read_to_end(&mut printed) {
        // This is how Linux says that it has ended.
        assert_eq!(error.raw_os_error(), Some(Errno::IO.raw_os_error()));
    }
    let printed = String::from_utf8(printed).unwrap();
    Output {
        // Terminals begin a line with both.
        stdout: printed.replace("\r\n", "\n").into_bytes(),
        stderr: problems.join().unwrap().unwrap(),
        status: child.wait().unwrap(),
    }
}
