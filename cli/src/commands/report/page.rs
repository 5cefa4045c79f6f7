//! The page, object by object.

use std::path::Path;

use filebacked::ReadOptions;
use filebacked::objects::{Attribute, Dataset, Group, NamedType, Object};

use crate::commands::report::budget::Budget;
use crate::commands::report::cuts::Cuts;
use crate::commands::report::html::Html;
use crate::commands::report::plan::{Counts, Kind, Node, path};
use crate::commands::report::preview;
use crate::commands::tree::{attributes, first_values, group_words};
use crate::failure::{Failure, Outcome, why};
use crate::figure::{is_masked, units};
use crate::output::bytes_words;
use crate::words;

/// How many characters of names, values and types are shown.
const NAME: usize = 200;
const VALUE: usize = 300;
const TYPE: usize = 2000;
const UNITS: usize = 40;
/// How many attributes of an object are shown.
const ATTRIBUTES: usize = 200;
/// How many of the things that cannot be read are listed at the beginning.
const PROBLEMS: usize = 50;
/// How many first values are in a line.
const VALUES: usize = 6;
/// Up to how many objects a page is open from the beginning.
const OPEN: usize = 40;
/// How many groups and datasets are open from the beginning in a larger one: those that are that near to the root.
const OPEN_DEPTH: usize = 1;

/// A page that is written.
pub(super) struct Page<'a> {
    pub(super) file: &'a Path,
    pub(super) options: &'a ReadOptions,
    pub(super) nodes: &'a [Node],
    pub(super) budget: Budget,
    html: Html,
    cuts: Cuts,
    /// What cannot be read: which object, and why.
    problems: Vec<(usize, String)>,
    /// Objects of which something is left out.
    cut: u64,
}

/// What is shown of an object.
#[derive(Default)]
struct Shown {
    /// In its line: the type, first values, the size, and the unit.
    words: String,
    values: String,
    size: String,
    units: String,
    /// Below: what is said of how it is stored, attributes, and previews.
    facts: Html,
    attributes: Html,
    previews: Html,
    pictures: Html,
    problems: Vec<String>,
    is_cut: bool,
}

impl<'a> Page<'a> {
    pub(super) fn new(file: &'a Path, options: &'a ReadOptions, nodes: &'a [Node], max_page: u64) -> Self {
        let budget = Budget::new(max_page, nodes.iter().map(|node| node.name.as_str()));
        let (html, cuts) = Default::default();
        Self { file, options, nodes, budget, html, cuts, problems: Vec::new(), cut: 0 }
    }

    /// Writes all objects. `passed` hears of each.
    pub(super) fn write(&mut self, root: &Group, passed: &mut dyn FnMut()) -> Outcome {
        // The groups that lead to what is written.
        let mut groups: Vec<Group> = Vec::new();
        self.html.raw("<ul>");
        for (number, node) in self.nodes.iter().enumerate() {
            passed();
            self.budget.next(&node.name);
            for _ in node.depth..groups.len() {
                groups.pop();
                self.end_group();
            }
            self.cuts.row(&mut self.html);
            let object = match (&node.kind, groups.last()) {
                (Kind::Group(_), None) => Some(Ok(Object::Group(root.clone()))),
                (Kind::Group(_) | Kind::Dataset | Kind::NamedType, Some(group)) => Some(group.open(&node.name)),
                _ => None,
            };
            match object {
                Some(Ok(Object::Group(group))) => {
                    self.group(number, &group)?;
                    groups.push(group);
                }
                Some(Ok(Object::Dataset(dataset))) => self.dataset(number, dataset)?,
                Some(Ok(Object::NamedType(named))) => self.named_type(number, &named),
                Some(Err(error)) => self.unreadable(number, &why(&error)),
                _ => self.other(number),
            }
        }
        for _ in groups {
            self.end_group();
        }
        self.html.raw("</ul>");
        Ok(())
    }

    fn end_group(&mut self) {
        self.cuts.end_list(&mut self.html);
        self.html.raw("</details></li>");
    }

    fn group(&mut self, number: usize, group: &Group) -> Outcome {
        let node = &self.nodes[number];
        let mut shown = Shown { words: group_words(group), ..Shown::default() };
        match &node.kind {
            Kind::Group(Ok(count)) => shown.size = crate::figure::counted(*count, "object", "objects"),
            Kind::Group(Err(why)) => shown.problems.push(why.clone()),
            _ => {}
        }
        let (names, more) = some(group.attribute_names());
        self.attributes(&mut shown, attributes(names, |name| group.attribute(name)), more);
        if self.has_previews() {
            if group.rows().is_ok_and(|rows| rows.is_some()) || is_frame(group) {
                match preview::records(self.options, self.file, group.path()) {
                    Ok(table) => shown.previews = table,
                    Err(why) => shown.problems.push(why),
                }
            } else if is_masked(group)
                && let Some(picture) = preview::masked_picture(&node.name, group)
            {
                self.picture(&mut shown, picture)?;
            }
        }
        self.object(number, shown, true);
        Ok(())
    }

    fn dataset(&mut self, number: usize, dataset: Dataset) -> Outcome {
        let node = &self.nodes[number];
        let mut shown = Shown { words: words::dataset(&dataset), ..Shown::default() };
        match dataset.encoding() {
            Ok(Some(encoding)) => shown.words = format!("{} {encoding}", shown.words),
            Ok(None) => {}
            Err(error) => shown.problems.push(why(&error)),
        }
        shown.units = units(dataset.attribute("units")).map_or_else(String::new, |units| words::cut(&units, UNITS));
        match dataset.storage() {
            Ok(storage) => {
                shown.size = bytes_words(storage.stored_bytes);
                facts(&mut shown.facts, &dataset, &storage);
            }
            Err(error) => shown.problems.push(why(&error)),
        }
        match first_values(&dataset, VALUES) {
            Ok(values) => shown.values = values,
            Err(error) => shown.problems.push(why(&error)),
        }
        let is_readable = shown.problems.is_empty();
        let (names, more) = some(dataset.attribute_names());
        self.attributes(&mut shown, attributes(names, |name| dataset.attribute(name)), more);
        if self.has_previews() && is_readable {
            match preview::values(&dataset, &shown.values) {
                Ok(values) => shown.previews = values,
                Err(error) => shown.problems.push(why(&error)),
            }
            for picture in preview::pictures(&node.name, dataset.into()) {
                self.picture(&mut shown, picture)?;
            }
        } else if is_readable && !dataset.is_empty() && dataset.dims().is_some_and(|dims| !dims.is_empty()) {
            shown.is_cut = true;
        }
        self.object(number, shown, false);
        Ok(())
    }

    /// A type that is an object of its own.
    fn named_type(&mut self, number: usize, named: &NamedType) {
        let element_type = words::cut(&named.element_type().to_string(), TYPE);
        let mut shown = Shown { words: format!("named type {element_type}"), ..Shown::default() };
        let (names, more) = some(named.attribute_names());
        self.attributes(&mut shown, attributes(names, |name| named.attribute(name)), more);
        self.object(number, shown, false);
    }

    fn picture(&self, shown: &mut Shown, picture: Outcome<Html>) -> Outcome {
        match picture {
            Ok(picture) if self.budget.has_room_for_more(self.html.len(), shown.pictures.len() + picture.len()) => {
                shown.pictures.add(&picture);
            }
            Ok(_) => shown.is_cut = true,
            Err(Failure::ClosedPipe) => return Err(Failure::ClosedPipe),
            // What makes no picture, such as values all of which are NaN, is said in its place.
            Err(failure) => {
                let message = crate::failure::without_place(failure.message().unwrap_or_default());
                shown.facts.raw("<p class=\"q\">No picture: ").text(&message).raw("</p>");
            }
        }
        Ok(())
    }

    /// Whether pictures and tables still have room, however small.
    fn has_previews(&self) -> bool {
        self.budget.has_room_for_more(self.html.len(), 1000)
    }

    fn attributes(&self, shown: &mut Shown, all: Vec<(String, filebacked::Result<Attribute>)>, more: usize) {
        if all.is_empty() {
            return;
        }
        let html = &mut shown.attributes;
        // As few elements as there can be: a page may have 10,000 of these lists.
        html.raw("<dl class=\"a\">");
        for (name, attribute) in all {
            html.raw("<dt>").text(&words::cut(&name, NAME)).raw("</dt><dd>");
            match attribute {
                Ok(attribute) => {
                    let len = attribute.dims().map_or(0, |dims| dims.iter().product());
                    let elements = attribute.items().elements();
                    let element_type = words::type_and_shape(&attribute.element_type().to_string(), attribute.dims());
                    html.raw("<span class=\"y\">").text(&element_type).raw("</span> ");
                    match elements.is_empty() && len > 0 {
                        true => html.raw("<span class=\"bad\">is of a type that is not read</span>"),
                        false => html.text(&words::first(elements, 12, len, VALUE)),
                    };
                }
                Err(error) => {
                    let why = why(&error);
                    html.raw("<span class=\"bad\">").text(&why).raw("</span>");
                    shown.problems.push(if name.is_empty() { why } else { format!("@{name}: {why}") });
                }
            }
            html.raw("</dd>");
        }
        html.raw("</dl>");
        if more > 0 {
            html.raw("<p class=\"q\">and ").number(more).raw(" more attributes</p>");
        }
    }

    /// Writes an object, with as much of it as has room. What is in a group comes after it.
    fn object(&mut self, number: usize, mut shown: Shown, is_group: bool) {
        let node = &self.nodes[number];
        let page = self.html.len();
        let is_small =
            self.budget.has_room(page, shown.values.len() as u64 + shown.facts.len() + shown.attributes.len() + 150);
        if !is_small {
            shown.is_cut |= !shown.attributes.is_empty();
            (shown.facts, shown.attributes) = Default::default();
            shown.values.clear();
            shown.units.clear();
        }
        let small = shown.facts.len() + shown.attributes.len();
        if !self.budget.has_room_for_more(page, small + shown.previews.len() + shown.pictures.len()) {
            shown.is_cut |= !shown.pictures.is_empty() || !shown.previews.is_empty();
            (shown.pictures, shown.previews) = Default::default();
        }
        self.cut += u64::from(shown.is_cut);
        let parts = [&shown.facts, &shown.attributes, &shown.previews, &shown.pictures];
        let has_body = !shown.problems.is_empty() || parts.iter().any(|part| !part.is_empty());
        let is_open =
            self.nodes.len() <= OPEN || node.depth == 0 || is_group && node.depth <= OPEN_DEPTH && number < 4 * OPEN;
        let html = &mut self.html;
        html.raw("<li id=\"o").number(number).raw("\">");
        let is_fold = is_group || has_body;
        html.raw(match (is_fold, is_open) {
            (true, true) => "<details open><summary>",
            (true, false) => "<details><summary>",
            (false, _) => "<div class=\"r\">",
        });
        html.raw("<span class=\"n\">").text(&words::cut(&node.name, NAME)).raw("</span> <span class=\"y\">");
        html.text(&shown.words).raw("</span>");
        if !shown.units.is_empty() {
            html.raw(" <span class=\"q\">").text(&shown.units).raw("</span>");
        }
        if !shown.problems.is_empty() {
            html.raw(" <span class=\"bad\">cannot be read</span>");
        } else if !shown.values.is_empty() {
            html.raw(" <code>").text(&shown.values).raw("</code>");
        }
        if !shown.size.is_empty() {
            html.raw(" <span class=\"z\">").text(&shown.size).raw("</span>");
        }
        html.raw(if is_fold { "</summary>" } else { "</div>" });
        let inside = (is_fold && !is_open).then(|| self.cuts.begin(html.as_str().len()));
        if has_body {
            if shown.pictures.is_empty() {
                html.raw("<div class=\"b k\">");
            } else {
                html.raw("<div class=\"b two\"><div class=\"p\">").add(&shown.pictures).raw("</div><div class=\"k\">");
            }
            for why in &shown.problems {
                html.raw("<p class=\"bad\">").text(why).raw("</p>");
            }
            html.add(&shown.facts).add(&shown.attributes).add(&shown.previews);
            if shown.is_cut {
                html.raw("<p class=\"q\">More is left out: the page would become too large.</p>");
            }
            html.raw(if shown.pictures.is_empty() { "</div>" } else { "</div></div>" });
        }
        if is_group {
            self.cuts.begin_list(inside, html.as_str().len());
        } else {
            if let Some(inside) = inside {
                self.cuts.end(&inside, html.as_str().len());
            }
            html.raw(if is_fold { "</details></li>" } else { "</li>" });
        }
        self.problems.extend(shown.problems.into_iter().map(|why| (number, why)));
    }

    fn unreadable(&mut self, number: usize, why: &str) {
        let node = &self.nodes[number];
        let html = &mut self.html;
        html.raw("<li id=\"o")
            .number(number)
            .raw("\"><div class=\"r\"><span class=\"n\">")
            .text(&words::cut(&node.name, NAME));
        html.raw("</span> <span class=\"bad\">cannot be read: ").text(why).raw("</span></div></li>");
        self.problems.push((number, why.to_owned()));
    }

    /// Links, and what is left out.
    fn other(&mut self, number: usize) {
        let node = &self.nodes[number];
        let html = &mut self.html;
        if let Kind::Unreadable(why) = &node.kind {
            return self.unreadable(number, why);
        }
        html.raw("<li id=\"o").number(number).raw("\"><div class=\"r\">");
        if let Kind::More(count) = &node.kind {
            html.raw("<span class=\"q\">and ").text(&crate::figure::counted(*count, "further name", "further names"));
            html.raw(", left out</span></div></li>");
            return;
        }
        html.raw("<span class=\"n\">").text(&words::cut(&node.name, NAME)).raw("</span> ");
        let target = |html: &mut Html, number: usize, words: &str| {
            html.raw("<a href=\"#o").number(number).raw("\">").text(&words::cut(words, VALUE)).raw("</a>");
        };
        let mut dangling = None;
        match &node.kind {
            Kind::Soft { path, leads } => {
                html.raw("<span class=\"y\">→ ");
                match leads {
                    Ok(Some(number)) => target(html, *number, path),
                    _ => drop(html.text(&words::cut(path, VALUE))),
                }
                html.raw("</span>");
                dangling = leads.as_ref().err();
            }
            Kind::External { file, path, why } => {
                html.raw("<span class=\"y\">→ ").text(&words::cut(path, VALUE)).raw(" in ");
                html.text(&words::cut(file, VALUE)).raw("</span>");
                dangling = why.as_ref();
            }
            Kind::Again(first) => {
                html.raw("<span class=\"y\">= ");
                target(html, *first, &path(self.nodes, *first));
                html.raw("</span>");
            }
            _ => drop(html.raw("<span class=\"y\">a link of a sort that is not known</span>")),
        }
        if let Some(why) = dangling {
            html.raw(" <span class=\"bad\">").text(why).raw("</span>");
            self.problems.push((number, why.clone()));
        }
        self.html.raw("</div></li>");
    }

    /// The whole page, with what stands around the objects.
    pub(super) fn finish(self, counts: &Counts, size: u64) -> Html {
        let name = self.file.file_name().unwrap_or(self.file.as_os_str()).to_string_lossy();
        let mut html = Html::default();
        html.raw(concat!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; ",
            "style-src 'unsafe-inline'; script-src '"
        ));
        html.raw(super::SCRIPT_HASH).raw("'; base-uri 'none'; form-action 'none'\">\n<title>").text(&name);
        html.raw("</title>\n<style>\n").raw(super::STYLE).raw("</style>\n</head>\n<body>\n<header>\n<h1>").text(&name);
        html.raw("</h1>\n<p class=\"q\">");
        let mut facts = vec![
            bytes_words(size),
            crate::figure::counted(counts.groups, "group", "groups"),
            crate::figure::counted(counts.datasets, "dataset", "datasets"),
        ];
        if counts.links > 0 {
            facts.push(crate::figure::counted(counts.links, "link", "links"));
        }
        html.text(&facts.join(" · ")).raw("</p>\n");
        if self.cut > 0 || counts.left_out > 0 {
            html.raw("<div class=\"box\">");
            if self.cut > 0 {
                let objects = crate::figure::counted(self.cut, "object", "objects");
                html.raw("<p>Of ")
                    .text(&objects)
                    .raw(", previews or attributes are left out, so that the page stays small: ");
                html.raw("<code>--max-page</code> sets how large it may become.</p>");
            }
            if counts.left_out > 0 {
                let names = crate::figure::counted(counts.left_out, "name is", "names are");
                html.raw("<p>")
                    .text(&names)
                    .raw(" left out, with all that is in them: <code>--max-objects</code> sets how many ");
                html.raw("are shown.</p>");
            }
            html.raw("</div>\n");
        }
        if !self.problems.is_empty() {
            html.raw("<section class=\"box bad\"><h2>Not all could be read</h2><ul>");
            for (number, why) in self.problems.iter().take(PROBLEMS) {
                html.raw("<li><a href=\"#o").number(*number).raw("\">");
                html.text(&words::cut(&path(self.nodes, *number), NAME))
                    .raw("</a>: ")
                    .text(&words::cut(why, VALUE))
                    .raw("</li>");
            }
            if self.problems.len() > PROBLEMS {
                html.raw("<li>and ").number(self.problems.len() - PROBLEMS).raw(" more</li>");
            }
            html.raw("</ul></section>\n");
        }
        html.raw(concat!(
            "</header>\n<div id=\"tools\" role=\"search\" hidden><input id=\"find\" type=\"search\" ",
            "placeholder=\"Find names, types, values\" aria-label=\"Find names, types, values\">",
            "<button type=\"button\" id=\"open\">Open all</button><button type=\"button\" id=\"close\">Close all</button>",
            "<span id=\"said\" role=\"status\" class=\"q\"></span></div>\n<main>\n"
        ));
        self.cuts.write(&self.html, &mut html);
        html.raw("\n</main>\n<footer><p>Made by <code>filebacked report</code> ");
        html.raw(env!("CARGO_PKG_VERSION")).raw("</p></footer>\n<script>").raw(super::SCRIPT);
        html.raw("</script>\n</body>\n</html>\n");
        html
    }
}

/// The first names of attributes, and how many more there are.
fn some(names: filebacked::Result<Vec<String>>) -> (filebacked::Result<Vec<String>>, usize) {
    let more = names.as_ref().map_or(0, |names| names.len().saturating_sub(ATTRIBUTES));
    let first = |mut names: Vec<String>| {
        names.truncate(ATTRIBUTES);
        names
    };
    (names.map(first), more)
}

/// Whether a group is a frame of AnnData's.
fn is_frame(group: &Group) -> bool {
    crate::figure::text(group.attribute("encoding-type")).is_some_and(|encoding| encoding == "dataframe")
}

/// How a dataset is stored, and its type where the line in the list has not all of that.
fn facts(html: &mut Html, dataset: &Dataset, storage: &filebacked::objects::Storage) {
    let mut parts = Vec::new();
    let stored = words::storage(storage);
    parts.extend((!stored.is_empty()).then_some(stored));
    if let Some(most) = &storage.max_dims {
        let dim = |dim: &Option<u64>| dim.map_or("∞".to_owned(), |dim| dim.to_string());
        parts.push(format!("grows to ({})", most.iter().map(dim).collect::<Vec<_>>().join(", ")));
    }
    let element_type = dataset.element_type().to_string();
    let is_long = words::type_and_shape(&element_type, Some(&[])) != element_type;
    if is_long {
        parts.push(words::cut(&element_type, TYPE));
    }
    if !parts.is_empty() {
        html.raw("<p class=\"q\">").text(&parts.join(" · ")).raw("</p>");
    }
}
