//! Names that are paths: the group that one leads to, and the link in it. As with h5py, a `/` is between the names of groups,
//! and a path that begins with one begins at the root of the file.

use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::link_name::{escape, unescape};
use crate::h5::{Group, Object};
use crate::layout::MAX_LINK_NAME;

/// Where a path leads: a group that is there, and the links from it on. All but the last are groups that are not there.
#[derive(Debug)]
pub(crate) struct Within {
    pub(crate) group: Group,
    pub(crate) links: Vec<String>,
}

impl Within {
    /// Follows `path` from `group` on as far as there are groups, up to the one that the last name is in.
    pub(crate) fn follow(group: &Group, path: &str) -> Result<Self> {
        let mut links = links(path)?;
        let mut group = match path.starts_with('/') {
            true => root_of(group)?,
            false => group.clone(),
        };
        let mut names = names(path);
        loop {
            if let Some(name) = names.next() {
                check_name(&group, name, &links[0]).map_err(|error| error.in_link(&group.path()))?;
            }
            if links.len() < 2 {
                break;
            }
            let next = inside(&group, &links[0]).map_err(|error| error.in_link(&links[0]).in_link(&group.path()))?;
            let Some(next) = next else { break };
            group = next;
            links.remove(0);
        }
        Ok(Self { group, links })
    }

    /// The same, where all of these groups are there.
    pub(crate) fn find(group: &Group, path: &str) -> Result<(Group, String)> {
        let Self { group, mut links } = Self::follow(group, path)?;
        if links.len() > 1 {
            // Whoever opens what is not there says what there is.
            let error = group.open(&links[0]).err().unwrap_or_else(|| Error::leads_nowhere("the group went away"));
            return Err(error.in_link(&links[0]).in_link(&group.path()));
        }
        let link = links.pop().unwrap_or_default();
        Ok((group, link))
    }

    /// Goes on along the groups that are there by now, in `staging`, which has all of the missing groups, and in the group:
    /// the last in each, and the link that comes next.
    pub(crate) fn meet(&self, staging: &Group) -> Result<(Group, Group, &str)> {
        let (mut from, mut to) = (staging.clone(), self.group.clone());
        let (last, missing) = self.split();
        for link in missing {
            let (Some(next), Object::Group(inner)) = (inside(&to, link)?, from.open(link)?) else {
                return Ok((from, to, link));
            };
            (from, to) = (inner, next);
        }
        Ok((from, to, last))
    }

    /// An error if one of the links could not be made: what HDF5 does with longer names does not open again.
    pub(crate) fn check_names(&self) -> Result<()> {
        let Some(long) = self.links.iter().find(|link| link.len() > MAX_LINK_NAME) else { return Ok(()) };
        let message = format!("a name of {} bytes: a link has a name of at most {MAX_LINK_NAME}", long.len());
        Err(Error::new(ErrorKind::Unsupported, message))
    }

    /// Whether there is something.
    pub(crate) fn is_there(&self) -> Result<bool> {
        let (link, missing) = self.split();
        Ok(missing.is_empty() && self.group.has_link(link)?)
    }

    /// The last link, and the groups that are to be made for it.
    pub(crate) fn split(&self) -> (&str, &[String]) {
        self.links.split_last().map_or(("", &[]), |(last, groups)| (last, groups))
    }

    /// Says of an error where it was.
    pub(crate) fn located(&self, error: Error) -> Error {
        self.links.iter().rev().fold(error, |error, link| error.in_link(link)).in_link(&self.group.path())
    }
}

/// Whether `path` is that of the root group itself: `/`.
pub(crate) fn is_root(path: &str) -> bool {
    path.starts_with('/') && names(path).next().is_none()
}

/// The root group of the file that `group` is in.
pub(crate) fn root_of(group: &Group) -> Result<Group> {
    inside(group, "/")?.ok_or_else(|| Error::corrupt("a file without a root"))
}

fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|name| !name.is_empty())
}

/// Refuses the name of another program's link, such as `100%`, where there also is `link`, which it means here, as `100%25`.
fn check_name(group: &Group, name: &str, link: &str) -> Result<()> {
    if name == link || !group.has_exactly(name)? || !group.has_exactly(link)? {
        return Ok(());
    }
    let message =
        format!("the group has both `{name}` and `{link}`, which are one name here: `{link}` is read as such");
    Err(Error::new(ErrorKind::BadKey, message))
}

/// The links that a path goes through. A `/` that is a part of a name is `%2F` in it.
fn links(path: &str) -> Result<Vec<String>> {
    let links: Vec<_> = names(path).map(|name| escape(&unescape(name)).into_owned()).collect();
    if links.is_empty() {
        let message = format!(
            "expected the name of a value in a group, found {path:?}: `to_group` and `from_group` are for the group itself, \
             and the key \"\" is `%`"
        );
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    Ok(links)
}

/// The group that a link leads to, if it is there.
fn inside(group: &Group, link: &str) -> Result<Option<Group>> {
    if link != "/" && !group.has_link(link)? {
        return Ok(None);
    }
    match group.open(link)? {
        Object::Group(inside) => Ok(Some(inside)),
        Object::Dataset(_) => Err(Error::new(
            ErrorKind::WrongType,
            format!("expected a group, found the dataset `{link}`, which has nothing in it"),
        )),
    }
}

/// The path in a file of what is called `name` in the group at `base`, for patterns.
pub(crate) fn path_of(base: &str, name: &str) -> String {
    if name.starts_with('/') { name.to_owned() } else { format!("{base}/{name}") }
}
