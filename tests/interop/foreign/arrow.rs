//! Tables of other programs as batches of Arrow's, and batches as tables of pandas'.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, UInt8Type};
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_schema::DataType;
use filebacked::hdf5::{File, Group};
use filebacked::table::Reader;
use filebacked::{Table, hdf5};

use super::{anndata, at, pandas, read};
use crate::common::Packages;

/// All of a table as a value, which is the same in parts.
#[track_caller]
fn batch(file: &Group, path: &str) -> RecordBatch {
    let whole = read::<Table>(file, path).0;
    let mut reader = at(file, path, |group, name| Reader::open(group, name)).unwrap();
    let (rows, cut) = (reader.len(), reader.len() / 2);
    for (start, end) in [(0, rows), (0, cut), (cut, rows)] {
        let part = reader.read(start..end).unwrap();
        let expected = whole.slice(start as usize, (end - start) as usize);
        assert_eq!(format!("{part:?}"), format!("{:?}", Table(expected).0));
    }
    whole
}

#[track_caller]
fn types(batch: &RecordBatch) -> Vec<(String, String)> {
    let schema = batch.schema();
    let field = |field: &arrow_schema::FieldRef| (field.name().clone(), field.data_type().to_string());
    schema.fields().iter().map(field).collect()
}

/// The texts of strings, also of those that are in a dictionary.
fn texts(array: &ArrayRef) -> Vec<Option<String>> {
    let strings = |array: &StringArray| array.iter().map(|text| text.map(str::to_owned)).collect::<Vec<_>>();
    if array.data_type() == &DataType::Utf8 {
        return strings(array.as_string());
    }
    let dictionary = array.as_any_dictionary();
    let values = strings(dictionary.values().as_string());
    let keys = dictionary.normalized_keys();
    keys.iter().enumerate().map(|(at, key)| if array.is_null(at) { None } else { values[*key].clone() }).collect()
}

fn some(texts: &[&str]) -> Vec<Option<String>> {
    texts.iter().map(|text| Some((*text).to_owned())).collect()
}

#[test]
fn anndatas_frames() {
    let file = anndata::made().open("data.h5ad");
    let obs = batch(&file, "obs");
    assert_eq!(
        types(&obs).iter().map(|(name, data_type)| (name.as_str(), data_type.as_str())).collect::<Vec<_>>(),
        [
            ("_index", "Utf8"),
            ("kind", "Dictionary(Int8, Utf8)"),
            ("batch", "Dictionary(Int8, Int64)"),
            ("count", "Int32"),
            ("passed", "Boolean"),
            ("score", "Float64"),
            ("label", "Utf8"),
        ]
    );
    assert_eq!(texts(&obs["_index"]), some(&["cell0", "cell1", "cell2"]));
    assert_eq!(texts(&obs["kind"]), [Some("T".to_owned()), None, Some("B".to_owned())]);
    assert_eq!(obs["count"].as_primitive::<Int32Type>().iter().collect::<Vec<_>>(), [Some(1), None, Some(3)]);
    assert_eq!(obs["passed"].as_boolean().iter().collect::<Vec<_>>(), [Some(true), None, Some(false)]);
    assert_eq!(texts(&obs["label"]), some(&["a", "schön", ""]));
    let old = batch(&anndata::made().open("more.h5"), "old");
    assert_eq!(texts(&old["kind"]), [Some("T".to_owned()), None, Some("B".to_owned())]);
    let table = batch(&anndata::made().open("more.h5"), "table");
    assert_eq!(table["x"].as_primitive::<Float64Type>().values(), &[2.5, 4.5]);
    assert_eq!(batch(&anndata::made().open("more.h5"), "empty").num_rows(), 0);
    let broken = anndata::made().open("more.h5");
    assert!(filebacked::read::<Table>(&broken, "broken").is_err());
}

#[test]
fn pandas_frames() {
    let file = pandas::made().open("pandas.h5");
    let fixed = batch(&file, "fixed");
    assert_eq!(texts(&fixed["index"]), some(&["a", "b", "c"]));
    assert_eq!(fixed["n"].as_primitive::<Int32Type>().values(), &[1, 2, 3]);
    assert_eq!(fixed["y"].as_primitive::<Float64Type>().values(), &[0.5, -1.0, 3.0]);
    assert!(fixed["x"].as_primitive::<Float64Type>().value(2).is_nan());
    // PyTables has bools as bit fields.
    assert_eq!(fixed["ok"].as_primitive::<UInt8Type>().values(), &[1, 0, 1]);
    let table = batch(&file, "table");
    assert_eq!(table["y"].as_primitive::<Float64Type>().values(), &[0.5, -1.0, 3.0]);
    assert_eq!(texts(&table["index"]), some(&["a", "b", "c"]));
    assert_eq!(texts(&batch(&file, "compressed")["label"]), some(&["one", "schön", ""]));
    let blocks = batch(&file, "blocks");
    assert_eq!(texts(blocks["values_block_0"].as_fixed_size_list().values()), some(&["one", "schön", ""]));

    // Columns of pickles are an error only if they are asked for.
    let error = super::error::<Table>(&file, "texts");
    assert!(error.starts_with("a pickled Python object cannot be read"), "{error}");
    let mut numbers = Reader::open(&file, "texts").unwrap().columns(["n"]).unwrap();
    assert_eq!(numbers.read(1..).unwrap().num_rows(), 2);

    let categories = batch(&pandas::made().open("categories.h5"), "t");
    assert_eq!(texts(&categories["c"]), [Some("a".to_owned()), Some("schön".to_owned()), None, Some("a".to_owned())]);
    let kinds = categories["k"].as_any_dictionary();
    assert_eq!(kinds.values().as_primitive::<arrow_array::types::Int64Type>().values(), &[10, 20]);
    let levels = batch(&pandas::made().open("rows.h5"), "levels");
    assert_eq!(texts(levels["index"].as_struct().column(0)), some(&["a", "b", "a"]));
    assert_eq!(batch(&pandas::made().open("empty.h5"), "frame").num_rows(), 0);
}

#[test]
fn pytables_tables() {
    let file = pandas::made().open("tables.h5");
    let particles = batch(&file, "particles");
    assert_eq!(texts(&particles["name"]), some(&["p", "e"]));
    assert_eq!(texts(&particles["charge"]), some(&["pos", "neg"]));
    let state = particles["state"].as_struct();
    let position = state.column_by_name("position").unwrap().as_fixed_size_list();
    assert_eq!(position.values().as_primitive::<Float64Type>().values(), &[0.0, 0.5, -1.0, 1.0, 0.5, -1.0]);
    // A type that is not read is an error if it is asked for.
    let clocks = pandas::made().open("clocks.h5");
    let error = super::error::<Table>(&clocks, "clocks");
    assert_eq!(error, "a `HDF5 time` cannot be read; at `time`, HDF5 path `/clocks`");
    let mut numbers = Reader::open(&clocks, "clocks").unwrap().columns(["n"]).unwrap();
    assert_eq!(numbers.read(..).unwrap()["n"].as_primitive::<Int32Type>().values(), &[5]);
}

/// numpy's times and strings of variable length, by h5py; and what pandas and h5py make of ours.
#[test]
fn pandas_reads_tables() {
    use arrow_array::builder::{Int32Builder, ListBuilder};
    use arrow_array::types::Int8Type;
    use arrow_array::{
        BooleanArray, Date32Array, DictionaryArray, Float64Array, Int64Array, TimestampMillisecondArray,
    };
    use arrow_schema::{Field, Schema};
    use std::sync::Arc;

    let mut lists = ListBuilder::new(Int32Builder::new());
    lists.append_value([Some(1), Some(2)]);
    lists.append_value([]);
    lists.append_value([Some(3)]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("n", Arc::new(Int64Array::from(vec![Some(1), None, Some(3)]))),
        ("x", Arc::new(Float64Array::from(vec![0.5, 1.5, 2.5]))),
        ("ok", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        ("name", Arc::new(StringArray::from(vec![Some("a"), None, Some("schön")]))),
        ("kind", Arc::new(vec![Some("T"), None, Some("B")].into_iter().collect::<DictionaryArray<Int8Type>>())),
        ("path", Arc::new(lists.finish())),
        ("day", Arc::new(Date32Array::from(vec![0, 1, 20_000]))),
        ("when", Arc::new(TimestampMillisecondArray::from(vec![Some(1_500), None, Some(0)]))),
    ];
    let fields: Vec<Field> = columns.iter().map(|(name, a)| Field::new(*name, a.data_type().clone(), true)).collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let table = Table(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.h5");
    filebacked::write_at(&path, "t", &table).unwrap();
    let packages = Packages { requirements: "anndata.txt", interpreters: &["python3"] };
    packages.python("arrow_tables.py", [&path]);
    // And back: numpy's times, and AnnData's frame of ours.
    let file: File = hdf5::File::open(&path).unwrap();
    let times = batch(&file, "times");
    let written: Vec<(String, String)> = types(&times);
    let expected = [("when", "Timestamp(ns)"), ("how_long", "Duration(s)")];
    assert_eq!(written, expected.map(|(name, data_type)| (name.to_owned(), data_type.to_owned())));
    assert_eq!((times["when"].null_count(), times["how_long"].null_count()), (1, 0));
    let frame = batch(&file, "frame");
    assert_eq!(texts(&frame["kind"]), texts(&table["kind"]));
}
