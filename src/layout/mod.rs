//! The vocabulary of the layout: kinds, reserved names and limits. No on-disk word is spelled elsewhere.

pub(crate) mod access;
pub(crate) mod dataset_options;
pub(crate) mod foreign;
mod key;
#[cfg(feature = "nalgebra")]
pub(crate) mod matrix;
pub(crate) mod path_rules;
pub(crate) mod progress_path;
pub(crate) mod python;
#[cfg(feature = "sprs")]
pub(crate) mod sparse;
pub(crate) mod storage_options;

pub(crate) use key::{are_positions, escape_variant, is_linkable, position};

/// The string attribute that carries a node's [`Kind`].
pub(crate) const KIND: &str = "filebacked";
/// The unsigned attribute of `columns` that counts its rows.
pub(crate) const LENGTH: &str = "length";

/// The unsigned attribute of a sequence that was appended to which says how many of its elements count. What its datasets
/// hold beyond these is not there.
pub(crate) const APPENDED: &str = "filebacked-length";

/// The attributes by which netCDF's conventions say what numbers are, and which are missing; and what they say of times.
pub(crate) const UNITS: &str = "units";
pub(crate) const CALENDAR: &str = "calendar";
pub(crate) const FILL_VALUE: &str = "_FillValue";
pub(crate) const NANOSECONDS: &str = "nanoseconds since 1970-01-01";
pub(crate) const GREGORIAN: &str = "proleptic_gregorian";
/// The attributes of times that are counted in nanoseconds.
pub(crate) const TIME_MARKS: [(&str, &str); 2] = [(UNITS, NANOSECONDS), (CALENDAR, GREGORIAN)];

/// The child of a root group, or of `some`, that holds the value.
pub(crate) const VALUE: &str = "value";
/// The elements of `nullable`, `nulls`, `masked`, `ragged`, `blobs`, `map` and `maps`.
pub(crate) const VALUES: &str = "values";
/// Of `nullable`, `nulls` and `masked`: true where an element is missing.
pub(crate) const MASK: &str = "mask";
/// Where each element of `ragged`, `blobs`, `text` and `maps` starts, and, last, where the last one ends.
pub(crate) const OFFSETS: &str = "offsets";
/// The keys of `map` and `maps`.
pub(crate) const KEYS: &str = "keys";
/// The UTF-8 of all elements of `text`.
pub(crate) const BYTES: &str = "bytes";
/// Which child of `variants` and `mixed` an element is in.
pub(crate) const TAG: &str = "tag";
/// The signed or unsigned upper half of a 128-bit integer.
pub(crate) const HI: &str = "hi";
/// The unsigned lower half of a 128-bit integer.
pub(crate) const LO: &str = "lo";
/// The fields of h5py's complex numbers: the real and the imaginary part.
pub(crate) const COMPLEX: [&str; 2] = ["r", "i"];

/// Whether a compound is a complex number: its parts are called as somebody calls them, in any case.
pub(crate) fn is_complex(names: [&str; 2]) -> bool {
    const ALL: [[&str; 2]; 4] = [COMPLEX, ["re", "im"], ["real", "imag"], ["real", "imaginary"]];
    ALL.iter().any(|known| known[0].eq_ignore_ascii_case(names[0]) && known[1].eq_ignore_ascii_case(names[1]))
}

/// What serde calls an array of `ndarray`.
pub(crate) const ARRAY: &str = "Array";
/// The fields of that: the version, the dimensions, and the elements with the last dimension fastest.
pub(crate) const ARRAY_V: &str = "v";
pub(crate) const ARRAY_DIM: &str = "dim";
pub(crate) const ARRAY_DATA: &str = "data";
pub(crate) const ARRAY_FIELDS: &[&str] = &[ARRAY_V, ARRAY_DIM, ARRAY_DATA];
/// The version that is known.
pub(crate) const ARRAY_VERSION: u8 = 1;

/// AnnData's attribute that names an element's encoding.
pub(crate) const ENCODING_TYPE: &str = "encoding-type";
/// AnnData's attribute that gives the version of an element's encoding.
pub(crate) const ENCODING_VERSION: &str = "encoding-version";
/// The attributes that say how an object is laid out.
pub(crate) const LAYOUT_ATTRIBUTES: &[&str] = &[KIND, LENGTH, APPENDED, ENCODING_TYPE, ENCODING_VERSION];
/// The version AnnData gives its nullable columns.
pub(crate) const NULLABLE_VERSION: &str = "0.1.0";
/// AnnData's name for a column of integers with a mask.
pub(crate) const NULLABLE_INTEGER: &str = "nullable-integer";
/// AnnData's name for a column of booleans with a mask.
pub(crate) const NULLABLE_BOOLEAN: &str = "nullable-boolean";

/// HDF5 knows no more dimensions.
pub(crate) const MAX_RANK: usize = 32;
/// An object header message holds 64 KiB; what goes into one stays safely below.
pub(crate) const MAX_MESSAGE: usize = 60_000;
/// A link name longer than this is not used: the key goes to a `map`.
pub(crate) const MAX_LINK_NAME: usize = 32_768;
/// How many bytes of numbers are written or read at a time.
pub(crate) const SLAB: usize = 1 << 18;

impl Kind {
    /// Whether the child `link` of a group of the kind is only how the value is laid out, and no part that has a name.
    pub(crate) fn is_layout(self, link: &str) -> bool {
        match self {
            Self::Columns | Self::Tuple | Self::List => false,
            Self::Variants => link == TAG,
            _ => true,
        }
    }
}

/// Declares [`Kind`] with the word that stands on disk for each.
macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $word:literal,)*) => {
        /// What a node is, where its HDF5 form alone does not tell: the value of its attribute [`KIND`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Kind {
            $($(#[$doc])* $variant,)*
        }

        impl Kind {
            /// The word on disk.
            pub(crate) const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }

            /// The kind that `word` stands for.
            pub(crate) fn from_word(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    /// A root group that holds a value which is no group in its child `value`.
    Value = "value",
    /// `Some` of a value that is itself None or unit.
    Some = "some",
    /// Unit, as against None.
    Unit = "unit",
    /// A string with NULs, as uint8.
    Str = "str",
    /// Bytes, as uint8.
    Bytes = "bytes",
    /// Signed 128-bit integers.
    I128 = "i128",
    /// Unsigned 128-bit integers.
    U128 = "u128",
    /// A map whose keys are no link names.
    Map = "map",
    /// A tuple of unlike things.
    Tuple = "tuple",
    /// A sequence whose elements are a child each.
    List = "list",
    /// A sequence of structs, a child per field.
    Columns = "columns",
    /// A sequence of options.
    Nullable = "nullable",
    /// A sequence of values and units, as of numbers and JSON's nulls.
    Nulls = "nulls",
    /// A field that some records do not have.
    Masked = "masked",
    /// A sequence of sequences of differing length.
    Ragged = "ragged",
    /// A sequence of byte strings.
    Blobs = "blobs",
    /// A sequence of strings with NULs.
    Text = "text",
    /// A sequence of maps.
    Maps = "maps",
    /// A sequence of units: their count.
    Units = "units",
    /// A sequence of enums with payload.
    Variants = "variants",
    /// A sequence of unlike things.
    Mixed = "mixed",
    /// An array in the form that `ndarray` gives serde: the same as without the kind, but to those who ask for anything.
    Array = "array",
    /// The same of a matrix of `nalgebra` whose size is not in its type.
    Matrix = "matrix",
    /// The same of one whose size is in its type.
    FixedMatrix = "fixed-matrix",
}

impl Kind {
    /// Whether a dataset of this kind is an array like any other, but to those who ask for anything.
    pub(crate) fn is_array(self) -> bool {
        matches!(self, Self::Array | Self::Matrix | Self::FixedMatrix)
    }
}
