//! Progress bars of layers that are downloaded, on standard error, if that is a terminal.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::terminal::ascii;

/// The bars. Without a terminal nothing is drawn.
pub(crate) struct Progress {
    bars: MultiProgress,
    layers: usize,
}

impl Progress {
    /// No bars yet, for an image of so many layers.
    pub(crate) fn new(layers: usize) -> Self {
        Self {
            bars: MultiProgress::new(),
            layers,
        }
    }

    /// A bar for layer `number`, whose blob has `size` bytes where that is known; gone when it is dropped.
    pub(crate) fn layer(&self, number: usize, size: Option<u64>) -> LayerProgress {
        let (bar, template) = match size {
            Some(size) => (
                ProgressBar::new(size),
                "{prefix} {bar:30} {decimal_bytes:>9} of {decimal_total_bytes}",
            ),
            None => (
                ProgressBar::no_length(),
                "{prefix} {spinner} {decimal_bytes}",
            ),
        };
        let bar = self.bars.add(bar);
        if let Ok(style) = ProgressStyle::with_template(template) {
            let drawn = if ascii() { "=>-" } else { "━━─" };
            bar.set_style(style.progress_chars(drawn));
        }
        let width = self.layers.to_string().len();
        bar.set_prefix(format!("layer {number:width$} of {}", self.layers));
        LayerProgress(bar)
    }
}

/// One layer's bar.
pub(crate) struct LayerProgress(ProgressBar);

impl LayerProgress {
    /// So many bytes more of the blob have come.
    pub(crate) fn advance(&self, bytes: usize) {
        self.0.inc(bytes as u64);
    }
}

impl Drop for LayerProgress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
