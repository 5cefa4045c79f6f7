//! The commands, one file or folder each.

mod append;
mod check;
mod completions;
mod convert;
mod diff;
mod get;
mod plot;
mod repack;
mod report;
mod rust;
mod schema;
mod set;
mod tree;

use crate::failure::Outcome;
use crate::output::Color;

/// What to do.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    Tree(tree::Tree),
    Get(get::Get),
    Plot(plot::Plot),
    Report(report::Report),
    Diff(diff::Diff),
    Check(check::Check),
    Set(set::Set),
    Repack(repack::Repack),
    Append(append::Append),
    Convert(convert::Convert),
    Rust(rust::Rust),
    Completions(completions::Completions),
}

impl Command {
    pub(crate) fn run(self, color: Color) -> Outcome {
        match self {
            Self::Tree(tree) => tree.run(color),
            Self::Get(get) => get.run(color),
            Self::Plot(plot) => plot.run(color),
            Self::Report(report) => report.run(color),
            Self::Diff(diff) => diff.run(color),
            Self::Check(check) => check.run(color),
            Self::Set(set) => set.run(color),
            Self::Repack(repack) => repack.run(color),
            Self::Append(append) => append.run(color),
            Self::Convert(convert) => convert.run(color),
            Self::Rust(rust) => rust.run(color),
            Self::Completions(completions) => completions.run(color),
        }
    }
}
