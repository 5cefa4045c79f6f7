//! What numbers that stand for times are: attributes beside columns that were written, as a table of Arrow's has them.

use filebacked::arrow_schema::{DataType, Fields, TimeUnit};
use filebacked::hdf5::types::VarLenUnicode;
use filebacked::hdf5::{self, Group, Location};
use filebacked::objects;

/// Adds the attributes to the columns in the group of a list of records.
pub(super) fn mark(records: &Group, fields: &Fields) -> hdf5::Result<()> {
    fields.iter().filter(|field| has_times(field.data_type())).try_for_each(|field| {
        let link = link_of(field.name());
        mark_column(records, &link, field.data_type())
    })
}

fn has_times(data_type: &DataType) -> bool {
    match data_type {
        DataType::Struct(fields) => fields.iter().any(|field| has_times(field.data_type())),
        DataType::List(inner)
        | DataType::LargeList(inner)
        | DataType::FixedSizeList(inner, _)
        | DataType::Map(inner, _) => has_times(inner.data_type()),
        DataType::Dictionary(_, values) => has_times(values),
        data_type => !marks_of(data_type).is_empty(),
    }
}

/// The column at a link, as a dataset or, where values are missing or of other parts, as a group.
fn mark_column(parent: &Group, link: &str, data_type: &DataType) -> hdf5::Result<()> {
    let Ok(group) = parent.group(link) else {
        // What holds lists that are all of one length has further dimensions.
        let leaf = match data_type {
            DataType::FixedSizeList(inner, _) => inner.data_type(),
            other => other,
        };
        let dataset = parent.dataset(link)?;
        return marks_of(leaf).into_iter().try_for_each(|(name, value)| add(&dataset, name, &value));
    };
    let is_nullable = objects::Group::of(&group).and_then(|group| Ok(group.encoding()? == Some("nullable")));
    if is_nullable.is_ok_and(|is_nullable| is_nullable) {
        return mark_column(&group, "values", data_type);
    }
    match data_type {
        DataType::Struct(fields) => mark(&group, fields),
        DataType::List(inner)
        | DataType::LargeList(inner)
        | DataType::FixedSizeList(inner, _)
        | DataType::Map(inner, _) => mark_column(&group, "values", inner.data_type()),
        _ => Ok(()),
    }
}

/// The attributes of numbers of a type: those of netCDF's conventions, and what these have no word for.
fn marks_of(data_type: &DataType) -> Vec<(&'static str, String)> {
    let word = |unit: &TimeUnit| match unit {
        TimeUnit::Second => "seconds",
        TimeUnit::Millisecond => "milliseconds",
        TimeUnit::Microsecond => "microseconds",
        TimeUnit::Nanosecond => "nanoseconds",
    };
    let since_1970 = |unit: &str| {
        vec![("units", format!("{unit} since 1970-01-01")), ("calendar", "proleptic_gregorian".to_owned())]
    };
    match data_type {
        DataType::Date32 | DataType::Date64 => since_1970("days"),
        DataType::Timestamp(unit, zone) => {
            let mut marks = since_1970(word(unit));
            marks.extend(zone.as_ref().map(|zone| ("timezone", zone.to_string())));
            marks
        }
        DataType::Duration(unit) => vec![("units", word(unit).to_owned())],
        DataType::Time32(unit) | DataType::Time64(unit) => {
            vec![("units", word(unit).to_owned()), ("since", "midnight".to_owned())]
        }
        DataType::Dictionary(_, values) => marks_of(values),
        _ => Vec::new(),
    }
}

fn add(dataset: &Location, name: &str, value: &str) -> hdf5::Result<()> {
    let value: VarLenUnicode = value.parse().map_err(|_| hdf5::Error::from("a time zone with NUL in it"))?;
    dataset.new_attr::<VarLenUnicode>().create(name)?.write_scalar(&value)
}

/// The name of the link of a field, as this crate writes it.
fn link_of(field: &str) -> String {
    match field {
        "" => "%".to_owned(),
        "." => "%2E".to_owned(),
        field => field.replace('%', "%25").replace('/', "%2F").replace('\0', "%00"),
    }
}
