//! Where a report or a file goes: standard output, a file, or a device. A file that is there is replaced only by a
//! whole one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::inputs::{Inputs, Standing};

/// Symbolic links that are followed to an output file, as Linux does (path_resolution(7)).
const LINKS: usize = 40;

/// Why output cannot be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    /// It would overwrite what is read.
    #[error("cannot write {output}: it is an input of this command{}; choose another file", named(.input, .output))]
    IsInput {
        /// The output.
        output: String,
        /// The input, as the user named it.
        input: String,
    },
    /// It is a folder.
    #[error("cannot write {0}: it is a folder; name a file")]
    IsFolder(String),
    /// The folder that it should be in is not there.
    #[error("cannot write {output}: the folder {folder} does not exist")]
    NoFolder {
        /// The output.
        output: String,
        /// The folder.
        folder: String,
    },
    /// The system refuses.
    #[error("cannot write {output}: {error}")]
    Io {
        /// The output.
        output: String,
        /// What the system says.
        error: io::Error,
    },
}

/// The name of an input, where it is not that of the output.
fn named(input: &str, output: &str) -> String {
    match input == output {
        true => String::new(),
        false => format!(" ({input})"),
    }
}

impl OutputError {
    /// Whether whoever reads our output has stopped, as in `onionskin ls … | head`.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Io { error, .. } if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// Where output goes.
pub(crate) struct Destination {
    /// Its name in messages.
    name: String,
    way: Way,
}

/// How output gets there.
enum Way {
    Stdout,
    /// A device, a FIFO or a socket is written as it is.
    Through(PathBuf),
    /// A regular file is written beside and renamed when it is whole.
    Replace {
        /// Links are followed, so that a link stays one.
        file: PathBuf,
        /// The file that is there.
        old: Option<fs::Metadata>,
    },
}

/// Output under way. Without [`Self::finish`] a regular file stays what it was.
pub(crate) struct Writing<'a> {
    destination: &'a Destination,
    to: To<'a>,
}

enum To<'a> {
    Open(File),
    Beside {
        new: NamedTempFile,
        file: &'a Path,
        old: Option<&'a fs::Metadata>,
    },
}

impl Destination {
    /// Standard output where there is no path, or `-`. Nothing is written yet, but what can be known to fail does.
    pub(crate) fn of(path: Option<&Path>, inputs: &Inputs) -> Result<Self, OutputError> {
        let destination = match path {
            None => Self::stdout(),
            Some(path) if path == Path::new("-") => Self::stdout(),
            Some(path) => Self::named(path)?,
        };
        let standing = match &destination.way {
            Way::Stdout => stdout().and_then(|stdout| stdout.metadata()).ok(),
            Way::Replace { old, .. } => old.clone(),
            Way::Through(_) => None,
        };
        let standing = standing.filter(|standing| standing.is_file() && standing.len() > 0);
        if let Some(standing) = standing
            && let Some(input) = inputs.find(&Standing::new(&standing, destination.file()))
        {
            return Err(OutputError::IsInput {
                output: destination.name,
                input,
            });
        }
        Ok(destination)
    }

    fn stdout() -> Self {
        Self {
            name: "standard output".to_owned(),
            way: Way::Stdout,
        }
    }

    fn named(path: &Path) -> Result<Self, OutputError> {
        let name = path.display().to_string();
        let failed = |error| OutputError::Io {
            output: name.clone(),
            error,
        };
        let way = match fs::metadata(path) {
            Ok(there) if there.is_dir() => return Err(OutputError::IsFolder(name)),
            Ok(there) if !there.is_file() => Way::Through(path.to_owned()),
            Ok(there) => {
                // /dev/stdout may be a file, of which others have written the beginning.
                let out = stdout().and_then(|stdout| stdout.metadata());
                let file = followed(path).map_err(failed)?;
                let is = |other: io::Result<fs::Metadata>| {
                    other.is_ok_and(|other| {
                        Standing::new(&other, None) == Standing::new(&there, None)
                    })
                };
                if cfg!(unix) && is(out) {
                    Way::Stdout
                } else if cfg!(unix) && !is(fs::metadata(&file)) {
                    // An open file without a name, by way of /dev/fd.
                    Way::Through(path.to_owned())
                } else {
                    // Whoever may not write the file may not replace it.
                    OpenOptions::new().write(true).open(&file).map_err(failed)?;
                    Way::Replace {
                        file,
                        old: Some(there),
                    }
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let file = followed(path).map_err(failed)?;
                let folder = folder_of(&file);
                if !folder.is_dir() {
                    return Err(OutputError::NoFolder {
                        output: name,
                        folder: folder.display().to_string(),
                    });
                }
                Way::Replace { file, old: None }
            }
            Err(error) => return Err(failed(error)),
        };
        Ok(Self { name, way })
    }

    /// Its name in messages.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is standard output.
    pub(crate) const fn is_stdout(&self) -> bool {
        matches!(self.way, Way::Stdout)
    }

    fn file(&self) -> Option<&Path> {
        match &self.way {
            Way::Replace { file, .. } => Some(file),
            Way::Stdout | Way::Through(_) => None,
        }
    }

    /// The error of this destination that the system gives.
    pub(crate) fn failed(&self, error: io::Error) -> OutputError {
        OutputError::Io {
            output: self.name.clone(),
            error,
        }
    }

    /// Writes all of the output.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), OutputError> {
        let mut writing = self.begin()?;
        let file = writing.file();
        file.write_all(bytes).map_err(|error| self.failed(error))?;
        writing.finish()
    }

    /// Begins to write.
    pub(crate) fn begin(&self) -> Result<Writing<'_>, OutputError> {
        let to = match &self.way {
            Way::Stdout => stdout().map(To::Open),
            Way::Through(path) => OpenOptions::new().write(true).open(path).map(To::Open),
            Way::Replace { file, old } => beside(file).map(|new| To::Beside {
                new,
                file,
                old: old.as_ref(),
            }),
        };
        Ok(Writing {
            destination: self,
            to: to.map_err(|error| self.failed(error))?,
        })
    }
}

impl Writing<'_> {
    /// What to write to.
    pub(crate) fn file(&mut self) -> &mut File {
        match &mut self.to {
            To::Open(file) => file,
            To::Beside { new, .. } => new.as_file_mut(),
        }
    }

    /// Whether the file is a new one, in which what is not written is a hole.
    pub(crate) const fn may_have_holes(&self) -> bool {
        matches!(self.to, To::Beside { .. })
    }

    /// Puts a whole file where it belongs.
    pub(crate) fn finish(self) -> Result<(), OutputError> {
        let Self { destination, to } = self;
        let done = match to {
            To::Open(mut file) => file.flush(),
            To::Beside { new, file, old } => {
                let kept = old.map_or(Ok(()), |old| keep(new.as_file(), old));
                // Some file systems say that they are full only here.
                let whole = kept.and_then(|()| new.as_file().sync_all());
                whole.and_then(|()| new.persist(file).map(drop).map_err(|failed| failed.error))
            }
        };
        done.map_err(|error| destination.failed(error))
    }
}

/// Standard output without the standard library's own handle, which hides that it is closed.
#[cfg(unix)]
pub(crate) fn stdout() -> io::Result<File> {
    use std::os::fd::AsFd as _;
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

/// Standard output.
#[cfg(windows)]
pub(crate) fn stdout() -> io::Result<File> {
    use std::os::windows::io::AsHandle as _;
    Ok(File::from(io::stdout().as_handle().try_clone_to_owned()?))
}

/// Where links lead, the last one perhaps to nothing.
fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        match fs::symlink_metadata(&path) {
            Ok(there) if there.is_symlink() => {
                path = folder_of(&path).join(fs::read_link(&path)?);
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => return Ok(path),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// A new file in the folder of another, with the permissions of any new file.
fn beside(file: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".onionskin-").suffix(".part");
    #[cfg(unix)]
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    #[cfg(unix)]
    builder.permissions(permissions);
    // The error names a file that nobody has heard of.
    builder
        .tempfile_in(folder_of(file))
        .map_err(|error| match error.raw_os_error() {
            Some(code) => io::Error::from_raw_os_error(code),
            None => io::Error::from(error.kind()),
        })
}

/// The owner, as far as we may set it, and the permissions of the file that is replaced.
fn keep(new: &File, old: &fs::Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let made = new.metadata()?;
        if (made.uid(), made.gid()) != (old.uid(), old.gid()) {
            // Only root may give files away; others keep what they can.
            let _ = std::os::unix::fs::fchown(new, Some(old.uid()), Some(old.gid()))
                .or_else(|_| std::os::unix::fs::fchown(new, None, Some(old.gid())));
        }
    }
    new.set_permissions(old.permissions())
}
