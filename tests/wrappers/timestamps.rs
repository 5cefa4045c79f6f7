//! Times as numbers: where they stand in values, what is on disk for them, and what else is read.

use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use filebacked::{
    Appender, ErrorKind, NdArray, ReadOptions, Records, Value, WithAttrs, WriteOptions, from_slice, hdf5, to_group,
    to_vec, write,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{reread, round_trip};
use crate::common::memory;

const UNIX: SystemTime = SystemTime::UNIX_EPOCH;

/// So many nanoseconds since 1970.
fn at(nanoseconds: i64) -> SystemTime {
    let duration = Duration::from_nanos(nanoseconds.unsigned_abs());
    if nanoseconds < 0 { UNIX - duration } else { UNIX + duration }
}

#[derive(Serialize, Deserialize, PartialEq, Clone, Debug)]
struct Time(#[serde(with = "filebacked::timestamp")] SystemTime);

#[derive(Serialize, Deserialize, PartialEq, Clone, Debug)]
struct Times {
    #[serde(with = "filebacked::timestamp")]
    one: SystemTime,
    #[serde(with = "filebacked::timestamp")]
    some: Option<SystemTime>,
    #[serde(with = "filebacked::timestamp")]
    none: Option<SystemTime>,
    #[serde(with = "filebacked::timestamp")]
    many: Vec<SystemTime>,
    #[serde(with = "filebacked::timestamp")]
    nothing: Vec<SystemTime>,
    #[serde(with = "filebacked::timestamp")]
    gaps: Vec<Option<SystemTime>>,
    #[serde(with = "filebacked::timestamp")]
    all_gaps: Vec<Option<SystemTime>>,
    #[serde(with = "filebacked::timestamp")]
    perhaps: Option<Vec<SystemTime>>,
    #[serde(with = "filebacked::timestamp", rename = "@attribute")]
    attribute: SystemTime,
}

fn times() -> Times {
    Times {
        one: at(1_700_000_000_123_456_789),
        some: Some(at(-1)),
        none: None,
        many: (0..5).map(|n| at(n * 250_000_000)).collect(),
        nothing: vec![],
        gaps: vec![None, Some(at(7)), None],
        all_gaps: vec![None; 2],
        perhaps: Some(vec![at(i64::MAX), at(i64::MIN + 1)]),
        attribute: at(9),
    }
}

#[test]
fn fields() {
    round_trip(&times());
    let file = memory();
    to_group(&times(), &file).unwrap();
    for (name, shape, values) in [
        ("one", vec![], vec![1_700_000_000_123_456_789]),
        ("some", vec![], vec![-1]),
        ("many", vec![5], vec![0, 250_000_000, 500_000_000, 750_000_000, 1_000_000_000]),
        ("nothing", vec![0], vec![]),
        ("gaps", vec![3], vec![i64::MIN, 7, i64::MIN]),
        ("all_gaps", vec![2], vec![i64::MIN; 2]),
        ("perhaps", vec![2], vec![i64::MAX, i64::MIN + 1]),
    ] {
        let dataset = file.dataset(name).unwrap();
        assert_eq!((dataset.shape(), dataset.read_raw::<i64>().unwrap()), (shape, values), "{name}");
        let text =
            |name: &str| dataset.attr(name).unwrap().read_scalar::<hdf5::types::VarLenUnicode>().unwrap().to_string();
        assert_eq!(
            (text("units"), text("calendar")),
            ("nanoseconds since 1970-01-01".into(), "proleptic_gregorian".into())
        );
        let fill = dataset.attr("_FillValue").ok().map(|fill| fill.read_scalar::<i64>().unwrap());
        assert_eq!(fill, name.ends_with("gaps").then_some(i64::MIN), "{name}");
    }
    assert_eq!(file.attr("attribute").unwrap().read_scalar::<i64>().unwrap(), 9);
    // Without a type they are what is stored, and come back.
    let any: Value = filebacked::from_group(&file).unwrap();
    assert_eq!(any["one"].as_i64(), Some(1_700_000_000_123_456_789));
    assert_eq!(reread::<_, Times>(&any), times());
}

/// In lists they are columns, not objects.
#[test]
fn in_sequences() {
    let rows: Vec<Times> = (0..100)
        .map(|n| Times { one: at(n), some: (n % 2 == 0).then(|| at(n)), many: vec![at(n); n as usize % 3], ..times() })
        .map(|row| Times { attribute: at(0), ..row })
        .collect();
    round_trip(&rows);
    let file = memory();
    write(&file, "rows", &rows).unwrap();
    for path in ["one", "some/values", "many/values", "nothing", "perhaps/values"] {
        let Ok(dataset) = file.dataset(&format!("rows/{path}")) else { continue };
        let is_times = dataset.dtype().unwrap().is::<i64>();
        assert_eq!(dataset.attr("units").is_ok(), is_times, "{path}");
    }
    for path in ["one", "some/values", "many/values"] {
        assert!(file.dataset(&format!("rows/{path}")).unwrap().attr("units").is_ok(), "{path}");
    }

    // Long ones take another way.
    #[derive(Serialize, Deserialize, PartialEq, Clone, Debug)]
    struct Row {
        name: String,
        #[serde(with = "filebacked::timestamp")]
        time: SystemTime,
        #[serde(with = "filebacked::timestamp")]
        end: Option<SystemTime>,
    }
    let row = |n: i64| Row { name: format!("row {n}"), time: at(n), end: (n % 3 > 0).then(|| at(-n)) };
    let rows: Vec<Row> = (0..300_000).map(row).collect();
    let file = memory();
    write(&file, "rows", &rows).unwrap();
    assert_eq!(filebacked::read::<Vec<Row>>(&file, "rows").unwrap(), rows);
    for path in ["rows/time", "rows/end/values"] {
        assert!(file.dataset(path).unwrap().attr("units").is_ok(), "{path}");
    }
    // Records of fixed size are columns too, as a field of a compound has no attributes.
    #[derive(Serialize, Deserialize, PartialEq, Clone, Debug)]
    struct Flat {
        #[serde(with = "filebacked::timestamp")]
        time: SystemTime,
        value: f64,
    }
    let flat: Vec<Flat> = (0..1000).map(|n| Flat { time: at(n), value: 0.5 }).collect();
    round_trip(&flat);
    let file = memory();
    for (name, count) in [("few", 3), ("flat", 1000), ("many", 200_000)] {
        let flat = flat.iter().cycle().take(count).cloned().collect::<Vec<_>>();
        write(&file, name, &flat).unwrap();
        assert!(file.dataset(&format!("{name}/time")).unwrap().attr("units").is_ok());
        assert!(file.dataset(&format!("{name}/value")).unwrap().attr("units").is_err());
        assert_eq!(filebacked::read::<Vec<Flat>>(&file, name).unwrap(), flat);
    }
    // So are those around them. What is asked for as a table is one.
    #[derive(Serialize, Deserialize, PartialEq, Clone, Debug)]
    struct Outer {
        index: u32,
        flat: Flat,
    }
    let outer: Vec<Outer> = (0..).zip(&flat).map(|(index, flat)| Outer { index, flat: flat.clone() }).collect();
    round_trip(&outer);
    write(&file, "outer", &outer).unwrap();
    assert!(file.dataset("outer/flat/time").unwrap().attr("units").is_ok());
    for count in [3, 200_000] {
        let flat = flat.iter().cycle().take(count).cloned().collect::<Vec<_>>();
        WriteOptions::new().records(Records::Table).overwrite(true).write(&file, "table", &flat).unwrap();
        assert_eq!(file.dataset("table").unwrap().shape(), [count]);
        assert_eq!(filebacked::read::<Vec<Flat>>(&file, "table").unwrap(), flat);
    }
    // Times alone, and in tuples.
    let alone: Vec<Time> = (0..200_000).map(|n| Time(at(n))).collect();
    let pairs: Vec<(Time, Time)> = (0..100_000).map(|n| (Time(at(n)), Time(at(-n)))).collect();
    for count in [2, 100_000] {
        write(&file, &format!("alone {count}"), &alone[..count]).unwrap();
        write(&file, &format!("pairs {count}"), &pairs[..count]).unwrap();
        for name in ["alone", "pairs"] {
            assert!(file.dataset(&format!("{name} {count}")).unwrap().attr("units").is_ok(), "{name} {count}");
        }
        assert_eq!(filebacked::read::<Vec<Time>>(&file, &format!("alone {count}")).unwrap(), alone[..count]);
        assert_eq!(filebacked::read::<Vec<(Time, Time)>>(&file, &format!("pairs {count}")).unwrap(), pairs[..count]);
    }

    // Appended to.
    let file = memory();
    let mut appender = Appender::create(&file, "rows").unwrap();
    (0..3000).for_each(|n| appender.push(&row(n)).unwrap());
    appender.finish().unwrap();
    assert!(file.dataset("rows/time").unwrap().attr("units").is_ok());
    assert_eq!(filebacked::read::<Vec<Row>>(&file, "rows").unwrap(), rows[..3000]);
    Appender::<Flat>::create(&file, "flat rows").unwrap().extend(&flat).unwrap();
    assert!(file.dataset("flat rows/time").unwrap().attr("units").is_ok());
    assert_eq!(filebacked::read::<Vec<Flat>>(&file, "flat rows").unwrap(), flat);
    // What is a table already goes on as one.
    #[derive(Serialize)]
    struct Before {
        time: i64,
        value: f64,
    }
    Appender::create(&file, "table").unwrap().push(&Before { time: 0, value: 0.5 }).unwrap();
    Appender::<Flat>::open(&file, "table").unwrap().extend(&flat[1..]).unwrap();
    assert_eq!(file.dataset("table").unwrap().shape(), [1000]);
    assert_eq!(filebacked::read::<Vec<Flat>>(&file, "table").unwrap(), flat);
    // Where numbers count something else, times are no more of them.
    Appender::create(&file, "seconds").unwrap().push(&7_i64).unwrap();
    let units = file.dataset("seconds").unwrap().new_attr::<hdf5::types::VarLenUnicode>().create("units").unwrap();
    units.write_scalar(&"seconds since 1970-01-01".parse::<hdf5::types::VarLenUnicode>().unwrap()).unwrap();
    let error = Appender::open(&file, "seconds").unwrap().push(&Time(at(1))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("what is stored is \"seconds since 1970-01-01\""), "{error}");
    // In payloads, maps and tuples.
    round_trip(&vec![Some(Time(at(1))), None]);
    round_trip(&(Time(at(1)), Time(at(-2))));
    round_trip(&std::collections::BTreeMap::from([("a".to_owned(), Time(at(1)))]));
    round_trip(&Time(at(5)));
}

/// The times from 1677 to 2262.
#[test]
fn times_out_of_range() {
    for time in [UNIX + Duration::from_secs(1 << 34), UNIX - Duration::from_secs(1 << 34), at(i64::MIN)] {
        for error in [
            to_vec(&Time(time)).unwrap_err(),
            to_vec(&vec![Time(time)]).unwrap_err(),
            to_vec(&Times { gaps: vec![None, Some(time)], ..times() }).unwrap_err(),
            to_vec(&Times { many: vec![time], ..times() }).unwrap_err(),
        ] {
            assert!(error.to_string().contains("ns since 1970 is out of range"), "{error}");
        }
    }
    let error = to_vec(&Times { many: vec![at(i64::MIN)], ..times() }).unwrap_err();
    assert_eq!(error.path().to_string(), "many");
}

#[derive(Deserialize, PartialEq, Debug)]
struct One {
    #[serde(with = "filebacked::timestamp")]
    time: SystemTime,
}

#[derive(Deserialize, PartialEq, Debug)]
struct List {
    #[serde(with = "filebacked::timestamp")]
    time: Vec<SystemTime>,
}

#[derive(Deserialize, PartialEq, Debug)]
struct Gaps {
    #[serde(with = "filebacked::timestamp")]
    time: Vec<Option<SystemTime>>,
}

/// Reads what is stored for `value` with units as a field.
fn with_units<T: DeserializeOwned + Debug>(value: &impl Serialize, units: &str) -> filebacked::Result<T> {
    let attrs = json!({"units": units, "calendar": "proleptic_gregorian"});
    let attrs: std::collections::BTreeMap<String, String> = serde_json::from_value(attrs).unwrap();
    from_slice(&to_vec(&std::collections::BTreeMap::from([("time", WithAttrs { value, attrs })])).unwrap())
}

const SECOND: i64 = 1_000_000_000;

#[test]
fn other_units() {
    for (units, scale) in [
        ("nanoseconds since 1970-01-01", 1),
        ("microseconds since 1970-01-01", 1000),
        ("milliseconds since 1970-01-01 00:00:00", 1_000_000),
        ("seconds since 1970-01-01T00:00:00Z", SECOND),
        ("minutes since 1970-01-01", 60 * SECOND),
        ("hours since 1970-01-01", 3600 * SECOND),
        ("days since 1970-01-01", 86_400 * SECOND),
    ] {
        let expected = List { time: vec![at(-scale), at(0), at(7 * scale)] };
        assert_eq!(with_units::<List>(&vec![-1_i64, 0, 7], units).unwrap(), expected, "{units}");
        assert_eq!(with_units::<List>(&vec![-1_i16, 0, 7], units).unwrap(), expected, "{units}");
        assert_eq!(with_units::<List>(&vec![-1.0, 0.0, 7.0], units).unwrap(), expected, "{units}");
        assert_eq!(with_units::<One>(&7_u8, units).unwrap(), One { time: at(7 * scale) }, "{units}");
    }
    let late = with_units::<One>(&1, "days since 2000-01-01").unwrap();
    assert_eq!(late.time, at(10_958 * 86_400 * SECOND));
    assert_eq!(with_units::<One>(&0.25, "days since 1970-01-01").unwrap().time, at(21_600 * SECOND));
    // Missing ones.
    let gaps = Gaps { time: vec![Some(at(SECOND / 2)), None] };
    assert_eq!(with_units::<Gaps>(&vec![0.5, f64::NAN], "seconds since 1970-01-01").unwrap(), gaps);
    assert_eq!(with_units::<Gaps>(&vec![SECOND / 2, i64::MIN], "ns since 1970-01-01").unwrap(), gaps);
    assert_eq!(with_units::<Gaps>(&vec![Some(SECOND / 2), None], "ns since 1970-01-01").unwrap(), gaps);
    // What is no time.
    for (value, units, wanted) in [
        (json!(1), "m", "the units \"m\" are none of times"),
        (json!(1), "months since 1970-01-01", "what is read are days, hours"),
        (json!(0.1), "days since 1970-01-01", "is no whole number of nanoseconds"),
        (json!(1e300), "days since 1970-01-01", "out of range"),
        (json!(i64::MIN), "days since 1970-01-01", "the time is missing (`NaT`)"),
        (json!("now"), "", "\"now\" is no time"),
        (json!(true), "", "a time"),
    ] {
        let error = with_units::<One>(&value, units).unwrap_err();
        assert!(error.to_string().contains(wanted), "{error}");
        assert_eq!(error.path().to_string(), "time", "{error}");
    }
    let image = to_vec(&json!({"time": 0.1})).unwrap();
    let rounded = ReadOptions::new().allow_rounding(true).from_slice::<One>(&image).unwrap();
    assert_eq!(rounded.time, at(0));
}

/// Of elements that are types of their own, units are those of the dataset, too; also in lists of lists.
#[test]
fn other_units_of_elements() {
    #[derive(Deserialize, PartialEq, Debug)]
    struct Stamps<T> {
        time: T,
    }
    let seconds = |seconds: &[i64]| seconds.iter().map(|second| Time(at(second * SECOND))).collect::<Vec<_>>();
    let units = "seconds since 1970-01-01";
    let many: Vec<i64> = (0..100).collect();
    assert_eq!(with_units::<Stamps<Vec<Time>>>(&vec![1, 2], units).unwrap().time, seconds(&[1, 2]));
    assert_eq!(with_units::<Stamps<Vec<Time>>>(&many, units).unwrap().time, seconds(&many));
    assert_eq!(with_units::<Stamps<[Time; 2]>>(&vec![1, 2], units).unwrap().time.to_vec(), seconds(&[1, 2]));
    assert_eq!(with_units::<Stamps<Vec<Time>>>(&vec![7], units).unwrap().time, seconds(&[7]));
    assert_eq!(with_units::<Stamps<Vec<Vec<Time>>>>(&[[7]], units).unwrap().time, [seconds(&[7])]);
    // Rows that are read in parts.
    let long: Vec<i64> = (0..40_000).collect();
    let grid = |len: usize| NdArray(ndarray::Array2::from_shape_fn((2, len), |(_, column)| column as i64));
    let rows = with_units::<Stamps<Vec<Vec<Time>>>>(&grid(40_000), units).unwrap().time;
    for row in rows {
        for (time, second) in row.iter().zip(&long) {
            assert_eq!(*time, Time(at(second * SECOND)));
        }
        assert_eq!(row.len(), long.len());
    }
    let grid = [vec![1, 2], vec![3, 4]];
    let expected: Vec<_> = grid.iter().map(|row| seconds(row)).collect();
    assert_eq!(with_units::<Stamps<Vec<Vec<Time>>>>(&[[1, 2], [3, 4]], units).unwrap().time, expected);
    let error = with_units::<Stamps<Vec<Time>>>(&vec![1, 2], "m").unwrap_err();
    assert!(error.to_string().contains("the units \"m\" are none of times"), "{error}");

    // Of different lengths, and as fields of records.
    let file = memory();
    let ragged = vec![vec![1_i64], vec![], vec![2, 3], (0..50).collect()];
    let rows: Vec<_> = ragged.iter().map(|times| json!({"name": "row", "times": times})).collect();
    write(&file, "ragged", &ragged).unwrap();
    write(&file, "rows", &rows).unwrap();
    for values in ["ragged/values", "rows/times/values"] {
        let dataset = file.dataset(values).unwrap();
        let attribute = dataset.new_attr::<hdf5::types::VarLenUnicode>().create("units").unwrap();
        attribute.write_scalar(&units.parse::<hdf5::types::VarLenUnicode>().unwrap()).unwrap();
    }
    let expected: Vec<_> = ragged.iter().map(|row| seconds(row)).collect();
    assert_eq!(filebacked::read::<Vec<Vec<Time>>>(&file, "ragged").unwrap(), expected);
    #[derive(Deserialize)]
    struct Row {
        times: Vec<Time>,
    }
    let rows: Vec<Row> = filebacked::read(&file, "rows").unwrap();
    assert!(rows.into_iter().map(|row| row.times).eq(expected));
    // They are none of what is read next.
    assert_eq!(from_slice::<Vec<Time>>(&to_vec(&[5_i64]).unwrap()).unwrap(), [Time(at(5))]);
}

/// What was written before a field got `with`, and numbers without units.
#[test]
fn other_forms() {
    #[derive(Serialize)]
    struct Before<T> {
        time: T,
    }
    let time = at(1_700_000_000_123_456_789);
    assert_eq!(reread::<_, One>(&Before { time }).time, time);
    assert_eq!(reread::<_, List>(&Before { time: vec![time, time] }).time, [time; 2]);
    assert_eq!(reread::<_, Gaps>(&Before { time: vec![Some(time), None] }).time, [Some(time), None]);
    assert_eq!(reread::<_, One>(&Before { time: "2023-11-14T22:13:20.123456789Z" }).time, time);
    assert_eq!(reread::<_, List>(&Before { time: vec!["2023-11-14T23:13:20.123456789+01:00"] }).time, [time]);
    assert_eq!(reread::<_, Gaps>(&Before { time: vec!["NaT", "1970-01-01"] }).time, [None, Some(UNIX)]);
    assert_eq!(reread::<_, One>(&Before { time: 7_u64 }).time, at(7));
    let error = from_slice::<One>(&to_vec(&Before { time: None::<u8> }).unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongType, "{error}");
    // A column of others in a list of structs.
    let file = memory();
    #[derive(Serialize)]
    struct Row {
        name: &'static str,
        time: i64,
    }
    write(&file, "rows", &[Row { name: "a", time: 1 }, Row { name: "b", time: 2 }][..]).unwrap();
    let text: hdf5::types::VarLenUnicode = "seconds since 1970-01-01".parse().unwrap();
    let attribute =
        file.dataset("rows/time").unwrap().new_attr::<hdf5::types::VarLenUnicode>().create("units").unwrap();
    attribute.write_scalar(&text).unwrap();
    let rows: Vec<One> = filebacked::read(&file, "rows").unwrap();
    assert_eq!(rows, [One { time: at(SECOND) }, One { time: at(2 * SECOND) }]);
}

/// The Python package has no times: they are its integers.
#[test]
fn in_the_layout_of_the_python_package() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Run {
        #[serde(with = "filebacked::timestamp")]
        begun: SystemTime,
        // What is missing has no field there.
        #[serde(with = "filebacked::timestamp", default)]
        ended: Option<SystemTime>,
        #[serde(with = "filebacked::timestamp")]
        many: Vec<SystemTime>,
        rows: Vec<Time>,
    }
    let run = Run { begun: at(7), ended: None, many: vec![at(1), at(2)], rows: vec![Time(at(5))] };
    let image = WriteOptions::new().python("model").to_vec(&run).unwrap();
    assert_eq!(from_slice::<Run>(&image).unwrap(), run);
}

/// Tables of Arrow have the same times.
#[cfg(feature = "arrow")]
#[test]
fn in_tables() {
    use std::sync::Arc;

    use arrow_array::cast::AsArray;
    use arrow_array::types::{Date32Type, Int64Type, TimestampNanosecondType};
    use arrow_array::*;
    use filebacked::Table;

    #[derive(Serialize, Deserialize, PartialEq, Clone, Debug)]
    struct Row {
        id: u32,
        #[serde(with = "filebacked::timestamp")]
        time: SystemTime,
        #[serde(with = "filebacked::timestamp")]
        end: Option<SystemTime>,
    }
    for count in [3, 100_000] {
        let rows: Vec<Row> =
            (0..count).map(|n| Row { id: n as u32, time: at(n), end: (n % 2 > 0).then(|| at(-n)) }).collect();
        let table: Table = reread(&rows);
        let times = table["time"].as_primitive::<TimestampNanosecondType>();
        assert!(times.values().iter().copied().eq(0..count));
        assert_eq!(times.timezone(), None);
        let ends = table["end"].as_primitive::<TimestampNanosecondType>();
        assert!((0..count as usize).all(|n| ends.is_null(n) == (n % 2 == 0)));
        assert_eq!(ends.value(1), -1);
        assert_eq!(reread::<_, Vec<Row>>(&table), rows);
    }
    // In a table of HDF5, and without units, they are numbers.
    let file = memory();
    let rows = vec![(1_u8, Time(at(7))), (2, Time(at(8)))];
    WriteOptions::new().records(Records::Table).write(&file, "rows", &rows).unwrap();
    let table: Table = filebacked::read(&file, "rows").unwrap();
    assert_eq!(table["1"].as_primitive::<Int64Type>().values(), &[7, 8]);

    // And what a table has as times, structs have.
    let column = |array: ArrayRef| Table(RecordBatch::try_from_iter([("time", array)]).unwrap());
    let numbers = vec![Some(-1), None, Some(7)];
    let zone = || Some("Europe/Paris");
    let tables: [(ArrayRef, i64); 6] = [
        (Arc::new(TimestampSecondArray::from(numbers.clone())), SECOND),
        (Arc::new(TimestampMillisecondArray::from(numbers.clone()).with_timezone_opt(zone())), 1_000_000),
        (Arc::new(TimestampMicrosecondArray::from(numbers.clone())), 1000),
        (Arc::new(TimestampNanosecondArray::from(numbers.clone()).with_timezone_opt(zone())), 1),
        (Arc::new(Date32Array::from(vec![Some(-1), None, Some(7)])), 86_400 * SECOND),
        (Arc::new(Date64Array::from(vec![Some(-86_400_000), None, Some(7 * 86_400_000)])), 86_400 * SECOND),
    ];
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Perhaps {
        #[serde(with = "filebacked::timestamp")]
        time: Option<SystemTime>,
    }
    for (array, scale) in tables {
        let perhaps = [Some(at(-scale)), None, Some(at(7 * scale))].map(|time| Perhaps { time });
        let table = column(array);
        assert_eq!(reread::<_, Vec<Perhaps>>(&table), perhaps, "{table:?}");
        // What has no nulls.
        let table = Table(table.slice(2, 1));
        assert_eq!(reread::<_, Vec<One>>(&table), [One { time: at(7 * scale) }], "{table:?}");
        assert_eq!(reread::<_, Table>(&table), table);
    }
    let days: Table = reread(&column(Arc::new(Date32Array::from(vec![1]))));
    assert_eq!(days["time"].as_primitive::<Date32Type>().values(), &[1]);
    // A duration is none.
    let error = from_slice::<Vec<One>>(&to_vec(&column(Arc::new(DurationSecondArray::from(vec![1])))).unwrap());
    assert!(error.unwrap_err().to_string().contains("the units \"seconds\" are none of times"));
}

/// In other formats they are numbers.
#[test]
fn in_other_formats() {
    let json = serde_json::to_value(times()).unwrap();
    assert_eq!(json["one"], json!(1_700_000_000_123_456_789_i64));
    assert_eq!(json["gaps"], json!([null, 7, null]));
    assert_eq!(json["none"], json!(null));
    assert_eq!(serde_json::from_value::<Times>(json).unwrap(), times());
    let text = json!({"time": "1970-01-01T00:00:01Z"});
    assert_eq!(serde_json::from_value::<One>(text).unwrap().time, at(SECOND));
    let config = bincode::config::standard();
    let bytes = bincode::serde::encode_to_vec(times(), config).unwrap();
    assert_eq!(bincode::serde::decode_from_slice::<Times, _>(&bytes, config).unwrap().0, times());
    let bytes = postcard::to_stdvec(&times()).unwrap();
    assert_eq!(postcard::from_bytes::<Times>(&bytes).unwrap(), times());
    let bytes = rmp_serde::to_vec(&times()).unwrap();
    assert_eq!(rmp_serde::from_slice::<Times>(&bytes).unwrap(), times());
}

#[cfg(any(feature = "chrono", feature = "jiff"))]
macro_rules! types {
    ($($test:ident: $type:ty, $time:expr, $later:expr, $text:literal;)*) => {
        $(#[test]
        fn $test() {
            #[derive(Serialize, Deserialize, PartialEq, Debug)]
            struct Typed {
                #[serde(with = "filebacked::timestamp")]
                time: $type,
                #[serde(with = "filebacked::timestamp")]
                list: Vec<$type>,
                #[serde(with = "filebacked::timestamp")]
                gaps: Vec<Option<$type>>,
                #[serde(with = "filebacked::timestamp")]
                none: Option<$type>,
            }
            let (time, later): ($type, $type) = ($time, $later);
            let typed = Typed { time, list: vec![time, time], gaps: vec![None, Some(time)], none: None };
            round_trip(&typed);
            let file = memory();
            to_group(&typed, &file).unwrap();
            assert_eq!(file.dataset("time").unwrap().read_scalar::<i64>().unwrap(), 1_700_000_000_123_456_789);
            // By default it is a string, which is read, too.
            #[derive(Serialize)]
            struct Default {
                time: $type,
            }
            #[derive(Deserialize)]
            struct Read {
                #[serde(with = "filebacked::timestamp")]
                time: $type,
            }
            assert_eq!(filebacked::to_vec(&time).unwrap(), filebacked::to_vec($text).unwrap());
            assert_eq!(reread::<_, Read>(&Default { time }).time, time);
            assert_eq!(reread::<_, Read>(&Default { time: later }).time, later);
            let error = to_vec(&Typed { time: later, list: vec![], gaps: vec![], none: None }).unwrap_err();
            assert!(error.to_string().contains("out of range"), "{error}");
        })*
    };
}

#[cfg(feature = "chrono")]
types! {
    times_of_chrono: chrono::DateTime<chrono::Utc>, chrono::DateTime::from_timestamp(1_700_000_000, 123_456_789).unwrap(),
        chrono::DateTime::from_timestamp(1 << 35, 0).unwrap(), "2023-11-14T22:13:20.123456789Z";
    naive_times_of_chrono: chrono::NaiveDateTime,
        chrono::DateTime::from_timestamp(1_700_000_000, 123_456_789).unwrap().naive_utc(),
        chrono::DateTime::from_timestamp(1 << 35, 0).unwrap().naive_utc(), "2023-11-14T22:13:20.123456789";
}

#[cfg(feature = "chrono")]
#[test]
fn leap_seconds_of_chrono() {
    #[derive(Serialize)]
    struct Typed {
        #[serde(with = "filebacked::timestamp")]
        time: chrono::DateTime<chrono::Utc>,
    }
    let time = chrono::DateTime::from_timestamp(1_483_228_799, 1_500_000_000).unwrap();
    let error = to_vec(&Typed { time }).unwrap_err();
    assert!(error.to_string().contains("a leap second"), "{error}");
}

#[cfg(feature = "jiff")]
types! {
    times_of_jiff: jiff::Timestamp, jiff::Timestamp::new(1_700_000_000, 123_456_789).unwrap(),
        jiff::Timestamp::new(1 << 35, 0).unwrap(), "2023-11-14T22:13:20.123456789Z";
    civil_times_of_jiff: jiff::civil::DateTime,
        jiff::civil::date(2023, 11, 14).at(22, 13, 20, 123_456_789), jiff::civil::date(3058, 1, 1).at(0, 0, 0, 0),
        "2023-11-14T22:13:20.123456789";
}
