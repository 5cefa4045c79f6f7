//! The columns of a file of Parquet, as records of this crate's have them.

use ::parquet::file::metadata::ParquetMetaData;
use ::parquet::file::statistics::Statistics;
use filebacked::arrow_schema::{DataType, Field, Fields};

use crate::failure::{Failure, Outcome};
use crate::records::lasting;

/// Floats hold decimal numbers of so many digits, which they give back when they are printed.
const FLOAT_DIGITS: u8 = 15;
/// Integers of 64 bits hold all of so many digits.
const INTEGER_DIGITS: u8 = 18;

/// A column, or a field of one.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    /// Whether values may be missing.
    pub(super) is_optional: bool,
    pub(super) kind: ColumnKind,
}

/// What the values of a column are.
#[derive(Debug)]
pub(super) enum ColumnKind {
    /// As Arrow has them.
    Plain,
    /// Decimal numbers without digits behind the point.
    Integer,
    /// Decimal numbers of few digits.
    Float,
    /// Decimal numbers of many digits: as text.
    Decimal,
    List(Box<Column>),
    Struct(Vec<Column>),
    /// The keys and values of maps, as a list of records of both.
    Map(Vec<Column>),
}

/// What a file says of values that are missing in a leaf of its schema.
#[derive(Debug, Default)]
struct Leaf {
    /// None of the values is missing, nor anything around one.
    is_complete: bool,
    /// How many values have each definition level of Parquet's. A value of a low level is missing, or something around it is.
    levels: Option<Vec<i64>>,
}

impl Leaf {
    fn of(metadata: &ParquetMetaData, leaf: usize) -> Self {
        let mut groups = metadata.row_groups().iter().map(|group| group.column(leaf));
        let null_count = |statistics: &Statistics| statistics.null_count_opt();
        let is_complete = groups.clone().all(|column| column.statistics().and_then(null_count) == Some(0));
        let levels = groups.try_fold(Vec::new(), |mut sums: Vec<i64>, column| {
            let counts = column.definition_level_histogram()?.values();
            sums.resize(sums.len().max(counts.len()), 0);
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum = sum.saturating_add(*count));
            Some(sums)
        });
        Self { is_complete, levels }
    }
}

/// Columns, while their fields are gone through.
struct Columns<'a> {
    leaves: Vec<Leaf>,
    /// The first leaf of what comes next.
    next: usize,
    /// Where in the table it is.
    path: Vec<&'a str>,
}

/// The columns of a file.
pub(super) fn columns_of(fields: &Fields, metadata: &ParquetMetaData) -> Outcome<Vec<Column>> {
    let count: usize = fields.iter().map(|field| leaves(field.data_type())).sum();
    let is_known = count == metadata.file_metadata().schema_descr().num_columns();
    let leaves = (0..count).map(|leaf| if is_known { Leaf::of(metadata, leaf) } else { Leaf::default() }).collect();
    Columns { leaves, next: 0, path: Vec::new() }.fields(fields, 0)
}

/// How many leaves of Parquet's a type has.
fn leaves(data_type: &DataType) -> usize {
    match data_type {
        DataType::Struct(fields) => fields.iter().map(|field| leaves(field.data_type())).sum(),
        DataType::List(inner)
        | DataType::LargeList(inner)
        | DataType::FixedSizeList(inner, _)
        | DataType::Map(inner, _) => leaves(inner.data_type()),
        _ => 1,
    }
}

impl<'a> Columns<'a> {
    /// The columns of fields. `level` is the definition level of a field that is missing, where all around it is there.
    fn fields(&mut self, fields: &'a Fields, level: usize) -> Outcome<Vec<Column>> {
        let mut names = std::collections::HashSet::new();
        if let Some(field) = fields.iter().find(|field| !names.insert(field.name())) {
            return Err(Failure::error(format!("two columns are called `{}`: rename one of them", field.name())));
        }
        fields.iter().map(|field| self.field(field, level)).collect()
    }

    fn field(&mut self, field: &'a Field, level: usize) -> Outcome<Column> {
        self.path.push(field.name());
        let first = self.next;
        let inner = level + usize::from(field.is_nullable());
        let kind = match field.data_type() {
            DataType::Struct(fields) => ColumnKind::Struct(self.fields(fields, inner)?),
            // A list without elements has a level less than its elements.
            DataType::List(element) | DataType::LargeList(element) | DataType::FixedSizeList(element, _) => {
                ColumnKind::List(Box::new(self.field(element, inner + 1)?))
            }
            DataType::Map(entries, _) => {
                let DataType::Struct(fields) = entries.data_type() else { return Err(self.refuse(field)) };
                ColumnKind::Map(self.fields(fields, inner + 1)?)
            }
            leaf => {
                self.next += 1;
                leaf_kind(leaf).ok_or_else(|| self.refuse(field))?
            }
        };
        self.path.pop();
        // A column of nulls alone is of units.
        let is_optional = field.is_nullable() && *field.data_type() != DataType::Null && self.is_missed(first, level);
        Ok(Column { name: lasting(field.name()), is_optional, kind })
    }

    /// Whether a value of the column whose leaves begin with the number `first` may be missing, by what the file says.
    fn is_missed(&self, first: usize, level: usize) -> bool {
        let mut leaves = self.leaves[first..self.next].iter();
        let ends = |leaf: &Leaf| leaf.levels.as_ref().and_then(|levels| levels.get(level).copied());
        !leaves.any(|leaf| leaf.is_complete || ends(leaf) == Some(0))
    }

    fn refuse(&self, field: &Field) -> Failure {
        let path = self.path.join("/");
        Failure::error(format!("the column `{path}` is of the type `{}`, which is not stored", field.data_type()))
    }
}

/// What the values of a column without parts are, if they are stored.
fn leaf_kind(data_type: &DataType) -> Option<ColumnKind> {
    Some(match data_type {
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => match (*precision, *scale) {
            (..=INTEGER_DIGITS, 0) => ColumnKind::Integer,
            (..=FLOAT_DIGITS, _) => ColumnKind::Float,
            _ => ColumnKind::Decimal,
        },
        DataType::Dictionary(_, values) => match &**values {
            DataType::Dictionary(..) => return None,
            values => leaf_kind(values)?,
        },
        DataType::Interval(_)
        | DataType::Union(..)
        | DataType::RunEndEncoded(..)
        | DataType::ListView(_)
        | DataType::LargeListView(_) => return None,
        _ => ColumnKind::Plain,
    })
}

/// The types by which a table without rows is stored: it has no values that show them.
pub(super) fn stored_fields(fields: &Fields) -> Fields {
    let of = |field: &Field| field.clone().with_data_type(stored_type(field.data_type()));
    fields.iter().map(|field| of(field)).collect()
}

fn stored_type(data_type: &DataType) -> DataType {
    let of = |field: &Field| field.clone().with_data_type(stored_type(field.data_type())).into();
    match data_type {
        DataType::Struct(fields) => DataType::Struct(stored_fields(fields)),
        DataType::List(inner) => DataType::List(of(inner)),
        DataType::Map(inner, _) => DataType::List(of(inner)),
        DataType::LargeList(inner) => DataType::LargeList(of(inner)),
        DataType::FixedSizeList(inner, size) => DataType::FixedSizeList(of(inner), *size),
        DataType::Dictionary(_, values) => stored_type(values),
        DataType::Float16 => DataType::Float32,
        DataType::FixedSizeBinary(_) => DataType::Binary,
        other => match leaf_kind(other) {
            Some(ColumnKind::Integer) => DataType::Int64,
            Some(ColumnKind::Float) => DataType::Float64,
            Some(ColumnKind::Decimal) => DataType::Utf8,
            _ => other.clone(),
        },
    }
}
