//! `report`: a file as one page of HTML.

mod budget;
mod cuts;
mod html;
mod page;
mod plan;
mod preview;

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::atomic::{refuse_input, replaced};
use crate::commands::report::page::Page;
use crate::failure::{Failure, Outcome};
use crate::limits::{Limits, size};
use crate::output::{Color, Output};
use crate::progress::Progress;
use crate::read_file::{ReadFile, size_of};

const EXAMPLES: &str = "\
Examples:
  filebacked report run.h5 > run.html                     a page for a browser, or to be sent on
  filebacked report run.h5 -o run.html
  filebacked report run.h5 -o run.html --max-page 20MB    with more pictures and tables";

/// Writes a page that shows a file: the tree, attributes, values, tables and pictures
///
/// The page is one file: it loads nothing, and can be searched, read on a phone, and printed. A long one opens at once, too: its
/// script makes what is in closed groups when that is needed. A browser without scripts shows all of it.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Report {
    /// An HDF5 file
    file: PathBuf,
    /// Write to a file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How large the page may become by pictures, tables and attributes
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "4MB")]
    max_page: u64,
    /// How many groups, datasets and links are shown
    #[arg(long, value_name = "COUNT", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..))]
    max_objects: u64,
    #[command(flatten)]
    limits: Limits,
}

/// The style sheet of pages, and their script.
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// The hash of the script: browsers run no other in the page. A test compares it with the script.
const SCRIPT_HASH: &str = "sha256-lFGtB4Hgd3UxFQPK5N2lP+86IfcIKMhWcXdXkgIu3L8=";

impl Report {
    pub(crate) fn run(self, color: Color) -> Outcome {
        let path = self.output.as_deref().filter(|path| *path != Path::new("-"));
        let mut output = Output::stdout(color);
        if path.is_none() && output.is_terminal() {
            return Err(Failure::error(
                "a page is nothing to be read in a terminal: name a file with `-o`, or use `>`",
            ));
        }
        if let Some(path) = path {
            refuse_input(path, std::slice::from_ref(&self.file))?;
        }
        let page = self.page().map_err(|failure| failure.in_file(&self.file))?;
        match path {
            Some(path) => {
                let write = |new: &Path| Ok(std::fs::write(new, page.as_str())?);
                replaced(path, write).map_err(|failure| failure.in_file(path))
            }
            None => {
                output.write_all(page.as_str().as_bytes())?;
                output.finish()
            }
        }
    }

    fn page(&self) -> Outcome<html::Html> {
        let options = self.limits.options();
        let root = options.objects_of(&self.file)?;
        let size = size_of(&self.file);
        let (nodes, counts) = plan::plan(&root, self.max_objects)?;
        let progress = Progress::of_objects(nodes.len() as u64);
        let mut page = Page::new(&self.file, &options, &nodes, self.max_page);
        page.write(&root, &mut || progress.add(1))?;
        drop(progress);
        Ok(page.finish(&counts, size))
    }
}
