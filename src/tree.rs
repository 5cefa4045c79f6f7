//! What a group holds, at a glance.

use std::fmt::{self, Display};
use std::path::Path;

use crate::de::item::{Block, Item, ItemPart, Scalar};
use crate::file;
use crate::ground::error::Result;
use crate::ground::ledger;
use crate::ground::limits::Limits;
use crate::ground::limits::MAX_DEPTH;
use crate::ground::read_failure;
use crate::ground::stack::with_room;
use crate::h5::{self, AsGroup, Attributes, Contents, Dataset, Group, Identity, Items, Link, Object, Shape};
use crate::layout::access::Access;
use crate::layout::{ENCODING_TYPE, Kind, LAYOUT_ATTRIBUTES};
use crate::layout_attributes::LayoutAttributes;
use crate::objects::filter_words;

/// How many children of a group are shown.
const MAX_CHILDREN: usize = 100;
/// How many lines there are at the most.
const MAX_LINES: usize = 2_000;
/// How many values of a dataset are shown.
const MAX_VALUES: u64 = 4;
/// How long a value or a list of values may get, in characters.
const MAX_WIDTH: usize = 60;

/// Looks at all that is in `group`: names, types and shapes in words, kinds, chunks and filters, the first values, and
/// attributes. Names are those of links: a field `a/b` is `a%2Fb`, as [`read`](crate::read) takes it.
///
/// # Errors
/// If the group itself cannot be read. What cannot be read further inside is shown as such: so is what the
/// [limits](crate::ReadOptions#limits) refuse.
///
/// ```
/// # let directory = tempfile::tempdir()?;
/// # let file = filebacked::hdf5::File::create(directory.path().join("run.h5"))?;
/// filebacked::write(&file, "title", "plate with a hole")?;
/// filebacked::write(&file, "weights", &[0.5, 0.25, 0.25])?;
/// filebacked::write(&file, "ages", &vec![Some(3), None])?;
/// let expected = "\
/// /               group
/// ├─ ages         nullable, encoding-type nullable-integer
/// │  ├─ values    i32 (2,)   3, 0
/// │  └─ mask      bool (2,)  false, true
/// ├─ title        string(17) \"plate with a hole\"
/// └─ weights      f64 (3,)   0.5, 0.25, 0.25
/// ";
/// # let expected: String = expected.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
/// # let shown = filebacked::tree(&file)?.to_string();
/// # let shown: String = shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
/// assert_eq!(shown, expected);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn tree(group: impl AsGroup) -> Result<Tree> {
    Limits::while_reading(|| tree_of(&Group::of(group.as_group())?))
}

/// Looks at all that is in the file at `path`, as [`tree`](tree()) does.
///
/// # Errors
/// If the file cannot be opened, is no HDF5 file, or its root cannot be read.
///
/// ```
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("run.h5");
/// filebacked::to_file(&path, &std::collections::BTreeMap::from([("weights", [0.5, 0.25, 0.25])]))?;
/// let shown = filebacked::tree_file(&path)?.to_string();
/// assert!(shown.contains("└─ weights  f64 (3,)  0.5, 0.25, 0.25"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn tree_file(path: impl AsRef<Path>) -> Result<Tree> {
    let path = path.as_ref();
    let look = || tree_of(&file::open_streamed(path, Access::default())?.root()?);
    Limits::while_reading(look).map_err(|error| error.in_file(&path.display().to_string()))
}

fn tree_of(group: &Group) -> Result<Tree> {
    read_failure::instead_of(lines_of(group))
}

fn lines_of(group: &Group) -> Result<Tree> {
    h5::start_call();
    ledger::of_file(group.file_size());
    let mut tree = Tree { lines: Vec::new() };
    let words = group_words(group)?;
    tree.lines.push(Line { name: group.path(), words, values: String::new() });
    let mut path = vec![group.summary()?.identity];
    tree.children(group, "", &mut path)?;
    Ok(tree)
}

/// What a group holds; its `Display` is a tree with a line for each group, dataset and attribute.
#[derive(Clone, Debug)]
pub struct Tree {
    lines: Vec<Line>,
}

#[derive(Clone, Debug)]
struct Line {
    /// With the branches that lead to it.
    name: String,
    words: String,
    values: String,
}

impl Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |text: &str| text.chars().count().min(MAX_WIDTH);
        let names = self.lines.iter().map(|line| width(&line.name)).max().unwrap_or(0);
        let with_values = self.lines.iter().filter(|line| !line.values.is_empty());
        let words = with_values.map(|line| width(&line.words)).max().unwrap_or(0);
        for Line { name, words: what, values } in &self.lines {
            let line = format!("{name:names$}  {what:words$}  {values}");
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

impl Tree {
    fn children(&mut self, group: &Group, indent: &str, path: &mut Vec<Identity>) -> Result<()> {
        self.entries(group, shown_attributes(group), group.links()?, indent, path)
    }

    /// What is in a group, and its attributes; or those of a dataset, that is in it.
    fn entries(
        &mut self,
        group: &Group,
        attributes: Vec<(String, Result<Contents>)>,
        links: Vec<Link>,
        indent: &str,
        path: &mut Vec<Identity>,
    ) -> Result<()> {
        let hidden = links.len().saturating_sub(MAX_CHILDREN);
        let count = attributes.len() + links.len() - hidden + usize::from(hidden > 0);
        let mut entries = attributes
            .into_iter()
            .map(TreeEntry::Attribute)
            .chain(links.into_iter().take(MAX_CHILDREN).map(TreeEntry::Link))
            .chain((hidden > 0).then_some(TreeEntry::More(hidden)));
        for index in 0..count {
            let Some(entry) = entries.next() else { break };
            if self.lines.len() >= MAX_LINES {
                self.lines
                    .push(Line { name: format!("{indent}└─ ..."), words: String::new(), values: String::new() });
                break;
            }
            let last = index + 1 == count;
            let (branch, below) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            let (branch, below) = (format!("{indent}{branch}"), format!("{indent}{below}"));
            match entry {
                TreeEntry::More(hidden) => {
                    let words = format!("{hidden} more");
                    self.lines.push(Line { name: format!("{branch}..."), words, values: String::new() });
                }
                TreeEntry::Attribute((name, contents)) => {
                    let (words, values) = match contents {
                        Ok(contents) => {
                            let words = short_words(&contents.dtype.to_string(), &contents.shape);
                            (words, attribute_values(&contents))
                        }
                        Err(error) => ("?".to_owned(), format!("({error})")),
                    };
                    self.lines.push(Line { name: format!("{branch}@{}", cut(&name)), words, values });
                }
                TreeEntry::Link(link) => {
                    let name = format!("{branch}{}", cut(&link.name));
                    self.link(group, &link, name, &below, path);
                }
            }
        }
        Ok(())
    }

    fn link(&mut self, parent: &Group, link: &Link, name: String, below: &str, path: &mut Vec<Identity>) {
        let at = self.lines.len();
        self.lines.push(Line { name, words: String::new(), values: String::new() });
        let mut show = || -> Result<(String, String)> {
            match parent.open_link(link)? {
                Object::Dataset(dataset) => {
                    let mut words = short_words(&dataset.dtype().to_string(), dataset.shape());
                    let kind = dataset.kind();
                    if let Ok(Some(kind)) = &kind {
                        words = format!("{words} {}", kind.as_str());
                    }
                    let storing = storing_words(&dataset);
                    if let Ok(Some(storing)) = &storing {
                        words = format!("{words}, {storing}");
                    }
                    self.entries(parent, shown_attributes(&dataset), Vec::new(), below, path)?;
                    let shown = kind.and(storing).and_then(|_| dataset_values(&dataset));
                    // What it is can be told, also where the values cannot be read.
                    Ok((words, shown.unwrap_or_else(|error| format!("({error})"))))
                }
                Object::Group(group) => {
                    let words = group_words(&group)?;
                    let identity = group.summary()?.identity;
                    if path.contains(&identity) || path.len() > MAX_DEPTH as usize {
                        return Ok((words, "(a link to a group above)".to_owned()));
                    }
                    path.push(identity);
                    let shown = with_room(|| self.children(&group, below, path));
                    path.pop();
                    shown.map(|()| (words, String::new()))
                }
            }
        };
        let (words, values) = show().unwrap_or_else(|error| ("?".to_owned(), format!("({error})")));
        self.lines[at].words = words;
        self.lines[at].values = values;
    }
}

enum TreeEntry {
    Attribute((String, Result<Contents>)),
    Link(Link),
    More(usize),
}

/// The attributes that are the user's, or why they cannot be read: each, or, as one without a name, all of them.
fn shown_attributes(object: &impl Attributes) -> Vec<(String, Result<Contents>)> {
    match object.attribute_names() {
        Ok(names) => names
            .into_iter()
            .filter(|name| !LAYOUT_ATTRIBUTES.contains(&name.as_str()))
            .filter_map(|name| object.attribute(&name).transpose().map(|contents| (name, contents)))
            .collect(),
        Err(error) => vec![(String::new(), Err(error))],
    }
}

fn group_words(group: &Group) -> Result<String> {
    let mut words = match group.kind() {
        Ok(None) => "group".to_owned(),
        Ok(Some(Kind::Columns)) => format!("columns, {} rows", group.length()?),
        Ok(Some(kind)) => kind.as_str().to_owned(),
        Err(error) => format!("group ({error})"),
    };
    match group.attribute(ENCODING_TYPE) {
        Ok(None) => {}
        Ok(Some(contents)) => {
            words = format!("{words}, {ENCODING_TYPE} {}", attribute_values(&contents).trim_matches('"'));
        }
        Err(error) => words = format!("{words}, {ENCODING_TYPE} ? ({error})"),
    }
    Ok(words)
}

/// The shape of the chunks of a dataset, and the filters that they go through.
fn storing_words(dataset: &Dataset) -> Result<Option<String>> {
    let dataset = dataset.user()?;
    let Some(chunk) = dataset.chunk() else { return Ok(None) };
    let chunk: Vec<_> = chunk.iter().map(usize::to_string).collect();
    let filters: String = dataset.filters().iter().map(|filter| format!(", {}", filter_words(filter))).collect();
    Ok(Some(format!("chunks ({}{}){filters}", chunk.join(", "), if chunk.len() == 1 { "," } else { "" })))
}

fn short_words(dtype: &str, shape: &Shape) -> String {
    match shape {
        Shape::Null => "null".to_owned(),
        Shape::Scalar => cut(dtype),
        Shape::Simple(_) => format!("{} {shape}", cut(dtype)),
    }
}

fn dataset_values(dataset: &Dataset) -> Result<String> {
    let (items, total) = match dataset.shape() {
        Shape::Null => return Ok(String::new()),
        Shape::Scalar => (dataset.read()?, 1),
        Shape::Simple(dims) => {
            // The first values along the last dimension.
            let total = dims.iter().product::<u64>();
            let mut count = vec![1; dims.len()];
            if let (Some(count), Some(dim)) = (count.last_mut(), dims.last()) {
                *count = MAX_VALUES.min(*dim);
            }
            if total == 0 {
                return Ok(String::new());
            }
            (dataset.read_block(&vec![0; dims.len()], &count, Items::default())?, total)
        }
    };
    Ok(values(&Contents { shape: dataset.shape().clone(), dtype: dataset.dtype().clone(), items }, total))
}

fn attribute_values(contents: &Contents) -> String {
    values(contents, contents.shape.count().unwrap_or(0))
}

/// The first items of `contents`, which stand for `total` ones.
fn values(contents: &Contents, total: u64) -> String {
    let size = contents.dtype.size();
    if size == 0 {
        return String::new();
    }
    let items = contents.items.bytes().chunks_exact(size).take(MAX_VALUES as usize);
    let mut left = MAX_WIDTH;
    let mut value = |bytes| item_value(Item { dtype: &contents.dtype, bytes, items: &contents.items }, &mut left);
    let mut shown: Vec<String> = items.map(&mut value).collect();
    if total > shown.len() as u64 {
        shown.push("...".to_owned());
    }
    cut(&shown.join(", "))
}

/// What an item is. Of those in it, `left` are shown, one character each at the least: the rest would be cut off.
fn item_value(item: Item<'_>, left: &mut usize) -> String {
    if *left == 0 {
        return String::new();
    }
    let scalar = item.scalar();
    if !matches!(scalar, Ok(Scalar::Record(_) | Scalar::Sequence(_))) {
        *left -= 1;
    }
    match scalar {
        Ok(Scalar::Bool(value)) => value.to_string(),
        Ok(Scalar::Integer(_, value) | Scalar::Wide(Ok(value))) => value.to_string(),
        Ok(Scalar::Wide(Err(value))) => value.to_string(),
        Ok(Scalar::F32(value)) => format!("{value:?}"),
        Ok(Scalar::F64(value)) => format!("{value:?}"),
        Ok(Scalar::Text(text)) => format!("{:?}", cut(text)),
        Ok(Scalar::Name(name, _)) => name.to_owned(),
        Ok(Scalar::Opaque(bytes)) => {
            let more = if bytes.len() > 8 { format!("... ({} bytes)", bytes.len()) } else { String::new() };
            let shown: String = bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            format!("0x{shown}{more}")
        }
        Ok(Scalar::Record(record)) if item.dtype.complex().is_some() => {
            let [re, im] = [0, 1].map(|at| part_value(record.field(at), left));
            // As `num_complex` shows them.
            let [re, im] = [re, im].map(|part| part.strip_suffix(".0").map_or(part.clone(), str::to_owned));
            let sign = if im.starts_with('-') { "" } else { "+" };
            format!("{re}{sign}{im}i")
        }
        Ok(Scalar::Record(record)) => {
            let fields = (0..record.fields.len()).take(8).map(|at| part_value(record.field(at), left));
            format!("({})", fields.collect::<Vec<_>>().join(", "))
        }
        Ok(Scalar::Sequence(block)) => block_value(block, left),
        Ok(Scalar::Unreadable(_)) | Err(_) => "?".to_owned(),
    }
}

fn part_value(part: ItemPart<'_>, left: &mut usize) -> String {
    match (part.item(), part.block()) {
        (Some(item), _) => item_value(item, left),
        (None, Some(Ok(block))) => block_value(block, left),
        (None, _) => "?".to_owned(),
    }
}

fn block_value(mut block: Block<'_>, left: &mut usize) -> String {
    let more = if block.len as u64 > MAX_VALUES { ", ..." } else { "" };
    let elements = std::iter::from_fn(|| block.take_first()).take(MAX_VALUES as usize);
    let elements = elements.map(|part| part_value(part, left));
    format!("[{}{more}]", elements.collect::<Vec<_>>().join(", "))
}

/// The text on one line, and not too much of it.
fn cut(text: &str) -> String {
    let line: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    if line.chars().count() <= MAX_WIDTH {
        return line;
    }
    line.chars().take(MAX_WIDTH - 3).chain("...".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::h5::failing;

    /// What cannot be read is shown as such, whatever it is.
    #[test]
    fn nothing_goes_without_a_word() {
        let file = h5::File::in_memory().unwrap();
        let root = file.root().unwrap();
        let value = serde_json::json!({ "inner": { "text": "x" }, "numbers": [1, 2], "optional": [1, null] });
        crate::write(root.user(), "group", &value).unwrap();
        let group = root.user().group("group").unwrap();
        let objects: [&hdf5::Location; 2] = [&group, &group.dataset("numbers").unwrap()];
        for object in objects {
            for name in ["first", "second"] {
                object.new_attr::<f64>().create(name).unwrap().write_scalar(&0.5).unwrap();
            }
        }
        let whole = tree(root.user()).unwrap().to_string();
        assert_eq!(whole.matches("0.5").count(), 4, "{whole}");
        let (mut calls, mut attributes, mut lists) = (0, 0, 0);
        loop {
            failing::after(Some(calls));
            let shown = tree(root.user()).map(|tree| tree.to_string());
            let has_come = failing::has_come();
            failing::after(None);
            if !has_come {
                break;
            }
            calls += 1;
            let Ok(shown) = shown else { continue };
            assert!(shown == whole || shown.contains("a test has it fail"), "call {calls}:\n{shown}");
            let lines = || shown.lines().filter(|line| line.contains('@') && line.contains("  ?  "));
            attributes += lines().filter(|line| ["@first ", "@second "].iter().any(|name| line.contains(name))).count();
            lists += lines().filter(|line| line.contains("@ ")).count();
        }
        assert!(attributes >= 4 && lists >= 2, "{attributes} and {lists} of {calls}");
    }
}
