//! Files of this crate, of each section of its layout.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime};

use filebacked::ndarray::{Array2, Array3, ArrayD, Ix1, Ix2, IxDyn, array};
use filebacked::num_complex::{Complex32, Complex64};
use filebacked::serde_bytes::{ByteBuf, Bytes};
use filebacked::sprs::{CsMat, TriMat};
use filebacked::{
    Appender, Maps, NdArray, Records, Shared, Sparse, Strings, Triplets, WithAttrs, WriteOptions, to_file,
};
use serde::Serialize;
use serde_json::json;

use crate::{Case, Exception};

/// Makes the files of all sections.
struct Maker<'a> {
    folder: &'a Path,
    cases: Vec<Case>,
}

impl Maker<'_> {
    /// A file of a value, beside another.
    fn add(&mut self, name: &str, value: impl Serialize) {
        self.add_with(name, value, &WriteOptions::new());
    }

    fn add_with(&mut self, name: &str, value: impl Serialize, options: &WriteOptions) {
        let path = self.path(name);
        #[derive(Serialize)]
        struct Both<T> {
            x: T,
            seed: u64,
        }
        options.to_file(&path, &Both { x: value, seed: 7 }).unwrap();
        self.push(name, &[]);
    }

    /// A file of a value alone.
    fn root(&mut self, name: &str, value: impl Serialize) {
        to_file(self.path(name), &value).unwrap();
        self.push(name, &[]);
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.join(format!("{}.h5", name.replace([' ', '/'], "-")))
    }

    fn push(&mut self, name: &str, exceptions: &[(&'static str, &'static str, &'static str)]) {
        let exceptions = exceptions.iter().map(|&(path, kind, reason)| Exception { path, kind, reason }).collect();
        self.cases.push(Case { name: name.to_owned(), path: self.path(name), exceptions, is_foreign: false });
    }
}

/// The files.
pub(crate) fn made(folder: &Path) -> Vec<Case> {
    let mut make = Maker { folder, cases: Vec::new() };
    values(&mut make);
    sequences(&mut make);
    wrappers(&mut make);
    storage(&mut make);
    names(&mut make);
    appended(&mut make);
    python(&mut make);
    make.cases
}

fn values(make: &mut Maker<'_>) {
    make.root("root scalar", 1.5);
    make.root("root list", vec![1_u8, 2]);
    make.root("root strings", vec!["a", "bc"]);
    make.root("root records", vec![("a", 1), ("b", 2)]);
    make.root("root map", BTreeMap::from([((0, 1), 1.5)]));
    make.root("root array", NdArray(array![[1.5, 2.5]]));
    make.root("root time", WithAttrs { value: [1.5], attrs: BTreeMap::from([("units", "K")]) });
    make.root("root none", None::<f64>);
    make.add("1 numbers", (-1_i8, -2_i16, -3_i32, i64::MIN, 255_u8, u16::MAX, u32::MAX, u64::MAX, 0.5_f32, f64::NAN));
    make.add("2 bools", BTreeMap::from([("yes", true), ("no", false)]));
    make.add("3 strings", ("plate", "", "a\0b", 'x', "schön"));
    make.add("4 wide", (i128::MIN, u128::MAX));
    make.add("5 bytes", Bytes::new(b"\x00\xff"));
    make.add("6 none", None::<f64>);
    make.add("7 some", (Some(1.5), Some(None::<f64>), Some(Some(None::<u8>)), Some(())));
    make.add("8 units", ((), ()));
    #[derive(Serialize)]
    struct Metres(f64);
    make.add("9 newtypes", Metres(1.5));
    #[derive(Serialize)]
    struct Run {
        #[serde(rename = "@title")]
        title: &'static str,
        #[serde(rename = "@range")]
        range: [f64; 2],
        #[serde(rename = "@tags")]
        tags: Vec<&'static str>,
        #[serde(rename = "@is good")]
        is_good: bool,
        #[serde(rename = "@grid")]
        grid: NdArray<i16, Ix2>,
        #[serde(rename = "@nothing")]
        nothing: Option<u8>,
        #[serde(rename = "@axis")]
        axis: Axis,
        #[serde(rename = "@axes")]
        axes: Vec<Axis>,
        #[serde(rename = "@empty")]
        empty: Vec<f64>,
        steps: u32,
        dt: f64,
        inner: Inner,
        again: Inner,
    }
    #[derive(Serialize)]
    struct Inner {
        method: &'static str,
        damping: f32,
    }
    let inner = |damping| Inner { method: "cg", damping };
    let run = Run {
        title: "plate",
        range: [0.5, 1.5],
        tags: vec!["a", "b"],
        is_good: true,
        grid: NdArray(array![[1, 2], [3, 4]]),
        nothing: None,
        axis: Axis::Y,
        axes: vec![Axis::Z, Axis::X],
        empty: vec![],
        steps: 10,
        dt: 0.5,
        inner: inner(0.5),
        again: inner(1.5),
    };
    make.root("10 structs", run);
    make.add(
        "11 maps",
        BTreeMap::from([("left", 1.5), ("left/right", 2.5), ("a b", 0.5), ("%", 1.0), ("", 2.0), (".", 3.0)]),
    );
    make.add("11 maps by number", BTreeMap::from([(7, "inlet"), (-9, "outlet")]));
    make.add("11 maps by bool", BTreeMap::from([(false, 1.0), (true, 2.0)]));
    make.add("11 maps by tuple", BTreeMap::from([((0, 1), 1.5), ((1, 0), 2.5)]));
    make.add("11 maps by tuple of strings", BTreeMap::from([(("a", 1), vec![1.5]), (("b", 0), vec![])]));
    make.add("11 maps by bytes", BTreeMap::from([(ByteBuf::from(vec![1]), 1)]));
    make.add("11 maps by option", BTreeMap::from([(Some(1), 1), (None, 2)]));
    make.add("11 maps by variant", BTreeMap::from([(Axis::X, 1), (Axis::Z, 2)]));
    make.add("11 maps by struct", BTreeMap::from([(Key { a: 1, b: "one" }, vec![Axis::X])]));
    make.add("11 maps by float", Pairs(vec![(1.5, "a"), (f64::NAN, "b")]));
    make.add("11 maps with a key twice", Pairs(vec![("a", 1), ("a", 2)]));
    make.add("11 empty maps", (BTreeMap::<String, f64>::new(), BTreeMap::<(u8, u8), f64>::new()));
    make.add("11 maps of structs", (0..20).map(|n| (format!("step {n}"), inner(0.5))).collect::<BTreeMap<_, _>>());
    let series: BTreeMap<String, Vec<f64>> = (0..9).map(|n| (format!("s{n}"), vec![0.5; n % 3])).collect();
    let columns = WriteOptions::new().maps(Maps::Columns);
    make.add_with("11 maps in columns", &series, &columns);
    make.add_with("11 maps of numbers in columns", BTreeMap::from([(1_u8, 1), (2, 2)]), &columns);
    make.add_with("11 maps of variants in columns", BTreeMap::from([(Axis::Y, 1.5)]), &columns);
    make.add("12 tuples", ([[1, 2, 3], [4, 5, 6]], (1, "two"), (), (1_u8, 2_i64), ["a", "b"]));
    make.add(
        "12 long tuples",
        ((1_u8, "a", 1_u8, "a", 1_u8, "a", 1_u8, "a"), (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, "x")),
    );
    make.add("12 complex", (Complex64::new(1.0, -2.0), Complex32::new(0.5, 0.0), vec![Complex64::new(1.0, -2.0)]));
    make.add("13 unit variants", Axis::X);
    make.add(
        "14 other variants",
        (Shape::Ellipse(1.5, 0.5), Shape::Circle(1.0), Shape::Box { width: 1.0, label: "b" }),
    );
}

#[derive(Clone, Copy, Serialize, PartialEq, Eq, PartialOrd, Ord)]
enum Axis {
    X,
    Y,
    Z,
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    a: u8,
    b: &'static str,
}

#[derive(Clone, Serialize)]
enum Shape {
    Empty,
    Circle(f64),
    Ellipse(f64, f64),
    Box {
        width: f64,
        label: &'static str,
    },
    Mixed(u8, &'static str),
    #[serde(rename = "tag")]
    Tag(Option<u8>),
    #[serde(rename = "Self")]
    Own(Vec<u8>),
}

/// A map in any order, with any keys.
struct Pairs<K, V>(Vec<(K, V)>);

impl<K: Serialize, V: Serialize> Serialize for Pairs<K, V> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

#[derive(Clone, Serialize)]
struct Particle {
    id: u32,
    position: [f64; 2],
    velocity: Vector,
    kind: Axis,
    pair: (i8, f32),
    grid: [[u8; 3]; 2],
    is_good: bool,
    phase: Complex64,
}

#[derive(Clone, Serialize)]
struct Vector {
    x: f64,
    y: f64,
}

#[derive(Clone, Serialize)]
struct Person {
    name: String,
    age: Option<u8>,
    visits: Vec<u16>,
    home: Vector,
    marks: [f32; 3],
    #[serde(skip_serializing_if = "str::is_empty")]
    note: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    manager: Option<Box<Person>>,
}

fn people() -> Vec<Person> {
    let person = |name: &str, age, note, manager| Person {
        name: name.to_owned(),
        age,
        visits: vec![1; name.len() % 3],
        home: Vector { x: 0.5, y: 1.5 },
        marks: [1.0, 2.0, 3.0],
        note,
        manager,
    };
    let chief = Box::new(person("Grace", Some(50), "chief", None));
    vec![person("Ada", None, "", None), person("Hedy", Some(1), "x", Some(chief))]
}

fn sequences(make: &mut Maker<'_>) {
    make.add(
        "15 numbers",
        (vec![0.5, f64::NAN], vec![true, false], vec![-1_i8], vec![u64::MAX], vec![1_i128, i128::MAX], vec![u128::MAX]),
    );
    make.add(
        "16 equal lengths",
        (vec![vec![true, false], vec![false, true]], vec![[[1_u8, 2]], [[3, 4]]], vec![[0.5_f32; 3]; 2]),
    );
    make.add("16 many dimensions", NdArray(ArrayD::<u8>::zeros(IxDyn(&[1, 2, 1, 2, 1, 2, 1, 2]))));
    let long: Vec<String> = (0..40).map(|n| "x".repeat(if n % 20 == 0 { 3000 } else { n })).collect();
    make.add("17 strings", (vec!["one", "three"], vec!["a", "b\0c"], long, vec!["", ""], vec!['a', 'ß']));
    make.add("18 unit variants", (vec![Axis::Y, Axis::X, Axis::Y], vec![Axis::Z]));
    let particle = |id| Particle {
        id,
        position: [0.5, 1.5],
        velocity: Vector { x: 1.0, y: 2.0 },
        kind: Axis::Z,
        pair: (1, 0.5),
        grid: [[1, 2, 3], [4, 5, 6]],
        is_good: id > 1,
        phase: Complex64::new(1.0, -1.0),
    };
    make.add(
        "19 flat records",
        (
            vec![particle(1), particle(2)],
            vec![(1_u8, 0.5)],
            vec![(1, 0.5, 2_u8, true, 1, 2.5, 1, 1, 1, 1, 1, 1, 1, 2.5)],
        ),
    );
    #[derive(Clone, Serialize)]
    struct Long {
        #[serde(serialize_with = "tuple")]
        spectrum: Vec<f32>,
        id: u8,
    }
    fn tuple<S: serde::Serializer>(all: &[f32], serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeTuple;
        let mut tuple = serializer.serialize_tuple(all.len())?;
        all.iter().try_for_each(|one| tuple.serialize_element(one))?;
        tuple.end()
    }
    make.add("19 long arrays", vec![Long { spectrum: vec![0.5; 40], id: 1 }, Long { spectrum: vec![1.5; 40], id: 2 }]);
    make.add("20 other records", (vec![("a", 1), ("b", 2)], people()));
    #[derive(Clone, Serialize)]
    struct Nothing {}
    make.add("20 records without fields", vec![Nothing {}, Nothing {}]);
    make.add(
        "21 options",
        (
            vec![Some(1), None, Some(3)],
            vec![Some("a"), None],
            vec![Some(Some(1.5)), Some(None), None],
            vec![None::<u8>, None],
            vec![Some(true), None],
            vec![Some(vec![1]), None],
            vec![Some(Vector { x: 0.5, y: 0.5 }), None],
        ),
    );
    #[derive(Serialize)]
    struct Note {
        #[serde(skip_serializing_if = "str::is_empty")]
        text: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        maybe: Option<Option<u8>>,
    }
    let note = |text, maybe| Note { text, maybe };
    make.add("22 fields left out", vec![note("a", None), note("", Some(None)), note("b", Some(Some(1)))]);
    make.add(
        "23 differing lengths",
        (
            vec![vec![1, 2], vec![], vec![3]],
            vec![vec!["a"], vec![]],
            vec![vec![vec![1], vec![]], vec![]],
            vec![vec![[0.5, 1.5]], vec![]],
            vec![Vec::<u8>::new(), vec![]],
            vec![vec![("a", 1)], vec![]],
        ),
    );
    make.add("24 bytes", vec![Bytes::new(b"ab"), Bytes::new(b"c")]);
    make.add(
        "25 maps",
        (
            json!([{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]),
            json!([{"id": 1, "x": 0.5}, {"id": 2, "x": 1.5}]),
            json!([{"id": 1}, {"id": 2, "x": 1.5}]),
            vec![BTreeMap::from([(1, "one"), (2, "two")]), BTreeMap::new()],
            vec![Pairs(vec![(1.5, 1)]), Pairs(vec![])],
        ),
    );
    make.add("26 units", vec![(), (), ()]);
    let shapes = [
        Shape::Circle(1.5),
        Shape::Empty,
        Shape::Ellipse(1.5, 0.5),
        Shape::Box { width: 2.0, label: "b" },
        Shape::Circle(2.5),
        Shape::Mixed(1, "m"),
        Shape::Tag(Some(1)),
        Shape::Own(vec![1, 2]),
    ];
    make.add(
        "27 enums with payload",
        (&shapes[..], &shapes[2..4], vec![Some(Shape::Circle(0.5)), None], vec![shapes[..2].to_vec(), vec![]]),
    );
    make.add("28 mixed types", (json!([1, "two", 3]), json!([1.5, null]), json!([{"a": [1, "b"]}, [1], null])));
    make.add("29 empty sequences", (Vec::<String>::new(), vec![Vec::<u8>::new()], Vec::<Particle>::new()));
}

fn wrappers(make: &mut Maker<'_>) {
    #[derive(Serialize)]
    struct Arrays {
        wrapped: NdArray<i16, Ix2>,
        #[serde(with = "filebacked::array")]
        with: Array3<f32>,
        #[serde(with = "filebacked::array")]
        option: Option<Array2<bool>>,
        bare: Array2<f64>,
        bare_list: filebacked::ndarray::Array1<u8>,
        complex: NdArray<Complex64, Ix2>,
        zero: NdArray<f64, filebacked::ndarray::Ix0>,
        empty: NdArray<f32, Ix2>,
        named: BTreeMap<String, NdArray<u8, Ix2>>,
    }
    make.root(
        "30 arrays",
        Arrays {
            wrapped: NdArray(array![[1, 2, 3], [4, 5, 6]]),
            with: Array3::from_elem((4, 3, 2), 0.25),
            option: Some(array![[true, false]]),
            bare: array![[1.5, 2.5]],
            bare_list: array![1, 2],
            complex: NdArray(array![[Complex64::new(1.0, -2.0)]]),
            zero: NdArray(filebacked::ndarray::arr0(1.5)),
            empty: NdArray(Array2::zeros((0, 3))),
            named: BTreeMap::from([
                ("a 1".to_owned(), NdArray(array![[1]])),
                ("a 2".to_owned(), NdArray(array![[1, 2]])),
            ]),
        },
    );
    #[derive(Clone, Serialize)]
    struct Curve {
        name: &'static str,
        points: NdArray<f64, Ix1>,
        levels: Vec<NdArray<u8, IxDyn>>,
    }
    let dynamic = |dims: &[usize]| NdArray(ArrayD::<u8>::zeros(IxDyn(dims)));
    let curve = |name, points: &[f64]| Curve {
        name,
        points: NdArray(points.iter().copied().collect()),
        levels: vec![dynamic(&[2]), dynamic(&[1, 2])],
    };
    make.add(
        "31 objects",
        (
            vec![NdArray(array![0.5, 1.5]), NdArray(array![2.5])],
            vec![Some(NdArray(array![[1_u8]])), None],
            vec![curve("a", &[0.5]), curve("b", &[])],
            vec![Shared::from(Vector { x: 0.5, y: 1.5 }), Shared::from(Vector { x: 1.5, y: 2.5 })],
            vec![vec![NdArray(array![1_u8])], vec![]],
        ),
    );
    let one = Shared::from(Vector { x: 0.5, y: 1.5 });
    make.add("31 one object in many places", (one.clone(), vec![one.clone(), one.clone()], one));
    #[derive(Clone, Serialize)]
    struct Unit {
        unit: &'static str,
        gain: f64,
    }
    fn with<T>(value: T) -> WithAttrs<T, Unit> {
        WithAttrs { value, attrs: Unit { unit: "hPa", gain: 0.5 } }
    }
    #[derive(Serialize)]
    struct Readings {
        pressure: WithAttrs<Vec<f64>, Unit>,
        one: WithAttrs<f64, Unit>,
        texts: WithAttrs<Vec<&'static str>, Unit>,
        grid: WithAttrs<NdArray<f64, Ix2>, Unit>,
        people: WithAttrs<Vec<Person>, Unit>,
        map: WithAttrs<BTreeMap<(u8, u8), f64>, Unit>,
        group: WithAttrs<Vector, Unit>,
        list: Vec<WithAttrs<f64, Unit>>,
        option: Option<WithAttrs<f64, Unit>>,
    }
    make.root(
        "32 attributes",
        Readings {
            pressure: with(vec![1.5, 2.5]),
            one: with(1.5),
            texts: with(vec!["a", "b"]),
            grid: with(NdArray(array![[1.0, 2.0]])),
            people: with(people()),
            map: with(BTreeMap::from([((0, 1), 1.5)])),
            group: with(Vector { x: 0.5, y: 1.5 }),
            list: vec![with(1.5), with(2.5)],
            option: Some(with(1.5)),
        },
    );
    let matrix = || CsMat::new((2, 3), vec![0, 1, 3], vec![2, 0, 1], vec![1.5, 2.5, 3.5]);
    let triplets = || TriMat::from_triplets((2, 3), vec![1, 0, 1], vec![0, 2, 0], vec![1.5_f32, 2.5, 3.5]);
    make.add("33 sparse matrices", BTreeMap::from([("csr", Sparse(matrix())), ("csc", Sparse(matrix().to_csc()))]));
    make.add(
        "33 lists of sparse matrices",
        (
            vec![Sparse(matrix())],
            vec![Triplets(triplets())],
            WithAttrs { value: Sparse(matrix()), attrs: Unit { unit: "N", gain: 1.0 } },
        ),
    );
    make.add("33 triplets", Triplets(triplets()));
    #[derive(Serialize)]
    struct Times {
        #[serde(with = "filebacked::timestamp")]
        started: SystemTime,
        #[serde(with = "filebacked::timestamp")]
        samples: Vec<SystemTime>,
        #[serde(with = "filebacked::timestamp")]
        gaps: Vec<Option<SystemTime>>,
        #[serde(with = "filebacked::timestamp")]
        ended: Option<SystemTime>,
        events: Vec<Event>,
        named: BTreeMap<String, Time>,
        took: Duration,
    }
    #[derive(Serialize)]
    struct Event {
        #[serde(with = "filebacked::timestamp")]
        time: SystemTime,
        #[serde(with = "filebacked::timestamp")]
        until: Option<SystemTime>,
        level: u8,
    }
    #[derive(Serialize)]
    struct Time(#[serde(with = "filebacked::timestamp")] SystemTime);
    let at = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds);
    make.add(
        "times",
        Times {
            started: at(0),
            samples: vec![at(1), at(2)],
            gaps: vec![Some(at(1)), None],
            ended: None,
            events: vec![
                Event { time: at(3), until: None, level: 1 },
                Event { time: at(4), until: Some(at(5)), level: 2 },
            ],
            named: BTreeMap::from([("a 1".to_owned(), Time(at(6))), ("a 2".to_owned(), Time(at(7)))]),
            took: Duration::from_millis(1500),
        },
    );
}

/// How datasets are stored is kept where the crate can say it.
fn storage(make: &mut Maker<'_>) {
    #[derive(Serialize)]
    struct Stored {
        field: NdArray<f64, Ix2>,
        short: Vec<u16>,
        plain: Vec<f32>,
        names: Vec<&'static str>,
        texts: Vec<&'static str>,
        packed: Vec<&'static str>,
        table: Vec<(u8, &'static str)>,
        columns: Vec<(u8, f64)>,
    }
    let stored = Stored {
        field: NdArray(Array2::zeros((60, 100))),
        short: vec![1; 100],
        plain: vec![0.5; 20_000],
        names: vec!["a", "bcd"],
        texts: vec!["a", "bcd"],
        packed: vec!["a", "bcd"],
        table: vec![(1, "one"), (2, "three")],
        columns: vec![(1, 0.5), (2, 1.5)],
    };
    let options = WriteOptions::new()
        .at("field", |d| d.chunk([10, 100]).deflate(6))
        .at("short", |d| d.chunk([7]).lzf().above(0).fletcher32(true))
        .at("plain", |d| d.chunk([1000]).shuffle(true))
        .at("texts", |d| d.strings(Strings::Variable))
        .at("packed", |d| d.strings(Strings::Packed))
        .at("table", |d| d.records(Records::Table))
        .at("columns", |d| d.records(Records::Columns));
    options.to_file(make.path("storage"), &stored).unwrap();
    make.push("storage", &[]);
}

/// Names that are none in Rust, or mean something there.
fn names(make: &mut Maker<'_>) {
    let all = [
        "type",
        "self",
        "Self",
        "crate",
        "a b",
        "a_b",
        "aB",
        "A",
        "a",
        "10x",
        "_",
        "__",
        "",
        "größe",
        "Δt",
        "µ",
        "🐧",
        "\"quoted\"",
        "*/ fn main() {",
        "line\nbreak",
        "// comment",
        "\u{202e}turned",
        "back\\slash",
        "'",
        "{brace}",
        "%",
        "a/b",
        ".",
        "..",
        "r#raw",
        "Option",
        "Vec",
        "`tick`",
        "[0]",
        "*",
        "**",
        "#",
        "x\u{301}",
    ];
    let strings: BTreeMap<&str, String> = all.iter().map(|name| (*name, (*name).to_owned())).collect();
    make.root(
        "names of fields",
        Pairs(strings.iter().map(|(name, text)| (*name, json!(text))).chain([("other", json!(1))]).collect()),
    );
    #[derive(Serialize)]
    struct Inner {
        value: f64,
    }
    make.root(
        "names of groups",
        Pairs(
            all.iter()
                .map(|name| (*name, (Inner { value: 1.5 }, name.len() as u64, json!({"x": name}))))
                .chain([("seed", (Inner { value: 0.5 }, 1, json!(1)))])
                .collect(),
        ),
    );
    let records: Vec<BTreeMap<&str, u8>> = vec![all.iter().map(|name| (*name, 1)).collect()];
    make.add("names of records", records);
    make.add(
        "names of attributes",
        WithAttrs {
            value: 1.5,
            attrs: all.iter().filter(|name| !name.is_empty()).map(|name| (*name, 1.5)).collect::<BTreeMap<_, _>>(),
        },
    );
}

/// Lists that were added to hold more than lists that are written at once: they are in chunks, and their form suits what may come.
fn appended(make: &mut Maker<'_>) {
    let path = make.path("appended numbers");
    let mut numbers = Appender::create_file(&path, "numbers").unwrap();
    (0..5).for_each(|number| numbers.push(&f64::from(number)).unwrap());
    numbers.finish().unwrap();
    let grown = "a list that was added to says how long it is";
    make.push("appended numbers", &[("/numbers@filebacked-length", "", grown)]);
    let path = make.path("appended records");
    let mut records = Appender::create_file(&path, "records").unwrap();
    people().iter().for_each(|person| records.push(person).unwrap());
    records.finish().unwrap();
    make.push("appended records", &[("/records@filebacked-length", "", grown)]);
}

/// What the package FileBacked of Python's has.
fn python(make: &mut Maker<'_>) {
    #[derive(Serialize)]
    struct Model {
        title: &'static str,
        note: Option<&'static str>,
        patches: Vec<Patch>,
        either: Vec<Either>,
        pairs: BTreeMap<(&'static str, &'static str), i64>,
        named: BTreeMap<&'static str, f64>,
        numbered: BTreeMap<i32, f64>,
        weights: Vec<f64>,
    }
    #[derive(Serialize)]
    struct Patch {
        label: Option<&'static str>,
        tags: Vec<&'static str>,
        nodes: Vec<[f64; 2]>,
    }
    #[derive(Serialize)]
    enum Either {
        Number(i64),
        Text(&'static str),
    }
    let model = Model {
        title: "plate",
        note: None,
        patches: vec![
            Patch { label: None, tags: vec!["left"], nodes: vec![[0.0, 0.5]] },
            Patch { label: Some("b"), tags: vec![], nodes: vec![[1.0, 0.5], [2.0, 2.5]] },
        ],
        either: vec![Either::Text("seven"), Either::Number(7)],
        pairs: BTreeMap::from([(("a", "b"), 1), (("c", "d"), 2)]),
        named: BTreeMap::from([("a", 0.5), ("b", 1.5)]),
        numbered: BTreeMap::from([(1, 0.5), (7, 1.5)]),
        weights: vec![0.5],
    };
    let options = WriteOptions::new().python("model");
    options.to_file(make.path("34 35 36 python"), &model).unwrap();
    make.push("34 35 36 python", &[]);
    make.add_with("34 classes", Patch { label: None, tags: vec!["left"], nodes: vec![[0.0, 0.5]] }, &options);
}
