//! `diff`: what differs between two files.

use std::io::Write;
use std::path::{Path, PathBuf};

use filebacked::objects::{Group, Object};

use crate::compare::{Finding, Options, compare};
use crate::failure::{Failure, Outcome};
use crate::limits::Limits;
use crate::output::{Color, Output};
use crate::pattern::Pattern;
use crate::progress::Progress;
use crate::read_file::ReadFile;

const EXAMPLES: &str = "\
Examples:
  filebacked diff a.h5 b.h5                        says nothing if they hold the same
  filebacked diff a.h5 b.h5 --rtol 1e-9            numbers may differ a little
  filebacked diff a.h5 b.h5 --ignore '**/@date'    but for attributes `date`
  filebacked diff a.h5 b.h5 --at results           a part of both
  filebacked diff a.h5 b.h5 --json | jq .[].path

Compared are values, types, shapes, attributes, and where links lead; not how datasets are stored. Without a tolerance, numbers are
the same if all their bits are. With one, they are if |a - b| <= atol + rtol * max(|a|, |b|), or both are NaN.";

/// Says what differs between two files: values, types, shapes, attributes, links, and what is in one alone
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Diff {
    /// The first HDF5 file
    first: PathBuf,
    /// The second HDF5 file
    second: PathBuf,
    /// How far numbers may be apart, relative to the larger one
    #[arg(long, value_name = "NUMBER", default_value_t = 0.0)]
    rtol: f64,
    /// How far numbers may be apart
    #[arg(long, value_name = "NUMBER", default_value_t = 0.0)]
    atol: f64,
    /// Do not compare what is at these paths; an attribute is called `@name`
    #[arg(long, value_name = "PATTERN", value_parser = Pattern::parse)]
    ignore: Vec<Pattern>,
    /// Compare what is at this path in both files
    #[arg(long, value_name = "PATH", default_value = "/")]
    at: String,
    /// How many values of an object are shown
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 3)]
    values: usize,
    /// Print nothing: the exit code says whether they differ
    #[arg(short, long, conflicts_with = "json")]
    quiet: bool,
    /// A JSON list with an object for each difference
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    limits: Limits,
}

impl Diff {
    pub(crate) fn run(self, color: Color) -> Outcome {
        if self.rtol.is_nan() || self.rtol < 0.0 || self.atol.is_nan() || self.atol < 0.0 {
            return Err(Failure::error("`--rtol` and `--atol` are not negative"));
        }
        let options = self.limits.options();
        let open = |file: &Path| -> Outcome<Group> {
            let root = options.objects_of(file).map_err(|error| Failure::from(error).in_file(file))?;
            match root.open_path(&self.at).map_err(|error| Failure::from(error).in_file(file))? {
                Object::Group(group) => Ok(group),
                _ => {
                    // A dataset is compared with the group that it is in.
                    Err(Failure::error(format!("`--at {}` is no group", self.at)).in_file(file))
                }
            }
        };
        let (first, second) = (open(&self.first)?, open(&self.second)?);
        let names = [self.first.display().to_string(), self.second.display().to_string()];
        let mut output = Output::stdout(color);
        let progress = Progress::new(std::fs::metadata(&self.first).map_or(0, |file| file.len()));
        let compared = Options { rtol: self.rtol, atol: self.atol, ignore: self.ignore, shown: self.values };
        let (mut differences, mut unreadable, mut count) = (0u64, 0u64, 0u64);
        let (is_json, is_quiet) = (self.json, self.quiet);
        let mut found = |finding: Finding| -> Outcome {
            match finding.is_difference() {
                true => differences += 1,
                false => unreadable += 1,
            }
            if is_json {
                output.write_all(if count == 0 { b"[\n  " } else { b",\n  " })?;
                count += 1;
                return finding.json(&mut output);
            }
            if !is_quiet {
                progress.hidden(|| finding.show(&mut output, [&names[0], &names[1]]))?;
            }
            Ok(())
        };
        compare(&first, &second, &compared, &mut |bytes| progress.add(bytes), &mut found)?;
        if is_json {
            output.write_all(if count == 0 { b"[]\n" } else { b"\n]\n" })?;
        }
        output.finish()?;
        match (differences, unreadable) {
            (0, 0) => Ok(()),
            (0, _) => Err(Failure::error("not all of it could be compared")),
            _ => Err(Failure::No),
        }
    }
}
