//! How far a long command is: on a terminal, and not anywhere else.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar on the standard error, where that is a terminal.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// One of so many bytes.
    pub(crate) fn new(total: u64) -> Self {
        Self::with_template(total, "{bar:30} {bytes} of {total_bytes}, {bytes_per_sec}")
    }

    /// One of so many objects.
    pub(crate) fn of_objects(total: u64) -> Self {
        Self::with_template(total, "{bar:30} {pos} of {len} objects")
    }

    fn with_template(total: u64, template: &str) -> Self {
        // What is done within the first second shows nothing.
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(5));
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(500));
        Self(bar)
    }

    /// So many more are done.
    pub(crate) fn add(&self, bytes: u64) {
        self.0.inc(bytes);
    }

    /// Takes the bar away while something is printed.
    pub(crate) fn hidden<R>(&self, print: impl FnOnce() -> R) -> R {
        self.0.suspend(print)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
