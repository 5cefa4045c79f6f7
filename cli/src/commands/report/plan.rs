//! What a page is about: the objects of a file, of which no value is read yet.

use std::collections::HashMap;

use filebacked::objects::{Group, LinkKind, Object, ObjectId};

use crate::failure::{Outcome, why};

/// A name in a file. A list of them is in the order of a walk: what is in a group comes after it.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) parent: Option<usize>,
    pub(super) depth: usize,
    pub(super) name: String,
    pub(super) kind: Kind,
}

/// What a name leads to.
#[derive(Debug)]
pub(super) enum Kind {
    /// A group, and how many names it has, or why that is not known.
    Group(Result<u64, String>),
    Dataset,
    NamedType,
    /// A link to a path: where in the list that is, or why it leads nowhere.
    Soft {
        path: String,
        leads: Result<Option<usize>, String>,
    },
    External {
        file: String,
        path: String,
        why: Option<String>,
    },
    /// A link of a sort that only another program knows.
    Other,
    /// An object that was met before.
    Again(usize),
    Unreadable(String),
    /// So many further names, which are left out.
    More(u64),
}

/// How many there are of each sort.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) groups: u64,
    pub(super) datasets: u64,
    pub(super) links: u64,
    /// Names that are left out, and what is in them.
    pub(super) left_out: u64,
}

struct Frame {
    group: Group,
    node: usize,
    links: std::vec::IntoIter<filebacked::objects::Link>,
}

/// Lists the names of a file, as many as `most`.
pub(super) fn plan(root: &Group, most: u64) -> Outcome<(Vec<Node>, Counts)> {
    let mut counts = Counts { groups: 1, ..Counts::default() };
    let mut nodes = Vec::new();
    let mut seen: HashMap<ObjectId, usize> = HashMap::from([(root.id()?, 0)]);
    let mut stack = Vec::new();
    enter(
        root.clone(),
        Node { parent: None, depth: 0, name: "/".to_owned(), kind: Kind::NamedType },
        &mut nodes,
        &mut stack,
    );
    while let Some(frame) = stack.last_mut() {
        let left = frame.links.len() as u64;
        let Some(link) = frame.links.next() else {
            stack.pop();
            continue;
        };
        let (parent, depth) = (frame.node, nodes[frame.node].depth + 1);
        let node = |name: String, kind| Node { parent: Some(parent), depth, name, kind };
        if nodes.len() as u64 >= most {
            counts.left_out += left;
            nodes.push(node(String::new(), Kind::More(left)));
            stack.pop();
            continue;
        }
        let opened = frame.group.open_link(&link);
        let kind = match (&link.kind, opened) {
            (LinkKind::Soft(path), opened) => {
                let leads = opened.map(|_| None).map_err(|error| why(&error));
                Kind::Soft { path: path.clone(), leads }
            }
            (LinkKind::External { file, path }, opened) => {
                let (file, path) = (file.clone(), path.clone());
                Kind::External { file, path, why: opened.err().map(|error| why(&error)) }
            }
            (LinkKind::Hard, Ok(object)) => {
                let is_shared =
                    !matches!(&object, Object::Dataset(_)) || object.link_count().is_ok_and(|count| count > 1);
                let id = if is_shared { object.id().ok() } else { None };
                if let Some(first) = id.and_then(|id| seen.get(&id)) {
                    counts.links += 1;
                    nodes.push(node(link.name, Kind::Again(*first)));
                    continue;
                }
                seen.extend(id.map(|id| (id, nodes.len())));
                match object {
                    Object::Group(group) => {
                        counts.groups += 1;
                        enter(group, node(link.name, Kind::NamedType), &mut nodes, &mut stack);
                        continue;
                    }
                    Object::Dataset(_) => {
                        counts.datasets += 1;
                        Kind::Dataset
                    }
                    _ => Kind::NamedType,
                }
            }
            (LinkKind::Hard, Err(error)) => Kind::Unreadable(why(&error)),
            _ => Kind::Other,
        };
        counts.links += u64::from(!matches!(link.kind, LinkKind::Hard));
        nodes.push(node(link.name, kind));
    }
    resolve(&mut nodes);
    Ok((nodes, counts))
}

/// Goes into a group.
fn enter(group: Group, mut node: Node, nodes: &mut Vec<Node>, stack: &mut Vec<Frame>) {
    match group.links() {
        Ok(links) => {
            node.kind = Kind::Group(Ok(links.len() as u64));
            stack.push(Frame { group, node: nodes.len(), links: links.into_iter() });
        }
        Err(error) => node.kind = Kind::Group(Err(why(&error))),
    }
    nodes.push(node);
}

/// The path of a name.
pub(super) fn path(nodes: &[Node], number: usize) -> String {
    let mut names = Vec::new();
    let mut at = Some(number);
    while let Some(node) = at.map(|at| &nodes[at]) {
        names.push(node.name.as_str());
        at = node.parent;
    }
    // The root is `/` by itself.
    names.pop();
    names.reverse();
    format!("/{}", names.join("/"))
}

/// Finds where links to paths lead in the list.
fn resolve(nodes: &mut [Node]) {
    if !nodes.iter().any(|node| matches!(node.kind, Kind::Soft { leads: Ok(_), .. })) {
        return;
    }
    let numbers: HashMap<String, usize> = (0..nodes.len()).map(|number| (path(nodes, number), number)).collect();
    for number in 0..nodes.len() {
        let Kind::Soft { path: target, leads: Ok(_) } = &nodes[number].kind else { continue };
        let whole = match (target.starts_with('/'), nodes[number].parent) {
            (false, Some(parent)) => format!("{}/{target}", path(nodes, parent)),
            _ => target.clone(),
        };
        let names: Vec<&str> = whole.split('/').filter(|name| !name.is_empty() && *name != ".").collect();
        let found = numbers.get(&format!("/{}", names.join("/"))).copied();
        if let Kind::Soft { leads, .. } = &mut nodes[number].kind {
            *leads = Ok(found);
        }
    }
}
