//! The ways to read a file. None of them has it open for writing: of one that it cannot close, libhdf5 keeps a handle that leads
//! nowhere, and whatever is asked of all open files crashes then.

use std::collections::BTreeMap;
use std::path::Path;

use filebacked::{Lazy, ReadOptions, Reader, Result, Value, WriteOptions};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// A file that is read: its bytes, where it is on a disk, and the name of a child.
pub(crate) struct Input<'a> {
    pub(crate) image: &'a [u8],
    pub(crate) path: &'a Path,
    pub(crate) name: &'a str,
}

type Way = fn(&ReadOptions, &Input<'_>) -> Result<()>;

#[derive(Deserialize)]
#[allow(dead_code, reason = "it is only read from the file")]
struct Record {
    id: Option<u32>,
    name: Option<String>,
    tags: Option<Vec<String>>,
}

pub(crate) const WAYS: &[(&str, Way)] = &[
    ("value", |options, input| options.from_slice::<Value>(input.image).map(drop)),
    ("json", |options, input| options.from_file::<serde_json::Value>(input.path).map(drop)),
    ("lenient", |options, input| {
        let options = options.clone().unreadable_as_null(true).allow_virtual_datasets(true);
        options.from_file::<serde_json::Value>(input.path).map(drop)
    }),
    ("ignored", |options, input| options.from_slice::<IgnoredAny>(input.image).map(drop)),
    ("strings", |options, input| options.read_at::<Vec<String>>(input.path, input.name).map(drop)),
    ("numbers", |options, input| options.read_at::<Vec<f64>>(input.path, input.name).map(drop)),
    ("lists", |options, input| options.read_at::<Vec<Vec<f32>>>(input.path, input.name).map(drop)),
    ("records", |options, input| options.read_at::<Vec<Record>>(input.path, input.name).map(drop)),
    ("maps", |options, input| {
        options.read_at::<BTreeMap<String, BTreeMap<String, Value>>>(input.path, input.name).map(drop)
    }),
    ("tree", |_, input| filebacked::tree_file(input.path).map(drop)),
    ("reader", |_, input| {
        let mut elements = Reader::<serde_json::Value>::open_file(input.path, input.name)?;
        elements.by_ref().take(1000).try_for_each(|next| next.map(drop))
    }),
    ("lazy", |options, input| {
        let lazy: BTreeMap<String, Lazy<Value>> = options.from_file(input.path)?;
        lazy.into_values().take(100).try_for_each(|value| value.get().map(drop))
    }),
    ("copy", |_, input| {
        let lazy: BTreeMap<String, Lazy<Value>> = filebacked::from_file(input.path)?;
        WriteOptions::new().to_vec(&lazy).map(drop)
    }),
];
