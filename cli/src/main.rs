//! `filebacked`: looks at HDF5 files, draws, compares, checks, changes and converts them.

mod atomic;
mod blocks;
mod commands;
mod compare;
mod failure;
mod figure;
mod integers;
mod json;
mod limits;
mod npy;
mod output;
#[cfg(feature = "parquet")]
mod parquet;
mod pattern;
mod progress;
mod read_file;
mod records;
mod rows;
mod slice;
mod tables;
mod target;
mod words;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::commands::Command;
use crate::failure::Failure;
use crate::output::{Color, one_line};

/// Looks at HDF5 files, draws, compares, checks, changes and converts them.
///
/// Files of any size are read in bounded memory. Files of strangers are safe to open: limits are on by default, and an error names
/// the option that sets the limit (`filebacked tree --help` lists them).
#[derive(Parser)]
#[command(name = "filebacked", version, after_help = EXIT)]
struct Cli {
    /// When to use colors.
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true, hide_short_help = true)]
    color: Color,
    #[command(subcommand)]
    command: Command,
}

/// What the exit codes mean.
const EXIT: &str = "Exit code: 0; 1 if files differ, are damaged, or have nothing of that name; 2 on an error.";

fn main() -> ExitCode {
    clap_complete::CompleteEnv::with_factory(Cli::command).complete();
    let cli = Cli::parse();
    match cli.command.run(cli.color) {
        Ok(()) | Err(Failure::ClosedPipe) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(message) = failure.message() {
                eprintln!("filebacked: {}", one_line(message));
            }
            ExitCode::from(failure.code())
        }
    }
}
