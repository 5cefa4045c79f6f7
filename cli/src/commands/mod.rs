//! The commands, one file each.

mod check;
mod diff;
mod get;
mod tree;

use crate::failure::Outcome;
use crate::output::Color;

/// What to do.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    Tree(tree::Tree),
    Get(get::Get),
    Diff(diff::Diff),
    Check(check::Check),
}

impl Command {
    pub(crate) fn run(self, color: Color) -> Outcome {
        match self {
            Self::Tree(tree) => tree.run(color),
            Self::Get(get) => get.run(color),
            Self::Diff(diff) => diff.run(color),
            Self::Check(check) => check.run(color),
        }
    }
}
