//! The groups that reading went through to get where it is: what finds links that lead back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::{Error, ErrorKind, Result};
use crate::storage::{Group, Identity};

/// How often one call may come through links beside a group's first: a few of them, nested, lead to more groups than
/// anyone can read.
const MAX_SHARED: u32 = 100_000;

/// A group on the way from where reading began.
#[derive(Clone, Debug)]
pub(super) struct Scope(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    identity: Option<Identity>,
    outer: Option<Scope>,
    /// How often reading came through further links, in all.
    shared: Arc<AtomicU32>,
}

impl Scope {
    /// Where reading begins.
    pub(super) fn new() -> Self {
        Self(Arc::new(Inner { identity: None, outer: None, shared: Arc::default() }))
    }

    /// Goes into `group`, unless reading is in it already. `soft` tells that the way there is no hard link.
    pub(super) fn enter(&self, group: &Group, soft: bool) -> Result<Self> {
        let (identity, links) = group.identity()?;
        let mut outer = Some(self);
        while let Some(scope) = outer {
            if scope.0.identity == Some(identity) {
                return Err(Error::new(ErrorKind::Cycle, "the link leads back to a group that it is in"));
            }
            outer = scope.0.outer.as_ref();
        }
        let shared = &self.0.shared;
        if (soft || links > 1) && shared.fetch_add(1, Ordering::Relaxed) >= MAX_SHARED {
            let message = format!("more than {MAX_SHARED} groups were met again through further links");
            return Err(Error::new(ErrorKind::Limit, message));
        }
        let inner = Inner { identity: Some(identity), outer: Some(self.clone()), shared: Arc::clone(shared) };
        Ok(Self(Arc::new(inner)))
    }
}
