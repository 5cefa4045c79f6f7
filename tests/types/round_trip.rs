//! Every kind of value, in every kind of place, through every way in and out, comes back equal.

use std::any::Any;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::ffi::CString;
use std::fmt::Debug;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::{NonZeroI64, NonZeroU8, NonZeroU128, Wrapping};
use std::ops::{Bound, Range, RangeInclusive};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, SystemTime};

use filebacked::hdf5;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

/// A value in the middle of a struct.
#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Held<T> {
    before: u8,
    value: T,
    after: String,
}

impl<T> Held<T> {
    fn new(value: T) -> Self {
        Self { before: 7, value, after: "after".to_owned() }
    }
}

/// Writes a value each way and reads it back.
#[track_caller]
fn each_way<T: Serialize + DeserializeOwned + PartialEq + Debug>(place: &str, value: &T) {
    let image = filebacked::to_vec(value).unwrap_or_else(|error| panic!("{place}: {value:?}: {error}"));
    let back: T = filebacked::from_slice(&image).unwrap_or_else(|error| panic!("{place}: {value:?}: {error}"));
    assert_eq!(&back, value, "{place}, in memory");
    assert_eq!(filebacked::to_vec(value).unwrap(), image, "{place}: written twice");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("value.h5");
    filebacked::to_file(&path, value).unwrap();
    let back: T = filebacked::from_file(&path).unwrap();
    assert_eq!(&back, value, "{place}, in a file");

    // A file of libhdf5's own defaults, and groups that hold other things already.
    let file = hdf5::File::create(folder.path().join("group.h5")).unwrap();
    let group = file.create_group("group").unwrap();
    filebacked::to_group(value, &group).unwrap_or_else(|error| panic!("{place}: {value:?}: {error}"));
    let back: T = filebacked::from_group(&group).unwrap();
    assert_eq!(&back, value, "{place}, in a group");
    let other = hdf5::File::create(folder.path().join("root.h5")).unwrap();
    filebacked::to_group(value, &other).unwrap();
    let back: T = filebacked::from_group(&other).unwrap();
    assert_eq!(&back, value, "{place}, in a file's root");
    filebacked::write(&file, "named", value).unwrap();
    let back: T = filebacked::read(&file, "named").unwrap();
    assert_eq!(&back, value, "{place}, by name");
}

/// Writes values in each kind of place.
#[track_caller]
fn each_place<T: Serialize + DeserializeOwned + PartialEq + Debug + Clone>(values: &[T]) {
    for value in values {
        each_way("in a struct", &Held::new(value.clone()));
        each_way("in an option", &Some(value.clone()));
        each_way("in a list", &vec![value.clone()]);
        each_way("in an enum", &vec![Err(3), Ok::<_, i32>(value.clone())]);
    }
    let values = values.to_vec();
    each_way("in a list", &values);
    each_way("in a list of lists", &vec![values.clone(), vec![], values.clone()]);
    each_way("in a list of structs", &values.iter().cloned().map(Held::new).collect::<Vec<_>>());
    each_way("in a list of options", &values.iter().cloned().flat_map(|v| [None, Some(v)]).collect::<Vec<_>>());
    each_way("in a list of tuples", &values.iter().cloned().map(|v| (v.clone(), 1.5f32, v)).collect::<Vec<_>>());
    let map: BTreeMap<_, _> = values.iter().cloned().enumerate().map(|(i, v)| (format!("key {i}"), v)).collect();
    each_way("in a map", &map);
    each_way("in a list of maps", &vec![map.clone(), BTreeMap::new(), map]);
}

/// A value whose type is erased, so that the places are compiled once for all types.
struct Erased(Box<dyn Case>);

/// What the table needs of a value.
trait Case: erased_serde::Serialize + Debug {
    fn as_any(&self) -> &dyn Any;
    fn is_equal(&self, other: &dyn Case) -> bool;
    fn copied(&self) -> Erased;
}

impl<T: Serialize + PartialEq + Debug + Clone + 'static> Case for T {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn is_equal(&self, other: &dyn Case) -> bool {
        other.as_any().downcast_ref::<T>() == Some(self)
    }

    fn copied(&self) -> Erased {
        Erased(Box::new(self.clone()))
    }
}

impl Clone for Erased {
    fn clone(&self) -> Self {
        self.0.copied()
    }
}

impl PartialEq for Erased {
    fn eq(&self, other: &Self) -> bool {
        self.0.is_equal(&*other.0)
    }
}

impl Debug for Erased {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Erased {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        erased_serde::serialize(&*self.0, serializer)
    }
}

type Read = fn(&mut dyn erased_serde::Deserializer<'_>) -> Result<Erased, erased_serde::Error>;

thread_local! {
    /// Reads the type that an [`Erased`] is of in the test that this thread runs.
    static READ: Cell<Option<Read>> = const { Cell::new(None) };
}

impl<'de> Deserialize<'de> for Erased {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = READ.get().expect("a type was set");
        read(&mut <dyn erased_serde::Deserializer>::erase(deserializer)).map_err(serde::de::Error::custom)
    }
}

/// Writes values alone and in lists as what they are, and in each kind of place with their type erased.
#[track_caller]
fn each_place_erased<T: Serialize + DeserializeOwned + PartialEq + Debug + Clone + 'static>(values: &[T]) {
    for value in values {
        each_way("alone", value);
    }
    each_way("in a list", &values.to_vec());
    READ.set(Some(|deserializer| erased_serde::deserialize::<T>(deserializer).map(|value| value.copied())));
    each_place(&values.iter().map(Case::copied).collect::<Vec<_>>());
}

macro_rules! round_trips {
    ($($name:ident: [$($value:expr),* $(,)?];)*) => {
        $(
            #[test]
            fn $name() {
                each_place_erased(&[$($value),*]);
            }
        )*
    };
    // The places are compiled for the type, too.
    (as they are: $($name:ident: [$($value:expr),* $(,)?];)*) => {
        $(
            #[test]
            fn $name() {
                let values = [$($value),*];
                each_place_erased(&values);
                each_place(&values);
            }
        )*
    };
}

#[derive(Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord, Debug, Clone)]
struct Name(String);

fn s(text: &str) -> String {
    text.to_owned()
}

/// A float that is equal only to the very same bits.
#[derive(Serialize, Deserialize, Clone)]
struct Bits<T>(T);

macro_rules! bits {
    ($type:ty) => {
        impl PartialEq for Bits<$type> {
            fn eq(&self, other: &Self) -> bool {
                self.0.to_bits() == other.0.to_bits()
            }
        }
        impl Debug for Bits<$type> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{} ({:#x})", self.0, self.0.to_bits())
            }
        }
    };
}
bits!(f32);
bits!(f64);

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Unit;

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Empty {}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Newtype(f64);

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Pair(u32, String);

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Point {
    x: f64,
    y: f64,
    fixed: [i16; 3],
    colour: Colour,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Clone, Copy)]
enum Colour {
    Red,
    Green,
    Blue,
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
enum Shape {
    Nothing,
    Circle(f64),
    Line(f64, String),
    Rectangle {
        width: f64,
        label: Option<String>,
    },
    Group(Vec<Shape>),
    Maybe(Option<u8>),
    Unit(()),
    #[serde(rename = "tag")]
    Tag(u8),
    #[serde(rename = "a/b")]
    Slash(u8),
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
#[serde(tag = "type")]
enum Internal {
    Start,
    Stop { at: f64 },
    Move(Newpoint),
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Newpoint {
    x: i32,
    name: String,
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    Start,
    Number(i64),
    Pair(u8, String),
    Fields { a: bool },
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
#[serde(untagged)]
enum Untagged {
    Nothing,
    Flag(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    Numbers(Vec<f64>),
    Point { x: f64 },
    Both { x: f64, y: Option<String> },
    Tuple(u8, String),
}

/// Has a field that would be taken for what the group is.
#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Reserved {
    #[serde(rename = "@filebacked")]
    filebacked: String,
    #[serde(rename = "@length")]
    length: u64,
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Attributes {
    id: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty", rename = "tag-list", alias = "tags")]
    tags: Vec<String>,
    #[serde(skip)]
    cache: u64,
    #[serde(with = "serde_bytes")]
    blob: Vec<u8>,
    #[serde(rename = "@unit", default)]
    unit: String,
    #[serde(rename = "@window", default)]
    window: Vec<f64>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Flat {
    id: u32,
    #[serde(flatten)]
    inner: Newpoint,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Tree {
    value: i32,
    children: Vec<Tree>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Chain {
    next: Option<Box<Chain>>,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Clone)]
enum Key {
    Plain,
    Number(u8),
}

fn attributes(id: u32, note: Option<&str>, tags: &[&str]) -> Attributes {
    Attributes {
        id,
        note: note.map(s),
        tags: tags.iter().map(|tag| s(tag)).collect(),
        cache: 0,
        blob: vec![id as u8; 3],
        unit: s("mm"),
        window: vec![0.5, 1.5],
    }
}

fn tree(depth: usize) -> Tree {
    let leaf = |value| Tree { value, children: vec![] };
    (1..depth as i32).fold(leaf(0), |tree, value| Tree { value, children: vec![tree, leaf(-value)] })
}

fn nested_bounds() -> Vec<(Bound<i32>, Bound<i32>)> {
    vec![(Bound::Included(1), Bound::Excluded(5)), (Bound::Unbounded, Bound::Included(3))]
}

// These stand for the rest: numbers of each width, what has a way of its own, and each kind of serde's.
round_trips! {
    as they are:
    bools: [true, false];
    i128s: [i128::MIN, -1, 0, i128::MAX];
    u8s: [0u8, u8::MAX];
    f64s: [Bits(0.1f64), Bits(-0.0), Bits(f64::NAN), Bits(f64::from_bits(0xfff8_0000_1234_5678)), Bits(f64::from_bits(1)), Bits(f64::NEG_INFINITY)];
    strings: [s(""), s("a"), s("grün 🐧"), s(" spaces "), s("line\nline")];
    structs: [
        Point { x: 1.0, y: 2.0, fixed: [1, 2, 3], colour: Colour::Blue },
        Point { x: -1.0, y: 0.0, fixed: [0, 0, -3], colour: Colour::Red },
    ];
    tuples: [(1u8, 2.5f64, s("three")), (0, -0.5, s(""))];
    unlike_number_tuples: [(1u8, 2u32, 3.0f32), (4, 5, 6.0)];
    lists: [vec![1, 2, 3], vec![], vec![4]];
    nested_options: [None, Some(None), Some(Some(1u8))];
    variants: [
        Shape::Nothing, Shape::Circle(1.5), Shape::Line(2.5, s("l")), Shape::Maybe(None), Shape::Maybe(Some(3)),
        Shape::Rectangle { width: 3.5, label: None }, Shape::Rectangle { width: 4.5, label: Some(s("r")) },
        Shape::Group(vec![Shape::Nothing, Shape::Circle(0.5), Shape::Group(vec![])]), Shape::Unit(()),
        Shape::Tag(1), Shape::Slash(2),
    ];
    unit_variants: [Colour::Blue, Colour::Red, Colour::Green];
    untagged: [
        Untagged::Nothing, Untagged::Flag(true), Untagged::Integer(-3), Untagged::Float(2.5), Untagged::Text(s("t")),
        Untagged::Numbers(vec![1.5, 2.5]), Untagged::Numbers(vec![]), Untagged::Point { x: 1.0 },
        Untagged::Tuple(3, s("x")),
    ];
    skipped_fields: [
        attributes(1, None, &[]), attributes(2, Some("n"), &[]), attributes(3, None, &["a", "b"]), attributes(4, Some(""), &["c"]),
    ];
    string_maps: [BTreeMap::from([(s("one"), 1), (s("two"), 2)]), BTreeMap::from([(s("one"), 3)]), BTreeMap::new()];
    tuple_maps: [BTreeMap::from([((1, s("a")), 1.5), ((2, s("b")), 2.5)]), BTreeMap::new()];
    byte_bufs: [serde_bytes::ByteBuf::from(vec![1, 2, 3]), serde_bytes::ByteBuf::new(), serde_bytes::ByteBuf::from(vec![0; 1000])];
    json: [
        Value::Null, json!(true), json!(u64::MAX), json!(-1), json!(1.0), json!("text"), json!([]), json!({}),
        json!([1, -1, 2.5, "a", null, [1], {"a": 1}]), json!({"a": null, "b": [1, 2], "c": {"d": "e"}}),
        json!([[1, 2], [3, 4]]), json!([{"a": 1}, {"a": "x", "b": null}, {}]), json!([null, null]),
        json!([1, -1, i64::MAX]), json!([u64::MAX, -1]), json!({"0": 1, "1": 2}), json!([{"0": 1}, {"0": 2}]),
        json!([{"b": 1, "a": 2}, {"c": 1, "a": 3}, {"a": 1, "b": 2, "c": 3}]), json!({"/": {"": {".": 1}}}),
    ];
}

round_trips! {
    i8s: [i8::MIN, 0, i8::MAX];
    i16s: [i16::MIN, 0, i16::MAX];
    i32s: [i32::MIN, 0, i32::MAX];
    i64s: [i64::MIN, 0, i64::MAX];
    u16s: [0u16, u16::MAX];
    u32s: [0u32, u32::MAX];
    u64s: [0u64, u64::MAX];
    u128s: [0u128, u128::from(u64::MAX) + 1, u128::MAX];
    f32s: [Bits(0.1f32), Bits(-0.0), Bits(f32::NAN), Bits(f32::from_bits(0xffc0_1234)), Bits(f32::MIN_POSITIVE / 2.0), Bits(f32::INFINITY)];
    sizes: [usize::MAX, 0];
    chars: ['a', 'ß', '🐧', '\0', '\u{10ffff}'];
    strings_with_nul: [s("\0"), s("a\0b"), s("ends\0"), s("")];
    long_strings: [s("short"), "long ".repeat(20_000), s("")];
    units: [(), ()];
    unit_structs: [Unit, Unit];
    empty_structs: [Empty {}, Empty {}];
    newtypes: [Newtype(1.5), Newtype(-1.5)];
    tuple_structs: [Pair(1, s("one")), Pair(2, s(""))];
    number_tuples: [(1i32, 2i32), (3, 4)];
    nested_tuples: [((1.0, 2.0), (3.0, 4.0)), ((5.0, 6.0), (7.0, 8.0))];
    ragged_tuples: [((1u8,), (2u8, 3u8)), ((4,), (5, 6))];
    tuples_of_lists: [(vec![1u8], vec![2u8, 3]), (vec![], vec![4, 5])];
    single_tuples: [(s("one"),), (s("two"),)];
    long_tuples: [(1u8, 2u8, 3u8, 4u8, 5u8, 6u8, 7u8, 8u8, 9u8, 10u8, 11u8, s("12"))];
    arrays: [[1.5f64; 32], [2.5; 32]];
    empty_arrays: [[0u8; 0], [0u8; 0]];
    string_arrays: [[s("a"), s("b"), s("c")], [s(""), s("bb"), s("ccc")]];
    matrices: [[[1i32, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]]];
    option_arrays: [[Some(1u8), None], [None, Some(2)]];
    lists_of_equal_length: [vec![vec![1u16, 2], vec![3, 4]], vec![vec![5, 6], vec![7, 8]]];
    ragged_lists: [vec![vec![], vec![1.5]], vec![vec![], vec![]], vec![]];
    deep_lists: [vec![vec![vec![1u8], vec![2]], vec![vec![3], vec![4]]], vec![vec![], vec![vec![], vec![1, 2]]]];
    string_lists: [vec![s("a"), s("bcd")], vec![], vec![s("")]];
    options: [Some(1.5), None];
    thrice_nested_options: [None, Some(None), Some(Some(None)), Some(Some(Some(s("x"))))];
    optional_units: [Some(()), None];
    optional_strings: [Some(s("a")), None, Some(s(""))];
    optional_lists: [Some(vec![1u8, 2]), None, Some(vec![])];
    optional_structs: [Some(Newpoint { x: 1, name: s("n") }), None];
    optional_points: [None, Some(Point { x: 1.0, y: 2.0, fixed: [1, 2, 3], colour: Colour::Green })];
    results: [Ok(1u8), Err(s("failed"))];
    internally_tagged: [Internal::Start, Internal::Stop { at: 1.5 }, Internal::Move(Newpoint { x: 1, name: s("n") })];
    adjacently_tagged: [Adjacent::Start, Adjacent::Number(-5), Adjacent::Pair(1, s("p")), Adjacent::Fields { a: true }];
    reserved_fields: [Reserved { filebacked: s("ragged"), length: 3 }, Reserved { filebacked: s(""), length: 0 }];
    flattened: [
        Flat { id: 1, inner: Newpoint { x: 2, name: s("n") }, rest: BTreeMap::new() },
        Flat { id: 2, inner: Newpoint { x: 3, name: s("") }, rest: BTreeMap::from([(s("more"), json!([1, "a"]))]) },
    ];
    awkward_keys: [
        BTreeMap::from([s(""), s("/"), s("."), s(".."), s("a/b"), s("%2F"), s("%"), s("\0"), s("ключ"), "k".repeat(10_000)].map(|key| (key, 1.5))),
        BTreeMap::from([("k".repeat(100_000), 1.5)]),
    ];
    positional_keys: [BTreeMap::from([(s("0"), 1), (s("1"), 2)]), BTreeMap::from([(s("0"), 3)])];
    number_maps: [BTreeMap::from([(-1i64, s("a")), (5, s("b"))]), BTreeMap::from([(7, s("c"))])];
    wide_number_maps: [BTreeMap::from([(u128::MAX, 1)]), BTreeMap::from([(0, 2)])];
    bool_maps: [BTreeMap::from([(true, 1), (false, 2)])];
    char_maps: [BTreeMap::from([('/', 1), ('\0', 2), ('a', 3)])];
    variant_maps: [BTreeMap::from([(Colour::Red, 1.5), (Colour::Blue, 2.5)])];
    mixed_variant_maps: [BTreeMap::from([(Key::Plain, 1), (Key::Number(3), 2)]), BTreeMap::from([(Key::Plain, 5)])];
    option_maps: [BTreeMap::from([(None, 1), (Some(3), 2)])];
    list_maps: [BTreeMap::from([(vec![1u8], s("x")), (vec![1, 2], s("y"))])];
    unit_maps: [BTreeMap::from([((), 1)])];
    nested_maps: [BTreeMap::from([(s("a"), BTreeMap::from([(1u8, vec![1.5])]))]), BTreeMap::from([(s("b"), BTreeMap::new())])];
    hash_maps: [HashMap::from([(s("a"), 1), (s("b"), 2)]), HashMap::new()];
    sets: [BTreeSet::from([3u8, 1, 2]), BTreeSet::new()];
    hash_sets: [HashSet::from([s("a"), s("b")])];
    deques: [VecDeque::from([1, 2]), VecDeque::new()];
    linked_lists: [LinkedList::from([s("a"), s("b")])];
    boxes: [Box::new(1.5), Box::new(2.5)];
    shared: [Rc::new(s("a")), Rc::new(s("b"))];
    atomically_shared: [Arc::new(vec![1]), Arc::new(vec![])];
    cows: [Cow::<str>::Borrowed("borrowed"), Cow::Owned(s("owned"))];
    cells: [Cell::new(1), Cell::new(2)];
    ref_cells: [RefCell::new(s("a"))];
    paths: [PathBuf::from("/some/path"), PathBuf::new()];
    c_strings: [CString::new("bytes").unwrap(), CString::default()];
    durations: [Duration::from_nanos(1_500_000_001), Duration::ZERO];
    times: [SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)];
    addresses: [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    socket_addresses: ["127.0.0.1:80".parse::<SocketAddr>().unwrap()];
    non_zeros: [NonZeroU8::MIN, NonZeroU8::MAX];
    wide_non_zeros: [NonZeroU128::MAX];
    negative_non_zeros: [NonZeroI64::MIN];
    wrapping: [Wrapping(5u32), Wrapping(u32::MAX)];
    ranges: [Range { start: 1, end: 5 }, 0..0];
    inclusive_ranges: [RangeInclusive::new(1.5, 2.5)];
    bounds: [nested_bounds(), vec![]];
    phantoms: [std::marker::PhantomData::<String>];
    byte_arrays: [serde_bytes::ByteArray::new([1, 2, 3]), serde_bytes::ByteArray::new([0; 3])];
}

/// Whichever type a string is of, it is the same key.
#[test]
fn keys_of_any_type_of_string() {
    let names = ["one", "two", "", "0"];
    let values = |of: &[usize]| {
        filebacked::to_vec(
            &of.iter()
                .map(|skipped| {
                    names
                        .into_iter()
                        .enumerate()
                        .filter(|(at, _)| at != skipped)
                        .map(|(at, name)| (s(name), at))
                        .collect::<BTreeMap<_, _>>()
                })
                .collect::<Vec<_>>(),
        )
        .unwrap()
    };
    macro_rules! same {
        ($of:expr, $key:expr) => {{
            let map = |skipped: &usize| {
                let key = $key;
                let entries =
                    names.iter().enumerate().filter(|(at, _)| at != skipped).map(|(at, name)| (key(name), at));
                entries.collect::<BTreeMap<_, _>>()
            };
            let maps: Vec<_> = $of.iter().map(map).collect();
            assert!(filebacked::to_vec(&maps).unwrap() == values(&$of), "{}", std::any::type_name_of_val(&maps));
        }};
    }
    // Rows that are much like structs, and rows whose order of keys no record has.
    for of in [[9, 1, 9], [9, 0, 3]] {
        same!(of, |name: &&'static str| *name);
        same!(of, |name: &&'static str| Box::<str>::from(*name));
        same!(of, |name: &&'static str| Name(s(name)));
        same!(of, |name: &&'static str| Cow::Borrowed(*name));
    }
}

#[test]
fn tuples_of_sixteen() {
    type Sixteen = (u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, String);
    let value: Sixteen = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, s("16"));
    let image = filebacked::to_vec(&vec![value]).unwrap();
    let back: Vec<Sixteen> = filebacked::from_slice(&image).unwrap();
    assert_eq!((back[0].0, back[0].14, back[0].15.as_str()), (1, 15, "16"));
}

#[test]
fn locks() {
    let image = filebacked::to_vec(&(Mutex::new(1), RwLock::new("a"))).unwrap();
    let (one, text): (Mutex<i32>, RwLock<String>) = filebacked::from_slice(&image).unwrap();
    assert_eq!((*one.lock().unwrap(), text.read().unwrap().as_str()), (1, "a"));
}

#[test]
fn heaps() {
    let image = filebacked::to_vec(&BinaryHeap::from([3, 1, 2])).unwrap();
    let back: BinaryHeap<i32> = filebacked::from_slice(&image).unwrap();
    assert_eq!(back.into_sorted_vec(), [1, 2, 3]);
}

#[test]
fn options_after_a_thousand_nones() {
    let mut values: Vec<Option<String>> = vec![None; 1000];
    values.push(Some(s("at last")));
    each_way("strings", &values);
    let mut values: Vec<Option<Vec<Shape>>> = vec![None; 1000];
    values.push(Some(vec![Shape::Nothing, Shape::Circle(1.0)]));
    each_way("lists of enums", &values);
    let mut values: Vec<Option<Point>> = vec![None; 1000];
    values.push(Some(Point { x: 1.0, y: 2.0, fixed: [1, 2, 3], colour: Colour::Red }));
    each_way("records", &values);
    let mut values: Vec<Option<Attributes>> = vec![None; 1000];
    values.push(Some(attributes(1, None, &["a"])));
    each_way("structs", &values);
    let mut values: Vec<Option<BTreeMap<u8, i128>>> = vec![None; 1000];
    values.push(Some(BTreeMap::from([(1, -1)])));
    each_way("maps", &values);
    each_way("nothing", &vec![None::<u8>; 1000]);
}

#[test]
fn records_whose_fields_appear_and_vanish() {
    let records: Vec<_> = (0..50)
        .map(|id| {
            let note = (id % 3 == 0).then_some("note");
            let tags: &[&str] = if (20..30).contains(&id) { &["a"] } else { &[] };
            attributes(id, note, tags)
        })
        .collect();
    each_way("records", &records);
}

#[test]
fn an_option_that_is_left_out_is_not_none() {
    #[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
    struct Patch {
        #[serde(default, skip_serializing_if = "Option::is_none", with = "some")]
        name: Option<Option<String>>,
        id: u8,
    }
    /// `Some(None)` is stored as None, and None not at all.
    mod some {
        use serde::{Deserialize, Deserializer, Serialize, Serializer};
        pub(super) fn serialize<S: Serializer>(
            value: &Option<Option<String>>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            value.as_ref().unwrap().serialize(serializer)
        }
        pub(super) fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<Option<String>>, D::Error> {
            Option::deserialize(deserializer).map(Some)
        }
    }
    let patches = [Some(None), None, Some(Some(s("x")))].map(|name| Patch { name, id: 1 });
    each_place(&patches);
}

#[test]
fn an_enum_whose_first_payload_comes_late() {
    let mut shapes = vec![Shape::Nothing; 500];
    shapes.push(Shape::Rectangle { width: 1.0, label: None });
    shapes.extend(vec![Shape::Nothing; 500]);
    each_way("enums", &shapes);
}

#[test]
fn unlike_tuples_after_many_like_ones() {
    #[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
    #[serde(untagged)]
    enum Row {
        Numbers(f64, f64),
        Labelled(f64, String),
        Three(f64, f64, f64),
    }
    let mut rows = vec![Row::Numbers(1.0, 2.0); 100];
    rows.push(Row::Labelled(1.0, s("label")));
    rows.push(Row::Three(1.0, 2.0, 3.0));
    rows.push(Row::Numbers(3.0, 4.0));
    each_way("tuples", &rows);
    each_way("arrays of two lengths", &vec![Row::Numbers(1.0, 2.0), Row::Three(1.0, 2.0, 3.0), Row::Numbers(1.0, 2.0)]);
}

#[test]
fn maps_that_have_little_in_common() {
    let maps: Vec<BTreeMap<String, u32>> =
        (0..500).map(|i| BTreeMap::from([(format!("key {i}"), i), (s("all"), 1)])).collect();
    each_way("maps", &maps);
    let image = filebacked::to_vec(&maps).unwrap();
    assert!(image.len() < 100_000, "{} bytes", image.len());
}

#[test]
fn a_tree_of_100_levels() {
    each_way("tree", &tree(100));
    let chain = (0..100).fold(Chain { next: None }, |chain, _| Chain { next: Some(Box::new(chain)) });
    each_way("chain", &chain);
    each_way("chains", &vec![chain.clone(), chain]);
    let shape = (0..100).fold(Shape::Nothing, |shape, _| Shape::Group(vec![shape, Shape::Circle(1.0)]));
    each_way("enum", &shape);
    #[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
    struct Named {
        inner: HashMap<String, Named>,
        by_number: BTreeMap<u8, Named>,
    }
    let empty = Named { inner: HashMap::new(), by_number: BTreeMap::new() };
    let named = (0..60).fold(empty.clone(), |named, _| Named {
        inner: HashMap::from([(s("a"), named), (s("b"), empty.clone())]),
        by_number: BTreeMap::from([(1, empty.clone())]),
    });
    each_way("maps", &named);
    each_way("list of maps", &vec![named]);
}

/// Trees of enums, whose variants are a level each with their fields.
#[test]
fn enums_of_100_levels() {
    #[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
    enum Term {
        Leaf,
        Number(f64),
        Pair(Box<Term>, Box<Term>),
        Labelled(u8, Box<Term>),
        Fields { next: Box<Term>, at: Option<[f64; 2]> },
    }
    let pairs = (0..100).fold(Term::Leaf, |term, _| Term::Pair(Box::new(term), Box::new(Term::Number(1.5))));
    let labels = (0..100).fold(Term::Leaf, |term, label| Term::Labelled(label, Box::new(term)));
    let fields = (0..100).fold(Term::Leaf, |term, _| Term::Fields { next: Box::new(term), at: Some([1.0, 2.0]) });
    for term in [pairs, labels, fields] {
        for values in [vec![term.clone()], vec![Term::Leaf, term.clone(), term.clone()]] {
            let image = filebacked::to_vec(&values).unwrap();
            assert_eq!(filebacked::from_slice::<Vec<Term>>(&image).unwrap(), values);
        }
        let image = filebacked::to_vec(&term).unwrap();
        assert_eq!(filebacked::from_slice::<Term>(&image).unwrap(), term);
    }
}

#[test]
fn columns_that_could_take_long() {
    // Signs that change, as integers of two types; and one map of many keys.
    let signs: Vec<Value> = (0..200_000i64).map(|i| if i % 2 == 0 { json!(i) } else { json!(-i) }).collect();
    let image = filebacked::to_vec(&signs).unwrap();
    assert_eq!(filebacked::from_slice::<Vec<Value>>(&image).unwrap(), signs);
    let map: BTreeMap<String, u32> = (0..20_000).map(|i| (format!("key {i:05}"), i)).collect();
    let image = filebacked::to_vec(&vec![map.clone()]).unwrap();
    assert_eq!(filebacked::from_slice::<Vec<BTreeMap<String, u32>>>(&image).unwrap(), [map]);
}

#[test]
fn odd_shapes() {
    #[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
    enum Named {
        #[serde(rename = "a\0b")]
        Nul(u8),
        Other,
    }
    each_place(&[Named::Nul(1), Named::Other]);
    let empty: Vec<[u8; 0]> = vec![[]; (1 << 24) + 1];
    let image = filebacked::to_vec(&empty).unwrap();
    assert_eq!(filebacked::from_slice::<Vec<[u8; 0]>>(&image).unwrap().len(), empty.len());
    macro_rules! deep {
        ($value:expr;) => { $value };
        ($value:expr; $first:tt $($rest:tt)*) => { deep!(($value,); $($rest)*) };
    }
    let deep = deep!(1.5; 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34);
    let image = filebacked::to_vec(&deep).unwrap();
    let json: Value = filebacked::from_slice(&image).unwrap();
    assert_eq!(json, serde_json::to_value(deep).unwrap());
}

/// What can be written can be read: neither ends before the other.
#[test]
fn the_deepest_values() {
    let nested = |depth: usize, around: fn(Value) -> Value| (0..depth).fold(json!(1), |value, _| around(value));
    let around: [fn(Value) -> Value; 6] = [
        |value| json!([value]),
        |value| json!({ "a": value }),
        |value| json!([value, null]),
        |value| json!([{ "a": value }, { "b": 1, "a": 2 }]),
        |value| json!([{ "0": value }]),
        |value| json!({ "a": [value, "x", null] }),
    ];
    for around in around {
        let too_deep = |depth: &usize| {
            let written = filebacked::to_vec(&nested(*depth, around));
            written.is_err_and(|error| error.kind() == filebacked::ErrorKind::TooDeep)
        };
        let depths: Vec<usize> = (50..=140).collect();
        let deepest = 49 + depths.partition_point(|depth| !too_deep(depth));
        assert!((60..=128).contains(&deepest), "{deepest}");
        let value = nested(deepest, around);
        let back: Value = filebacked::from_slice(&filebacked::to_vec(&value).unwrap()).unwrap();
        assert_eq!(back, value);
    }
}

#[test]
fn records_with_thousands_of_fields() {
    let wide: BTreeMap<String, f64> = (0..3000).map(|i| (format!("field {i:04}"), f64::from(i))).collect();
    each_way("map", &wide);
    each_way("list of maps", &vec![wide.clone(), wide.clone()]);
    // Tuples of numbers of two types are compounds while HDF5 can hold them.
    let tuples: Vec<Vec<(u8, f64)>> = vec![vec![(1, 2.0)], vec![]];
    each_way("list of tuples", &tuples);
}

#[test]
fn slices_and_iterators_are_sequences() {
    struct Iterated;
    impl Serialize for Iterated {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq((0..10).filter(|i| i % 2 == 0))
        }
    }
    let image = filebacked::to_vec(&Iterated).unwrap();
    assert_eq!(filebacked::from_slice::<Vec<u8>>(&image).unwrap(), [0, 2, 4, 6, 8]);
    let image = filebacked::to_vec(&[1.5, 2.5][..]).unwrap();
    assert_eq!(filebacked::from_slice::<[f64; 2]>(&image).unwrap(), [1.5, 2.5]);
    let image = filebacked::to_vec("a string slice").unwrap();
    assert_eq!(filebacked::from_slice::<String>(&image).unwrap(), "a string slice");
}

#[test]
fn aliases_defaults_and_other_types() {
    let image =
        filebacked::to_vec(&json!({"id": 3, "tags": ["a"], "blob": [1, 2], "unknown": {"deep": [null]}})).unwrap();
    let back: Attributes = filebacked::from_slice(&image).unwrap();
    assert_eq!((back.id, back.tags, back.blob, back.note), (3, vec![s("a")], vec![1, 2], None));
}

#[test]
fn numbers_read_as_other_types_where_nothing_is_lost() {
    let image = filebacked::to_vec(&[1i64, 2, 255]).unwrap();
    assert_eq!(filebacked::from_slice::<Vec<u8>>(&image).unwrap(), [1, 2, 255]);
    assert_eq!(filebacked::from_slice::<Vec<f32>>(&image).unwrap(), [1.0, 2.0, 255.0]);
    assert_eq!(filebacked::from_slice::<Vec<i128>>(&image).unwrap(), [1, 2, 255]);
    let image = filebacked::to_vec(&[1.5f32, -2.0]).unwrap();
    assert_eq!(filebacked::from_slice::<Vec<f64>>(&image).unwrap(), [1.5, -2.0]);
    let image = filebacked::to_vec(&[1.0f64, -2.0]).unwrap();
    assert_eq!(filebacked::from_slice::<Vec<i8>>(&image).unwrap(), [1, -2]);
}

#[test]
fn the_serializer_and_deserializer_by_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let file = hdf5::File::create(folder.path().join("pair.h5")).unwrap();
    macro_rules! pair {
        ($($name:ident: $type:ty = $value:expr;)*) => {$(
            let group = file.create_group(stringify!($name)).unwrap();
            let value: $type = $value;
            value.serialize(filebacked::Hdf5Serializer::new(&group)).unwrap();
            assert_eq!(<$type>::deserialize(filebacked::Hdf5Deserializer::new(&group)).unwrap(), value);
        )*};
    }
    pair! {
        number: u8 = 5;
        wide: i128 = -5;
        wider: u128 = u128::MAX;
        text: String = s("text");
        letter: char = 'x';
        bytes: serde_bytes::ByteBuf = serde_bytes::ByteBuf::from(vec![1, 2]);
        none: Option<u8> = None;
        some: Option<Option<u8>> = Some(None);
        unit: () = ();
        unit_struct: Unit = Unit;
        newtype: Newtype = Newtype(1.5);
        tuple: (u8, String) = (1, s("a"));
        tuple_struct: Pair = Pair(1, s("a"));
        record: Newpoint = Newpoint { x: 1, name: s("n") };
        attributes: Attributes = attributes(1, None, &["a"]);
        map: BTreeMap<u8, u8> = BTreeMap::from([(1, 2)]);
        pairs: BTreeMap<(u8, u8), u8> = BTreeMap::from([((1, 2), 3)]);
        list: Vec<Newpoint> = vec![Newpoint { x: 1, name: s("n") }];
        unit_variant: Shape = Shape::Nothing;
        newtype_variant: Shape = Shape::Circle(1.5);
        tuple_variant: Shape = Shape::Line(1.5, s("l"));
        struct_variant: Shape = Shape::Rectangle { width: 1.5, label: None };
    }
}

/// A sequence that says that it has another length than it has.
struct Saying<T>(Vec<T>, usize);

impl<T: Serialize> Serialize for Saying<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq;
        let mut seq = serializer.serialize_seq(Some(self.1))?;
        self.0.iter().try_for_each(|element| seq.serialize_element(element))?;
        seq.end()
    }
}

/// Long sequences that are looked at again and again while they are serialized, and some that are so long that a part is
/// written before all of it is there, which then has to be taken back.
#[test]
fn long_sequences_whose_elements_change_late() {
    /// By how much lengths that a sequence says it has differ from its own; the first is none at all.
    const LENGTHS: [isize; 3] = [isize::MIN, -100, 100];

    #[track_caller]
    fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(values: Vec<T>) {
        check_lengths(values, &LENGTHS);
    }

    #[track_caller]
    fn check_lengths<T: Serialize + DeserializeOwned + PartialEq + Debug>(values: Vec<T>, differences: &[isize]) {
        let image = filebacked::to_vec(&values).unwrap();
        let back: Vec<T> = filebacked::from_slice(&image).unwrap();
        assert!(back == values);
        let held = Held::new(values);
        let image = filebacked::to_vec(&held).unwrap();
        let back: Held<Vec<T>> = filebacked::from_slice(&image).unwrap();
        assert!(back == held);
        let len = held.value.len();
        let mut saying = Saying(held.value, 0);
        for difference in differences {
            saying.1 = len.saturating_add_signed(*difference);
            let image = filebacked::to_vec(&saying).unwrap();
            let back: Vec<T> = filebacked::from_slice(&image).unwrap();
            assert!(back == saying.0, "a length of {}", saying.1);
        }
    }
    let len = 70_000;
    let number = |i: usize| Value::from(i);
    check((0..len).map(|i| if i == len - 1 { json!("text") } else { number(i) }).collect());
    check((0..len).map(|i| if i > len / 2 { json!(-(i as i64)) } else { number(i) }).collect());
    check((0..len).map(|i| (i > len - 10, [i as i16, 2], 1.5f32)).collect());
    check((0..len / 4).map(|i| vec![i as u32; if i == len / 5 { 8 } else { 9 }]).collect());
    check((0..len / 4).map(|i| vec![vec![i as u16; 5]; 2]).collect());
    check((0..len).map(|i| if i == len - 5 { json!([1, 2, 3]) } else { json!([i, 2]) }).collect());
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Row<A> {
        id: u64,
        at: A,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        late: Option<u8>,
    }
    let late = |id: usize, len: usize| (id == len - 1).then_some(1);
    check((0..len / 4).map(|id| Row { id: id as u64, at: [0.5; 3], late: late(id, len / 4) }).collect());

    // What is written in parts takes so many bytes.
    let streamed = (4 << 20) + 1;
    check((0..streamed / 8 + 1).map(|i| i as f64).collect());
    check((0..streamed / 16 + 1).map(|i| [[i as f32, 1.0], [2.0, 3.0]]).collect());
    check_lengths((0..streamed).map(|i| i % 3 == 0).collect(), &[100]);
    let len = streamed / 256;
    check((0..len).map(|i| (i > len - 10, [i as f64; 32], 1.5f32)).collect());
    check((0..len).map(|i| vec![i as u64; if i == len - 5 { 33 } else { 34 }]).collect());
    check((0..len).map(|id| Row { id: id as u64, at: [0.5; 32], late: late(id, len) }).collect());
}
