//! `completions`: what a shell needs to complete words.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;

use clap_complete::engine::{CompletionCandidate, PathCompleter, ValueCompleter};
use clap_complete::env::Shells;
use filebacked::objects::{Group, Object};

use crate::failure::{Failure, Outcome};
use crate::output::{Color, Output};

const EXAMPLES: &str = "\
Examples:
  filebacked completions bash >> ~/.bashrc
  filebacked completions fish > ~/.config/fish/completions/filebacked.fish

Paths within files are completed, too: filebacked get run.h5 set<TAB>";

/// Prints what a shell needs to complete options, files, and paths within files
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Completions {
    /// bash, elvish, fish, powershell or zsh
    shell: String,
}

impl Completions {
    pub(crate) fn run(self, color: Color) -> Outcome {
        let shells = Shells::builtins();
        let Some(shell) = shells.completer(&self.shell) else {
            let there: Vec<&str> = shells.names().collect();
            return Err(Failure::error(format!("there is no shell `{}`: there are {}", self.shell, there.join(", "))));
        };
        let mut script = Vec::new();
        shell.write_registration("COMPLETE", "filebacked", "filebacked", "filebacked", &mut script)?;
        let mut output = Output::stdout(color);
        output.write_all(&script)?;
        output.finish()
    }
}

/// Files, and paths within the one that stands before the word.
pub(crate) fn files_and_paths(current: &OsStr) -> Vec<CompletionCandidate> {
    let mut all = paths(current);
    all.extend(PathCompleter::file().complete(current));
    all
}

/// Paths within the file that stands before the word, which is completed.
pub(crate) fn paths(current: &OsStr) -> Vec<CompletionCandidate> {
    let Some(current) = current.to_str() else { return Vec::new() };
    // The words of the line, which come after those of whoever asks.
    let words = std::env::args_os().skip_while(|word| word != "--").skip(1);
    let Some(file) = words.skip(1).find(|word| Path::new(word).is_file()) else { return Vec::new() };
    let Ok(root) = Group::open_file(file) else { return Vec::new() };
    let (folder, _) = current.rsplit_once('/').map_or(("", current), |(folder, name)| (folder, name));
    let group = match root.open_path(if folder.is_empty() { "/" } else { folder }) {
        Ok(Object::Group(group)) => group,
        _ => return Vec::new(),
    };
    let Ok(links) = group.links() else { return Vec::new() };
    let candidate = |name: &str| {
        let end = if matches!(group.open(name), Ok(Object::Group(_))) { "/" } else { "" };
        let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        let path = if current.starts_with('/') && folder.is_empty() { format!("/{path}") } else { path };
        path.starts_with(current).then(|| CompletionCandidate::new(format!("{path}{end}")))
    };
    links.iter().filter_map(|link| candidate(&link.name)).collect()
}
