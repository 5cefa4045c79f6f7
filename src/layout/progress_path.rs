//! Where in a call an object is, for whoever watches that: a path as the options have it, which goes on from group to child.

use std::sync::{Arc, OnceLock};

use crate::ground::error::Result;
use crate::ground::link_name::{step_of, unescape};
use crate::ground::progress::{CallProgress, Meter};
use crate::layout::{KIND, Kind};

/// Where an object is, for whoever watches the call that it was opened for; nothing, where nobody does.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProgressPath(Option<Arc<PathNode>>);

#[derive(Debug)]
struct PathNode {
    meter: Meter,
    path: String,
    /// What is in it has no path of its own: no link leads there yet.
    is_whole: bool,
    /// The kind of the group, once that was asked for.
    kind: OnceLock<Option<Kind>>,
}

/// A path of HDF5's as a path of the options.
fn shown(path: &str) -> String {
    path.split('/').map(step).collect::<Vec<_>>().join("/")
}

/// The name of a link as a step of such a path.
fn step(link: &str) -> String {
    if link.is_empty() { String::new() } else { step_of(&unescape(link)).into_owned() }
}

impl ProgressPath {
    /// Where nobody watches.
    pub(crate) const NOWHERE: Self = Self(None);

    /// Where a call begins, at a path of HDF5's.
    pub(crate) fn start(run: &CallProgress, path: impl FnOnce() -> String) -> Self {
        Self(run.meter().map(|meter| PathNode::new(meter, shown(&path()), false)))
    }

    /// Whether somebody may watch.
    #[inline]
    pub(crate) fn is_watched(&self) -> bool {
        self.0.is_some()
    }

    /// The spot of the child `name`.
    #[inline]
    pub(crate) fn child(&self, name: &str) -> Self {
        match &self.0 {
            None => Self::NOWHERE,
            Some(at) => at.child(name),
        }
    }

    /// The same in a group, whose attributes `text` reads by their names.
    #[inline]
    pub(crate) fn child_of(&self, name: &str, text: impl FnOnce(&str) -> Option<String>) -> Self {
        match &self.0 {
            None => Self::NOWHERE,
            Some(at) if at.is_whole => self.clone(),
            Some(at) => match at.kind.get_or_init(|| Kind::from_word(&text(KIND)?)) {
                // It has the path of the value that it is a part of.
                Some(kind) if kind.is_layout(name) => {
                    Self(Some(PathNode::new(at.meter.clone(), at.path.clone(), false)))
                }
                _ => at.child(name),
            },
        }
    }

    /// The same for what no link leads to yet: there, all is at this spot.
    pub(crate) fn as_whole(&self) -> Self {
        let whole = |at: &Arc<PathNode>| PathNode::new(at.meter.clone(), at.path.clone(), true);
        Self(self.0.as_ref().map(whole))
    }

    /// Takes note of an object that was made, or is about to be read. An error if the call is cancelled, as below.
    #[inline]
    pub(crate) fn object(&self) -> Result<()> {
        match &self.0 {
            None => Ok(()),
            Some(at) => at.count(1, 0),
        }
    }

    /// Takes note of data that was written or read.
    #[inline]
    pub(crate) fn bytes(&self, bytes: u64) -> Result<()> {
        match &self.0 {
            None => Ok(()),
            Some(at) => at.count(0, bytes),
        }
    }

    /// Tells whoever watches how far the call is, if it is time.
    #[inline]
    pub(crate) fn check(&self) -> Result<()> {
        self.bytes(0)
    }

    /// Tells whoever watches that all is done.
    pub(crate) fn finish(&self) -> Result<()> {
        self.0.as_ref().map_or(Ok(()), |at| at.meter.tell(&at.path))
    }
}

impl PathNode {
    fn new(meter: Meter, path: String, is_whole: bool) -> Arc<Self> {
        Arc::new(Self { meter, path, is_whole, kind: OnceLock::new() })
    }

    #[cold]
    fn child(self: &Arc<Self>, name: &str) -> ProgressPath {
        if self.is_whole {
            return ProgressPath(Some(Arc::clone(self)));
        }
        let path = format!("{}/{}", self.path.trim_end_matches('/'), step(name));
        ProgressPath(Some(Self::new(self.meter.clone(), path, false)))
    }

    #[cold]
    fn count(&self, objects: u64, bytes: u64) -> Result<()> {
        self.meter.count(objects, bytes, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::ground::progress::{ProgressCallback, testing};

    #[test]
    fn spots_have_paths_only_where_somebody_watches() {
        assert!(!ProgressPath::NOWHERE.child("a").as_whole().child("b").is_watched());
        let path = |spot: &ProgressPath| spot.0.as_ref().map(|at| at.path.clone());
        let watched = ProgressCallback::new(|_| ()).during(|run| {
            let root = ProgressPath::start(run, || "/".to_owned());
            assert_eq!(path(&root.child("a").child("b")).as_deref(), Some("/a/b"));
            assert_eq!(path(&root.child("a").as_whole().child("b")).as_deref(), Some("/a"));
            Ok(())
        });
        watched.unwrap();
        assert_eq!(path(&ProgressPath::start(&CallProgress::default(), || unreachable!("nobody asks"))), None);
    }

    #[test]
    fn nothing_counts_when_the_call_is_over() {
        let watch = ProgressCallback::new(|_| ControlFlow::Break(()));
        let spot = watch.during(|run| Ok(ProgressPath::start(run, || "/".to_owned()))).unwrap();
        testing::always(|| spot.object().and_then(|()| spot.finish()).unwrap());
    }
}
