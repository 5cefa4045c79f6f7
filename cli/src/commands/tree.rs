//! `tree`: what a file holds, at a glance.

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::path::PathBuf;

use anstyle::Style;
use filebacked::objects::{Attribute, Dataset, Group, Link, LinkKind, NamedType, Object, ObjectId};

use crate::commands::schema;
use crate::failure::{Failure, Outcome, why};
use crate::json::{self, Nan};
use crate::limits::Limits;
use crate::output::{BAD, Color, DIM, LINK, NAME, Output, TYPE, bytes_words, one_line};
use crate::pattern::{Pattern, Position};
use crate::read_file::{ReadFile, size_of};
use crate::words;

/// The attributes by which the crate's layout says what is stored: the type of an object has that in words.
const LAYOUT_ATTRIBUTES: [&str; 5] = ["filebacked", "length", "filebacked-length", "encoding-type", "encoding-version"];
/// How wide values are shown, in characters.
const WIDTH: usize = 60;
/// How many lines the widths of columns are made for.
const ALIGNED: usize = 2000;

const EXAMPLES: &str = "\
Examples:
  filebacked tree run.h5                      all groups and datasets
  filebacked tree run.h5 -d 1                 what the root has, and no deeper
  filebacked tree run.h5 -a particles         a group, with attributes
  filebacked tree run.h5 '**/mass'            whatever is called so, with its path
  filebacked tree run.h5 --schema             what `filebacked check --schema` compares files with
  filebacked tree run.h5 --json | jq -r '.[] | select(.stored_bytes > 1e6).path'";

/// Shows what a file holds: groups, datasets, types, shapes, how they are stored, first values
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Tree {
    /// An HDF5 file
    file: PathBuf,
    /// Paths of what is shown, with all that is in it: `*` is any name, `**` any number of names
    #[arg(value_parser = Pattern::parse, value_name = "PATTERN")]
    patterns: Vec<Pattern>,
    /// How many levels are shown
    #[arg(short, long, value_name = "LEVELS")]
    depth: Option<usize>,
    /// Show attributes
    #[arg(short, long)]
    attributes: bool,
    /// How many values of a dataset are shown
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 4)]
    values: usize,
    /// A JSON list with an object for each group, dataset and link
    #[arg(long)]
    json: bool,
    /// A schema of the whole file, for `filebacked check --schema`
    #[arg(long, conflicts_with_all = ["patterns", "depth", "attributes", "json"])]
    schema: bool,
    #[command(flatten)]
    limits: Limits,
}

impl Tree {
    pub(crate) fn run(self, color: Color) -> Outcome {
        let root = self.limits.options().objects_of(&self.file)?;
        let size = size_of(&self.file);
        let mut output = Output::stdout(color);
        if self.schema {
            let is_whole = std::cell::Cell::new(true);
            schema::print(&root, &mut output, &|path, why| {
                is_whole.set(false);
                eprintln!("filebacked: {} is left out: {}", one_line(path), one_line(why));
            })?;
            output.finish()?;
            return match is_whole.get() {
                true => Ok(()),
                false => Err(Failure::error("not all of it could be read").in_file(&self.file)),
            };
        }
        let shown = if self.json {
            let mut lines = JsonLines { output: &mut output, is_first: true };
            lines.output.write_all(b"[")?;
            let walk = self.walk(&root, &mut lines)?;
            lines.output.write_all(b"\n]\n")?;
            walk
        } else {
            let mut lines = TextLines { output: &mut output, waiting: Vec::new(), widths: None };
            if self.patterns.is_empty() {
                let name = one_line(&self.file.display().to_string()).into_owned();
                lines.push(Line::new(name, NAME, group_words(&root)).with_size(bytes_words(size)))?;
            }
            let walk = self.walk(&root, &mut lines)?;
            lines.flush()?;
            walk
        };
        output.finish()?;
        for (pattern, is_met) in self.patterns.iter().zip(&shown) {
            if !is_met {
                let message = format!("nothing in `{}` is at `{}`", self.file.display(), pattern.text());
                return Err(Failure::Missing(message));
            }
        }
        Ok(())
    }

    /// Goes through the file; returns which patterns met something.
    fn walk(&self, root: &Group, lines: &mut dyn Lines) -> Outcome<Vec<bool>> {
        let mut met = vec![false; self.patterns.len()];
        let start = Position::start(&self.patterns);
        let is_shown = self.patterns.is_empty() || start.is_matched();
        start.matched().for_each(|number| met[number] = true);
        let mut seen = HashMap::from([(root.id()?, "/".to_owned())]);
        // On the way to what patterns are about, a group that was met before may lead elsewhere.
        let mut passed = HashSet::from([(root.id()?, start.clone())]);
        if self.patterns.is_empty() || is_shown {
            let mut entry = Entry::new("/", "/", String::new());
            entry.is_top = self.patterns.is_empty();
            lines.group(self, &entry, root)?;
        }
        let mut stack = vec![Frame {
            links: root.links()?.into_iter(),
            group: root.clone(),
            indent: String::new(),
            position: start,
            depth: is_shown.then_some(0).filter(|_| self.depth != Some(0)),
        }];
        while let Some(frame) = stack.last_mut() {
            let Some(link) = frame.links.next() else {
                stack.pop();
                continue;
            };
            let position = frame.position.step(&self.patterns, &link.name);
            position.matched().for_each(|number| met[number] = true);
            let depth = match frame.depth {
                Some(depth) => Some(depth + 1),
                None => position.is_matched().then_some(0),
            };
            if depth.is_none() && !position.goes_on() {
                continue;
            }
            let path = format!("{}/{}", frame.group.path().trim_end_matches('/'), link.name);
            let (name, below) = match frame.depth {
                Some(_) => {
                    let is_last = frame.links.len() == 0;
                    let (branch, below) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
                    let indent = &frame.indent;
                    (format!("{indent}{branch}{}", one_line(&link.name)), format!("{indent}{below}"))
                }
                None => (one_line(&path).into_owned(), String::new()),
            };
            let entry = Entry::new(&path, &name, below.clone());
            let shown = depth.is_some();
            let object = match &link.kind {
                LinkKind::Hard => frame.group.open_link(&link),
                _ => {
                    if shown {
                        let dangling = match frame.group.open_link(&link) {
                            Ok(_) => None,
                            Err(error) => Some(why(&error)),
                        };
                        lines.link(&entry, &link, dangling)?;
                    }
                    continue;
                }
            };
            match object {
                Ok(Object::Group(group)) => {
                    if shown {
                        if let Some(first) = met_before(&mut seen, group.id(), &path) {
                            lines.again(&entry, &first)?;
                            continue;
                        }
                        lines.group(self, &entry, &group)?;
                    } else if group.id().is_ok_and(|id| !passed.insert((id, position.clone()))) {
                        continue;
                    }
                    if depth.is_some_and(|depth| self.depth.is_some_and(|most| depth >= most)) {
                        continue;
                    }
                    match group.links() {
                        Ok(links) => {
                            stack.push(Frame { links: links.into_iter(), group, indent: below, position, depth });
                        }
                        Err(error) => lines.unreadable(&entry, &why(&error))?,
                    }
                }
                Ok(Object::Dataset(dataset)) if shown => {
                    let first = if is_shared(&dataset) { met_before(&mut seen, dataset.id(), &path) } else { None };
                    match first {
                        Some(first) => lines.again(&entry, &first)?,
                        None => lines.dataset(self, &entry, &dataset)?,
                    }
                }
                Ok(Object::NamedType(named)) if shown => lines.named_type(self, &entry, &named)?,
                Ok(_) => {}
                Err(error) if shown => lines.unreadable(&entry, &why(&error))?,
                Err(_) => {}
            }
        }
        Ok(met)
    }
}

/// Whether more than one link leads to a dataset.
fn is_shared(dataset: &Dataset) -> bool {
    dataset.link_count().is_ok_and(|count| count > 1)
}

/// The path by which an object was met before, if it was.
fn met_before(seen: &mut HashMap<ObjectId, String>, id: filebacked::Result<ObjectId>, path: &str) -> Option<String> {
    let id = id.ok()?;
    let first = seen.get(&id).cloned();
    if first.is_none() {
        seen.insert(id, path.to_owned());
    }
    first
}

/// A group that is gone through.
struct Frame {
    group: Group,
    links: std::vec::IntoIter<Link>,
    indent: String,
    position: Position,
    /// How far below what a pattern met it is; `None` on the way there.
    depth: Option<usize>,
}

/// Something to be shown.
struct Entry<'a> {
    path: &'a str,
    /// With the branches that lead to it.
    name: &'a str,
    /// What lines below it begin with.
    below: String,
    /// It was shown already.
    is_top: bool,
}

impl<'a> Entry<'a> {
    fn new(path: &'a str, name: &'a str, below: String) -> Self {
        Self { path, name, below, is_top: false }
    }
}

/// Where it is shown.
trait Lines {
    fn group(&mut self, tree: &Tree, entry: &Entry<'_>, group: &Group) -> Outcome;
    fn dataset(&mut self, tree: &Tree, entry: &Entry<'_>, dataset: &Dataset) -> Outcome;
    fn named_type(&mut self, tree: &Tree, entry: &Entry<'_>, named: &NamedType) -> Outcome;
    /// A link that is no hard one, and why it leads nowhere, if it does.
    fn link(&mut self, entry: &Entry<'_>, link: &Link, dangling: Option<String>) -> Outcome;
    /// An object that was shown at another path.
    fn again(&mut self, entry: &Entry<'_>, first: &str) -> Outcome;
    fn unreadable(&mut self, entry: &Entry<'_>, why: &str) -> Outcome;
}

/// What a group is in the crate's layout, or AnnData's.
pub(super) fn group_words(group: &Group) -> String {
    let mut words = match (group.encoding(), group.rows()) {
        (Ok(Some(_)), Ok(Some(rows))) => format!("columns, {rows} rows"),
        (Ok(Some(encoding)), _) => encoding.to_owned(),
        (Ok(None), _) => "group".to_owned(),
        (Err(error), _) => format!("group ({})", why(&error)),
    };
    if let Ok(Some(encoding)) = group.attribute("encoding-type") {
        let text = words::first(encoding.items().elements(), 1, 1, WIDTH);
        words = format!("{words}, {}", text.trim_matches('"'));
    }
    words
}

pub(super) fn first_values(dataset: &Dataset, count: usize) -> filebacked::Result<String> {
    let Some(dims) = dataset.dims().filter(|_| count > 0 && !dataset.is_empty()) else { return Ok(String::new()) };
    let mut counts = vec![1; dims.len()];
    if let (Some(last), Some(dim)) = (counts.last_mut(), dims.last()) {
        *last = (*dim).min(count as u64);
    }
    let items = dataset.read(&vec![0; dims.len()], &counts)?;
    Ok(words::first(items.elements(), count, dataset.len(), WIDTH))
}

/// The attributes of an object that are the user's, or why they cannot be read.
pub(super) fn attributes(
    names: filebacked::Result<Vec<String>>,
    read: impl Fn(&str) -> filebacked::Result<Option<Attribute>>,
) -> Vec<(String, filebacked::Result<Attribute>)> {
    match names {
        Ok(names) => names
            .into_iter()
            .filter(|name| !LAYOUT_ATTRIBUTES.contains(&name.as_str()))
            .filter_map(|name| read(&name).transpose().map(|attribute| (name, attribute)))
            .collect(),
        Err(error) => vec![(String::new(), Err(error))],
    }
}

struct Line {
    name: String,
    style: Style,
    words: String,
    size: String,
    values: String,
    storage: String,
}

impl Line {
    fn new(name: impl Into<String>, style: Style, words: String) -> Self {
        let (size, values, storage) = Default::default();
        Self { name: name.into(), style, words, size, values, storage }
    }

    fn with_size(self, size: String) -> Self {
        Self { size, ..self }
    }

    fn with_values(self, values: String) -> Self {
        Self { values, ..self }
    }
}

/// Lines of text, in columns.
struct TextLines<'a> {
    output: &'a mut Output,
    waiting: Vec<Line>,
    widths: Option<[usize; 4]>,
}

impl TextLines<'_> {
    fn push(&mut self, mut line: Line) -> Outcome {
        // Some of it are words of the file.
        for text in [&mut line.name, &mut line.words, &mut line.size, &mut line.values, &mut line.storage] {
            *text = one_line(text).into_owned();
        }
        self.waiting.push(line);
        if self.widths.is_some() || self.waiting.len() >= ALIGNED { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Outcome {
        let width = |text: &str, most: usize| text.chars().count().min(most);
        let widths = *self.widths.get_or_insert_with(|| {
            let most = |width: &dyn Fn(&Line) -> usize| self.waiting.iter().map(width).max().unwrap_or(0);
            [
                most(&|line| width(&line.name, 50)),
                most(&|line| width(&line.words, 36)),
                most(&|line| width(&line.size, 40)),
                most(&|line| if line.storage.is_empty() { 0 } else { width(&line.values, WIDTH) }),
            ]
        });
        for Line { name, style, words, size, values, storage } in self.waiting.drain(..) {
            let plain = Style::new();
            let parts = [(style, &name), (TYPE, &words), (DIM, &size), (plain, &values), (DIM, &storage)];
            let last = parts.iter().rposition(|(_, text)| !text.is_empty()).unwrap_or(0);
            for (column, (style, text)) in parts.into_iter().enumerate().take(last + 1) {
                // The branches are no part of the name.
                let at = if column == 0 { text.find(|char| !"├─└│ ".contains(char)).unwrap_or(0) } else { 0 };
                let shown = format!("{}{}", &text[..at], self.output.styled(style, &text[at..]));
                let pad = widths.get(column).map_or(0, |width| width.saturating_sub(text.chars().count()));
                match column {
                    // Sizes end in one place.
                    2 => write!(self.output, "{:pad$}{shown}", "")?,
                    _ if column < last => write!(self.output, "{shown}{:pad$}", "")?,
                    _ => write!(self.output, "{shown}")?,
                }
                if column < last {
                    write!(self.output, "  ")?;
                }
            }
            writeln!(self.output)?;
        }
        Ok(())
    }

    fn attributes(
        &mut self,
        below: &str,
        has_children: bool,
        all: Vec<(String, filebacked::Result<Attribute>)>,
    ) -> Outcome {
        let count = all.len();
        for (number, (name, attribute)) in all.into_iter().enumerate() {
            let branch = if number + 1 == count && !has_children { "└─ " } else { "├─ " };
            let (words, values) = match &attribute {
                Ok(attribute) => {
                    let len = attribute.dims().map_or(0, |dims| dims.iter().product());
                    let elements = attribute.items().elements();
                    let values = if elements.is_empty() && len > 0 {
                        "?".to_owned()
                    } else {
                        words::first(elements, 4, len, WIDTH)
                    };
                    (words::type_and_shape(&attribute.element_type().to_string(), attribute.dims()), values)
                }
                Err(error) => ("?".to_owned(), format!("({})", why(error))),
            };
            let name = format!("{below}{branch}@{}", one_line(&name));
            self.push(Line::new(name, LINK, words).with_values(values))?;
        }
        Ok(())
    }
}

impl Lines for TextLines<'_> {
    fn group(&mut self, tree: &Tree, entry: &Entry<'_>, group: &Group) -> Outcome {
        if !entry.is_top {
            self.push(Line::new(entry.name, NAME, group_words(group)))?;
        }
        if tree.attributes {
            let has_children = group.links().is_ok_and(|links| !links.is_empty());
            self.attributes(
                &entry.below,
                has_children,
                attributes(group.attribute_names(), |name| group.attribute(name)),
            )?;
        }
        Ok(())
    }

    fn dataset(&mut self, tree: &Tree, entry: &Entry<'_>, dataset: &Dataset) -> Outcome {
        let mut words = words::dataset(dataset);
        match dataset.encoding() {
            Ok(Some(encoding)) => words = format!("{words} {encoding}"),
            Ok(None) => {}
            Err(error) => words = format!("{words} ({})", why(&error)),
        }
        let storage = dataset.storage();
        let size = storage.as_ref().map_or_else(|_| "?".to_owned(), |storage| bytes_words(storage.stored_bytes));
        let storage = storage.as_ref().map(words::storage).unwrap_or_default();
        let values = first_values(dataset, tree.values);
        let values = values.unwrap_or_else(|error| format!("({})", why(&error)));
        let line = Line { storage, ..Line::new(entry.name, Style::new(), words) };
        self.push(line.with_size(size).with_values(values))?;
        if tree.attributes {
            self.attributes(
                &entry.below,
                false,
                attributes(dataset.attribute_names(), |name| dataset.attribute(name)),
            )?;
        }
        Ok(())
    }

    fn named_type(&mut self, tree: &Tree, entry: &Entry<'_>, named: &NamedType) -> Outcome {
        let words = format!("named type {}", named.element_type());
        self.push(Line::new(entry.name, Style::new(), words))?;
        if tree.attributes {
            self.attributes(&entry.below, false, attributes(named.attribute_names(), |name| named.attribute(name)))?;
        }
        Ok(())
    }

    fn link(&mut self, entry: &Entry<'_>, link: &Link, dangling: Option<String>) -> Outcome {
        let words = match &link.kind {
            LinkKind::Soft(path) => format!("→ {}", one_line(path)),
            LinkKind::External { file, path } => format!("→ {} in {}", one_line(path), one_line(file)),
            _ => "→ ?".to_owned(),
        };
        let values = dangling.map(|why| format!("({why})")).unwrap_or_default();
        let style = if values.is_empty() { LINK } else { BAD };
        self.push(Line::new(entry.name, style, words).with_values(values))
    }

    fn again(&mut self, entry: &Entry<'_>, first: &str) -> Outcome {
        let words = format!("= {}", one_line(first));
        self.push(Line::new(entry.name, LINK, words))
    }

    fn unreadable(&mut self, entry: &Entry<'_>, why: &str) -> Outcome {
        self.push(Line::new(entry.name, BAD, "?".to_owned()).with_values(format!("({})", one_line(why))))
    }
}

/// A list of objects, a line each.
struct JsonLines<'a> {
    output: &'a mut Output,
    is_first: bool,
}

impl JsonLines<'_> {
    fn begin(&mut self, entry: &Entry<'_>, kind: &str) -> Outcome {
        write!(self.output, "{}\n  {{\"path\":", if self.is_first { "" } else { "," })?;
        self.is_first = false;
        json::text(self.output, entry.path)?;
        self.text("kind", kind)
    }

    fn key(&mut self, key: &str) -> Outcome {
        Ok(write!(self.output, ",\"{key}\":")?)
    }

    fn text(&mut self, key: &str, text: &str) -> Outcome {
        self.key(key)?;
        json::text(self.output, text)
    }

    fn number(&mut self, key: &str, number: u64) -> Outcome {
        self.key(key)?;
        Ok(write!(self.output, "{number}")?)
    }

    fn dims(&mut self, key: &str, dims: &[u64]) -> Outcome {
        self.key(key)?;
        let dims: Vec<String> = dims.iter().map(u64::to_string).collect();
        Ok(write!(self.output, "[{}]", dims.join(","))?)
    }

    fn attributes(&mut self, all: Vec<(String, filebacked::Result<Attribute>)>) -> Outcome {
        self.key("attributes")?;
        self.output.write_all(b"{")?;
        let mut is_first = true;
        for (name, attribute) in all {
            let Ok(attribute) = attribute else { continue };
            let mut shown = Vec::new();
            let elements = attribute.items().elements();
            let written = match attribute.dims() {
                Some(dims) if dims.iter().product::<u64>() == elements.len() as u64 => {
                    json::array(&mut shown, dims, elements, Nan::String)
                }
                _ => Err(Failure::No),
            };
            self.output.write_all(if is_first { b"" } else { b"," })?;
            json::text(self.output, &name)?;
            self.output.write_all(b":")?;
            // What is not read is null.
            self.output.write_all(if written.is_ok() { &shown } else { b"null" })?;
            is_first = false;
        }
        Ok(self.output.write_all(b"}")?)
    }

    fn end(&mut self) -> Outcome {
        Ok(self.output.write_all(b"}")?)
    }
}

impl Lines for JsonLines<'_> {
    fn group(&mut self, tree: &Tree, entry: &Entry<'_>, group: &Group) -> Outcome {
        self.begin(entry, "group")?;
        if let Ok(Some(encoding)) = group.encoding() {
            self.text("encoding", encoding)?;
        }
        if let Ok(Some(rows)) = group.rows() {
            self.number("rows", rows)?;
        }
        if tree.attributes {
            self.attributes(attributes(group.attribute_names(), |name| group.attribute(name)))?;
        }
        self.end()
    }

    fn dataset(&mut self, tree: &Tree, entry: &Entry<'_>, dataset: &Dataset) -> Outcome {
        self.begin(entry, "dataset")?;
        self.text("type", &dataset.element_type().to_string())?;
        if let Some(dims) = dataset.dims() {
            self.dims("shape", dims)?;
        }
        if let Ok(Some(encoding)) = dataset.encoding() {
            self.text("encoding", encoding)?;
        }
        if let Ok(storage) = dataset.storage() {
            if let Some(chunk) = &storage.chunk {
                self.dims("chunk", chunk)?;
            }
            if !storage.filters.is_empty() {
                self.key("filters")?;
                serde_json::to_writer(&mut *self.output, &storage.filters).map_err(std::io::Error::from)?;
            }
            if let Some(most) = &storage.max_dims {
                self.key("max_shape")?;
                serde_json::to_writer(&mut *self.output, most).map_err(std::io::Error::from)?;
            }
            self.number("stored_bytes", storage.stored_bytes)?;
            self.number("bytes", storage.bytes)?;
        }
        if tree.attributes {
            self.attributes(attributes(dataset.attribute_names(), |name| dataset.attribute(name)))?;
        }
        let Some(dims) = dataset.dims().filter(|_| tree.values > 0 && !dataset.is_empty()) else { return self.end() };
        let mut counts = vec![1; dims.len()];
        if let (Some(last), Some(dim)) = (counts.last_mut(), dims.last()) {
            *last = (*dim).min(tree.values as u64);
        }
        match dataset.read(&vec![0; dims.len()], &counts) {
            Ok(items) => {
                let mut shown = Vec::new();
                let elements = items.elements();
                if json::array(&mut shown, &[elements.len() as u64], elements, Nan::String).is_ok() {
                    self.key("first_values")?;
                    self.output.write_all(&shown)?;
                }
            }
            Err(error) => self.text("error", &why(&error))?,
        }
        self.end()
    }

    fn named_type(&mut self, tree: &Tree, entry: &Entry<'_>, named: &NamedType) -> Outcome {
        self.begin(entry, "named type")?;
        self.text("type", &named.element_type().to_string())?;
        if tree.attributes {
            self.attributes(attributes(named.attribute_names(), |name| named.attribute(name)))?;
        }
        self.end()
    }

    fn link(&mut self, entry: &Entry<'_>, link: &Link, dangling: Option<String>) -> Outcome {
        match &link.kind {
            LinkKind::Soft(path) => {
                self.begin(entry, "soft link")?;
                self.text("target", path)?;
            }
            LinkKind::External { file, path } => {
                self.begin(entry, "external link")?;
                self.text("file", file)?;
                self.text("target", path)?;
            }
            _ => self.begin(entry, "link")?,
        }
        if let Some(why) = dangling {
            self.text("error", &why)?;
        }
        self.end()
    }

    fn again(&mut self, entry: &Entry<'_>, first: &str) -> Outcome {
        self.begin(entry, "hard link")?;
        self.text("target", first)?;
        self.end()
    }

    fn unreadable(&mut self, entry: &Entry<'_>, why: &str) -> Outcome {
        self.begin(entry, "unreadable")?;
        self.text("error", why)?;
        self.end()
    }
}
