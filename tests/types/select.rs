//! `skip` and `only`, on both sides: whatever the encoding, a path means the same.

use std::cell::Cell;
use std::collections::BTreeMap;

use filebacked::{
    ErrorKind, NdArray, ReadOptions, Records, Shared, WithAttrs, WriteOptions, from_slice, hdf5, to_vec, tree,
};
use ndarray::Array1;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

#[derive(Serialize, Deserialize, Clone, Default, PartialEq, Debug)]
#[serde(default)]
struct Run {
    title: String,
    patches: Vec<Patch>,
    points: Vec<Point>,
    by_name: BTreeMap<String, Patch>,
    by_number: BTreeMap<u32, Vec<f64>>,
    by_pair: BTreeMap<(u8, u8), Point>,
    shape: Option<Form>,
    shapes: Vec<Form>,
    pair: (i32, Point),
    nested: Vec<Vec<Patch>>,
    list: Vec<WithAttrs<NdArray<f64, ndarray::Ix1>, Unit>>,
    large: Vec<f64>,
}

#[derive(Serialize, Deserialize, Clone, Default, PartialEq, Debug)]
#[serde(default)]
struct Patch {
    #[serde(rename = "@material")]
    material: u8,
    name: String,
    nodes: Vec<f64>,
    scratch: Option<u64>,
}

#[derive(Serialize, Deserialize, Clone, Copy, Default, PartialEq, Debug)]
#[serde(default)]
struct Point {
    x: f64,
    y: f64,
    weight: u8,
}

#[derive(Serialize, Deserialize, Clone, Default, PartialEq, Debug)]
#[serde(default)]
struct Unit {
    unit: String,
    gain: f64,
}

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
enum Form {
    Empty,
    Circle(f64),
    Box {
        #[serde(default)]
        width: f64,
        #[serde(default)]
        height: f64,
    },
}

fn patch(number: u8) -> Patch {
    let name = format!("patch {number}");
    Patch { material: number, name, nodes: vec![0.5; number.into()], scratch: (number > 1).then_some(7) }
}

fn point(number: u8) -> Point {
    Point { x: number.into(), y: 0.5, weight: number }
}

fn run() -> Run {
    let unit = |gain| Unit { unit: "hPa".to_owned(), gain };
    Run {
        title: "plate".to_owned(),
        patches: (1..4).map(patch).collect(),
        points: (1..4).map(point).collect(),
        by_name: (1..3).map(|number| (format!("p{number}"), patch(number))).collect(),
        by_number: (1..3).map(|number| (number, vec![0.5])).collect(),
        by_pair: (1..3).map(|number| ((number, 9), point(number))).collect(),
        shape: Some(Form::Box { width: 1.5, height: 2.5 }),
        shapes: vec![Form::Circle(1.5), Form::Box { width: 1.5, height: 2.5 }, Form::Empty],
        pair: (1, point(1)),
        nested: vec![vec![patch(1)], vec![], vec![patch(2), patch(3)]],
        list: (0..2).map(|number| WithAttrs { value: NdArray(Array1::ones(number + 1)), attrs: unit(0.5) }).collect(),
        large: vec![0.5; 100],
    }
}

/// What is left when `change` takes something out of a run.
fn left(change: impl FnOnce(&mut Run)) -> Run {
    let mut run = run();
    change(&mut run);
    run
}

/// Paths to skip, and what is left.
fn skipped() -> Vec<(&'static [&'static str], Run)> {
    let without_nodes = |patch: &mut Patch| patch.nodes.clear();
    vec![
        (&["large"], left(|run| run.large.clear())),
        (&["patches/*/nodes"], left(|run| run.patches.iter_mut().for_each(without_nodes))),
        (&["by_name/*/nodes"], left(|run| run.by_name.values_mut().for_each(without_nodes))),
        (&["by_name/p1/nodes"], left(|run| run.by_name.get_mut("p1").unwrap().nodes.clear())),
        (&["by_name/p1"], left(|run| drop(run.by_name.remove("p1")))),
        (&["by_number/2"], left(|run| drop(run.by_number.remove(&2)))),
        (&["by_number/*"], left(|run| run.by_number.clear())),
        (&["by_pair/*/weight"], left(|run| run.by_pair.values_mut().for_each(|point| point.weight = 0))),
        (&["points/*/x"], left(|run| run.points.iter_mut().for_each(|point| point.x = 0.0))),
        (&["points/*/*"], left(|run| run.points.iter_mut().for_each(|point| *point = Point::default()))),
        (&["patches/*/@material"], left(|run| run.patches.iter_mut().for_each(|patch| patch.material = 0))),
        (&["by_name/*/@material"], left(|run| run.by_name.values_mut().for_each(|patch| patch.material = 0))),
        (&["shape/Box/width"], left(|run| run.shape = Some(Form::Box { width: 0.0, height: 2.5 }))),
        (&["shapes/*/Box/height"], left(|run| run.shapes[1] = Form::Box { width: 1.5, height: 0.0 })),
        (&["pair/1/weight"], left(|run| run.pair.1.weight = 0)),
        (&["nested/*/*/nodes"], left(|run| run.nested.iter_mut().flatten().for_each(without_nodes))),
        (&["list/*/@gain"], left(|run| run.list.iter_mut().for_each(|element| element.attrs.gain = 0.0))),
        (
            &["**/nodes", "title"],
            left(|run| {
                run.patches.iter_mut().chain(run.by_name.values_mut()).for_each(without_nodes);
                run.nested.iter_mut().flatten().for_each(without_nodes);
                run.title.clear();
            }),
        ),
        (&["nothing", "patches/*/nothing", "patches/*"], run()),
    ]
}

#[test]
fn what_is_skipped_is_not_read() {
    for records in [None, Some(Records::Columns)] {
        let options = records.map_or(WriteOptions::new(), |records| WriteOptions::new().records(records));
        let image = options.to_vec(&run()).unwrap();
        for (paths, left) in skipped() {
            let found: Run = reading(paths).from_slice(&image).unwrap();
            assert_eq!(found, left, "{paths:?}");
        }
    }
}

/// Options that skip these, some of which lead nowhere.
fn reading(paths: &[&str]) -> ReadOptions {
    let options = ReadOptions::new().skip(paths);
    if paths.contains(&"nothing") { options.lenient() } else { options }
}

#[test]
fn what_is_skipped_is_not_written() {
    for options in [WriteOptions::new(), WriteOptions::new().records(Records::Columns), WriteOptions::new().deflate(1)]
    {
        for (paths, left) in skipped() {
            let options = options.clone().skip(paths);
            let options = if paths.contains(&"nothing") { options.lenient() } else { options };
            let image = options.to_vec(&run()).unwrap();
            assert_eq!(from_slice::<Run>(&image).unwrap(), left, "{paths:?}");
            // Nothing of it is there: what is skipped is skipped for any reader.
            let both: Run = ReadOptions::new().skip(paths).lenient().from_slice(&image).unwrap();
            assert_eq!(both, left, "{paths:?}");
        }
    }
}

/// What is kept by `only`.
fn kept() -> Vec<(&'static [&'static str], Run)> {
    let only = |keep: fn(Run, &mut Run)| {
        let mut kept = Run::default();
        keep(run(), &mut kept);
        kept
    };
    fn nodes(patch: &Patch) -> Patch {
        Patch { nodes: patch.nodes.clone(), ..Patch::default() }
    }
    vec![
        (&["large", "title"], only(|run, kept| (kept.large, kept.title) = (run.large, run.title))),
        (&["patches"], only(|run, kept| kept.patches = run.patches)),
        (&["patches/*/nodes"], only(|run, kept| kept.patches = run.patches.iter().map(nodes).collect())),
        (
            &["by_name/*/nodes"],
            only(|run, kept| {
                kept.by_name = run.by_name.into_iter().map(|(name, patch)| (name, nodes(&patch))).collect()
            }),
        ),
        (&["by_name/p2"], only(|run, kept| kept.by_name = [("p2".to_owned(), run.by_name["p2"].clone())].into())),
        (&["by_number/1"], only(|run, kept| kept.by_number = [(1, run.by_number[&1].clone())].into())),
        (
            &["points/*/x"],
            only(|run, kept| {
                kept.points = run.points.iter().map(|point| Point { x: point.x, ..Point::default() }).collect();
            }),
        ),
    ]
}

#[test]
fn only_what_is_named_is_read_and_written() {
    for options in [WriteOptions::new(), WriteOptions::new().records(Records::Columns)] {
        let image = options.to_vec(&run()).unwrap();
        for (paths, kept) in kept() {
            let found: Run = ReadOptions::new().only(paths).from_slice(&image).unwrap();
            assert_eq!(found, kept, "reading {paths:?}");
            let image = options.clone().only(paths).to_vec(&run()).unwrap();
            assert_eq!(from_slice::<Run>(&image).unwrap(), kept, "writing {paths:?}");
        }
    }
}

/// Where anything may lead to what is named, leaves that are not named are left out all the same.
#[test]
fn leaves_on_the_way_are_left_out() {
    #[derive(Serialize, Deserialize, Default, PartialEq, Debug)]
    #[serde(default)]
    struct Tree {
        nodes: Vec<f64>,
        title: String,
        grid: Option<NdArray<f64, ndarray::Ix1>>,
        shared: Option<Shared<Patch>>,
        inner: Vec<Patch>,
        tags: Vec<String>,
        maybe: Option<Patch>,
        numbers: Vec<Vec<Vec<u8>>>,
    }
    let full = Tree {
        nodes: vec![0.5],
        title: "tree".to_owned(),
        grid: Some(NdArray(Array1::ones(3))),
        shared: Some(patch(1).into()),
        inner: vec![patch(2)],
        tags: vec!["a".to_owned()],
        maybe: Some(patch(3)),
        numbers: vec![vec![vec![1], vec![]]],
    };
    let nodes = |number| Patch { nodes: patch(number).nodes, ..Patch::default() };
    let kept = Tree {
        nodes: vec![0.5],
        shared: Some(nodes(1).into()),
        inner: vec![nodes(2)],
        maybe: Some(nodes(3)),
        ..Tree::default()
    };
    let image = WriteOptions::new().only(["**/nodes"]).to_vec(&full).unwrap();
    assert_eq!(from_slice::<Tree>(&image).unwrap(), kept);
    let read: Tree = ReadOptions::new().only(["**/nodes"]).from_slice(&to_vec(&full).unwrap()).unwrap();
    assert_eq!(read, kept);
}

/// What is skipped is not even serialized.
#[test]
fn what_is_skipped_is_not_serialized() {
    struct Counted<'a>(&'a Cell<u32>);
    impl Serialize for Counted<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.0.set(self.0.get() + 1);
            serializer.serialize_u8(1)
        }
    }
    #[derive(Serialize)]
    struct Both<'a> {
        kept: Counted<'a>,
        skipped: Counted<'a>,
    }
    let (kept, skipped) = (Cell::new(0), Cell::new(0));
    let both = || Both { kept: Counted(&kept), skipped: Counted(&skipped) };
    WriteOptions::new().skip(["skipped", "*/skipped"]).to_vec(&both()).unwrap();
    let list: Vec<_> = (0..100).map(|_| both()).collect();
    WriteOptions::new().skip(["*/skipped"]).to_vec(&list).unwrap();
    let map = BTreeMap::from([("a", both()), ("skipped", both())]);
    WriteOptions::new().only(["a/kept"]).to_vec(&map).unwrap();
    assert_eq!((kept.get(), skipped.get()), (102, 0));
}

/// What is skipped is not even opened.
#[test]
fn what_is_skipped_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let file = hdf5::File::create(folder.path().join("broken.h5")).unwrap();
    filebacked::to_group(&json!({ "good": 1, "bad": [[1], [2, 3]], "list": [{ "a": "x", "b": [1] }] }), &file).unwrap();
    // Offsets that point nowhere, and a column of another length.
    file.unlink("bad/offsets").unwrap();
    file.unlink("list/b").unwrap();
    file.new_dataset::<i32>().shape(7).create("list/b").unwrap();
    let error = filebacked::from_group::<Value>(&file).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let read: Value = ReadOptions::new().skip(["bad", "list/*/b"]).from_group(&file).unwrap();
    assert_eq!(read, json!({ "good": 1, "list": [{ "a": "x" }] }));
}

#[test]
fn a_field_without_a_default_is_a_clear_error() {
    #[derive(Serialize, Deserialize, Debug)]
    struct Outer {
        list: Vec<Inner>,
        map: BTreeMap<String, Inner>,
    }
    #[derive(Serialize, Deserialize, Clone, Copy, Debug)]
    struct Inner {
        x: f64,
        y: f64,
    }
    let inner = Inner { x: 0.5, y: 1.5 };
    let outer = Outer { list: vec![inner; 3], map: [("a".to_owned(), inner)].into() };
    let words = ", which the options leave out: give it a default (`#[serde(default)]`), or have it read";
    for records in [Records::Table, Records::Columns] {
        let image = WriteOptions::new().records(records).to_vec(&outer).unwrap();
        for (path, place) in [("list/*/x", "at `list/[0]`"), ("map/a/x", "at `map/a`"), ("**/x", "at `list/[0]`")] {
            let error = ReadOptions::new().skip([path]).from_slice::<Outer>(&image).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::MissingField);
            let message = error.to_string();
            assert!(message.starts_with(&format!("missing field `x` of `Inner`{words}; {place}")), "{message}");
        }
        let error = ReadOptions::new().only(["map"]).from_slice::<Outer>(&image).unwrap_err();
        assert!(error.to_string().starts_with(&format!("missing field `list` of `Outer`{words};")), "{error}");
    }
    // One that is missing for other reasons is said to be no more than that.
    let error = ReadOptions::new().skip(["list"]).from_slice::<Outer>(&to_vec(&json!({ "list": [] })).unwrap());
    assert!(error.unwrap_err().to_string().starts_with("missing field `list`"));
    let error = ReadOptions::new().skip(["other"]).from_slice::<Outer>(&to_vec(&json!({ "a": 1 })).unwrap());
    assert!(!error.unwrap_err().to_string().contains("options"));
}

/// With `at`, in the obvious pairs: other rules do not get into each other's way.
#[test]
fn rules_of_all_sorts_go_together() {
    let folder = tempfile::tempdir().unwrap();
    let file = hdf5::File::create(folder.path().join("rules.h5")).unwrap();
    let mut run = run();
    run.large = vec![0.5; 100_000];
    run.points = vec![point(1); 10_000];
    WriteOptions::new()
        .deflate(1)
        .at("large", |d| d.lzf().chunk([1000]))
        .at("points/*/x", |d| d.fletcher32(true))
        .at("points", |d| d.records(Records::Columns))
        .skip(["points/*/y", "patches"])
        .to_group(&run, &file)
        .unwrap();
    assert_eq!(file.dataset("large").unwrap().chunk(), Some(vec![1000]));
    let has_checksum = |name| file.dataset(name).unwrap().filters().contains(&hdf5::filters::Filter::Fletcher32);
    assert!(has_checksum("points/x") && !has_checksum("large"));
    assert!(!file.link_exists("points/y") && !file.link_exists("patches"));
    let back: Run = ReadOptions::new().skip(["large"]).only(["points", "large", "title"]).from_group(&file).unwrap();
    assert_eq!((back.points.len(), back.points[0].x, back.points[0].y, back.large.len()), (10_000, 1.0, 0.0, 0));
    assert_eq!(back.title, "plate");
    assert!(tree(&file).unwrap().to_string().contains("points"));
}

/// What is read later is read as the options of then say.
#[test]
fn lazy_values_and_maps_leave_out_what_the_options_say() {
    use filebacked::{Lazy, LazyMap};
    use std::collections::BTreeMap;

    #[derive(Serialize, Deserialize, PartialEq, Debug, Clone, Default)]
    struct Inner {
        #[serde(default)]
        large: Vec<f64>,
        small: u8,
    }
    #[derive(Serialize, Deserialize)]
    struct Outer {
        one: Lazy<Inner>,
        many: LazyMap<String, Inner>,
    }
    let inner = Inner { large: vec![0.5; 10], small: 1 };
    let many = LazyMap::from_iter(["a", "b", "c"].map(|name| (name.to_owned(), inner.clone())));
    let image = filebacked::to_vec(&Outer { one: Lazy::new(inner.clone()), many }).unwrap();
    let options = ReadOptions::new().skip(["one/large", "many/b", "many/c/large"]);
    let outer: Outer = options.from_slice(&image).unwrap();
    let without = Inner { large: vec![], ..inner.clone() };
    assert_eq!(outer.one.load().unwrap(), without);
    let many: BTreeMap<&String, Inner> = outer.many.lazies().map(|(key, value)| (key, value.load().unwrap())).collect();
    assert_eq!(many, BTreeMap::from([(&"a".to_owned(), inner), (&"c".to_owned(), without)]));
    let options = ReadOptions::new().skip(["one/small"]);
    let error = options.from_slice::<Outer>(&image).unwrap().one.load().unwrap_err();
    assert!(error.to_string().starts_with("missing field `small` of `Inner`, which the options leave out"), "{error}");
}

/// Whether a lazy value on the way leads to what is named is told by the value that it has, or by what is stored; and of
/// one that does, only that is written.
#[test]
fn lazy_values_on_the_way_are_looked_into() {
    use filebacked::{Lazy, LazyMap};

    #[derive(Serialize, Deserialize, PartialEq, Debug, Clone, Default)]
    #[serde(default)]
    struct Inner {
        nodes: Vec<f64>,
        title: String,
    }
    #[derive(Serialize, Deserialize, Default)]
    #[serde(default)]
    struct Outer {
        leaf: Option<Lazy<Vec<f64>>>,
        text: Option<Lazy<String>>,
        one: Option<Lazy<Inner>>,
        nodes: Option<Lazy<Vec<u8>>>,
        list: Option<Lazy<Vec<Inner>>>,
        rows: Option<Lazy<Vec<(u8, u8)>>>,
        nested: Option<Lazy<Option<Lazy<Inner>>>>,
        many: LazyMap<String, Inner>,
        leaves: LazyMap<String, Vec<u8>>,
    }
    let inner = Inner { nodes: vec![0.5, 1.5], title: "inner".to_owned() };
    let nodes = Inner { title: String::new(), ..inner.clone() };
    let in_memory = || Outer {
        leaf: Some(vec![0.5].into()),
        text: Some("text".to_owned().into()),
        one: Some(inner.clone().into()),
        nodes: Some(vec![1, 2, 3].into()),
        list: Some(vec![inner.clone(); 2].into()),
        rows: Some(vec![(1, 2)].into()),
        nested: Some(Some(Lazy::new(inner.clone())).into()),
        many: LazyMap::from_iter([("a".to_owned(), inner.clone())]),
        leaves: LazyMap::from_iter([("nodes".to_owned(), vec![1]), ("b".to_owned(), vec![2])]),
    };
    let stored: Outer = from_slice(&to_vec(&in_memory()).unwrap()).unwrap();
    let check = |found: Outer| {
        assert!(found.leaf.is_none() && found.text.is_none());
        assert_eq!(found.one.unwrap().load().unwrap(), nodes);
        assert_eq!(found.nodes.unwrap().load().unwrap(), [1, 2, 3]);
        assert_eq!(found.list.unwrap().load().unwrap(), [nodes.clone(), nodes.clone()]);
        assert_eq!(found.nested.unwrap().get().unwrap().as_ref().unwrap().load().unwrap(), nodes);
        assert_eq!(found.many.keys().collect::<Vec<_>>(), ["a"]);
        assert_eq!(found.many.get("a").unwrap(), Some(&nodes));
        assert_eq!(found.leaves.keys().collect::<Vec<_>>(), ["nodes"]);
    };
    let options = WriteOptions::new().only(["**/nodes"]);
    for outer in [&in_memory(), &stored] {
        let image = options.to_vec(outer).unwrap();
        // Nothing else is there, whoever reads it.
        let all: Value = from_slice(&image).unwrap();
        assert_eq!(all["one"], json!({ "nodes": [0.5, 1.5] }));
        assert_eq!(all["many"], json!({ "a": { "nodes": [0.5, 1.5] } }));
        assert_eq!(all["list"], json!([{ "nodes": [0.5, 1.5] }, { "nodes": [0.5, 1.5] }]));
        check(from_slice(&image).unwrap());
    }
    check(ReadOptions::new().only(["**/nodes"]).from_slice(&to_vec(&in_memory()).unwrap()).unwrap());
    assert!(!stored.one.as_ref().unwrap().is_loaded());

    // What is skipped in one is not copied with it.
    let image = WriteOptions::new().skip(["one/nodes", "many/*/title"]).to_vec(&stored).unwrap();
    let all: Value = from_slice(&image).unwrap();
    assert_eq!(all["one"], json!({ "title": "inner" }));
    assert_eq!(all["many"], json!({ "a": { "nodes": [0.5, 1.5] } }));
    assert_eq!(all["leaf"], json!([0.5]));
}

#[derive(Serialize, Deserialize, Clone, Default, PartialEq, Debug)]
struct Mesh {
    title: String,
    patches: Vec<Part>,
    best: Option<Part>,
    form: Option<Form>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    note: Option<String>,
    settings: BTreeMap<String, f64>,
    list: Vec<f64>,
}

#[derive(Serialize, Deserialize, Clone, Default, PartialEq, Debug)]
struct Part {
    name: String,
    nodes: Vec<f64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    label: Option<String>,
}

fn mesh() -> Mesh {
    let part = Part { name: "left".to_owned(), nodes: vec![0.5; 3], label: None };
    Mesh {
        title: "plate".to_owned(),
        patches: vec![part.clone(), part.clone()],
        best: Some(part),
        form: Some(Form::Circle(1.5)),
        settings: BTreeMap::from([("damping".to_owned(), 0.5), ("tolerance".to_owned(), 1e-8)]),
        list: vec![0.5, 1.5],
        note: None,
    }
}

/// What a call with a path says that leads nowhere, after the path itself.
const NOWHERE: [(&str, &str); 12] = [
    ("patch", "there is no `patch` in the value, which has `patches`, "),
    ("patches/*/node", "there is no `node` in `patches/*`, which has `nodes`, `name`"),
    ("patches/nodes", "there is no `nodes` in `patches`, whose elements have no names: `*` stands for each of them"),
    ("patches/0/nodes", "there is no `0` in `patches`, whose elements have no names: `*` stands for each of them"),
    ("**/scratches", "there is no `scratches` in `**`, which has `patches`, "),
    ("settings/tolerences", "there is no `tolerences` in `settings`, which has `tolerance`, `damping`"),
    ("best/*/x", "there is no `x` in `best/*`"),
    ("settings/damping/x", "there is no `x` in `settings/damping`"),
    ("list/x", "there is no `x` in `list`, whose elements have no names"),
    ("patches[0].nodes", "there is no `patches%5B0].nodes` in the value, which has "),
    ("/patches/node", "there is no `node` in `patches`, which has `nodes`, `name`"),
    ("Title", "there is no `Title` in the value, which has `title`, "),
];

#[test]
fn paths_that_lead_nowhere_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let file = hdf5::File::create(folder.path().join("mesh.h5")).unwrap();
    let (mesh, image) = (mesh(), to_vec(&mesh()).unwrap());
    filebacked::write(&file, "mesh", &mesh).unwrap();
    for (path, words) in NOWHERE {
        let words = words.replace("%5B", if path.starts_with("patches[") { "[" } else { "%5B" });
        let check = |error: filebacked::Error, option: &str| {
            assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
            let expected = format!("`{option}({path:?})`: {words}");
            assert!(error.to_string().starts_with(&expected), "{error}\n{expected}");
            assert!(error.to_string().contains("`lenient()`"), "{error}");
        };
        for (option, options) in [
            ("skip", WriteOptions::new().skip([path])),
            ("only", WriteOptions::new().only([path])),
            ("at", WriteOptions::new().at(path, |d| d.deflate(1))),
        ] {
            // `only` leaves out what has no names in it, so that nothing is known of that.
            if option == "only" && path.ends_with("/x") {
                continue;
            }
            check(options.to_vec(&mesh).unwrap_err(), option);
            check(options.to_file(folder.path().join("other.h5"), &mesh).unwrap_err(), option);
            check(options.write(&file, "other", &mesh).unwrap_err(), option);
            check(options.to_group(&mesh, &file).unwrap_err(), option);
            check(options.clone().overwrite(true).write(&file, "mesh", &mesh).unwrap_err(), option);
            options.lenient().to_vec(&mesh).unwrap();
        }
        assert!(!folder.path().join("other.h5").exists());
        assert_eq!(file.member_names().unwrap(), ["mesh"]);
        let options = ReadOptions::new().skip([path]);
        check(options.from_slice::<Mesh>(&image).unwrap_err(), "skip");
        check(options.from_slice::<Value>(&image).unwrap_err(), "skip");
        check(options.read::<Mesh>(&file, "mesh").unwrap_err(), "skip");
        assert_eq!(options.lenient().from_slice::<Mesh>(&image).unwrap(), mesh);
        if !path.ends_with("/x") {
            check(ReadOptions::new().only([path]).from_slice::<Mesh>(&image).unwrap_err(), "only");
        }
    }
    let error = WriteOptions::new().skip(["patches[0].nodes"]).to_vec(&mesh).unwrap_err().to_string();
    assert!(error.contains(r#"is it "patches/*/nodes"?"#), "{error}");
    let error = WriteOptions::new().skip([r#"settings["damping"]"#]).to_vec(&mesh).unwrap_err().to_string();
    assert!(error.contains(r#"is it "settings/damping"?"#), "{error}");
    // Another syntax altogether.
    for path in ["patches/no*", "a/**b", "*.nodes"] {
        let errors = [
            WriteOptions::new().skip([path]).to_vec(&mesh).unwrap_err(),
            WriteOptions::new().at(path, |d| d.lzf()).lenient().write(&file, "other", &mesh).unwrap_err(),
            ReadOptions::new().skip([path]).from_slice::<Mesh>(&image).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            assert!(error.to_string().contains("`*` stands for a whole name"), "{error}");
        }
    }
}

/// What may be there at another time, and what the type has, is no error.
#[test]
fn paths_that_may_lead_somewhere_are_no_errors() {
    let empty = Mesh { title: "empty".to_owned(), ..Mesh::default() };
    let unit = Mesh { form: Some(Form::Empty), ..mesh() };
    for (paths, values) in [
        (&["patches/*/nodes", "patches/*/label"][..], &[&mesh(), &empty][..]),
        (&["settings/damping", "best/nodes", "best/label"], &[&mesh(), &empty]),
        (&["note"], &[&mesh(), &empty]),
        (&["form/Box/width", "form/Box"], &[&mesh(), &empty, &unit]),
        (&["settings", "settings/damping"], &[&mesh(), &empty]),
        (&["patches", "patches/*/nothing"], &[&mesh(), &empty]),
    ] {
        for mesh in values {
            WriteOptions::new().skip(paths).to_vec(mesh).unwrap();
            WriteOptions::new().only(paths).to_vec(mesh).unwrap();
        }
        for mesh in values {
            #[derive(Deserialize, Default)]
            #[serde(default)]
            struct Known {
                patches: Vec<Named>,
                best: Option<Named>,
                form: Option<Form>,
                note: Option<String>,
                settings: BTreeMap<String, f64>,
            }
            #[derive(Deserialize, Default)]
            #[serde(default)]
            struct Named {
                nodes: Vec<f64>,
                label: Option<String>,
            }
            let known: Known = ReadOptions::new().skip(paths).from_slice(&to_vec(mesh).unwrap()).unwrap();
            drop((known.best.map(|best| (best.nodes, best.label)), known.form, known.note, known.settings));
            drop(known.patches.into_iter().map(|patch| (patch.nodes, patch.label)).collect::<Vec<_>>());
        }
    }
}

/// What errors and `progress` say is a path for the options.
#[test]
fn paths_that_are_printed_are_paths_for_the_options() {
    #[derive(Serialize)]
    struct Outer {
        tables: Vec<BTreeMap<String, Inner>>,
        pair: (u8, BTreeMap<String, u32>),
    }
    #[derive(Serialize)]
    struct Inner {
        value: u32,
    }
    #[derive(Deserialize, Debug, Default)]
    #[serde(default)]
    struct NarrowInner {
        value: u8,
    }
    #[derive(Deserialize, Debug)]
    struct Narrow {
        tables: Vec<BTreeMap<String, NarrowInner>>,
        pair: (u8, BTreeMap<String, u8>),
    }
    for key in ["a", "a/b", "*", "**", "[0]", "%", "", "a.b", "%2A", "x*y", "two words"] {
        let entry = BTreeMap::from([(key.to_owned(), Inner { value: 300 })]);
        let numbers = BTreeMap::from([(key.to_owned(), 300), ("other".to_owned(), 1)]);
        let outer = Outer { tables: vec![entry], pair: (1, numbers) };
        let image = to_vec(&outer).unwrap();
        let mut reading = ReadOptions::new();
        let mut skipped = Vec::new();
        let narrow = loop {
            match reading.from_slice::<Narrow>(&image) {
                Ok(narrow) => break narrow,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::OutOfRange, "{error}");
                    skipped.push(error.path());
                    assert!(skipped.len() <= 2, "{skipped:?}");
                    reading = reading.skip([error.path()]);
                }
            }
        };
        assert_eq!(narrow.pair, (1, BTreeMap::from([("other".to_owned(), 1)])));
        assert_eq!(narrow.tables[0][key].value, 0);
        assert!(skipped[0].starts_with("tables/[0]/") && skipped[1].starts_with("pair/[1]/"), "{skipped:?}");
    }
    // HDF5 paths, from the root of the file on.
    let folder = tempfile::tempdir().unwrap();
    let file = hdf5::File::create(folder.path().join("mesh.h5")).unwrap();
    let group = file.create_group("runs").unwrap();
    filebacked::write(&group, "first", &mesh()).unwrap();
    let mut expected = mesh();
    expected.patches.iter_mut().for_each(|patch| patch.name = String::new());
    #[derive(Deserialize)]
    struct Renamed {
        patches: Vec<Patch>,
    }
    for path in ["/runs/first/patches/name", "/runs/first/patches/*/name", "/patches/name", "patches/*/name"] {
        let read: Renamed = ReadOptions::new().skip([path]).read(&group, "first").unwrap();
        assert!(read.patches.iter().all(|patch| patch.name.is_empty() && patch.nodes == [0.5; 3]), "{path}");
    }
}

/// A sequence that grows says when its first records are written.
#[test]
fn appenders_find_paths_that_lead_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let file = hdf5::File::create(folder.path().join("parts.h5")).unwrap();
    let part = mesh().patches.remove(0);
    let mut appender = WriteOptions::new().skip(["*/node"]).create_appender(&file, "parts").unwrap();
    appender.push(&part).unwrap();
    let error = appender.flush().unwrap_err();
    assert!(
        error.to_string().starts_with("`skip(\"*/node\")`: there is no `node` in `*`, which has `nodes`, "),
        "{error}"
    );
    for (name, path) in [("a", "*/nodes"), ("b", "*/label")] {
        let mut appender = WriteOptions::new().skip([path]).create_appender(&file, name).unwrap();
        appender.push(&part).unwrap();
        appender.finish().unwrap();
    }
}

/// Behind `*` for fields, and behind `**`, what has no such name at all is an error, whatever else there is beside it.
#[test]
fn last_names_that_nothing_has_are_errors() {
    #[derive(Serialize, Deserialize)]
    struct Outer {
        form: Form,
        none: Option<Part>,
        empty: Vec<Part>,
        best: Nested,
        map: BTreeMap<String, Part>,
    }
    #[derive(Serialize, Deserialize)]
    struct Nested {
        nodes: Vec<f64>,
        next: Option<Box<Nested>>,
    }
    let part = mesh().patches.remove(0);
    let next = Nested { nodes: vec![0.5], next: None };
    let outer = Outer {
        form: Form::Circle(1.5),
        none: None,
        empty: vec![],
        best: Nested { nodes: vec![0.5], next: Some(Box::new(next)) },
        map: BTreeMap::from([("k".to_owned(), part)]),
    };
    let image = to_vec(&outer).unwrap();
    let errors = |path: &str| {
        [
            WriteOptions::new().skip([path]).to_vec(&outer).err(),
            WriteOptions::new().at(path, |d| d.deflate(1)).to_vec(&outer).err(),
            ReadOptions::new().skip([path]).from_slice::<Outer>(&image).err(),
        ]
    };
    for (path, place) in [
        ("*/nodez", "`*`"),
        ("**/*/nodez", "`**/*`"),
        ("**/nodez", "`**`"),
        ("**/next/nodez", "`**/next`"),
        ("*/next/nodez", "`*/next`"),
        ("best/**/nodez", "`best/**`"),
    ] {
        for error in errors(path) {
            let error = error.unwrap_or_else(|| panic!("{path} leads nowhere"));
            assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
            let words = format!(": there is no `nodez` in {place}, which has `nodes`, ");
            assert!(error.to_string().contains(&words), "{error}\n{words}");
        }
    }
    // What there is, and what may be there at another time.
    for path in
        ["*/nodes", "**/nodes", "**/next/nodes", "**/next/next/next", "none/name", "empty/*/name", "form/Box/width"]
    {
        for error in errors(path) {
            assert!(error.is_none_or(|error| error.kind() == ErrorKind::MissingField), "{path}");
        }
    }
    let circles = BTreeMap::from([("a", Form::Circle(1.5)), ("b", Form::Empty)]);
    WriteOptions::new().at("*/Box/width", |d| d.deflate(1)).at("*/Box", |d| d.lzf()).to_vec(&circles).unwrap();
}

/// Where a path is at fault for a field that is missing, both are said; and where it is not, the field alone.
#[test]
fn paths_that_lead_nowhere_hide_no_other_error() {
    use std::error::Error;

    let image = to_vec(&mesh()).unwrap();
    let error = ReadOptions::new().only(["titel"]).from_slice::<Mesh>(&image).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().starts_with("`only(\"titel\")`: there is no `titel` in the value"), "{error}");
    let cause = error.source().unwrap().downcast_ref::<filebacked::Error>().unwrap();
    assert_eq!(cause.kind(), ErrorKind::MissingField);
    assert!(cause.to_string().starts_with("missing field `title` of `Mesh`, which the options leave out"), "{cause}");
    // It ended before all that there is was seen.
    let error = ReadOptions::new().skip(["titel"]).from_slice::<Mesh>(&to_vec(&json!({ "title": "x" })).unwrap());
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingField, "{error}");
    assert!(error.to_string().starts_with("missing field `patches` of `Mesh`, stored as"), "{error}");
}

/// The value itself is never left out: a path that would have it so is an error.
#[test]
fn the_value_itself_is_not_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let file = hdf5::File::create(folder.path().join("mesh.h5")).unwrap();
    let image = to_vec(&mesh()).unwrap();
    for path in ["", "/", "//"] {
        let errors = [
            WriteOptions::new().skip([path]).to_vec(&mesh()).unwrap_err(),
            WriteOptions::new().skip(["title", path]).write(&file, "mesh", &mesh()).unwrap_err(),
            WriteOptions::new().skip([path]).to_group(&mesh(), &file).unwrap_err(),
            WriteOptions::new().skip([path]).create_appender::<Part>(&file, "parts").unwrap_err(),
            ReadOptions::new().skip([path]).from_slice::<Mesh>(&image).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            let words = format!("`skip({path:?})`: this is the path of the value itself, which is never left out");
            assert!(error.to_string().starts_with(&words), "{error}");
        }
        WriteOptions::new().skip([path]).lenient().to_vec(&mesh()).unwrap();
        // For these it is a path like any other.
        WriteOptions::new().only([path]).at(path, |d| d.deflate(1)).to_vec(&mesh()).unwrap();
        assert_eq!(ReadOptions::new().only([path]).from_slice::<Mesh>(&image).unwrap(), mesh());
    }
    assert!(file.member_names().unwrap().is_empty());
    let group = file.create_group("runs").unwrap();
    filebacked::write(&group, "first", &mesh()).unwrap();
    let error = ReadOptions::new().skip(["/runs/first"]).read::<Mesh>(&group, "first").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
}

/// Attributes are addressed by their names, whatever these begin with, as errors have them.
#[test]
fn attributes_with_odd_names_have_paths() {
    for name in ["[0]", "[x", "*", "a/b", "50%", ".", "%5B", "@", " "] {
        let attrs = BTreeMap::from([(name.to_owned(), 300), ("other".to_owned(), 1)]);
        let image = to_vec(&BTreeMap::from([("x", WithAttrs { value: vec![0.5; 3], attrs })])).unwrap();
        type Narrow = BTreeMap<String, WithAttrs<Vec<f64>, BTreeMap<String, u8>>>;
        let error = from_slice::<Narrow>(&image).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutOfRange, "{error}");
        let path = error.path();
        let read: Narrow = ReadOptions::new().skip([&path]).from_slice(&image).unwrap();
        assert_eq!(read["x"].attrs, BTreeMap::from([("other".to_owned(), 1)]), "{path}");
        let attrs = BTreeMap::from([(name.to_owned(), 300), ("other".to_owned(), 1)]);
        let value = BTreeMap::from([("x", WithAttrs { value: vec![0.5; 3], attrs })]);
        let image = WriteOptions::new().skip([&path]).to_vec(&value).unwrap();
        assert_eq!(from_slice::<Narrow>(&image).unwrap()["x"].attrs.len(), 1, "{path}");
    }
}
