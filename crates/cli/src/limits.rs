//! The flags that say how much an image may unpack to, and how much of it may lie on disk.

use std::sync::Arc;

use onionskin_core::layer::Budget;
use onionskin_core::rules::Bytes;
use onionskin_core::source::TemporaryFile;

/// The limits of commands that look into images.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct LimitArguments {
    /// Most bytes that all layers of an image may unpack to [default: 256GiB, and 200 times the compressed size plus 8GiB]
    #[arg(
        long,
        value_name = "BYTES",
        env = "ONIONSKIN_UNPACKED_LIMIT",
        hide_env_values = true
    )]
    unpacked_limit: Option<Bytes>,

    #[command(flatten)]
    temporary: TemporaryArguments,
}

/// The limit of commands that read saved images.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct TemporaryArguments {
    /// Most bytes in temporary files, which hold images from standard input, engines and compressed archives
    /// [default: 64GiB, and 100 times the compressed size plus 1GiB]
    #[arg(
        long,
        value_name = "BYTES",
        env = "ONIONSKIN_TEMPORARY_LIMIT",
        hide_env_values = true
    )]
    temporary_limit: Option<Bytes>,
}

impl LimitArguments {
    /// What the layers of one image may unpack to. The limit on temporary files is set for the whole process.
    pub(crate) fn begin(&self) -> Arc<Budget> {
        self.temporary.begin();
        Arc::new(match self.unpacked_limit {
            Some(Bytes(bytes)) => Budget::of(bytes),
            None => Budget::default(),
        })
    }
}

impl TemporaryArguments {
    /// Sets the limit for the whole process.
    pub(crate) fn begin(&self) {
        if let Some(Bytes(bytes)) = self.temporary_limit {
            TemporaryFile::set_limit(bytes);
        }
    }
}
