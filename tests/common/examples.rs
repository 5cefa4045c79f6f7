//! The types of the tables of `FORMAT.md`, and what such tables are made by.

#![allow(dead_code, reason = "no test uses all of it")]

use serde::{Deserialize, Serialize, Serializer};

/// Declares a table: the values of each row, and what each is in JSON where that is not what serde_json has for it.
///
/// The table is a map of maps.
macro_rules! table {
    ($table:ident, $rows:ident: $($row:literal { $($name:literal: $value:expr $(=> $json:expr)?,)* })*) => {
        /// The names of the rows.
        const $rows: &[&str] = &[$($row),*];

        /// All values.
        struct $table;

        impl serde::Serialize for $table {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;
                let mut table = serializer.serialize_map(None)?;
                $({
                    struct Row;

                    impl serde::Serialize for Row {
                        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                            let mut row = serializer.serialize_map(None)?;
                            $(row.serialize_entry($name, &$value)?;)*
                            row.end()
                        }
                    }

                    table.serialize_entry($row, &Row)?;
                })*
                table.end()
            }
        }

        impl $table {
            /// A line for each value: the row, its name, and what it is in JSON.
            #[allow(dead_code, reason = "not all tests compare it")]
            fn expected() -> String {
                use std::fmt::Write as _;
                let mut lines = String::new();
                $($(writeln!(lines, "{}\t{}\t{}", $row, $name, table!(@json $value $(=> $json)?)).unwrap();)*)*
                lines
            }
        }
    };
    (@json $value:expr) => { serde_json::to_string(&$value).unwrap() };
    (@json $value:expr => $json:expr) => { $json };
}

pub(crate) use table;

#[derive(Serialize)]
pub(crate) struct Marker;

#[derive(Serialize)]
pub(crate) struct Metres(pub(crate) f64);

#[derive(Serialize)]
pub(crate) struct Samples(pub(crate) Vec<i32>);

#[derive(Serialize)]
pub(crate) struct Point(pub(crate) i32, pub(crate) i32);

#[derive(Serialize)]
pub(crate) struct Nothing {}

#[derive(Serialize)]
pub(crate) struct Run {
    pub(crate) steps: u32,
    pub(crate) dt: f64,
    pub(crate) done: bool,
}

#[derive(Serialize)]
pub(crate) struct Reading {
    pub(crate) station: &'static str,
    pub(crate) level: Option<f64>,
}

#[derive(Serialize)]
pub(crate) struct Note {
    pub(crate) id: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<&'static str>,
}

/// A field that would be taken for the kind of the group.
#[derive(Serialize)]
pub(crate) struct Kinded {
    #[serde(rename = "@filebacked")]
    pub(crate) kind: &'static str,
}

#[derive(Serialize)]
pub(crate) struct Outer {
    pub(crate) id: u32,
    pub(crate) inner: Inner,
}

#[derive(Serialize)]
pub(crate) struct Inner {
    pub(crate) name: &'static str,
    pub(crate) size: u8,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Axis {
    X,
    Y,
}

#[derive(Serialize)]
pub(crate) enum Shape {
    Empty,
    Circle(f64),
    Ellipse(f64, f64),
    Rectangle { width: f64, height: f64 },
    Full,
    Label(u8, &'static str),
}

/// Variants whose names are those of h5py's boolean.
#[derive(Serialize)]
#[allow(clippy::upper_case_acronyms, reason = "that is how h5py spells them")]
pub(crate) enum Truth {
    FALSE,
    TRUE,
}

/// A variant whose name the layout uses itself.
#[derive(Serialize)]
#[allow(non_camel_case_types, reason = "that is the name")]
pub(crate) enum Reserved {
    tag(u8),
    Other,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Either {
    Unit(()),
    Number(i32),
    Option(Option<u8>),
    Text(&'static str),
}

#[derive(Serialize)]
pub(crate) struct Particle {
    id: u32,
    position: [f64; 3],
    axis: Axis,
    fixed: bool,
    spin: (i8, f32),
}

impl Particle {
    pub(crate) fn new(id: u32) -> Self {
        let x = f64::from(id);
        Self { id, position: [x, x + 0.25, x + 0.5], axis: Axis::Y, fixed: id == 1, spin: (-1, 0.5) }
    }
}

#[derive(Serialize)]
pub(crate) struct Labels {
    pub(crate) unit: &'static str,
    pub(crate) range: [f64; 2],
    pub(crate) tag: Option<u8>,
}

/// A map of these entries, in this order.
pub(crate) struct Pairs(pub(crate) &'static [(&'static str, i32)]);

impl Serialize for Pairs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

/// Strings that would waste much space in places of one length.
pub(crate) fn long_and_short() -> Vec<String> {
    (0..100).map(|index| if index == 0 { "-".repeat(1000) } else { index.to_string() }).collect()
}
