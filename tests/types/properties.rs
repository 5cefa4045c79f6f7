//! Random values come back equal, and are written the same way twice.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use serde_json::{Number, Value};

/// A recursive type that has all of serde's data model in it.
#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
enum Any {
    Unit,
    Bool(bool),
    I8(i8),
    I64(i64),
    I128(i128),
    U8(u8),
    U64(u64),
    F32(f32),
    F64(f64),
    Char(char),
    Str(String),
    Bytes(ByteBuf),
    Option(Option<Box<Any>>),
    Nested(Option<Option<u8>>),
    Newtype(Newtype),
    Tuple(Box<(Any, Any)>),
    Numbers(Vec<f64>),
    Matrix(Vec<Vec<u16>>),
    List(Vec<Any>),
    Options(Vec<Option<Any>>),
    Records(Vec<Record>),
    Points(Vec<Point>),
    Map(BTreeMap<String, Any>),
    Pairs(BTreeMap<(i8, String), Any>),
    Maps(Vec<BTreeMap<String, u8>>),
    Fields { one: Box<Any>, two: Vec<String> },
    TupleVariant(u8, String),
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Newtype(Box<Any>);

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Record {
    id: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<Any>,
    text: String,
    flag: Option<bool>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Point {
    at: [f64; 3],
    kind: Kind,
    on: bool,
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
enum Kind {
    Corner,
    Edge,
}

/// Text with all that is awkward in it.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z]{0,6}",
        1 => any::<String>(),
        1 => prop::sample::select(vec!["", "/", ".", "..", "%", "%2F", "\0", "a/b", "0", "1", "tag", "values", "ключ 🐧"])
            .prop_map(str::to_owned),
    ]
}

fn float() -> impl Strategy<Value = f64> {
    prop_oneof![any::<f64>().prop_filter("NaN is not equal to itself", |value| !value.is_nan()), Just(-0.0)]
}

fn point() -> impl Strategy<Value = Point> {
    (prop::array::uniform3(float()), any::<bool>(), any::<bool>()).prop_map(|(at, corner, on)| Point {
        at,
        kind: if corner { Kind::Corner } else { Kind::Edge },
        on,
    })
}

fn value() -> impl Strategy<Value = Any> {
    let leaf = prop_oneof![
        Just(Any::Unit),
        any::<bool>().prop_map(Any::Bool),
        any::<i8>().prop_map(Any::I8),
        any::<i64>().prop_map(Any::I64),
        any::<i128>().prop_map(Any::I128),
        any::<u8>().prop_map(Any::U8),
        any::<u64>().prop_map(Any::U64),
        any::<f32>().prop_filter("NaN is not equal to itself", |value| !value.is_nan()).prop_map(Any::F32),
        float().prop_map(Any::F64),
        any::<char>().prop_map(Any::Char),
        text().prop_map(Any::Str),
        prop::collection::vec(any::<u8>(), 0..5).prop_map(|bytes| Any::Bytes(ByteBuf::from(bytes))),
        any::<Option<Option<u8>>>().prop_map(Any::Nested),
        prop::collection::vec(float(), 0..5).prop_map(Any::Numbers),
        prop::collection::vec(prop::collection::vec(any::<u16>(), 0..3), 0..4).prop_map(Any::Matrix),
        prop::collection::vec(point(), 0..4).prop_map(Any::Points),
        prop::collection::vec(prop::collection::btree_map(text(), any::<u8>(), 0..4), 0..4).prop_map(Any::Maps),
        (any::<u8>(), text()).prop_map(|(number, text)| Any::TupleVariant(number, text)),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        let record = (any::<u32>(), prop::option::of(inner.clone()), text(), any::<Option<bool>>())
            .prop_map(|(id, value, text, flag)| Record { id, value, text, flag });
        prop_oneof![
            prop::option::of(inner.clone()).prop_map(|value| Any::Option(value.map(Box::new))),
            inner.clone().prop_map(|value| Any::Newtype(Newtype(Box::new(value)))),
            (inner.clone(), inner.clone()).prop_map(|pair| Any::Tuple(Box::new(pair))),
            prop::collection::vec(inner.clone(), 0..6).prop_map(Any::List),
            prop::collection::vec(prop::option::of(inner.clone()), 0..6).prop_map(Any::Options),
            prop::collection::vec(record, 0..5).prop_map(Any::Records),
            prop::collection::btree_map(text(), inner.clone(), 0..5).prop_map(Any::Map),
            prop::collection::btree_map((any::<i8>(), text()), inner.clone(), 0..4).prop_map(Any::Pairs),
            (inner, prop::collection::vec(text(), 0..4)).prop_map(|(one, two)| Any::Fields { one: Box::new(one), two }),
        ]
    })
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        float().prop_filter_map("JSON has finite numbers", |value| Number::from_f64(value).map(Value::Number)),
        text().prop_map(Value::String),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        let records = prop::collection::btree_map("[abc]", inner.clone(), 0..4);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec(records, 0..6).prop_map(|records| {
                let object = |record: BTreeMap<String, Value>| Value::Object(record.into_iter().collect());
                Value::Array(records.into_iter().map(object).collect())
            }),
            prop::collection::btree_map(text(), inner, 0..6).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn check<T: Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(
    value: &T,
) -> Result<(), TestCaseError> {
    let image = filebacked::to_vec(value).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let back: T = filebacked::from_slice(&image).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(&back, value);
    prop_assert!(filebacked::to_vec(value).is_ok_and(|again| again == image), "written twice, the bytes differ");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn values_of_the_whole_data_model(value in value()) {
        check(&value)?;
    }

    #[test]
    fn lists_of_values_of_the_whole_data_model(values in prop::collection::vec(value(), 0..8)) {
        check(&values)?;
    }

    #[test]
    fn json_values(value in json()) {
        check(&value)?;
    }

    /// What is written as one type reads as JSON, and what is read so and written again as the type.
    #[test]
    fn points_through_json(points in prop::collection::vec(point(), 0..5)) {
        let image = filebacked::to_vec(&points).unwrap();
        let json: Value = filebacked::from_slice(&image).unwrap();
        let finite = points.iter().flat_map(|point| point.at).all(f64::is_finite);
        if finite {
            prop_assert_eq!(&json, &serde_json::to_value(&points).unwrap());
            let back: Vec<Point> = filebacked::from_slice(&filebacked::to_vec(&json).unwrap()).unwrap();
            prop_assert_eq!(back, points);
        }
    }
}
