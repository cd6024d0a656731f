//! `onionskin ls`: the files of an image, one line each.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, Write as _};

use anyhow::bail;
use onionskin_core::report::labels::Label;
use onionskin_core::report::listing::{self, Line};
use onionskin_core::report::text;
use onionskin_core::stack::ResolveError;

use crate::image::{ImageArguments, Opened};
use crate::layers::{LayerArguments, Wanted, not_fetched};
use crate::output::{Format, OutputArguments};
use crate::terminal::Visible;

/// List files: what a container sees, or what one layer holds
///
/// Flat and in byte order, with mode, user, group, size, time and path, then what a link leads to and
/// extended attributes in braces; capabilities by name. Layers count from 1, the base.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  onionskin ls debian:12                       # everything a container sees
  onionskin ls debian:12 /usr/lib              # below one folder
  onionskin ls app.tar --layer 3               # what layer 3 itself holds, what it deletes among it
  onionskin ls app.tar --stack 2 --format json # as if layer 2 were the last")]
pub(crate) struct Arguments {
    #[command(flatten)]
    image: ImageArguments,

    /// The folder or file to list; symbolic links on the way are followed
    #[arg(default_value = "/")]
    path: OsString,

    #[command(flatten)]
    layers: LayerArguments,

    #[command(flatten)]
    output: OutputArguments,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let opened = arguments.image.open().await?;
    let lines = lines(&arguments, &opened).await?;
    match arguments.output.format {
        Format::Json => arguments.output.json(&lines),
        Format::Text => {
            let platform = opened.image.platform.as_ref();
            let os = platform.map(|platform| platform.os.as_str());
            arguments.output.text(&table(&lines, os))
        }
    }
}

async fn lines(arguments: &Arguments, opened: &Opened) -> anyhow::Result<Vec<Line>> {
    let path = arguments.path.as_encoded_bytes();
    let wanted = arguments.layers.of(&opened.image)?;
    let mut unseen = None;
    let found = match wanted {
        Wanted::Layer(number) => listing::of_layer(opened.decode_one(number).await?, number, path)?,
        Wanted::Stack(last) => {
            let stack = opened.stack(wanted.decoded(&opened.image)).await?;
            unseen = not_fetched(&stack);
            let place = wanted.name();
            match listing::of_stack(&stack, last, path) {
                Ok(lines) => Some(lines),
                Err(ResolveError::Missing { .. }) => None,
                Err(ResolveError::NotAFolder { path: file }) => bail!(
                    "{} is not in {place}: {} is no folder",
                    text(path),
                    text(&file)
                ),
                Err(ResolveError::Loop { path: link }) => bail!(
                    "{} is not in {place}: the symbolic link {} leads to itself",
                    text(path),
                    text(&link)
                ),
            }
        }
    };
    match (found, unseen) {
        (Some(lines), None) => Ok(lines),
        (Some(lines), Some(unseen)) => {
            let note = format!("what is there is listed without {unseen}");
            // Whoever does not listen has the list all the same.
            let _ = writeln!(io::stderr(), "onionskin: {}", Visible(&note));
            Ok(lines)
        }
        (None, None) => bail!(
            "{} is not in {}; look around with `onionskin ls {}`",
            text(path),
            wanted.name(),
            arguments.image.image
        ),
        (None, Some(unseen)) => bail!(
            "{} is not in {} as far as it can be seen, which is without {unseen}",
            text(path),
            wanted.name(),
        ),
    }
}

fn table(lines: &[Line], os: Option<&str>) -> String {
    let widest = |number: fn(&Line) -> u64| {
        let largest = lines.iter().map(number).max().unwrap_or(0);
        largest.to_string().len()
    };
    let (uids, gids, sizes) = (widest(|l| l.uid), widest(|l| l.gid), widest(|l| l.size));
    let mut table = String::new();
    for line in lines {
        let time = line.mtime.as_deref().unwrap_or_default();
        let time = time.get(..16).unwrap_or(time).replace('T', " ");
        let target = match (&line.link_target, line.kind.as_str()) {
            (Some(target), "hardlink") => format!(" link to {}", Visible(target)),
            (Some(target), _) => format!(" -> {}", Visible(target)),
            (None, _) => String::new(),
        };
        // Writing to a String cannot fail.
        let _ = write!(
            table,
            "{} {:>uids$} {:>gids$} {:>sizes$} {time:16} {}{target}",
            mode(line),
            line.uid,
            line.gid,
            line.size,
            Visible(&line.path),
        );
        for (name, value) in &line.xattrs {
            let _ = write!(table, " {{{}={}}}", Visible(name), Visible(value));
        }
        let label = Label::of(line.path.as_bytes(), line.kind == "dir", os);
        match label {
            Some(label) => _ = writeln!(table, " ({})", label.text()),
            None => table.push('\n'),
        }
    }
    table
}

/// The ten letters that `ls -l` begins with; what hides something says so in their place.
fn mode(line: &Line) -> String {
    let kind = match line.kind.as_str() {
        "whiteout" => return "deletes   ".to_owned(),
        "opaque" => return "empties   ".to_owned(),
        "dir" => 'd',
        "symlink" => 'l',
        "hardlink" => 'h',
        "char" => 'c',
        "block" => 'b',
        "fifo" => 'p',
        _ => '-',
    };
    let bits = u32::from_str_radix(&line.mode, 8).unwrap_or(0);
    let mut letters = String::from(kind);
    for (shift, special, set, unset) in [
        (6, 0o4000, 's', 'S'),
        (3, 0o2000, 's', 'S'),
        (0, 0o1000, 't', 'T'),
    ] {
        let of = |bit: u32| bits >> shift & bit != 0;
        letters.push(if of(4) { 'r' } else { '-' });
        letters.push(if of(2) { 'w' } else { '-' });
        letters.push(match (of(1), bits & special != 0) {
            (true, true) => set,
            (false, true) => unset,
            (true, false) => 'x',
            (false, false) => '-',
        });
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(kind: &str, mode: &str, path: &str, target: Option<&str>) -> Line {
        Line {
            path: path.to_owned(),
            kind: kind.to_owned(),
            size: if kind == "file" { 12_345 } else { 0 },
            mode: mode.to_owned(),
            uid: 0,
            gid: 1000,
            mtime: Some("2026-11-02T09:31:21Z".to_owned()),
            link_target: target.map(str::to_owned),
            layer: 1,
            xattrs: [].into(),
        }
    }

    #[test]
    fn lines_look_like_those_of_ls() {
        let lines = [
            line("dir", "1777", "/tmp", None),
            line("file", "4755", "/usr/bin/su\u{1b}[2J", None),
            line("symlink", "777", "/bin", Some("usr/bin")),
            line("hardlink", "644", "/b", Some("/a")),
            line("whiteout", "0", "/gone", None),
        ];
        assert_eq!(
            table(&lines, None),
            "drwxrwxrwt 0 1000     0 2026-11-02 09:31 /tmp\n\
             -rwsr-xr-x 0 1000 12345 2026-11-02 09:31 /usr/bin/su\\x1b[2J\n\
             lrwxrwxrwx 0 1000     0 2026-11-02 09:31 /bin -> usr/bin\n\
             hrw-r--r-- 0 1000     0 2026-11-02 09:31 /b link to /a\n\
             deletes    0 1000     0 2026-11-02 09:31 /gone\n"
        );
    }

    #[test]
    fn attributes_and_labels_follow_the_path() {
        let mut ping = line("file", "755", "/bin/ping", None);
        ping.xattrs = [
            ("security.capability", "cap_net_raw=ep"),
            ("user.\u{1b}", "\n"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let lines = [line("dir", "755", "/Files", None), ping];
        assert_eq!(
            table(&lines, Some("windows")),
            "drwxr-xr-x 0 1000     0 2026-11-02 09:31 /Files (the drive C:)\n\
             -rwxr-xr-x 0 1000 12345 2026-11-02 09:31 /bin/ping \
             {security.capability=cap_net_raw=ep} {user.\\x1b=\\n}\n"
        );
    }
}
