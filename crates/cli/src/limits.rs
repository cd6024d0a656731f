//! The flags that limit how much an image may unpack to, and the size of temporary files; and the errors that name them.

use std::sync::Arc;

use anyhow::anyhow;
use onionskin_core::layer::{Budget, LayerError, Problem};
use onionskin_core::rules::Bytes;
use onionskin_core::source::TemporaryFile;

/// The limits of a command about an image: those that can be reached in what it does.
pub(crate) trait Limits: clap::Args {
    /// Applies them, and gives what the layers of an image may unpack to.
    fn begin(&self) -> Arc<Budget>;
}

/// The limits of commands that look into layers.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct LimitArguments {
    #[command(flatten)]
    unpacked: UnpackedArguments,

    #[command(flatten)]
    temporary: TemporaryArguments,
}

/// The limit of commands that look into layers of registries.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct UnpackedArguments {
    /// Maximum unpacked size of all layers of an image [default: 256GiB, or 200 times the compressed size plus 8GiB if
    /// that is less]
    #[arg(
        long,
        value_name = "BYTES",
        env = "ONIONSKIN_UNPACKED_LIMIT",
        hide_env_values = true
    )]
    unpacked_limit: Option<Bytes>,
}

/// The limit of commands that read saved images.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct TemporaryArguments {
    /// Maximum size of temporary files [default: 64GiB, or 100 times the size of a compressed archive plus 1GiB if that
    /// is less]
    ///
    /// Images from standard input and from engines, and archives that are compressed as a whole, are stored in temporary
    /// files while the command runs.
    #[arg(
        long,
        value_name = "BYTES",
        env = "ONIONSKIN_TEMPORARY_LIMIT",
        hide_env_values = true
    )]
    temporary_limit: Option<Bytes>,
}

impl Limits for LimitArguments {
    fn begin(&self) -> Arc<Budget> {
        self.temporary.apply();
        self.unpacked.begin()
    }
}

impl Limits for UnpackedArguments {
    fn begin(&self) -> Arc<Budget> {
        Arc::new(match self.unpacked_limit {
            Some(Bytes(bytes)) => Budget::of(bytes),
            None => Budget::default(),
        })
    }
}

impl Limits for TemporaryArguments {
    fn begin(&self) -> Arc<Budget> {
        self.apply();
        Arc::default()
    }
}

impl TemporaryArguments {
    /// Sets the limit for the whole process.
    pub(crate) fn apply(&self) {
        if let Some(Bytes(bytes)) = self.temporary_limit {
            TemporaryFile::set_limit(bytes);
        }
    }
}

/// The error, and for a limit that the user can change, the flag that does.
pub(crate) fn limit_error(error: LayerError) -> anyhow::Error {
    match error.problem() {
        Problem::UnpacksTooMuch { .. } | Problem::UnpacksTooFar { .. } => {
            anyhow!("{error}; change the limit with --unpacked-limit or ONIONSKIN_UNPACKED_LIMIT")
        }
        _ => error.into(),
    }
}
