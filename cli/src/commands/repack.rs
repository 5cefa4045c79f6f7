//! `repack`: a file made anew, without the room that nothing uses, and with datasets stored in other ways.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use filebacked::objects::{Layout, Object, Storage};
use filebacked::{DatasetOptions, Repacked, RepackedDataset, WriteOptions};

use crate::failure::Outcome;
use crate::json;
use crate::limits::{Limits, size};
use crate::output::{Color, NAME, NEW, Output, bytes_words, one_line};
use crate::progress::Progress;

const EXAMPLES: &str = "\
Examples:
  filebacked repack run.h5                                 leaves out the room that nothing uses
  filebacked repack run.h5 small.h5 --at '**:deflate=6'    compresses all datasets
  filebacked repack run.h5 --at '**:lzf' --at 'field:deflate=6,chunk=64x64'
  filebacked repack run.h5 --at 'field:none'               takes filters away
  filebacked repack run.h5 public.h5 --skip settings --skip '**/energy'

Ways of storing, with commas between them:
  deflate=0..9      compression that every HDF5 tool reads; numbers are shuffled first
  lzf               h5py's LZF: faster, and compresses less
  none              no compression; in one piece, unless it can grow or `chunk` is said
  chunk=64x64       the shape of a chunk, for datasets of as many dimensions
  shuffle=on|off    bytes of numbers by their places
  fletcher32=on|off a checksum for each chunk
  above=SIZE        only datasets of more than that [default: 16KiB]

What is not said of a dataset stays as it is. The file is there as it was, or as a whole anew, whatever happens.";

/// Makes a file anew: without the room that nothing uses, and with datasets compressed, or in other chunks
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Repack {
    /// An HDF5 file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The file to write, if it is not to take the place of FILE
    #[arg(value_name = "OUT")]
    out: Option<PathBuf>,
    /// How the datasets at a path are stored; the last that is about one counts
    #[arg(long, value_name = "PATTERN:WAYS", value_parser = At::parse)]
    at: Vec<At>,
    /// Leave out what is at a path
    #[arg(long, value_name = "PATTERN")]
    skip: Vec<String>,
    /// A JSON object with the sizes, and a list of the datasets that `--at` is about
    #[arg(long)]
    json: bool,
    /// Print nothing
    #[arg(short, long, conflicts_with = "json")]
    quiet: bool,
    #[command(flatten)]
    limits: Limits,
}

/// How the datasets at a path are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
struct At {
    pattern: String,
    options: DatasetOptions,
}

impl At {
    fn parse(text: &str) -> Result<Self, String> {
        let (pattern, ways) = text
            .rsplit_once(':')
            .ok_or_else(|| format!("`{text}` says no way of storing: as in `field/*:deflate=6,chunk=64x64`"))?;
        let mut options = DatasetOptions::new();
        for way in ways.split(',') {
            let (name, value) = way.split_once('=').map_or((way, None), |(name, value)| (name, Some(value)));
            let number = || {
                let level = value.and_then(|value| value.parse::<u8>().ok()).filter(|level| *level <= 9);
                level.ok_or_else(|| format!("`{way}`: a level from 0 to 9, as in `deflate=6`"))
            };
            let is_on = || match value {
                None | Some("on") => Ok(true),
                Some("off") => Ok(false),
                Some(_) => Err(format!("`{way}`: `{name}=on` or `{name}=off`")),
            };
            options = match name {
                "deflate" | "gzip" => options.deflate(number()?),
                "lzf" if value.is_none() => options.lzf(),
                "none" if value.is_none() => options.deflate(0),
                "shuffle" => options.shuffle(is_on()?),
                "fletcher32" => options.fletcher32(is_on()?),
                "above" => options.above(size(value.unwrap_or_default())?),
                "chunk" => {
                    let lengths = value.unwrap_or_default().split('x').map(|length| length.trim().parse::<u64>());
                    let lengths = lengths.collect::<Result<Vec<_>, _>>();
                    let lengths = lengths.ok().filter(|lengths| !lengths.contains(&0));
                    options.chunk(
                        lengths.ok_or_else(|| format!("`{way}`: lengths along the dimensions, as in `chunk=64x64`"))?,
                    )
                }
                _ => {
                    return Err(format!(
                        "`{way}` is no way of storing: `deflate=6`, `lzf`, `none`, `chunk=64x64`, `shuffle=off`, `fletcher32`, \
                         `above=1MiB`"
                    ));
                }
            };
        }
        Ok(Self { pattern: pattern.to_owned(), options })
    }
}

impl Repack {
    pub(crate) fn run(self, color: Color) -> Outcome {
        let mut output = Output::stdout(color);
        let target = self.out.as_ref().unwrap_or(&self.file);
        let repacked = self.repack().map_err(|failure| failure.in_file(&self.file))?;
        if self.json {
            self.print_json(&mut output, &repacked)?;
        } else if !self.quiet {
            let Repacked { bytes_before, bytes_after, .. } = repacked;
            let name = target.display().to_string();
            let name = one_line(&name);
            let gained = gained(bytes_before, bytes_after);
            let gained = if bytes_after < bytes_before { output.styled(NEW, &gained) } else { gained };
            writeln!(output, "{name}: {} -> {}, {gained}", bytes_words(bytes_before), bytes_words(bytes_after))?;
            let rows = self.rows(&repacked);
            let width = rows.iter().map(|(what, _)| what.chars().count()).max().unwrap_or(0);
            for (what, words) in rows {
                let what = output.styled(NAME, &format!("{what:width$}"));
                writeln!(output, "  {what}  {words}")?;
            }
            if repacked.lost_references > 0 {
                let count = repacked.lost_references;
                writeln!(output, "  {count} references are null now: they led to nothing that is in the new file")?;
            }
        }
        output.finish()
    }

    fn repack(&self) -> Outcome<Repacked> {
        let target = self.out.as_ref().unwrap_or(&self.file);
        let mut options = WriteOptions::new();
        for At { pattern, options: at } in &self.at {
            options = options.at(pattern, |_| at.clone());
        }
        let (progress, done) = (Progress::new(std::fs::metadata(&self.file)?.len()), AtomicU64::new(0));
        options = options.skip(&self.skip).progress(move |now| {
            let before = done.swap(now.bytes(), Ordering::Relaxed);
            progress.add(now.bytes().saturating_sub(before));
        });
        Ok(options.repack_within(&self.limits.options(), &self.file, target)?)
    }

    /// What became of the datasets, in words: of many that stay as they were for the same reason, only how many.
    fn rows(&self, repacked: &Repacked) -> Vec<(String, String)> {
        const FEW: usize = 3;
        let (mut rows, mut left) = (Vec::new(), BTreeMap::<&str, Vec<&RepackedDataset>>::new());
        let target = self.out.as_ref().unwrap_or(&self.file);
        let root = self.limits.options().objects_file(target);
        for dataset in &repacked.datasets {
            let RepackedDataset { path, bytes_before, bytes_after, left: why, .. } = dataset;
            match why {
                Some(why) => left.entry(why).or_default().push(dataset),
                None => {
                    let mut words = format!("{} -> {}", bytes_words(*bytes_before), bytes_words(*bytes_after));
                    // It is there, whatever the limits are on what is read.
                    let opened = root.as_ref().map_or_else(
                        |error| Err(error.to_string()),
                        |root| root.open_path(path).map_err(|error| error.to_string()),
                    );
                    if let Ok(Object::Dataset(dataset)) = opened
                        && let Ok(storage) = dataset.storage()
                    {
                        words.push_str(", ");
                        words.push_str(&storage_words(storage));
                    }
                    rows.push((one_line(path).into_owned(), words));
                }
            }
        }
        for (why, datasets) in left {
            let words = format!("as before: {why}");
            match datasets.len() {
                ..=FEW => {
                    rows.extend(datasets.iter().map(|dataset| (one_line(&dataset.path).into_owned(), words.clone())))
                }
                many => rows.push((format!("{many} datasets"), words)),
            }
        }
        rows
    }

    fn print_json(&self, output: &mut Output, repacked: &Repacked) -> Outcome {
        let target = self.out.as_ref().unwrap_or(&self.file);
        output.write_all(b"{\"file\":")?;
        json::text(output, &target.display().to_string())?;
        let Repacked { bytes_before, bytes_after, lost_references, datasets, .. } = repacked;
        write!(output, ",\"bytes_before\":{bytes_before},\"bytes_after\":{bytes_after}")?;
        write!(output, ",\"lost_references\":{lost_references},\"datasets\":[")?;
        for (number, dataset) in datasets.iter().enumerate() {
            output.write_all(if number == 0 { b"\n  {\"path\":" } else { b",\n  {\"path\":" })?;
            json::text(output, &dataset.path)?;
            let RepackedDataset { bytes_before, bytes_after, left, .. } = dataset;
            write!(output, ",\"bytes_before\":{bytes_before},\"bytes_after\":{bytes_after}")?;
            if let Some(why) = left {
                output.write_all(b",\"left\":")?;
                json::text(output, why)?;
            }
            output.write_all(b"}")?;
        }
        output.write_all(if datasets.is_empty() { b"]}\n" } else { b"\n]}\n" })?;
        Ok(())
    }
}

/// How a dataset is stored.
fn storage_words(storage: Storage) -> String {
    let chunk = storage.chunk.map(|chunk| {
        let lengths: Vec<_> = chunk.iter().map(u64::to_string).collect();
        format!("chunks ({})", lengths.join(", "))
    });
    let form = chunk.unwrap_or_else(|| match storage.layout {
        Layout::Compact => "in its header".to_owned(),
        _ => "in one piece".to_owned(),
    });
    std::iter::once(form).chain(storage.filters).collect::<Vec<_>>().join(", ")
}

/// How much smaller a file became, or larger.
fn gained(before: u64, after: u64) -> String {
    let percent = |part: u64| 100.0 * part as f64 / before.max(1) as f64;
    match before.checked_sub(after) {
        Some(0) => "nothing gained".to_owned(),
        Some(less) => format!("{:.0} % less", percent(less)),
        None => format!("{:.0} % more", percent(after - before)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_of_storing() {
        let at = At::parse("a:b/*:deflate=6,chunk=4x5,shuffle=off,fletcher32,above=2k").unwrap();
        let options = DatasetOptions::new().deflate(6).chunk([4, 5]).shuffle(false).fletcher32(true).above(2048);
        assert_eq!(at, At { pattern: "a:b/*".to_owned(), options });
        for text in ["a", "a:", "a:deflate", "a:deflate=10", "a:chunk=0", "a:chunk=4,5", "a:lzf=1", "a:shuffle=maybe"] {
            assert!(At::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn gains() {
        assert_eq!(
            (gained(200, 50), gained(200, 250), gained(0, 0)),
            ("75 % less".into(), "25 % more".into(), "nothing gained".into())
        );
    }
}
