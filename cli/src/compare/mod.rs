//! What differs between two files, object by object, in bounded memory.

mod findings;
#[cfg(test)]
mod tests;
mod values;

use std::collections::HashMap;

use filebacked::objects::{Attribute, Dataset, Group, Link, LinkKind, Object, ObjectId};

pub(crate) use self::findings::{Change, Finding};
use self::values::{Comparison, Tolerance, comparable, type_change};
use crate::blocks::Blocks;
use crate::failure::{Failure, Outcome, why, without_place};
use crate::pattern::{Pattern, Position};
use crate::slice::Part;
use crate::words;

/// How files are compared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) rtol: f64,
    pub(crate) atol: f64,
    /// Paths of what is not compared; an attribute is called `@name`.
    pub(crate) ignore: Vec<Pattern>,
    /// How many values of an object are shown.
    pub(crate) shown: usize,
}

/// Compares what is in two groups. What differs is handed to `found`; bytes that were read are told to `progress`.
pub(crate) fn compare(
    one: &Group,
    other: &Group,
    options: &Options,
    progress: &mut dyn FnMut(u64),
    found: &mut dyn FnMut(Finding) -> Outcome,
) -> Outcome {
    let tolerance = Tolerance { rtol: options.rtol, atol: options.atol };
    let mut comparer = Comparer { options, tolerance, progress, found, pairs: HashMap::new(), back: HashMap::new() };
    comparer.run(one, other)
}

struct Comparer<'a> {
    options: &'a Options,
    tolerance: Tolerance,
    progress: &'a mut dyn FnMut(u64),
    found: &'a mut dyn FnMut(Finding) -> Outcome,
    /// Objects of the first file that several links lead to: what they are in the other, and a path.
    pairs: HashMap<ObjectId, (ObjectId, String)>,
    /// The same the other way round.
    back: HashMap<ObjectId, (ObjectId, String)>,
}

/// Two groups that are gone through.
struct Frame {
    groups: [Group; 2],
    names: std::vec::IntoIter<(String, Option<Link>, Option<Link>)>,
    position: Position,
    path: String,
}

impl Comparer<'_> {
    fn run(&mut self, one: &Group, other: &Group) -> Outcome {
        let position = Position::start(&self.options.ignore);
        self.note_pair("/", one.id()?, other.id()?);
        let first = self.enter([one.clone(), other.clone()], position, "/".to_owned())?;
        let mut stack: Vec<Frame> = first.into_iter().collect();
        while let Some(frame) = stack.last_mut() {
            let Some((name, one, other)) = frame.names.next() else {
                stack.pop();
                continue;
            };
            let position = frame.position.step(&self.options.ignore, &name);
            if position.is_matched() {
                continue;
            }
            let path = format!("{}/{name}", frame.path.trim_end_matches('/'));
            let groups = frame.groups.clone();
            let inner = match (one, other) {
                (Some(one), Some(other)) => self.link(&groups, &one, &other, position, path)?,
                (Some(link), None) => self.only(&groups, 0, &link, path)?,
                (None, Some(link)) => self.only(&groups, 1, &link, path)?,
                (None, None) => None,
            };
            stack.extend(inner);
        }
        Ok(())
    }

    fn report(&mut self, path: &str, change: Change) -> Outcome {
        (self.found)(Finding { path: path.to_owned(), change })
    }

    fn unreadable(&mut self, path: &str, file: Option<usize>, error: &filebacked::Error) -> Outcome {
        self.report(path, Change::Unreadable { file, why: why(error) })
    }

    /// What is in one file alone.
    fn only(&mut self, groups: &[Group; 2], file: usize, link: &Link, path: String) -> Outcome<Option<Frame>> {
        let what = match &link.kind {
            LinkKind::Hard => match groups[file].open_link(link) {
                Ok(object) => object_words(&object),
                Err(_) => "?".to_owned(),
            },
            kind => link_words(kind),
        };
        self.report(&path, Change::Only { file, what })?;
        Ok(None)
    }

    /// Compares what two links of one name lead to; what is in them, if these are groups, comes next.
    fn link(
        &mut self,
        groups: &[Group; 2],
        one: &Link,
        other: &Link,
        position: Position,
        path: String,
    ) -> Outcome<Option<Frame>> {
        if one.kind != LinkKind::Hard || other.kind != LinkKind::Hard {
            if one.kind != other.kind {
                let (from, to) = (link_words(&one.kind), link_words(&other.kind));
                self.report(&path, Change::Link { from, to })?;
            }
            return Ok(None);
        }
        let opened = [groups[0].open_link(one), groups[1].open_link(other)];
        match opened {
            [Ok(one), Ok(other)] => self.object(one, other, position, path),
            [Err(one), Err(other)] => {
                let is_same = one.kind() == other.kind();
                self.unreadable(&path, if is_same { None } else { Some(0) }, &one)?;
                if !is_same {
                    self.unreadable(&path, Some(1), &other)?;
                }
                Ok(None)
            }
            [Err(error), Ok(_)] => self.unreadable(&path, Some(0), &error).map(|()| None),
            [Ok(_), Err(error)] => self.unreadable(&path, Some(1), &error).map(|()| None),
        }
    }

    fn note_pair(&mut self, path: &str, one: ObjectId, other: ObjectId) {
        self.pairs.insert(one, (other, path.to_owned()));
        self.back.insert(other, (one, path.to_owned()));
    }

    fn object(&mut self, one: Object, other: Object, position: Position, path: String) -> Outcome<Option<Frame>> {
        let is_shared = one.link_count()? > 1 || other.link_count()? > 1;
        if is_shared || matches!((&one, &other), (Object::Group(_), Object::Group(_))) {
            let (first, second) = (one.id()?, other.id()?);
            let known = self.pairs.get(&first).cloned();
            let known_back = self.back.get(&second).cloned();
            match (known, known_back) {
                (Some((pair, _)), _) if pair == second => return Ok(None),
                (None, None) => self.note_pair(&path, first, second),
                (known, known_back) => {
                    let same_as = |known: Option<(ObjectId, String)>| match known {
                        Some((_, path)) => format!("the same as `{path}`"),
                        None => "an object of its own".to_owned(),
                    };
                    let (from, to) = (same_as(known), same_as(known_back));
                    self.report(&path, Change::Link { from, to })?;
                    // What only one of them is, is compared all the same.
                    if matches!((&one, &other), (Object::Group(_), Object::Group(_))) {
                        return Ok(None);
                    }
                }
            }
        }
        match (one, other) {
            (Object::Group(one), Object::Group(other)) => self.enter([one, other], position, path),
            (Object::Dataset(one), Object::Dataset(other)) => {
                let names = [one.attribute_names(), other.attribute_names()];
                let read =
                    |file: usize, name: &str| if file == 0 { one.attribute(name) } else { other.attribute(name) };
                self.attributes(&path, &position, names, &read)?;
                self.datasets(&path, &one, &other)?;
                Ok(None)
            }
            (Object::NamedType(one), Object::NamedType(other)) => {
                let names = [one.attribute_names(), other.attribute_names()];
                let read =
                    |file: usize, name: &str| if file == 0 { one.attribute(name) } else { other.attribute(name) };
                self.attributes(&path, &position, names, &read)?;
                self.type_change(&path, &[one.element_type().clone(), other.element_type().clone()])?;
                Ok(None)
            }
            (one, other) => {
                let (from, to) = (object_words(&one), object_words(&other));
                self.report(&path, Change::Object { from, to })?;
                Ok(None)
            }
        }
    }
}

impl Comparer<'_> {
    /// Compares the attributes of two groups, and gives their links.
    fn enter(&mut self, groups: [Group; 2], position: Position, path: String) -> Outcome<Option<Frame>> {
        let [one, other] = &groups;
        let names = [one.attribute_names(), other.attribute_names()];
        let read = |file: usize, name: &str| groups[file].attribute(name);
        self.attributes(&path, &position, names, &read)?;
        let links = match [one.links(), other.links()] {
            [Ok(one), Ok(other)] => [one, other],
            [Err(error), Err(_)] => return self.unreadable(&path, None, &error).map(|()| None),
            [Err(error), _] => return self.unreadable(&path, Some(0), &error).map(|()| None),
            [_, Err(error)] => return self.unreadable(&path, Some(1), &error).map(|()| None),
        };
        let names = both(links, |link| link.name.clone()).into_iter();
        Ok(Some(Frame { groups, names, position, path }))
    }

    fn attributes(
        &mut self,
        path: &str,
        position: &Position,
        names: [filebacked::Result<Vec<String>>; 2],
        read: &dyn Fn(usize, &str) -> filebacked::Result<Option<Attribute>>,
    ) -> Outcome {
        let names = match names {
            [Ok(one), Ok(other)] => [one, other],
            [Err(error), Err(_)] => return self.unreadable(path, None, &error),
            [Err(error), _] => return self.unreadable(path, Some(0), &error),
            [_, Err(error)] => return self.unreadable(path, Some(1), &error),
        };
        for (name, one, other) in both(names, String::clone) {
            if position.step(&self.options.ignore, &format!("@{name}")).is_matched() {
                continue;
            }
            let at = format!("{path}@{name}");
            let attribute = |file: usize| read(file, &name).transpose();
            match (one.and_then(|_| attribute(0)), other.and_then(|_| attribute(1))) {
                (Some(Ok(one)), Some(Ok(other))) => self.attribute(&at, &one, &other)?,
                (Some(Ok(one)), None) => self.only_attribute(&at, 0, &one)?,
                (None, Some(Ok(other))) => self.only_attribute(&at, 1, &other)?,
                (Some(Err(error)), Some(Err(_))) => self.unreadable(&at, None, &error)?,
                (Some(Err(error)), _) => self.unreadable(&at, Some(0), &error)?,
                (_, Some(Err(error))) => self.unreadable(&at, Some(1), &error)?,
                (None, None) => {}
            }
        }
        Ok(())
    }

    fn only_attribute(&mut self, at: &str, file: usize, attribute: &Attribute) -> Outcome {
        let what = words::type_and_shape(&attribute.element_type().to_string(), attribute.dims());
        self.report(at, Change::Only { file, what })
    }

    fn attribute(&mut self, at: &str, one: &Attribute, other: &Attribute) -> Outcome {
        let types = [one.element_type(), other.element_type()];
        if one.dims() != other.dims() {
            self.type_change(at, &types)?;
            let (from, to) = (shape(one.dims()), shape(other.dims()));
            return self.report(at, Change::Shape { from, to });
        }
        let dims = one.dims().unwrap_or_default();
        let len = one.dims().map_or(0, |dims| dims.iter().product::<u64>());
        let elements = [one.items().elements(), other.items().elements()];
        if elements.iter().any(|elements| elements.len() as u64 != len) {
            // Of a type that is not read.
            self.type_change(at, &types)?;
            return self.report(at, Change::Unreadable { file: None, why: format!("`{}` is not read", types[0]) });
        }
        let mut comparison = Comparison::new(self.tolerance, self.options.shown, dims.is_empty());
        if comparable(&types[0], &types[1]) {
            comparison.block(elements[0], elements[1], &mut |at| index_in(dims, at));
        }
        self.values(at, &types, comparison)
    }

    fn type_change(&mut self, path: &str, types: &[filebacked::objects::ElementType; 2]) -> Outcome {
        match type_change(&types[0], &types[1]) {
            Some((from, to)) => self.report(path, Change::Type { from, to }),
            None => Ok(()),
        }
    }

    /// Reports what was found out about two datasets or attributes of one shape.
    fn values(&mut self, path: &str, types: &[filebacked::objects::ElementType; 2], comparison: Comparison) -> Outcome {
        // Longer strings are of another type because they are longer.
        if comparison.differing == 0 || !values::are_strings(&types[0], &types[1]) {
            self.type_change(path, types)?;
        }
        if comparison.unread > 0 {
            let why = format!("{} values have parts that are not read", comparison.unread);
            self.report(path, Change::Unreadable { file: None, why })?;
        }
        match comparison.change() {
            Some(change) => self.report(path, change),
            None => Ok(()),
        }
    }

    fn datasets(&mut self, path: &str, one: &Dataset, other: &Dataset) -> Outcome {
        let types = [one.element_type().clone(), other.element_type().clone()];
        let is_comparable = comparable(&types[0], &types[1]);
        let mut common = None;
        if one.dims() != other.dims() {
            let (from, to) = (shape(one.dims()), shape(other.dims()));
            self.report(path, Change::Shape { from, to })?;
            // What grew is the same as far as it was there.
            if let (Some([first, rest @ ..]), Some([second, others @ ..])) = (one.dims(), other.dims())
                && rest == others
            {
                common = Some([&[*first.min(second)], rest].concat());
            }
        } else {
            common = one.dims().map(<[u64]>::to_vec);
        }
        let mut comparison =
            Comparison::new(self.tolerance, self.options.shown, common.as_ref().is_some_and(Vec::is_empty));
        if let Some(dims) = common.filter(|_| is_comparable) {
            // Both are cut alike.
            let part = Part::all(&dims);
            let mut blocks = Blocks::in_any_order(one, &part)?;
            loop {
                let block = match blocks.next() {
                    Ok(Some(block)) => block,
                    Ok(None) => break,
                    Err(failure) => return self.unreadable_values(path, Some(0), failure),
                };
                let same = match other.read(&block.at, &block.count) {
                    Ok(items) => items,
                    Err(error) => return self.unreadable_values(path, Some(1), error.into()),
                };
                let (first, second) = (block.items.elements(), same.elements());
                comparison.block(first, second, &mut |at| block.index(at));
                (self.progress)(first.bytes().len() as u64);
            }
        } else if let filebacked::objects::TypeClass::Unsupported(words) = types[0].class()
            && types[0] == types[1]
        {
            self.report(path, Change::Unreadable { file: None, why: format!("`{words}` is not read") })?;
        }
        self.values(path, &types, comparison)
    }

    fn unreadable_values(&mut self, path: &str, file: Option<usize>, failure: Failure) -> Outcome {
        match failure {
            Failure::Error(why) | Failure::Missing(why) => {
                self.report(path, Change::Unreadable { file, why: without_place(&why) })
            }
            other => Err(other),
        }
    }
}

/// A shape in words, of which none is empty.
fn shape(dims: Option<&[u64]>) -> String {
    match dims {
        Some([]) => "scalar".to_owned(),
        dims => words::shape(dims),
    }
}

/// Where an element is that is at a position in the order of an array.
fn index_in(dims: &[u64], mut at: u64) -> Vec<u64> {
    let mut index = vec![0; dims.len()];
    for (axis, dim) in dims.iter().enumerate().rev() {
        index[axis] = at % dim.max(&1);
        at /= dim.max(&1);
    }
    index
}

/// What two lists have by the same names: in the order of the first, and then what is in the other alone.
fn both<T>([ones, others]: [Vec<T>; 2], name: impl Fn(&T) -> String) -> Vec<(String, Option<T>, Option<T>)> {
    let mut others: HashMap<String, (usize, T)> =
        others.into_iter().enumerate().map(|(number, other)| (name(&other), (number, other))).collect();
    let mut all: Vec<_> = ones
        .into_iter()
        .map(|one| {
            let name = name(&one);
            let other = others.remove(&name).map(|(_, other)| other);
            (name, Some(one), other)
        })
        .collect();
    let mut left: Vec<_> = others.into_iter().collect();
    left.sort_by_key(|(_, (number, _))| *number);
    all.extend(left.into_iter().map(|(name, (_, other))| (name, None, Some(other))));
    all
}

/// What an object is, in words.
fn object_words(object: &Object) -> String {
    match object {
        Object::Dataset(dataset) => words::dataset(dataset),
        Object::NamedType(named) => format!("named type {}", named.element_type()),
        _ => "group".to_owned(),
    }
}

/// What a link leads to, in words.
fn link_words(kind: &LinkKind) -> String {
    match kind {
        LinkKind::Hard => "an object".to_owned(),
        LinkKind::Soft(path) => format!("a link to `{path}`"),
        LinkKind::External { file, path } => format!("a link to `{path}` in `{file}`"),
        _ => "a link of another sort".to_owned(),
    }
}
