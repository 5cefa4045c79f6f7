//! The bridge, by way of codecs: types that write and read their own objects.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use filebacked::codec::{self, Stored, Target};
use filebacked::{Codec, Coded, ErrorKind, Result, from_slice, to_vec};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::json;

use super::{check_tree, read_error, round_trip, round_trip_erased};
use crate::common::memory;

/// Numbers in a dataset of their own, with a unit.
#[derive(Serialize, Deserialize, PartialEq, Clone, Debug, Default)]
struct Signal {
    unit: String,
    values: Vec<f64>,
}

impl Codec for Signal {
    fn write(&self, target: &Target<'_>) -> Result<()> {
        match self.unit.as_str() {
            "panic" => panic!("a signal that panics"),
            "error" => return Err(serde::ser::Error::custom("a signal that fails")),
            "nothing" => return Ok(()),
            // Another value, written while this one is.
            "nested" => drop(from_slice::<Coded<Signal>>(&to_vec(&Coded(signal("m", &[1.5])))?)?),
            _ => {}
        }
        let dataset = target.new_dataset::<f64>().shape(self.values.len()).create(target.name())?;
        dataset.write(&self.values)?;
        target_unit(&dataset, &self.unit)
    }

    fn read(stored: &Stored) -> Result<Self> {
        let dataset = stored.dataset()?;
        let unit: filebacked::hdf5::types::VarLenUnicode = dataset.attr("unit")?.read_scalar()?;
        Ok(Self { unit: unit.to_string(), values: dataset.read_raw()? })
    }

    fn serialize_elsewhere<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }

    fn deserialize_elsewhere<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
}

fn target_unit(dataset: &filebacked::hdf5::Dataset, unit: &str) -> Result<()> {
    let unit: filebacked::hdf5::types::VarLenUnicode = unit.parse().unwrap();
    Ok(dataset.new_attr::<filebacked::hdf5::types::VarLenUnicode>().create("unit")?.write_scalar(&unit)?)
}

fn signal(unit: &str, values: &[f64]) -> Signal {
    Signal { unit: unit.to_owned(), values: values.to_owned() }
}

fn coded(values: &[f64]) -> Coded<Signal> {
    Coded(signal("m", values))
}

/// A group with children in this crate's layout, one of which is another codec.
#[derive(PartialEq, Debug, Clone)]
struct Recording {
    title: String,
    channels: Vec<Coded<Signal>>,
}

impl Codec for Recording {
    fn write(&self, target: &Target<'_>) -> Result<()> {
        target.create_group()?.new_attr::<u32>().create("version")?.write_scalar(&3)?;
        target.put_child("title", &self.title)?;
        target.put_child("channels", &self.channels)
    }

    fn read(stored: &Stored) -> Result<Self> {
        let version: u32 = stored.group()?.attr("version")?.read_scalar()?;
        assert_eq!(version, 3);
        Ok(Self { title: stored.read_child("title")?, channels: stored.read_child("channels")? })
    }
}

/// A value in the crate's own layout, by way of a codec.
#[derive(PartialEq, Debug, Clone)]
struct Plain<T>(T);

impl<T: Serialize + serde::de::DeserializeOwned> Codec for Plain<T> {
    fn write(&self, target: &Target<'_>) -> Result<()> {
        target.put(&self.0)
    }

    fn read(stored: &Stored) -> Result<Self> {
        stored.get().map(Self)
    }
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
enum Source {
    Nothing,
    One(Coded<Signal>),
    Two(Coded<Signal>, u8),
    Named { left: Coded<Signal>, right: Option<Coded<Signal>> },
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Whole {
    id: u32,
    #[serde(with = "filebacked::codec")]
    field: Signal,
    wrapped: Newtype,
    option: Option<Coded<Signal>>,
    none: Option<Coded<Signal>>,
    source: Source,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    left_out: Option<Coded<Signal>>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Newtype(Coded<Signal>);

fn whole(id: u32) -> Whole {
    Whole {
        id,
        field: signal("V", &[0.5; 3]),
        wrapped: Newtype(coded(&[1.5])),
        option: Some(coded(&[2.5, 3.5])),
        none: None,
        source: match id % 4 {
            0 => Source::Nothing,
            1 => Source::One(coded(&[4.5])),
            2 => Source::Two(coded(&[5.5]), 5),
            _ => Source::Named { left: coded(&[6.5]), right: (id > 4).then(|| coded(&[7.5])) },
        },
        left_out: id.is_multiple_of(2).then(|| coded(&[8.5; 2])),
    }
}

#[test]
fn wherever_a_value_can_stand() {
    round_trip_erased(&coded(&[1.5, 2.5]));
    round_trip(&Newtype(coded(&[1.5])));
    round_trip(&Some(coded(&[1.5])));
    round_trip(&Some(Some(coded(&[1.5]))));
    round_trip(&None::<Coded<Signal>>);
    round_trip_erased(&(coded(&[1.5]), 2, coded(&[])));
    round_trip(&(1, 2, coded(&[1.5])));
    (0..8).for_each(|id| round_trip_erased(&whole(id)));
    for source in [Source::Nothing, whole(1).source, whole(2).source, whole(3).source, whole(7).source] {
        round_trip(&source);
    }
    round_trip(&BTreeMap::from([("a".to_owned(), coded(&[1.5])), ("b/c".to_owned(), coded(&[]))]));
    round_trip(&BTreeMap::from([((1, 2), coded(&[1.5])), ((3, 4), coded(&[]))]));
    round_trip(&Box::new(coded(&[1.5])));
}

#[test]
fn wherever_an_element_can_stand() {
    let many = |count: usize| (0..count).map(|i| coded(&vec![0.5; i % 5])).collect::<Vec<_>>();
    round_trip(&many(0));
    round_trip(&many(1));
    round_trip(&many(300));
    round_trip(&vec![Newtype(coded(&[1.5])); 3]);
    round_trip_erased(&vec![many(2), many(0), many(3)]);
    round_trip(&vec![(coded(&[1.5]), coded(&[2.5])), (coded(&[]), coded(&[3.5]))]);
    round_trip(&vec![(1, coded(&[1.5])), (2, coded(&[2.5]))]);
    round_trip(&vec![[coded(&[1.5]), coded(&[2.5])]; 3]);
    round_trip(&vec![None, Some(coded(&[1.5])), None, Some(coded(&[2.5])), None]);
    round_trip(&vec![Some(coded(&[1.5])), None]);
    round_trip(&vec![Some(Some(coded(&[1.5]))), Some(None), None]);
    round_trip_erased(&(0..20).map(whole).collect::<Vec<_>>());
    round_trip(&(0..20).map(|id| Some(whole(id))).collect::<Vec<_>>());
    round_trip(&(0..20).map(|id| whole(id).source).collect::<Vec<_>>());
    round_trip(&vec![
        BTreeMap::from([("a".to_owned(), coded(&[1.5]))]),
        BTreeMap::from([("b".to_owned(), coded(&[]))]),
    ]);
    round_trip(&vec![BTreeMap::from([(1, coded(&[1.5])), (2, coded(&[]))]), BTreeMap::new()]);
    round_trip(&vec![(0..100).map(|key| (format!("{key}"), coded(&[]))).collect::<BTreeMap<_, _>>(); 3]);
}

/// Numbers, strings, nulls and objects in one sequence.
#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Late {
    id: u32,
    /// Comes up in maps of other keys only.
    extra: BTreeMap<String, Coded<Signal>>,
}

#[test]
fn columns_that_widen_keep_their_objects() {
    // Records become maps when a key comes twice, or in another order.
    let keys = |keys: &[&str]| keys.iter().map(|key| ((*key).to_owned(), coded(&[key.len() as f64]))).collect();
    let late: Vec<Late> = vec![
        Late { id: 1, extra: keys(&["a"]) },
        Late { id: 2, extra: keys(&["b", "c"]) },
        Late { id: 3, extra: BTreeMap::new() },
    ];
    round_trip(&late);

    struct Unlike;
    impl Serialize for Unlike {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            use serde::ser::SerializeSeq;
            let mut seq = serializer.serialize_seq(None)?;
            seq.serialize_element(&1_u8)?;
            seq.serialize_element(&coded(&[1.5]))?;
            seq.serialize_element(&())?;
            seq.serialize_element(&coded(&[2.5]))?;
            seq.serialize_element("text")?;
            seq.end()
        }
    }
    check_tree(
        &Unlike,
        "/ nulls
        ├─ values mixed
        │ ├─ tag enum {u8, object, string} (5,) u8, object, u8, object, ...
        │ ├─ u8 u8 (2,) 1, 0
        │ ├─ object list
        │ │ ├─ 0 f64 (1,) 1.5
        │ │ │ └─ @unit string \"m\"
        │ │ └─ 1 f64 (1,) 2.5
        │ │ └─ @unit string \"m\"
        │ └─ string string(4) (1,) \"text\"
        └─ mask bool (5,) false, false, true, false, ...",
    );
    // What is read by the form that is stored is a list of numbers for an object.
    let image = to_vec(&Unlike).unwrap();
    assert_eq!(from_slice::<serde_json::Value>(&image).unwrap(), json!([1, [1.5], null, [2.5], "text"]));

    struct Rows;
    impl Serialize for Rows {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            use serde::ser::{SerializeMap, SerializeSeq};
            struct Row(&'static [&'static str]);
            impl Serialize for Row {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    let mut map = serializer.serialize_map(None)?;
                    for key in self.0 {
                        map.serialize_entry(key, &coded(&[key.len() as f64]))?;
                    }
                    map.end()
                }
            }
            let mut seq = serializer.serialize_seq(None)?;
            seq.serialize_element(&Row(&["a", "bb"]))?;
            seq.serialize_element(&Row(&["bb", "a"]))?;
            seq.end()
        }
    }
    let rows: Vec<BTreeMap<String, Coded<Signal>>> = from_slice(&to_vec(&Rows).unwrap()).unwrap();
    assert_eq!(rows, vec![keys(&["a", "bb"]); 2]);
}

#[test]
fn on_disk() {
    check_tree(
        &vec![Some(coded(&[1.5])), None],
        "/ nullable
        ├─ values list
        │ ├─ 0 f64 (1,) 1.5
        │ │ └─ @unit string \"m\"
        │ └─ 1 null
        └─ mask bool (2,) false, true",
    );
    check_tree(
        &BTreeMap::from(
            [("x", Recording { title: "t".to_owned(), channels: vec![coded(&[1.5])] })].map(|(k, v)| (k, Coded(v))),
        ),
        "/ group
        └─ x group
           ├─ @version u32 3
           ├─ title string(1) \"t\"
           └─ channels list
              └─ 0 f64 (1,) 1.5
                 └─ @unit string \"m\"",
    );
    check_tree(&coded(&[1.5]), "/ value\n└─ value f64 (1,) 1.5\n└─ @unit string \"m\"");
    check_tree(&Coded(Plain(vec![1, 2])), "/ value\n└─ value i32 (2,) 1, 2");
    check_tree(
        &Coded(Recording { title: "t".to_owned(), channels: vec![] }),
        "/ group
        ├─ @version u32 3
        ├─ title string(1) \"t\"
        └─ channels f64 (0,)",
    );
    // The same value gives the same bytes.
    let whole = whole(3);
    assert_eq!(to_vec(&Plain2(&whole)).unwrap(), to_vec(&Plain2(&whole)).unwrap());
}

/// The parts of a [`Whole`] that have no attributes of the test's.
struct Plain2<'a>(&'a Whole);

impl Serialize for Plain2<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq([Coded(Plain(self.0.field.values.clone())), Coded(Plain(vec![1.5]))])
    }
}

#[test]
fn in_each_other() {
    let recording = Recording { title: "two".to_owned(), channels: vec![coded(&[1.5]), coded(&[])] };
    round_trip(&Coded(recording.clone()));
    round_trip_erased(&vec![Some(Coded(recording.clone())), None]);
    round_trip(&Coded(Plain(Coded(Plain(Coded(recording.clone()))))));
    round_trip(&Coded(Plain(vec![Coded(Plain(Some(Coded(recording.clone())))), Coded(Plain(None))])));
    round_trip(&Coded(Plain(Some(()))));
    round_trip(&Coded(Plain(BTreeMap::from([((1, 2), 3)]))));
    round_trip(&(1, Coded(recording)));
    round_trip(&vec![Coded(signal("nested", &[1.5])), coded(&[2.5])]);
}

#[test]
fn in_a_group_that_holds_something() {
    let file = memory();
    filebacked::write(&file, "first", &coded(&[1.5])).unwrap();
    filebacked::write(&file, "second", &vec![coded(&[2.5])]).unwrap();
    let recording = Coded(Recording { title: "t".to_owned(), channels: vec![] });
    filebacked::to_group(&recording, &file).unwrap();
    assert_eq!(filebacked::from_group::<Coded<Recording>>(&file).unwrap(), recording);
    assert_eq!(filebacked::read::<Coded<Signal>>(&file, "first").unwrap(), coded(&[1.5]));
    let error = filebacked::to_group(&recording, &file).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(filebacked::to_group(&coded(&[1.5]), &file).unwrap_err().kind(), ErrorKind::AlreadyExists);
    // A value that stands in a group that says so.
    let group = file.create_group("third").unwrap();
    filebacked::to_group(&coded(&[3.5]), &group).unwrap();
    assert_eq!(filebacked::read::<Coded<Signal>>(&file, "third").unwrap(), coded(&[3.5]));
    assert_eq!(filebacked::read::<Option<Coded<Signal>>>(&file, "third").unwrap(), Some(coded(&[3.5])));
}

#[test]
fn in_other_formats() {
    let value = vec![whole(3), whole(4)];
    let text = serde_json::to_string(&value).unwrap();
    assert!(text.contains(r#""field":{"unit":"V","values":[0.5,0.5,0.5]}"#), "{text}");
    assert_eq!(serde_json::from_str::<Vec<Whole>>(&text).unwrap(), value);
    // bincode has no optional fields.
    let value = (coded(&[1.5]), vec![Some(whole(3).source), None]);
    let config = bincode::config::standard();
    let bytes = bincode::serde::encode_to_vec(&value, config).unwrap();
    assert_eq!(
        bincode::serde::decode_from_slice::<(Coded<Signal>, Vec<Option<Source>>), _>(&bytes, config).unwrap().0,
        value
    );
    assert_eq!(bytes.len(), bincode::serde::encode_to_vec((&value.0.0, &value.1), config).unwrap().len());
    let bytes = postcard::to_stdvec(&value).unwrap();
    assert_eq!(postcard::from_bytes::<(Coded<Signal>, Vec<Option<Source>>)>(&bytes).unwrap(), value);
    let bytes = rmp_serde::to_vec(&value).unwrap();
    assert_eq!(rmp_serde::from_slice::<(Coded<Signal>, Vec<Option<Source>>)>(&bytes).unwrap(), value);
    // A document cannot pretend to be a wrapper.
    let forged = json!({"__filebacked_wrapper": [1.5]});
    assert!(serde_json::from_value::<Coded<Signal>>(forged).is_err());

    let recording = Coded(Recording { title: String::new(), channels: vec![] });
    let error = serde_json::to_string(&recording).unwrap_err();
    assert_eq!(error.to_string(), "`Recording` is written to HDF5 alone");
    let error = serde_json::from_str::<Coded<Recording>>("1").unwrap_err();
    assert!(
        error.to_string().starts_with("`Recording` is read from an HDF5 group or dataset of its own alone"),
        "{error}"
    );
}

/// A value that is another format's text while it is written.
#[derive(Debug, PartialEq)]
struct AsJson(Coded<Signal>);

impl Serialize for AsJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&serde_json::to_string(&self.0).map_err(serde::ser::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for AsJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        serde_json::from_str(&text).map(Self).map_err(serde::de::Error::custom)
    }
}

/// A newtype struct of the name that wrappers have.
#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(rename = "__filebacked_wrapper")]
struct Impostor(AsJson);

/// The same, of a type that codecs know.
#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(rename = "__filebacked_wrapper")]
struct Unknowing(Vec<u8>);

#[test]
fn another_format_in_this_one() {
    round_trip(&AsJson(coded(&[1.5])));
    round_trip_erased(&vec![AsJson(coded(&[1.5])), AsJson(coded(&[]))]);
    // After a wrapper was in another format, a name alone makes no wrapper.
    serde_json::to_string(&coded(&[1.5])).unwrap();
    round_trip(&Impostor(AsJson(coded(&[1.5]))));
    serde_json::to_string(&coded(&[1.5])).unwrap();
    round_trip(&vec![Impostor(AsJson(coded(&[1.5])))]);
    serde_json::to_string(&coded(&[1.5])).unwrap();
    round_trip(&Unknowing(vec![1, 2]));
    round_trip(&vec![Unknowing(vec![1, 2]), Unknowing(vec![])]);
    round_trip(&Some(Unknowing(vec![1])));
}

/// What serde keeps in memory before it knows its type.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Flattened {
    id: u32,
    #[serde(flatten)]
    rest: Rest,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Rest {
    signal: Coded<ByValue>,
}

/// A codec that says how it is read from another format, or from what is in memory.
#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct ByValue(Vec<f64>);

impl Codec for ByValue {
    fn write(&self, target: &Target<'_>) -> Result<()> {
        target.put(&self.0)
    }

    fn read(stored: &Stored) -> Result<Self> {
        stored.get().map(Self)
    }

    fn serialize_elsewhere<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }

    fn deserialize_elsewhere<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(untagged)]
enum Untagged {
    Text(String),
    Signal(Coded<ByValue>),
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(tag = "type")]
enum Tagged {
    Signal { signal: Coded<ByValue> },
}

#[test]
fn what_serde_keeps_in_memory() {
    let signal = || Coded(ByValue(vec![1.5, 2.5]));
    round_trip_erased(&Flattened { id: 1, rest: Rest { signal: signal() } });
    round_trip(&vec![Flattened { id: 1, rest: Rest { signal: signal() } }]);
    round_trip(&Untagged::Signal(signal()));
    round_trip(&vec![Untagged::Text("a".to_owned()), Untagged::Signal(signal())]);
    round_trip(&Tagged::Signal { signal: signal() });
}

#[test]
fn errors_say_where() {
    let mut whole = whole(1);
    whole.source = Source::Named { left: Coded(signal("error", &[])), right: None };
    let error = to_vec(&BTreeMap::from([("a", vec![whole.clone(), whole.clone()])])).unwrap_err();
    assert_eq!(error.to_string(), "a signal that fails; at `a/[0]/source/Named/left`, HDF5 path `/a`");
    let error = to_vec(&whole).unwrap_err();
    assert_eq!(error.to_string(), "a signal that fails; at `source/Named/left`, HDF5 path `/source/Named/left`");
    let error = to_vec(&Coded(signal("nothing", &[]))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a `Codec` wrote nothing at `value`: make a group or a dataset of that name; HDF5 path `/`"
    );
    // The error is the same through erased types.
    let file = memory();
    let erased: &dyn erased_serde::Serialize = &whole;
    let error = erased_serde::serialize(erased, filebacked::Hdf5Serializer::new(&file)).unwrap_err();
    assert!(error.to_string().starts_with("a signal that fails"), "{error}");
    assert_eq!(file.len(), 0);

    #[derive(Serialize)]
    struct Attribute {
        #[serde(rename = "@a", with = "codec")]
        signal: Signal,
    }
    assert_eq!(
        to_vec(&Attribute { signal: signal("m", &[]) }).unwrap_err().to_string(),
        "an attribute holds a number, bool, string, or an array of these: rename the field to have it as a group or \
         dataset; at `@a`, HDF5 path `/@a`"
    );

    #[derive(Deserialize, Debug)]
    struct Asked {
        #[allow(dead_code)]
        x: Coded<Recording>,
    }
    let error = read_error::<Asked>(&BTreeMap::from([("x", [1, 2, 3])]));
    assert_eq!(error.to_string(), "expected a group, found `i32` of shape (3,); at `x`, HDF5 path `/x`");
    assert_eq!(error.kind(), ErrorKind::WrongType);
    let error = read_error::<Vec<Coded<Recording>>>(&vec![coded(&[1.5])]);
    assert_eq!(error.to_string(), "expected a group, found `f64` of shape (1,); at `[0]`, HDF5 path `/0`");
}

#[test]
fn after_an_error_or_a_panic() {
    let bad = |unit: &str| vec![whole(1), Whole { field: signal(unit, &[]), ..whole(2) }];
    for unit in ["error", "panic", "nothing"] {
        let file = memory();
        for value in
            [&bad(unit) as &dyn erased_serde::Serialize, &bad(unit)[1], &Coded(signal(unit, &[])), &(1, bad(unit))]
        {
            let result = catch_unwind(AssertUnwindSafe(|| filebacked::write(&file, "x", value)));
            assert!(!matches!(result, Ok(Ok(()))));
            assert_eq!(file.len(), 0);
            // The next call is sound, here and in another format.
            round_trip(&whole(3));
            assert_eq!(serde_json::to_value(coded(&[1.5])).unwrap(), json!({"unit": "m", "values": [1.5]}));
        }
    }
}

#[test]
fn threads_do_not_meet() {
    std::thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                for id in 0..20 {
                    round_trip(&vec![whole(thread + id), whole(id)]);
                    serde_json::to_string(&whole(id)).unwrap();
                }
            });
        }
    });
}
