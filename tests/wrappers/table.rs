//! Tables of Arrow: what each type is in the file, what comes back, and that structs and batches read each other.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::types::{Float16Type, Int8Type, Int32Type, UInt8Type};
use arrow_array::*;
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field, Fields, Schema};
use filebacked::table::Reader;
use filebacked::{
    Error, ErrorKind, Lazy, ReadOptions, Strings, Table, Value, WithAttrs, WriteOptions, from_slice, hdf5, to_vec,
};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::{check_tree, reread, round_trip, round_trip_erased, tree};
use crate::common::memory;

/// A batch of those columns, all of whose fields can be null.
pub(crate) fn batch<const N: usize>(columns: [(&str, ArrayRef); N]) -> RecordBatch {
    let field = |(name, array): &(&str, ArrayRef)| Field::new(*name, array.data_type().clone(), true);
    let schema = Schema::new(columns.iter().map(field).collect::<Vec<_>>());
    RecordBatch::try_new(Arc::new(schema), columns.into_iter().map(|(_, array)| array).collect()).unwrap()
}

fn array(array: impl Array + 'static) -> ArrayRef {
    Arc::new(array)
}

fn strings(values: &[Option<&str>]) -> ArrayRef {
    array(StringArray::from(values.to_vec()))
}

fn list_of(field: Field, offsets: &[i32], values: ArrayRef, nulls: Option<Vec<bool>>) -> ArrayRef {
    let offsets = OffsetBuffer::new(offsets.to_vec().into());
    array(ListArray::new(Arc::new(field), offsets, values, nulls.map(NullBuffer::from)))
}

fn item(data_type: DataType) -> Field {
    Field::new_list_field(data_type, true)
}

fn structs(columns: Vec<(&str, ArrayRef)>, nulls: Option<Vec<bool>>) -> ArrayRef {
    let fields: Fields = columns.iter().map(|(name, a)| Field::new(*name, a.data_type().clone(), true)).collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    array(StructArray::new(fields, arrays, nulls.map(NullBuffer::from)))
}

fn halves(values: &[Option<f32>]) -> ArrayRef {
    type Half = <Float16Type as ArrowPrimitiveType>::Native;
    array(values.iter().map(|value| value.map(Half::from_f32)).collect::<PrimitiveArray<Float16Type>>())
}

fn words(values: &[Option<&str>]) -> ArrayRef {
    array(values.iter().copied().collect::<DictionaryArray<Int8Type>>())
}

fn fixed_lists(width: i32, values: ArrayRef, nulls: Option<Vec<bool>>) -> ArrayRef {
    let field = Arc::new(item(values.data_type().clone()));
    array(FixedSizeListArray::new(field, width, values, nulls.map(NullBuffer::from)))
}

/// Arrays of each type, with nulls where the type has them, and what they come back as where that is another type.
fn arrays() -> Vec<(&'static str, ArrayRef, Option<ArrayRef>)> {
    let numbers = || array(Int32Array::from(vec![Some(1), None, Some(3), Some(4)]));
    let mut rows = vec![
        ("booleans", array(BooleanArray::from(vec![Some(true), None, Some(false)])), None),
        ("plain booleans", array(BooleanArray::from(vec![true, false])), None),
        ("i8", array(Int8Array::from(vec![Some(i8::MIN), None, Some(i8::MAX)])), None),
        ("i16", array(Int16Array::from(vec![Some(i16::MIN), None])), None),
        ("i32", numbers(), None),
        ("i64", array(Int64Array::from(vec![Some(i64::MIN), None, Some(i64::MAX)])), None),
        ("u8", array(UInt8Array::from(vec![Some(u8::MAX), None])), None),
        ("u16", array(UInt16Array::from(vec![Some(u16::MAX), None])), None),
        ("u32", array(UInt32Array::from(vec![Some(u32::MAX), None])), None),
        ("u64", array(UInt64Array::from(vec![Some(u64::MAX), None])), None),
        ("f32", array(Float32Array::from(vec![Some(0.5), None, Some(-0.0)])), None),
        ("f64", array(Float64Array::from(vec![Some(f64::INFINITY), None])), None),
        ("plain f64", array(Float64Array::from(vec![1.5, 2.5])), None),
        ("strings", strings(&[Some("one"), None, Some(""), Some("schön")]), None),
        ("strings with NUL", strings(&[Some("a\0b"), None]), None),
        ("one long string", strings(&[Some("x"), Some(&"y".repeat(5000)), None]), None),
        ("large strings", array(LargeStringArray::from(vec![Some("one"), None])), Some(strings(&[Some("one"), None]))),
        (
            "views",
            array(StringViewArray::from(vec![Some("one"), None, Some("longer than twelve bytes")])),
            Some(strings(&[Some("one"), None, Some("longer than twelve bytes")])),
        ),
        ("bytes", array(BinaryArray::from(vec![Some(&b"\0\xff"[..]), None, Some(b"")])), None),
        (
            "large bytes",
            array(LargeBinaryArray::from(vec![Some(&b"ab"[..]), None])),
            Some(array(BinaryArray::from(vec![Some(&b"ab"[..]), None]))),
        ),
        (
            "views of bytes",
            array(BinaryViewArray::from(vec![Some(&b"ab"[..]), None])),
            Some(array(BinaryArray::from(vec![Some(&b"ab"[..]), None]))),
        ),
        (
            "bytes of one length",
            array(
                FixedSizeBinaryArray::try_from_sparse_iter_with_size(
                    [Some(b"abc"), None, Some(b"\0\0\0")].into_iter(),
                    3,
                )
                .unwrap(),
            ),
            None,
        ),
        ("dates", array(Date32Array::from(vec![Some(-1), None, Some(20_000)])), None),
        ("long dates", array(Date64Array::from(vec![Some(-86_400_000), None, Some(0)])), None),
        ("seconds", array(TimestampSecondArray::from(vec![Some(-1), None])), None),
        ("milliseconds", array(TimestampMillisecondArray::from(vec![Some(-1), None])), None),
        ("microseconds", array(TimestampMicrosecondArray::from(vec![Some(-1), Some(7)])), None),
        ("nanoseconds", array(TimestampNanosecondArray::from(vec![Some(i64::MAX), None])), None),
        ("with a zone", array(TimestampNanosecondArray::from(vec![Some(5), None]).with_timezone("Europe/Paris")), None),
        ("durations in seconds", array(DurationSecondArray::from(vec![Some(-1), None])), None),
        ("durations in ns", array(DurationNanosecondArray::from(vec![Some(-1), None])), None),
        ("durations in ms", array(DurationMillisecondArray::from(vec![Some(-1), None])), None),
        ("durations in us", array(DurationMicrosecondArray::from(vec![1, 2])), None),
        ("times in seconds", array(Time32SecondArray::from(vec![Some(1), None])), None),
        ("times in ms", array(Time32MillisecondArray::from(vec![Some(1), None])), None),
        ("times in us", array(Time64MicrosecondArray::from(vec![Some(1), None])), None),
        ("times in ns", array(Time64NanosecondArray::from(vec![Some(1), None])), None),
        ("nothing", array(NullArray::new(3)), None),
        ("words", words(&[Some("b"), None, Some("a"), Some("b")]), None),
        ("words without nulls", words(&[Some("b"), Some("a")]), None),
        (
            "words by unsigned keys",
            array(vec![Some("b"), Some("a")].into_iter().collect::<DictionaryArray<UInt8Type>>()),
            None,
        ),
        (
            "unsigned keys and nulls",
            array(vec![Some("b"), None].into_iter().collect::<DictionaryArray<UInt8Type>>()),
            Some(array(vec![Some("b"), None].into_iter().collect::<DictionaryArray<types::Int16Type>>())),
        ),
        (
            "numbers as words",
            array(DictionaryArray::<Int8Type>::new(
                Int8Array::from(vec![1, 0, 1]),
                array(Float64Array::from(vec![0.5, 1.5])),
            )),
            None,
        ),
        (
            "words twice, and null",
            array(DictionaryArray::<Int8Type>::new(
                Int8Array::from(vec![0, 1, 2, 3]),
                strings(&[Some("a"), Some("b"), Some("a"), None]),
            )),
            Some(array(DictionaryArray::<Int8Type>::new(
                Int8Array::from(vec![Some(0), Some(1), Some(0), None]),
                strings(&[Some("a"), Some("b")]),
            ))),
        ),
        ("lists", list_of(item(DataType::Int32), &[0, 1, 1, 4], numbers(), Some(vec![true, false, true])), None),
        ("lists without nulls", list_of(item(DataType::Int32), &[0, 2, 4], numbers(), None), None),
        ("empty lists", list_of(item(DataType::Int32), &[0, 0, 0], array(Int32Array::from(vec![0; 0])), None), None),
        (
            "null lists that have elements",
            list_of(item(DataType::Int32), &[0, 2, 4], numbers(), Some(vec![false, true])),
            Some(list_of(
                item(DataType::Int32),
                &[0, 0, 2],
                array(Int32Array::from(vec![3, 4])),
                Some(vec![false, true]),
            )),
        ),
        (
            "lists of lists of strings",
            {
                let mut lists = ListBuilder::new(ListBuilder::new(StringBuilder::new()));
                lists.values().append_value([Some("a"), None]);
                lists.values().append_value([Some("b")]);
                lists.append(true);
                lists.append(false);
                lists.values().append_null();
                lists.append(true);
                array(lists.finish())
            },
            None,
        ),
        (
            "large lists",
            array(LargeListArray::new(
                Arc::new(item(DataType::Int32)),
                OffsetBuffer::new(vec![0_i64, 3, 4].into()),
                numbers(),
                None,
            )),
            Some(list_of(item(DataType::Int32), &[0, 3, 4], numbers(), None)),
        ),
        ("arrays", fixed_lists(2, array(Float32Array::from(vec![0.5, 1.5, 2.5, 3.5])), None), None),
        (
            "arrays of arrays, some of them null",
            fixed_lists(2, fixed_lists(1, array(Int16Array::from(vec![1, 2, 3, 4])), None), Some(vec![true, false])),
            None,
        ),
        ("arrays of bools", fixed_lists(2, array(BooleanArray::from(vec![true, false, true, true])), None), None),
        (
            "arrays with nulls",
            fixed_lists(2, numbers(), None),
            Some(list_of(item(DataType::Int32), &[0, 2, 4], numbers(), None)),
        ),
        (
            "arrays of strings",
            fixed_lists(1, strings(&[Some("a"), Some("b")]), None),
            Some(list_of(item(DataType::Utf8), &[0, 1, 2], strings(&[Some("a"), Some("b")]), None)),
        ),
        ("structs", structs(vec![("a", numbers()), ("b", strings(&[Some("x"), None, Some("z"), None]))], None), None),
        (
            "structs, some of them null",
            structs(vec![("a", array(Int32Array::from(vec![1, 2])))], Some(vec![false, true])),
            None,
        ),
        (
            "lists of structs",
            list_of(
                item(structs(vec![("a", numbers())], None).data_type().clone()),
                &[0, 3, 4],
                structs(vec![("a", numbers())], None),
                None,
            ),
            None,
        ),
    ];
    let half = halves(&[Some(0.5), None, Some(-2.0)]);
    let float = array(Float32Array::from(vec![Some(0.5), None, Some(-2.0)]));
    rows.push(("f16", half, (!cfg!(feature = "f16")).then_some(float)));
    rows
}

/// Reads what is written for a batch.
#[track_caller]
fn again(batch: &RecordBatch) -> RecordBatch {
    let image = to_vec(&Table(batch.clone())).unwrap_or_else(|error| panic!("{batch:?}: {error}"));
    from_slice::<Table>(&image).unwrap_or_else(|error| panic!("{batch:?}: {error}")).0
}

#[test]
fn each_type_comes_back() {
    for (name, written, expected) in arrays() {
        let expected = expected.unwrap_or_else(|| written.clone());
        let len = written.len();
        assert_eq!(again(&batch([("x", written.clone())])), batch([("x", expected.clone())]), "{name}");
        // Parts of arrays, and none of their elements.
        for (start, count) in [(1, len - 1), (0, 1), (1, 0)] {
            let part = again(&batch([("x", written.slice(start, count))]));
            let column = part.column(0);
            assert_eq!(column.len(), count, "{name}");
            assert_eq!(as_text(column), as_text(&expected.slice(start, count)), "{name}");
        }
    }
}

/// The values of an array.
fn as_text(array: &ArrayRef) -> String {
    serde_json::to_value(Table(batch([("x", array.clone())]))).unwrap().to_string()
}

#[test]
fn wherever_a_value_stands() {
    let table = || Table(batch([("a", array(Int32Array::from(vec![1, 2]))), ("b", strings(&[None, Some("x")]))]));
    round_trip_erased(&table());
    round_trip(&vec![table(), table()]);
    round_trip(&BTreeMap::from([("left".to_owned(), table()), ("right".to_owned(), table())]));
    round_trip(&(1, Some(table()), None::<Table>));
    round_trip(&Some(Some(table())));
    round_trip(&WithAttrs { value: table(), attrs: BTreeMap::from([("unit".to_owned(), "m".to_owned())]) });

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    enum Either {
        Rows(Table),
        Nothing,
    }
    round_trip(&vec![Either::Rows(table()), Either::Nothing]);
    let lazy: Lazy<Table> = reread(&table());
    assert_eq!(*lazy.get().unwrap(), table());
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Row {
    flag: bool,
    byte: u8,
    count: i64,
    mass: f64,
    maybe: Option<f32>,
    name: String,
    note: Option<String>,
    blob: ByteBuf,
    position: [f64; 2],
    path: Vec<u16>,
    tags: Vec<Vec<String>>,
    kind: Kind,
    inner: Inner,
    inners: Vec<Option<Inner>>,
    nothing: (),
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone, Copy)]
enum Kind {
    Late,
    Early,
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Inner {
    n: i32,
    word: String,
}

fn rows() -> Vec<Row> {
    let inner = |n| Inner { n, word: n.to_string() };
    let row = |n: u8| Row {
        flag: n.is_multiple_of(2),
        byte: n,
        count: -i64::from(n),
        mass: f64::from(n) / 2.0,
        maybe: (n != 1).then_some(f32::from(n)),
        name: "x".repeat(n.into()),
        note: (n == 1).then(|| "note".to_owned()),
        blob: ByteBuf::from(vec![n; n.into()]),
        position: [0.5, f64::from(n)],
        path: (0..n.into()).collect(),
        tags: vec![vec!["a".to_owned()]; n.into()],
        kind: if n == 1 { Kind::Early } else { Kind::Late },
        inner: inner(n.into()),
        inners: vec![Some(inner(7)), None],
        nothing: (),
    };
    (0..3).map(row).collect()
}

/// The same as a batch.
fn batch_of_rows() -> RecordBatch {
    let inner = || {
        let word = array(StringArray::from(vec!["0", "1", "2"]));
        structs(vec![("n", array(Int32Array::from(vec![0, 1, 2]))), ("word", word)], None)
    };
    let inners = {
        let n = array(Int32Array::from(vec![Some(7), None, Some(7), None, Some(7), None]));
        let word = strings(&[Some("7"), None, Some("7"), None, Some("7"), None]);
        let values = structs(vec![("n", n), ("word", word)], Some(vec![true, false, true, false, true, false]));
        list_of(item(values.data_type().clone()), &[0, 2, 4, 6], values, None)
    };
    let mut tags = ListBuilder::new(ListBuilder::new(StringBuilder::new()));
    for n in 0..3 {
        (0..n).for_each(|_| tags.values().append_value([Some("a")]));
        tags.append(true);
    }
    let kinds =
        DictionaryArray::<UInt8Type>::new(UInt8Array::from(vec![0, 1, 0]), strings(&[Some("Late"), Some("Early")]));
    batch([
        ("flag", array(BooleanArray::from(vec![true, false, true]))),
        ("byte", array(UInt8Array::from(vec![0, 1, 2]))),
        ("count", array(Int64Array::from(vec![0, -1, -2]))),
        ("mass", array(Float64Array::from(vec![0.0, 0.5, 1.0]))),
        ("maybe", array(Float32Array::from(vec![Some(0.0), None, Some(2.0)]))),
        ("name", strings(&[Some(""), Some("x"), Some("xx")])),
        ("note", strings(&[None, Some("note"), None])),
        ("blob", array(BinaryArray::from(vec![&b""[..], b"\x01", b"\x02\x02"]))),
        ("position", fixed_lists(2, array(Float64Array::from(vec![0.5, 0.0, 0.5, 1.0, 0.5, 2.0])), None)),
        ("path", list_of(item(DataType::UInt16), &[0, 0, 1, 3], array(UInt16Array::from(vec![0, 0, 1])), None)),
        ("tags", array(tags.finish())),
        ("kind", array(kinds)),
        ("inner", inner()),
        ("inners", inners),
        ("nothing", array(NullArray::new(3))),
    ])
}

#[test]
fn structs_and_batches_read_each_other() {
    assert_eq!(reread::<_, Table>(&rows()).0, batch_of_rows());
    assert_eq!(reread::<_, Vec<Row>>(&Table(batch_of_rows())), rows());
    // In parts, however it is stored.
    for records in [filebacked::Records::Columns, filebacked::Records::Table] {
        let file = memory();
        WriteOptions::new().records(records).write(&file, "rows", &rows()).unwrap();
        let mut reader = Reader::open(&file, "rows").unwrap();
        assert_eq!(reader.read(1..).unwrap(), batch_of_rows().slice(1, 2));
    }
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Flat {
    id: u16,
    kind: Kind,
    at: [f32; 3],
    inner: (i8, bool),
    x: f64,
}

fn flats(count: u16) -> Vec<Flat> {
    let flat = |id: u16| Flat {
        id,
        kind: if id.is_multiple_of(3) { Kind::Early } else { Kind::Late },
        at: [f32::from(id); 3],
        inner: (-1, id.is_multiple_of(2)),
        x: f64::from(id) / 4.0,
    };
    (0..count).map(flat).collect()
}

#[test]
fn compound_tables() {
    let (file, all) = (memory(), flats(20_000));
    filebacked::write(&file, "flat", &all).unwrap();
    let table: Table = filebacked::read(&file, "flat").unwrap();
    let ids: Vec<u16> = all.iter().map(|flat| flat.id).collect();
    assert_eq!(table["id"].as_ref(), &UInt16Array::from(ids.clone()) as &dyn Array);
    let flags: Vec<bool> = all.iter().map(|flat| flat.inner.1).collect();
    let inner = cast::AsArray::as_struct(&table["inner"]);
    assert_eq!(inner.column(1).as_ref(), &BooleanArray::from(flags) as &dyn Array);
    assert_eq!(filebacked::from_slice::<Vec<Flat>>(&to_vec(&table).unwrap()).unwrap(), all);

    let reader = Reader::open(&file, "flat").unwrap().columns(["x", "id"]).unwrap();
    let batches: Vec<RecordBatch> = reader.batches(7_000).map(Result::unwrap).collect();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [7_000, 7_000, 6_000]);
    assert_eq!(batches[2].schema().field(0).name(), "x");
    assert_eq!(batches[2].column(1).as_ref(), &UInt16Array::from(ids[14_000..].to_vec()) as &dyn Array);
}

#[test]
fn strings_in_compound_tables() {
    #[derive(Serialize)]
    struct Named {
        name: &'static str,
        n: i32,
        word: Option<&'static str>,
    }
    let file = memory();
    let rows = vec![Named { name: "a", n: 1, word: None }, Named { name: "schön", n: 2, word: Some("b") }];
    WriteOptions::new().records(filebacked::Records::Table).strings(Strings::Fixed).write(&file, "t", &rows).unwrap();
    let expected = batch([
        ("name", strings(&[Some("a"), Some("schön")])),
        ("n", array(Int32Array::from(vec![1, 2]))),
        ("word", strings(&[None, Some("b")])),
    ]);
    assert_eq!(filebacked::read::<Table>(&file, "t").unwrap().0, expected);

    // Of variable length, as others have them.
    #[derive(hdf5::H5Type, Clone)]
    #[repr(C)]
    struct Stranger {
        n: i32,
        name: hdf5::types::VarLenUnicode,
        list: hdf5::types::VarLenArray<u8>,
    }
    let stranger = |n: i32, name: &str| Stranger {
        n,
        name: name.parse().unwrap(),
        list: hdf5::types::VarLenArray::from_slice(&vec![7; n as usize]),
    };
    let rows = ndarray::Array1::from_iter((0..300).map(|n| stranger(n % 3, &n.to_string())));
    file.new_dataset_builder().with_data(&rows).create("strangers").unwrap();
    let mut reader = Reader::open(&file, "strangers").unwrap();
    let part = reader.read(298..).unwrap();
    let expected = batch([
        ("n", array(Int32Array::from(vec![1, 2]))),
        ("name", strings(&[Some("298"), Some("299")])),
        ("list", list_of(item(DataType::UInt8), &[0, 1, 3], array(UInt8Array::from(vec![7; 3])), None)),
    ]);
    assert_eq!(part, expected);
    let mut numbers = Reader::open(&file, "strangers").unwrap().columns(["n"]).unwrap();
    assert_eq!(numbers.read(..).unwrap().num_columns(), 1);
    assert_eq!(numbers.read(297..).unwrap().column(0).as_ref(), &Int32Array::from(vec![0, 1, 2]) as &dyn Array);
}

#[test]
fn what_is_in_the_file() {
    let zoned = TimestampMillisecondArray::from(vec![Some(1), None]).with_timezone("UTC");
    let table = Table(batch([
        ("id", array(UInt32Array::from(vec![1, 2]))),
        ("energy", array(Float64Array::from(vec![Some(0.5), None]))),
        ("kind", words(&[Some("T"), None])),
        ("path", list_of(item(DataType::Int8), &[0, 1, 3], array(Int8Array::from(vec![1, 2, 3])), None)),
        ("when", array(zoned)),
        ("key", array(FixedSizeBinaryArray::try_from_iter([b"ab", b"cd"].into_iter()).unwrap())),
    ]));
    check_tree(
        &table,
        "/ columns, 2 rows
        ├─ id u32 (2,) 1, 2
        ├─ energy nullable
        │ ├─ values f64 (2,) 0.5, NaN
        │ └─ mask bool (2,) false, true
        ├─ kind group, encoding-type categorical
        │ ├─ @ordered bool false
        │ ├─ categories string(1) (1,) \"T\"
        │ └─ codes i8 (2,) 0, -1
        ├─ path ragged
        │ ├─ offsets u64 (3,) 0, 1, 3
        │ └─ values i8 (3,) 1, 2, 3
        ├─ when nullable, encoding-type nullable-integer
        │ ├─ values i64 (2,) 1, 0
        │ │ ├─ @units string \"milliseconds since 1970-01-01\"
        │ │ ├─ @calendar string \"proleptic_gregorian\"
        │ │ └─ @timezone string \"UTC\"
        │ └─ mask bool (2,) false, true
        └─ key opaque(2) (2,) 0x6162, 0x6364",
    );
    let value: Value = reread(&table);
    assert_eq!(value[1]["id"], Value::from(2_u32));
    assert_eq!(value[0]["kind"], Value::from("T"));
    // Equal tables give equal files, whatever is in memory where there is no value.
    let with = |hidden: i32| {
        let values = Int32Array::new(vec![1, hidden].into(), Some(NullBuffer::from(vec![true, false])));
        to_vec(&Table(batch([("x", array(values))]))).unwrap()
    };
    assert_eq!(with(5), with(7));
}

#[test]
fn tables_without_rows_or_columns() {
    let options = RecordBatchOptions::new().with_row_count(Some(7));
    let hollow = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &options).unwrap();
    assert_eq!(again(&hollow), hollow);
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Hollow {}
    assert_eq!(reread::<_, Vec<Hollow>>(&Table(hollow)).len(), 7);
    assert_eq!(reread::<_, Table>(&vec![Hollow {}, Hollow {}]).num_rows(), 2);

    let none = batch([("x", array(Int32Array::from(vec![0; 0]))), ("s", strings(&[]))]);
    assert_eq!(again(&none), none);
    assert_eq!(reread::<_, Vec<Inner>>(&Table(none)), []);
    let nothing = reread::<_, Table>(&Vec::<Row>::new());
    assert_eq!((nothing.num_rows(), nothing.num_columns()), (0, 0));
    let file = memory();
    filebacked::write(&file, "none", &Vec::<Row>::new()).unwrap();
    assert_eq!(Reader::open(&file, "none").unwrap().batches(10).count(), 1);

    let huge = RecordBatchOptions::new().with_row_count(Some((1 << 24) + 1));
    let huge = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &huge).unwrap();
    assert_eq!(to_vec(&Table(huge)).unwrap_err().kind(), ErrorKind::Limit);
}

#[test]
fn ranges_and_columns() {
    let (file, whole) = (memory(), batch_of_rows());
    filebacked::write(&file, "rows", &Table(whole.clone())).unwrap();
    let mut reader = Reader::open(&file, "rows").unwrap();
    assert_eq!(reader.len(), 3);
    for (start, end) in [(0, 3), (0, 0), (1, 2), (2, 3), (3, 3)] {
        assert_eq!(reader.read(start..end).unwrap(), whole.slice(start as usize, (end - start) as usize));
    }
    assert_eq!(reader.read(2..100).unwrap(), whole.slice(2, 1));
    assert_eq!(reader.read(5..).unwrap().num_rows(), 0);
    assert_eq!(reader.schema().unwrap(), whole.schema());
    let mut some = Reader::open(&file, "rows").unwrap().columns(["tags", "id", "byte"].iter().skip(2)).unwrap();
    assert_eq!(some.read(..).unwrap(), whole.project(&[1]).unwrap());
    let batches: Vec<RecordBatch> = reader.batches(2).into_record_batch_reader().unwrap().map(Result::unwrap).collect();
    assert_eq!(batches, [whole.slice(0, 2), whole.slice(2, 1)]);

    let error = |columns: &[&str]| Reader::open(&file, "rows").unwrap().columns(columns).unwrap_err().to_string();
    assert!(error(&["mess"]).starts_with("there is no column `mess`; the table has `flag`"), "{}", error(&["mess"]));
    assert!(error(&["mess"]).ends_with("HDF5 path `/rows`"), "{}", error(&["mess"]));
    assert!(error(&["byte", "byte"]).starts_with("the column `byte` is asked for twice"));
    // The root of a file, and files.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.h5");
    filebacked::to_file(&path, &Table(whole.clone())).unwrap();
    assert_eq!(Reader::open_file(&path, "/").unwrap().read(..).unwrap(), whole);
    assert_eq!(filebacked::from_file::<Table>(&path).unwrap().0, whole);
    let gone = Reader::open_file(folder.path().join("none.h5"), "/").unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::Io);
}

#[test]
fn options_apply_to_columns() {
    let numbers = array(Float64Array::from_iter_values((0..10_000).map(f64::from)));
    let table = Table(batch([
        ("x", numbers.clone()),
        ("y", numbers),
        ("inner", structs(vec![("z", array(Int32Array::from(vec![1; 10_000])))], None)),
    ]));
    let value = BTreeMap::from([("steps", &table)]);
    let file = memory();
    let options = WriteOptions::new().at("steps/*/x", |d| d.chunk([1000]).deflate(1)).skip(["steps/*/y"]);
    options.write(&file, "run", &value).unwrap();
    let dataset = file.dataset("run/steps/x").unwrap();
    assert_eq!((dataset.chunk(), dataset.filters().len()), (Some(vec![1000]), 2));
    assert!(file.dataset("run/steps/y").is_err());
    assert_eq!(file.dataset("run/steps/inner/z").unwrap().chunk(), None);

    let file = memory();
    filebacked::write(&file, "run", &value).unwrap();
    let skip = ReadOptions::new().skip(["steps/*/y", "steps/*/inner"]);
    let read: BTreeMap<String, Table> = skip.read(&file, "run").unwrap();
    assert_eq!(read["steps"].0, table.project(&[0]).unwrap());
    let only = WriteOptions::new().only(["steps/*/inner/z"]);
    let image = only.to_vec(&value).unwrap();
    let read: BTreeMap<String, Table> = from_slice(&image).unwrap();
    assert_eq!(read["steps"].num_columns(), 1);
    let wrong = WriteOptions::new().skip(["steps/*/w"]).to_vec(&value).unwrap_err();
    assert!(wrong.to_string().contains("steps/*/w"), "{wrong}");
}

#[test]
fn arrays_of_no_elements() {
    #[derive(Serialize)]
    struct Hollow {
        n: i32,
        none: Vec<f64>,
    }
    // They are a dataset of the shape (2, 0).
    let table: Table = reread(&vec![Hollow { n: 1, none: vec![] }, Hollow { n: 2, none: vec![] }]);
    assert_eq!((table.num_rows(), table["none"].len()), (2, 2));
    assert_eq!(table["none"].data_type(), &DataType::FixedSizeList(Arc::new(item(DataType::Float64)), 0));
}

#[track_caller]
fn refused(batch: RecordBatch, expected: &str) {
    let error = to_vec(&Table(batch)).unwrap_err();
    assert_eq!(error.to_string(), expected);
}

#[test]
fn what_is_not_written() {
    let decimals = Decimal128Array::from(vec![1]).with_precision_and_scale(10, 2).unwrap();
    refused(
        batch([("id", array(Int32Array::from(vec![1]))), ("price", array(decimals.clone()))]),
        "a column of the type `Decimal128(10, 2)` is not stored (cast it to a string, or to a float); at `price`, HDF5 path `/`",
    );
    let inside = structs(vec![("price", array(decimals))], None);
    let lists = list_of(item(inside.data_type().clone()), &[0, 1], inside, None);
    refused(
        batch([("orders", lists)]),
        "a column of the type `Decimal128(10, 2)` is not stored (cast it to a string, or to a float); at `orders/price`, \
         HDF5 path `/`",
    );
    refused(
        batch([("day", array(Date64Array::from(vec![0, 1])))]),
        "1 milliseconds are no whole days: `Date64` has dates, `Timestamp` has times; at `day/[1]`, HDF5 path `/day`",
    );
    refused(
        batch([("x", array(Int32Array::from(vec![1]))), ("x", array(Int32Array::from(vec![1])))]),
        "two columns are called `x` (rename one of them); HDF5 path `/`",
    );
    let table = Table(batch([("x", array(Int32Array::from(vec![1])))]));
    let python = WriteOptions::new().python("model").to_vec(&table).unwrap_err();
    assert_eq!(python.kind(), ErrorKind::Unsupported);
    #[derive(Serialize)]
    struct Attribute {
        #[serde(rename = "@table")]
        table: Table,
    }
    assert_eq!(to_vec(&Attribute { table }).unwrap_err().kind(), ErrorKind::Unsupported);
    // Nothing is left of what was begun.
    let file = memory();
    filebacked::write(&file, "x", &Table(batch([("day", array(Date64Array::from(vec![1])))]))).unwrap_err();
    assert_eq!(file.member_names().unwrap(), [""; 0]);
}

#[track_caller]
fn unreadable<T: Serialize>(value: &T) -> Error {
    from_slice::<Table>(&to_vec(value).unwrap()).unwrap_err()
}

#[test]
fn what_is_no_table() {
    for error in [unreadable(&vec![0.5]), unreadable(&"text"), unreadable(&vec!["text"]), unreadable(&1)] {
        let text = error.to_string();
        assert!(text.starts_with("expected a table") || text.starts_with("expected a sequence"), "{text}");
    }
    assert!(unreadable(&BTreeMap::from([("x", 1)])).to_string().starts_with("expected a table, found"));
    #[derive(Serialize)]
    struct Odd {
        n: i32,
        map: BTreeMap<i32, String>,
    }
    let odd = Odd { n: 1, map: BTreeMap::from([(1, "one".to_owned())]) };
    let error = unreadable(&vec![&odd]);
    assert_eq!(
        error.to_string(),
        "a sequence of maps is no column of Arrow's: leave the column out, or read it as a `Vec`; at `map`, HDF5 path `/map`"
    );
    let file = memory();
    filebacked::write(&file, "odd", &vec![&odd]).unwrap();
    let mut some = Reader::open(&file, "odd").unwrap().columns(["n"]).unwrap();
    assert_eq!(some.read(..).unwrap().num_rows(), 1);
    let without: Table = ReadOptions::new().skip(["*/map"]).read(&file, "odd").unwrap();
    assert_eq!(without.num_columns(), 1);
}

#[test]
fn in_other_formats() {
    let table = Table(batch_of_rows());
    // Binary formats keep all types.
    let bytes = postcard::to_stdvec(&table).unwrap();
    assert_eq!(postcard::from_bytes::<Table>(&bytes).unwrap(), table);
    let bytes = rmp_serde::to_vec(&table).unwrap();
    assert_eq!(rmp_serde::from_slice::<Table>(&bytes).unwrap(), table);
    // JSON has the values.
    let json = serde_json::to_value(&table).unwrap();
    assert_eq!(json, serde_json::to_value(rows()).unwrap());
    let small = Table(batch([("n", array(UInt64Array::from(vec![1, 2]))), ("s", strings(&[Some("a"), None]))]));
    let json = serde_json::to_string(&small).unwrap();
    assert_eq!(json, r#"[{"n":1,"s":"a"},{"n":2,"s":null}]"#);
    assert_eq!(serde_json::from_str::<Table>(&json).unwrap(), small);

    // And so does a part of a dataset.
    let nested = vec![vec![Inner { n: 1, word: "a".to_owned() }], vec![]];
    let tables: Vec<Table> = reread(&nested);
    assert_eq!(tables[0]["word"].as_ref(), &StringArray::from(vec!["a"]) as &dyn Array);
    assert_eq!(tables[1].num_rows(), 0);
}

#[test]
fn appended_tables() {
    let file = memory();
    let mut appender = filebacked::Appender::create(&file, "rows").unwrap();
    rows().iter().for_each(|row| appender.push(row).unwrap());
    appender.finish().unwrap();
    let read: Table = filebacked::read(&file, "rows").unwrap();
    let expected = batch_of_rows();
    for name in ["flag", "byte", "maybe", "name", "note", "blob", "position", "path", "tags", "inner", "inners"] {
        assert_eq!(&read[name], &expected[name], "{name}");
    }
    let kinds = cast::AsArray::as_any_dictionary(&read["kind"]);
    assert_eq!(kinds.values().len(), 2, "{}", tree(&rows()));
    let mut reader = Reader::open(&file, "rows").unwrap();
    assert_eq!(reader.read(1..2).unwrap(), read.slice(1, 1));
}

#[test]
fn limits() {
    let file = memory();
    filebacked::write(&file, "x", &Table(batch([("x", array(Int64Array::from(vec![0; 1000])))]))).unwrap();
    let options = ReadOptions::new().max_bytes(4000);
    assert_eq!(options.read::<Table>(&file, "x").unwrap_err().kind(), ErrorKind::Limit);
    let mut reader = options.table_reader(&file, "x").unwrap();
    assert_eq!(reader.read(..500).unwrap().num_rows(), 500);
    let error = reader.read(..501).unwrap_err();
    assert_eq!((error.kind(), error.to_string().contains("/x")), (ErrorKind::Limit, true), "{error}");
    let batches = options.table_reader(&file, "x").unwrap().batches(500);
    assert_eq!(batches.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 1000);
    let mut failing = options.table_reader(&file, "x").unwrap().batches(501);
    assert!(failing.next().unwrap().is_err() && failing.next().is_none());
}

/// Files that are not as they should be.
#[test]
fn damaged_tables() {
    let broken = |change: &dyn Fn(&hdf5::Group)| {
        let file = memory();
        let table = Table(batch([
            ("kind", words(&[Some("a"), Some("b")])),
            ("path", list_of(item(DataType::Int8), &[0, 1, 3], array(Int8Array::from(vec![1, 2, 3])), None)),
            ("maybe", array(BooleanArray::from(vec![Some(true), None]))),
            ("text", strings(&[Some("a\0"), Some("b")])),
        ]));
        filebacked::write(&file, "t", &table).unwrap();
        change(&file.group("t").unwrap());
        let whole = filebacked::read::<Table>(&file, "t").map(drop);
        let part = Reader::open(&file, "t").and_then(|mut reader| reader.read(..).map(drop));
        let (whole, part) = (whole.unwrap_err(), part.unwrap_err());
        assert_eq!(whole.kind(), part.kind(), "{whole}; {part}");
        whole.to_string()
    };
    let write = |group: &hdf5::Group, name: &str, values: &[u64]| group.dataset(name).unwrap().write(values).unwrap();
    let errors = [
        broken(&|t| t.dataset("kind/codes").unwrap().write(&[0_i8, 2]).unwrap()),
        broken(&|t| write(t, "path/offsets", &[0, 5, 3])),
        broken(&|t| write(t, "path/offsets", &[0, 1, 2])),
        broken(&|t| write(t, "path/offsets", &[1, 1, 3])),
        broken(&|t| write(t, "text/offsets", &[0, 1, u64::MAX])),
        broken(&|t| t.dataset("text/bytes").unwrap().write(b"\xff\0b").unwrap()),
        broken(&|t| {
            t.unlink("maybe/mask").unwrap();
            t.new_dataset_builder().with_data(&[true]).create("maybe/mask").unwrap();
        }),
        broken(&|t| {
            t.unlink("path").unwrap();
            t.new_dataset_builder().with_data(&[1, 2, 3]).create("path").unwrap();
        }),
    ];
    for (error, expected) in errors.iter().zip([
        "the code 2 is that of none of 2 categories; at `kind/[1]`",
        "the offsets do not rise",
        "values has 3 elements where there should be 2",
        "the offsets do not rise from 0",
        "bytes has 3 elements where there should be 18446744073709551615",
        "is no UTF-8",
        "where there should be 1",
        "the field has 3 elements where there should be 2",
    ]) {
        assert!(error.contains(expected), "{error}");
    }
}

#[cfg(test)]
mod random {
    use proptest::prelude::*;

    use super::*;

    fn nulls(len: usize) -> impl Strategy<Value = Option<NullBuffer>> {
        prop::option::of(prop::collection::vec(any::<bool>(), len).prop_map(NullBuffer::from))
    }

    /// Arrays of any of some types that come back as they are, nested to some depth.
    fn arrays(len: usize, depth: u32) -> BoxedStrategy<ArrayRef> {
        let numbers = (prop::collection::vec(any::<i32>(), len), nulls(len))
            .prop_map(|(values, nulls)| array(Int32Array::new(values.into(), nulls)));
        let floats = (prop::collection::vec(any::<f64>(), len), nulls(len))
            .prop_map(|(values, nulls)| array(Float64Array::new(values.into(), nulls)));
        let bools = (prop::collection::vec(any::<bool>(), len), nulls(len))
            .prop_map(|(values, nulls)| array(BooleanArray::new(values.into(), nulls)));
        let texts = prop::collection::vec(prop::option::of("[a-zé\0]{0,6}"), len)
            .prop_map(|values| array(StringArray::from(values)));
        let blobs = prop::collection::vec(prop::option::of(prop::collection::vec(any::<u8>(), 0..4)), len)
            .prop_map(|values| array(BinaryArray::from_iter(values)));
        let words = prop::collection::vec(prop::option::of("[ab]{0,2}"), len)
            .prop_map(|values| array(values.iter().map(Option::as_deref).collect::<DictionaryArray<Int32Type>>()));
        let flat = prop_oneof![numbers, floats, bools, texts, blobs, words];
        if depth == 0 {
            return flat.boxed();
        }
        let lists = prop::collection::vec((0_usize..4, any::<bool>()), len).prop_flat_map(move |lists| {
            let nulls = NullBuffer::from_iter(lists.iter().map(|(_, is_some)| *is_some));
            let lengths = lists.iter().map(|(count, is_some)| if *is_some { *count } else { 0 });
            let offsets = OffsetBuffer::<i32>::from_lengths(lengths);
            let total = offsets.last() as usize;
            (arrays(total, depth - 1), any::<bool>()).prop_map(move |(values, has_nulls)| {
                let field = Arc::new(item(values.data_type().clone()));
                array(ListArray::new(field, offsets.clone(), values, has_nulls.then(|| nulls.clone())))
            })
        });
        let structs = (arrays(len, depth - 1), arrays(len, depth - 1))
            .prop_map(|(first, second)| structs(vec![("first", first), ("second", second)], None));
        prop_oneof![2 => flat, 1 => lists, 1 => structs].boxed()
    }

    fn batches() -> impl Strategy<Value = RecordBatch> {
        (0_usize..12).prop_flat_map(|len| {
            (arrays(len, 2), arrays(len, 2), arrays(len, 0))
                .prop_map(|(a, b, c)| batch([("a", a), ("b/%", b), ("", c)]))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn batches_come_back(written in batches(), cut in 0_u64..12) {
            let file = memory();
            filebacked::write(&file, "t", &Table(written.clone())).unwrap();
            let read: Table = filebacked::read(&file, "t").unwrap();
            let equal = |left: &RecordBatch, right: &RecordBatch| {
                left.columns().iter().zip(right.columns()).all(|(left, right)| is_equal(left, right))
            };
            prop_assert!(equal(&read, &written), "{read:?}\n{written:?}");
            let mut reader = Reader::open(&file, "t").unwrap();
            let (start, rows) = (cut.min(reader.len()), written.num_rows() as u64);
            let part = reader.read(start..).unwrap();
            let expected = written.slice(start as usize, (rows - start) as usize);
            prop_assert!(equal(&part, &expected), "{part:?}\n{expected:?}");
            // Whatever it is, a type that takes anything reads it.
            filebacked::read::<Value>(&file, "t").unwrap();
        }
    }

    /// Whether two arrays have the same types and values: as text, in which NaN is NaN.
    fn is_equal(left: &ArrayRef, right: &ArrayRef) -> bool {
        left.data_type() == right.data_type() && as_text(left) == as_text(right)
    }
}
