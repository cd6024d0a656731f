//! `onionskin ls`: the files of an image, one line each.

use std::cmp::Ordering;
use std::ffi::OsString;
use std::fmt::Write as _;

use anyhow::anyhow;
use clap::ArgAction;
use onionskin_core::find::Query;
use onionskin_core::report::format::size;
use onionskin_core::report::labels::Label;
use onionskin_core::report::listing::Line;
use onionskin_core::stack::Cause;

use crate::image::{ImageArguments, with_login};
use crate::layers::LayerArguments;
use crate::listed;
use crate::output::{Format, Inputs, OutputArguments};
use crate::tables::TableArguments;
use crate::terminal::Visible;

/// List files: the final filesystem, or what one layer contains
///
/// All paths below PATH, in byte order, with mode, user, group, size, time and path, then the target of a link and
/// extended attributes in braces. Layers are numbered from 1, the base. One name of a file is listed as the file,
/// the others as hard links. If a layer stores /a, links /b to it and stores /a again, /b is listed as the first file.
#[derive(clap::Args)]
#[command(
    disable_help_flag = true,
    after_help = with_login!("Examples:
  onionskin ls debian:12                           # the whole final filesystem
  onionskin ls debian:12 /usr/lib                  # below one folder
  onionskin ls debian:12 '/etc/*.conf'             # what matches a glob
  onionskin ls debian:12 '*.pem'                   # at any depth
  onionskin ls app.tar -h --sort size --limit 20   # the 20 largest files
  onionskin ls app.tar --find 'size:>10MB'         # large files of all layers, deleted ones too
  onionskin ls app.tar --layer 3                   # what layer 3 contains and deletes
  onionskin ls app.tar --stack 2 --json            # the filesystem up to layer 2")
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    image: ImageArguments,

    /// The folder or file to list, or a glob: with a leading slash from the root, else at any depth
    ///
    /// Symbolic links on the way are followed, also the last one if it leads to a folder.
    #[arg(default_value = "/")]
    path: OsString,

    /// List what QUERY finds in all layers, also what a later layer deletes or overwrites
    ///
    /// A query is words, which all have to match: a text in the path (any case), a glob ('*.js', '/usr/**/lib*.so*'), a
    /// regular expression ('/\.py[co]?$/' or re:…), or a qualifier. `-` before a word excludes what it matches, and
    /// quotation marks hold a text with spaces or wildcards together.
    ///
    /// Qualifiers: size:>10MB, size:1MB..20MB; kind:file (dir, symlink, hardlink, char, block, fifo); layer:3..5;
    /// mark:deleted (added, overwritten, metadata-only); owner:0, owner:1000:1000; mode:setuid (setgid, sticky,
    /// executable, world-writable, 644); ext:py; modified:>2024, modified:2024-05..2024-06; sha256:… (the digest or
    /// diff ID of a layer). Kinds, marks, modes, layers, owners and extensions take several values with commas.
    #[arg(long, value_name = "QUERY")]
    find: Option<String>,

    #[command(flatten)]
    layers: LayerArguments,

    #[command(flatten)]
    tables: TableArguments,

    /// The order: by name, by size (largest first) or by time (newest first)
    #[arg(long, value_enum, default_value_t)]
    sort: Sort,

    /// Reverse the order
    #[arg(short, long)]
    reverse: bool,

    /// List only the first N paths
    #[arg(short = 'n', long, value_name = "N")]
    limit: Option<usize>,

    /// Sizes in kB, MB and GB, in the text format
    #[arg(short, long)]
    human_readable: bool,

    #[command(flatten)]
    output: OutputArguments,

    /// Print help
    #[arg(long, action = ArgAction::Help)]
    help: Option<bool>,
}

/// The order of paths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Sort {
    /// Byte order of the paths
    #[default]
    Name,
    /// The largest first
    Size,
    /// The newest first
    #[value(alias = "time")]
    Mtime,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let query = arguments.find.as_deref().map(str::parse).transpose();
    let query: Option<Query> = query.map_err(|error| anyhow!("--find: {error}"))?;
    let mut inputs = Inputs::default();
    arguments.image.inputs(&mut inputs);
    let output = arguments.output.open(&inputs)?;
    let mut opened = arguments.image.open().await?;
    // Whether what is found was copied or overwritten is known from contents only.
    opened.use_tables(&arguments.tables, query.is_none()).await;
    let path = arguments.path.as_encoded_bytes();
    let image = &arguments.image.image;
    let mut lines = match &query {
        Some(query) => listed::find(&opened, &arguments.layers, path, image, query).await?,
        None => {
            let listed = listed::list(&opened, &arguments.layers, path, image);
            listed.await?.lines
        }
    };
    opened.tables.note(&opened.image.layers);
    arguments.sort.apply(&mut lines);
    if arguments.reverse {
        lines.reverse();
    }
    lines.truncate(arguments.limit.unwrap_or(usize::MAX));
    match arguments.output.format() {
        Format::Json => output.json(&lines),
        Format::Text => {
            let platform = opened.image.platform.as_ref();
            let os = platform.map(|platform| platform.os.as_str());
            let versions = query.is_some();
            let table = table(&lines, os, arguments.human_readable, versions);
            Ok(output.list(&table)?)
        }
    }
}

impl Sort {
    /// Sorts lines that are in byte order of their paths, which stays that of equals.
    fn apply(self, lines: &mut [Line]) {
        match self {
            Self::Name => {}
            Self::Size => lines.sort_by_key(|line| std::cmp::Reverse(line.size)),
            Self::Mtime => lines.sort_by(newest_first),
        }
    }
}

fn newest_first(a: &Line, b: &Line) -> Ordering {
    // Without the Z, a time with a fraction is greater than the same one without.
    let time = |line: &Line| {
        line.mtime
            .as_ref()
            .map(|time| time.trim_end_matches('Z').to_owned())
    };
    time(b).cmp(&time(a))
}

/// The lines as text; `versions` are told with their layers.
fn table(lines: &[Line], os: Option<&str>, human_readable: bool, versions: bool) -> String {
    let shown = |line: &Line| match human_readable {
        true => size(line.size),
        false => line.size.to_string(),
    };
    let widest = |text: &dyn Fn(&Line) -> String| {
        let widths = lines.iter().map(|line| text(line).len());
        widths.max().unwrap_or(0)
    };
    let uids = widest(&|line| line.uid.to_string());
    let gids = widest(&|line| line.gid.to_string());
    let sizes = widest(&shown);
    let mut table = String::new();
    for line in lines {
        let time = line.mtime.as_deref().unwrap_or_default();
        let time = time.get(..16).unwrap_or(time).replace('T', " ");
        let target = match (&line.link_target, line.kind.as_str()) {
            (Some(target), "hardlink") => format!(" link to {}", Visible(target)),
            (Some(target), _) => format!(" -> {}", Visible(target)),
            (None, "hardlink") => " link to a file of a lower layer".to_owned(),
            (None, _) => String::new(),
        };
        // Writing to a String cannot fail.
        let _ = write!(
            table,
            "{} {:>uids$} {:>gids$} {:>sizes$} {time:16} {}{target}",
            mode(line),
            line.uid,
            line.gid,
            shown(line),
            Visible(&line.path),
        );
        for (name, value) in &line.xattrs {
            let _ = write!(table, " {{{}={}}}", Visible(name), Visible(value));
        }
        let label = Label::of(line.path.as_bytes(), line.kind == "dir", os);
        if let Some(label) = label {
            let _ = write!(table, " ({})", label.text());
        }
        if versions {
            let _ = write!(table, " ({})", version(line));
        }
        table.push('\n');
    }
    table
}

/// The layer that made a path so, and the one that hid that.
fn version(line: &Line) -> String {
    let hidden = line.hidden_by.zip(line.cause).map(|(layer, cause)| {
        let how = match cause {
            Cause::MetadataOnly => "copied",
            cause => cause.name(),
        };
        format!(", {how} in layer {layer}")
    });
    format!("layer {}{}", line.layer, hidden.unwrap_or_default())
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
            hidden_by: None,
            cause: None,
        }
    }

    #[test]
    fn lines_look_like_those_of_ls() {
        let lines = [
            line("dir", "1777", "/tmp", None),
            line("file", "4755", "/usr/bin/su\u{1b}[2J", None),
            line("symlink", "777", "/bin", Some("usr/bin")),
            line("hardlink", "644", "/b", Some("/a")),
            line("hardlink", "644", "/c", None),
            line("whiteout", "0", "/gone", None),
        ];
        assert_eq!(
            table(&lines, None, false, false),
            "drwxrwxrwt 0 1000     0 2026-11-02 09:31 /tmp\n\
             -rwsr-xr-x 0 1000 12345 2026-11-02 09:31 /usr/bin/su\\x1b[2J\n\
             lrwxrwxrwx 0 1000     0 2026-11-02 09:31 /bin -> usr/bin\n\
             hrw-r--r-- 0 1000     0 2026-11-02 09:31 /b link to /a\n\
             hrw-r--r-- 0 1000     0 2026-11-02 09:31 /c link to a file of a lower layer\n\
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
            table(&lines, Some("windows"), false, false),
            "drwxr-xr-x 0 1000     0 2026-11-02 09:31 /Files (the drive C:)\n\
             -rwxr-xr-x 0 1000 12345 2026-11-02 09:31 /bin/ping \
             {security.capability=cap_net_raw=ep} {user.\\x1b=\\n}\n"
        );
    }

    #[test]
    fn what_a_query_finds_has_its_layers() {
        let mut old = line("file", "644", "/a", None);
        (old.hidden_by, old.cause) = (Some(4), Some(Cause::MetadataOnly));
        let lines = [old, line("file", "644", "/a", None)];
        assert_eq!(
            table(&lines, None, true, true),
            "-rw-r--r-- 0 1000 12.3 kB 2026-11-02 09:31 /a (layer 1, copied in layer 4)\n\
             -rw-r--r-- 0 1000 12.3 kB 2026-11-02 09:31 /a (layer 1)\n"
        );
    }

    #[test]
    fn the_largest_or_the_newest_comes_first() {
        let mut lines = [
            line("file", "644", "/a", None),
            line("dir", "755", "/b", None),
            line("file", "644", "/c", None),
        ];
        lines[0].mtime = None;
        lines[1].mtime = Some("2026-11-02T09:31:21.5Z".to_owned());
        lines[2].size = 20_000;
        let mut order = |sort: Sort| -> Vec<String> {
            lines.sort_by(|a, b| a.path.cmp(&b.path));
            sort.apply(&mut lines);
            lines.iter().map(|line| line.path.clone()).collect()
        };
        assert_eq!(order(Sort::Size), ["/c", "/a", "/b"]);
        assert_eq!(order(Sort::Mtime), ["/b", "/c", "/a"]);
        assert_eq!(order(Sort::Name), ["/a", "/b", "/c"]);
    }
}
