//! `plot`: lines and heat maps.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap_complete::ArgValueCompleter;
use filebacked::objects::Group;

use crate::atomic::{refuse_input, replaced};
use crate::commands::completions;
use crate::failure::{Failure, Outcome};
use crate::figure::{COLORS, Colors, Figure, Form, Look, Source, Style, Wish, draw, figure, lay_out, to_png, to_svg};
use crate::limits::Limits;
use crate::output::{Color, Output};
use crate::progress::Progress;
use crate::read_file::ReadFile;
use crate::target::Target;

const EXAMPLES: &str = "\
Examples:
  filebacked plot run.h5 steps/energy                          a line in the terminal
  filebacked plot run.h5 steps/energy --x steps/time           over other values
  filebacked plot run.h5 'field[0]' 'field[-1]'                two lines
  filebacked plot runs/*.h5 'field[0]'                         the same of many files
  filebacked plot run.h5 particles                             all columns of numbers
  filebacked plot run.h5 field                                 a heat map
  filebacked plot run.h5 'field[:, ::10]' --log-color
  filebacked plot run.h5 field --png field.png                 a picture
  filebacked plot run.h5 steps/energy --svg energy.svg --width 600 --height 300";

/// Draws lines and heat maps, in the terminal or as a picture
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Plot {
    /// HDF5 files; what comes after the first and is no file is a path in it
    #[arg(required = true, value_name = "FILE", add = ArgValueCompleter::new(completions::files_and_paths))]
    files: Vec<PathBuf>,
    /// What to draw: paths of datasets, of fields of records, or of tables, with `[...]` for a part
    #[arg(required = true, add = ArgValueCompleter::new(completions::paths))]
    path: String,
    /// Further paths
    #[arg(short = 'p', long = "path", value_name = "PATH", add = ArgValueCompleter::new(completions::paths))]
    more: Vec<String>,
    /// What lines are drawn over, in the place of the index
    #[arg(long, value_name = "PATH", add = ArgValueCompleter::new(completions::paths))]
    x: Option<String>,
    /// A logarithmic scale for x
    #[arg(long)]
    log_x: bool,
    /// A logarithmic scale for y
    #[arg(long)]
    log_y: bool,
    /// A logarithmic scale for the colors of a heat map
    #[arg(long)]
    log_color: bool,
    /// What stands above
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Write a picture in PNG
    #[arg(long, value_name = "FILE", conflicts_with = "svg")]
    png: Option<PathBuf>,
    /// Write a picture in SVG
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// The width in characters [default: that of the terminal, or 80], or of a picture in pixels [default: 900]
    #[arg(long, value_name = "WIDTH")]
    width: Option<u16>,
    /// The height in characters [default: as suits the width], or of a picture in pixels [default: 500]
    #[arg(long, value_name = "HEIGHT")]
    height: Option<u16>,
    /// Draw with ASCII alone, as where the locale has no UTF-8
    #[arg(long)]
    ascii: bool,
    #[command(flatten)]
    limits: Limits,
}

/// How wide and tall letters of pictures are, and lines thick.
const FONT: f32 = 14.0;
const LINE: f32 = 1.6;
/// The sizes of pictures.
const PICTURE: (u16, u16) = (900, 500);
const LEAST_PICTURE: u16 = 160;
const MOST_PICTURE: u16 = 10_000;
/// The sizes of a terminal, in characters, and of what is drawn where there is none.
const TERMINAL: (u16, u16) = (80, 24);
const LEAST_TERMINAL: u16 = 24;
const LEAST_ROWS: u16 = 8;
const MOST_ROWS: u16 = 40;
const MOST_TERMINAL: u16 = 1000;

impl Plot {
    pub(crate) fn run(self, color: Color) -> Outcome {
        let (files, paths) = self.files_and_paths();
        let (mut sources, mut over) = (Vec::new(), Vec::new());
        for file in &files {
            let in_file = |failure: Failure| failure.in_file(file);
            let root = self.limits.options().objects_of(file)?;
            let x = match &self.x {
                Some(path) => Some(x_of(&root, path).map_err(in_file)?),
                None => None,
            };
            for path in &paths {
                for mut source in Source::find(&root, Target::parse(path), COLORS + 1).map_err(in_file)? {
                    // The same part of x is taken as of y.
                    over.extend(x.as_ref().map(|x| x.in_part_of(&source)));
                    if files.len() > 1 {
                        source.name = format!("{}:{}", file.display(), source.name);
                    }
                    sources.push(source);
                }
            }
        }
        // Where all are of one path, the files tell them apart.
        if files.len() > 1 && paths.len() == 1 && sources.len() == files.len() {
            for (source, file) in sources.iter_mut().zip(&files) {
                source.name = file.display().to_string();
            }
        }
        let picture = self.png.as_deref().or(self.svg.as_deref());
        let mut output = Output::stdout(if picture.is_none() { color } else { Color::Never });
        let look = self.look(&output);
        let form = self.form()?;
        let (lines, cells) = match picture {
            Some(_) => {
                let (width, height) = (form.width as usize, form.height as usize);
                ((width, height), (width, height))
            }
            None => (look.line_cells(sources.len()), look.grid_cells()),
        };
        let (log_x, log_y, log_color) = (self.log_x, self.log_y, self.log_color);
        let wish = Wish { lines, cells, log_x, log_y, log_color, most: None };
        let bytes = |sources: &[Source]| sources.iter().map(Source::bytes).fold(0, u64::saturating_add);
        // Where x is not the index, it is read twice.
        let progress = Progress::new(bytes(&sources).saturating_add(bytes(&over).saturating_mul(2)));
        let drawn = figure(&sources, &over, wish, &mut |bytes| progress.add(bytes));
        drop(progress);
        let mut figure = drawn.map_err(|failure| match files.as_slice() {
            [file] => failure.in_file(file),
            _ => failure,
        })?;
        if let Some(title) = &self.title {
            figure.title.clone_from(title);
        }
        match picture {
            Some(path) => self.picture(&figure, form, path, &files),
            None => {
                draw(&figure, look, &mut output)?;
                output.finish()
            }
        }
    }

    /// What of the first words is files, and all that is paths.
    fn files_and_paths(&self) -> (Vec<PathBuf>, Vec<String>) {
        let is_file = |(at, word): &(usize, &PathBuf)| *at == 0 || word.is_file();
        let count = self.files.iter().enumerate().take_while(is_file).count();
        let (files, paths) = self.files.split_at(count);
        let paths = paths.iter().map(|path| path.to_string_lossy().into_owned());
        let all = paths.chain(std::iter::once(self.path.clone())).chain(self.more.iter().cloned());
        (files.to_vec(), all.collect())
    }

    /// The sizes of a picture.
    fn form(&self) -> Outcome<Form> {
        let (width, height) = (self.width.unwrap_or(PICTURE.0), self.height.unwrap_or(PICTURE.1));
        let is_picture = self.png.is_some() || self.svg.is_some();
        if is_picture && [width, height].iter().any(|size| !(LEAST_PICTURE..=MOST_PICTURE).contains(size)) {
            return Err(Failure::error(format!(
                "`--width` and `--height` of a picture are between {LEAST_PICTURE} and {MOST_PICTURE} pixels"
            )));
        }
        Ok(Form { width: width.into(), height: height.into(), font: FONT, line: LINE })
    }

    /// What the terminal can do.
    fn look(&self, output: &Output) -> Look {
        let terminal = terminal_size::terminal_size().filter(|_| output.is_terminal());
        let (width, height) = terminal.map_or(TERMINAL, |(width, height)| (width.0, height.0));
        // Wide pictures are taller, but no more than the terminal, of which a line is left for the next command.
        let width = self.width.unwrap_or(width).clamp(LEAST_TERMINAL, MOST_TERMINAL);
        let tall = (width / 3).clamp(LEAST_ROWS + 4, MOST_ROWS);
        let height = self.height.unwrap_or_else(|| tall.min(height.saturating_sub(1)).max(LEAST_ROWS));
        Look {
            width: width.into(),
            height: height.clamp(LEAST_ROWS, MOST_TERMINAL).into(),
            is_unicode: !self.ascii && is_utf8(),
            colors: if output.has_color() { colors() } else { Colors::None },
        }
    }

    fn picture(&self, figure: &Figure, form: Form, path: &Path, files: &[PathBuf]) -> Outcome {
        let shapes = lay_out(figure, form);
        let bytes = match self.png {
            Some(_) => to_png(&shapes)?,
            None => to_svg(&shapes, &figure.description(), Style::Alone)?.as_str().into(),
        };
        if path == Path::new("-") {
            let mut output = Output::stdout(Color::Never);
            if output.is_terminal() && self.png.is_some() {
                return Err(Failure::error("`--png -` is no text: name a file, or use a pipe"));
            }
            output.write_all(&bytes)?;
            return output.finish();
        }
        refuse_input(path, files)?;
        replaced(path, |new| Ok(std::fs::write(new, &bytes)?)).map_err(|failure| failure.in_file(path))
    }
}

/// What lines are drawn over.
fn x_of(root: &Group, path: &str) -> Outcome<Source> {
    let mut found = Source::find(root, Target::parse(path), 2)?;
    match (found.pop(), found.first()) {
        (Some(source), None) => Ok(source),
        (_, first) => {
            let first = first.map_or_else(String::new, |first| first.name.clone());
            Err(Failure::error(format!("`--x {path}` has several columns: name one, such as `{first}`")))
        }
    }
}

/// Whether the locale has more than ASCII: as the C library looks for it.
fn is_utf8() -> bool {
    if cfg!(windows) {
        return true;
    }
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(std::env::var_os).find(|value| !value.is_empty());
    let locale = set.map(|locale| locale.to_string_lossy().to_ascii_lowercase().replace('-', ""));
    locale.is_some_and(|locale| locale.contains("utf8"))
}

/// How many colors the terminal has: what it does not say, most have.
fn colors() -> Colors {
    let variable = |name| std::env::var(name).unwrap_or_default();
    let (depth, term) = (variable("COLORTERM"), variable("TERM"));
    match () {
        () if depth == "truecolor" || depth == "24bit" => Colors::All,
        () if ["linux", "ansi", "cygwin"].contains(&term.as_str()) || term.starts_with("vt") => Colors::Sixteen,
        () => Colors::Many,
    }
}
