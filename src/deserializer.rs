//! The deserializer of a group, with options or without.

use serde::de::{Deserializer, Visitor};

use crate::de::{AskOnce, Question, Root, ValueDeserializer, Visit, whole};
use crate::ground::error::{Error, Result};
use crate::h5::{AsGroup, Group};
use crate::layout::path_rules::RulePosition;
use crate::options::ReadOptions;

/// The deserializer: reads the value that fills a group.
///
/// It owns what it reads, so a type that borrows (`&str`, `&[u8]`) cannot be read: use `String` or `Cow`.
///
/// ```
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Run { steps: u32, title: String }
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("run.h5");
/// # filebacked::to_file(&path, &std::collections::BTreeMap::from([("steps", "10"), ("title", "plate")]))?;
/// # std::fs::remove_file(&path)?;
/// # let file = filebacked::hdf5::File::create(&path)?;
/// # filebacked::write(&file, "steps", &10)?;
/// # filebacked::write(&file, "title", "plate")?;
/// let run = Run::deserialize(filebacked::Hdf5Deserializer::new(&file))?;
/// assert_eq!((run.steps, run.title.as_str()), (10, "plate"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// With [`serde_transcode`](https://docs.rs/serde-transcode) it goes into any other format, without a value in between:
///
/// ```
/// # let directory = tempfile::tempdir()?;
/// # let file = filebacked::hdf5::File::create(directory.path().join("run.h5"))?;
/// # filebacked::write(&file, "steps", &[1, 2])?;
/// let mut json = Vec::new();
/// serde_transcode::transcode(filebacked::Hdf5Deserializer::new(&file), &mut serde_json::Serializer::new(&mut json))?;
/// assert_eq!(json, br#"{"steps":[1,2]}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`ReadOptions::deserializer`](crate::ReadOptions::deserializer) makes one with options.
#[derive(Debug)]
pub struct Hdf5Deserializer {
    group: hdf5::Group,
    options: Option<ReadOptions>,
}

impl Hdf5Deserializer {
    /// A deserializer of the value that fills `group`.
    #[must_use]
    pub fn new(group: impl AsGroup) -> Self {
        Self { group: group.as_group().clone(), options: None }
    }

    /// The same, with options.
    pub(crate) fn with(group: &hdf5::Group, options: &ReadOptions) -> Self {
        Self { group: group.clone(), options: Some(options.clone()) }
    }

    /// Reads the value by `read`.
    fn whole(self, read: &mut dyn FnMut(Root) -> Result<()>) -> Result<()> {
        match self.options {
            Some(options) => options.during(&self.group, |group, rules| whole(group, rules, read)),
            None => whole(&Group::of(&self.group)?, RulePosition::nowhere(), read),
        }
    }
}

impl AskOnce for Hdf5Deserializer {
    fn ask_once(self, question: Question, visit: &mut dyn Visit) -> Result<()> {
        self.whole(&mut |root| root.ask_once(question, visit))
    }
}

macro_rules! ask {
    ($($method:ident($($name:ident: $type:ty),*))*) => {
        $(
            fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value> {
                ValueDeserializer::Other(&mut Some(self)).$method($($name,)* visitor)
            }
        )*
    };
}

impl<'de> Deserializer<'de> for Hdf5Deserializer {
    type Error = Error;

    ask! {
        deserialize_any() deserialize_bool() deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64()
        deserialize_i128() deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
        deserialize_f32() deserialize_f64() deserialize_char() deserialize_str() deserialize_string() deserialize_bytes()
        deserialize_byte_buf() deserialize_option() deserialize_unit() deserialize_unit_struct(name: &'static str)
        deserialize_newtype_struct(name: &'static str) deserialize_seq() deserialize_tuple(len: usize)
        deserialize_tuple_struct(name: &'static str, len: usize) deserialize_map()
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
        deserialize_identifier() deserialize_ignored_any()
    }
}
