//! Any one change is found, and nothing else.

use std::path::Path;

use filebacked::ndarray::{Array2, array};
use filebacked::objects::Group;
use filebacked::value::{Array, Map, Number};
use filebacked::{Value, hdf5};
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

/// A value of many sorts.
fn base() -> Value {
    let record = |id: i32, x: f64| Value::from_iter([("id", Value::from(id)), ("x", x.into())]);
    let wide = |number: i64| {
        Value::from_iter([("a", Value::from(number)), ("inner", Value::from_iter([("b", Value::from(0.5))]))])
    };
    Value::from_iter([
        ("seed", Value::from(7_u64)),
        ("small", Value::from(-3_i8)),
        ("half", Value::from(0.5_f32)),
        ("third", Value::from(1.0 / 3.0)),
        ("flag", Value::from(true)),
        ("title", Value::from("two bodies")),
        (
            "field",
            Value::from(Array2::from_shape_fn((7, 300), |(row, column)| (row * column) as f64)).with_attr("units", "K"),
        ),
        ("counts", Value::from(array![1_u8, 2, 3, 4, 5])),
        ("names", Value::from(vec![Value::from("a"), Value::from("bc"), Value::from("def")])),
        ("table", (0..50).map(|id| record(id, f64::from(id) / 4.0)).collect()),
        ("list", Value::from(vec![wide(1), wide(2), wide(3)])),
        (
            "columns",
            (0..4)
                .map(|id| {
                    let tags = (0..id).map(|tag| Value::from(i64::from(tag))).collect();
                    Value::from_iter([("a", Value::from(id)), ("tags", Value::List(tags))])
                })
                .collect(),
        ),
        (
            "group",
            Value::from_iter([("one", Value::from(1_i32)), ("two", Value::from(array![0.5, 0.25]))])
                .with_attr("scale", 2.5),
        ),
    ])
}

/// Writes a value, and links beside it.
fn write(path: &Path, value: &Value, links: &[(&str, &str, bool)]) {
    filebacked::to_file(path, value).unwrap();
    let file = hdf5::File::append(path).unwrap();
    for (name, target, is_soft) in links {
        match is_soft {
            true => file.link_soft(target, name).unwrap(),
            false => file.link_hard(target, name).unwrap(),
        }
    }
}

const LINKS: [(&str, &str, bool); 2] = [("soft", "/field", true), ("hard", "/counts", false)];

fn findings(one: &Path, other: &Path, options: &Options) -> Vec<Finding> {
    let (one, other) = (Group::open_file(one).unwrap(), Group::open_file(other).unwrap());
    let mut found = Vec::new();
    compare(&one, &other, options, &mut |_| {}, &mut |finding| {
        found.push(finding);
        Ok(())
    })
    .unwrap();
    found
}

/// Where values are that can be changed, and whether they are of a dataset with dimensions.
fn leaves(value: &Value, path: &str, found: &mut Vec<(String, bool)>) {
    if let Some(attrs) = value.attrs() {
        found.extend(attrs.keys().map(|name| (format!("{path}@{name}"), false)));
    }
    match value.inner() {
        Value::Map(map) => map.iter().for_each(|(name, value)| leaves(value, &format!("{path}/{name}"), found)),
        Value::Array(_) => found.push((path.to_owned(), true)),
        Value::List(list) if list.iter().all(|element| element.as_map().is_none()) => {
            found.push((path.to_owned(), true))
        }
        // Each field is a dataset.
        Value::List(_) if path == "/columns" => found.push((format!("{path}/a"), true)),
        Value::List(_) => found.push((path.to_owned(), true)),
        _ => found.push((path.to_owned(), false)),
    }
}

/// The value at a path of the layout, and the element of a list that is meant.
fn leaf<'a>(value: &'a mut Value, path: &str, index: Index) -> &'a mut Value {
    let (path, attribute) = path.split_once('@').map_or((path, None), |(path, name)| (path, Some(name)));
    let mut value = value;
    for name in path.split('/').filter(|name| !name.is_empty()) {
        if matches!(value.inner(), Value::List(_)) {
            let Value::List(list) = value.inner_mut() else { panic!("it is one") };
            let at = index.index(list.len());
            value = &mut list[at];
        }
        value = &mut value.as_map_mut().unwrap()[name];
    }
    match attribute {
        Some(name) => match value {
            Value::WithAttrs(both) => &mut both.attrs[name],
            _ => panic!("no attributes"),
        },
        None => value,
    }
}

/// Changes one bit, or one letter.
fn change(value: &mut Value, index: Index, bit: u32) {
    match value.inner_mut() {
        Value::Bool(value) => *value = !*value,
        Value::String(text) => {
            *text = text.replacen(text.chars().next().unwrap(), if bit.is_multiple_of(2) { "z" } else { "zz" }, 1)
        }
        Value::Number(number) => {
            *number = match *number {
                Number::I8(value) => Number::I8(value ^ 1 << (bit % 8)),
                Number::U8(value) => Number::U8(value ^ 1 << (bit % 8)),
                Number::I32(value) => Number::I32(value ^ 1 << (bit % 32)),
                Number::I64(value) => Number::I64(value ^ 1 << (bit % 64)),
                Number::U64(value) => Number::U64(value ^ 1 << (bit % 64)),
                Number::F32(value) => Number::F32(f32::from_bits(value.to_bits() ^ 1 << (bit % 32))),
                Number::F64(value) => Number::F64(f64::from_bits(value.to_bits() ^ 1 << (bit % 64))),
                other => panic!("{other:?}"),
            }
        }
        Value::Array(Array::F64(array)) => {
            let at = index.index(array.len());
            let element = array.iter_mut().nth(at).unwrap();
            *element = f64::from_bits(element.to_bits() ^ 1 << (bit % 64));
        }
        Value::Array(Array::U8(array)) => {
            let at = index.index(array.len());
            *array.iter_mut().nth(at).unwrap() ^= 1 << (bit % 8);
        }
        Value::List(list) => {
            let at = index.index(list.len());
            change(&mut list[at], index, bit);
        }
        Value::Map(map) => {
            let field = bit as usize % map.len();
            change(&mut map[field], index, bit / 2);
        }
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_changed_value_is_found(which: Index, index: Index, bit in 0_u32..192) {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("one.h5"), folder.path().join("other.h5"));
        let value = base();
        let mut all = Vec::new();
        leaves(&value, "", &mut all);
        let (path, has_dims) = &all[which.index(all.len())];
        let mut changed = value.clone();
        change(leaf(&mut changed, path, index), index, bit);
        write(&one, &value, &LINKS);
        write(&other, &changed, &LINKS);
        for (one, other) in [(&one, &other), (&other, &one)] {
            let found = findings(one, other, &Options { shown: 3, ..Options::default() });
            prop_assert_eq!(found.len(), 1, "{:?}", found);
            prop_assert_eq!(&found[0].path, path);
            match &found[0].change {
                Change::Value { from, to } => prop_assert!(!has_dims && from != to),
                Change::Values { differing, first, .. } => {
                    prop_assert!(*has_dims && *differing == 1 && first.len() == 1 && first[0].1 != first[0].2, "{:?}", first);
                }
                other => prop_assert!(false, "{:?}", other),
            }
        }
        prop_assert_eq!(findings(&other, &other, &Options::default()), []);
    }
}

/// Changes of other things than values: what is found, by its path and sort.
#[test]
fn any_other_change_is_found() {
    type Edit = Box<dyn Fn(&mut Map)>;
    type Case = (&'static str, Edit, Vec<(&'static str, &'static str)>);
    let replace = |name: &'static str, new: Value| -> Edit { Box::new(move |map| map[name] = new.clone()) };
    let cases: Vec<Case> = vec![
        ("a type", replace("small", Value::from(-3_i16)), vec![("/small", "type: i8 → i16")]),
        ("a type of a float", replace("half", Value::from(0.5_f64)), vec![("/half", "type: f32 → f64")]),
        ("another sort of type", replace("seed", Value::from("7")), vec![("/seed", "type: u64 → string(1)")]),
        ("a shape", replace("counts", Value::from(array![1_u8, 2, 3, 4])), vec![("/counts", "shape: (5,) → (4,)")]),
        (
            "a shape and a value",
            replace("counts", Value::from(array![1_u8, 2, 9, 4])),
            vec![("/counts", "shape: (5,) → (4,)"), ("/counts", "1 of 4 values differs, at most by 6.0")],
        ),
        ("a group", replace("group", Value::from(1)), vec![("/group", "group → i32")]),
        ("one less", Box::new(|map| drop(map.shift_remove("title"))), vec![("/title", "only in one  string(10)")]),
        (
            "one more",
            Box::new(|map| drop(map.insert("new".into(), Value::from(1)))),
            vec![("/new", "only in other  i32")],
        ),
        (
            "a name",
            Box::new(|map| {
                let title = map.shift_remove("title").unwrap();
                map.insert("name".into(), title);
            }),
            vec![("/title", "only in one  string(10)"), ("/name", "only in other  string(10)")],
        ),
        (
            "an attribute more",
            Box::new(|map| {
                map["seed"] = map["seed"].clone().with_attr("source", "dice");
            }),
            vec![("/seed@source", "only in other  string")],
        ),
        (
            "an attribute's type",
            Box::new(|map| {
                let two = map["group"].inner().clone();
                map["group"] = two.with_attr("scale", 2.5_f32);
            }),
            vec![("/group@scale", "type: f64 → f32")],
        ),
    ];
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("one.h5"), folder.path().join("other.h5"));
    write(&one, &base(), &LINKS);
    for (what, edit, expected) in cases {
        let mut changed = base();
        edit(changed.as_map_mut().unwrap());
        write(&other, &changed, &LINKS);
        let found = shown(&findings(&one, &other, &Options::default()));
        let found: Vec<_> = found.iter().map(|(path, what)| (path.as_str(), what.as_str())).collect();
        assert_eq!(found, expected, "{what}");
    }
    for (what, links, expected) in [
        ("a soft link's path", [("soft", "/counts", true), LINKS[1]], "link: a link to `/field` → a link to `/counts`"),
        ("a soft link for a hard one", [LINKS[0], ("hard", "/counts", true)], "link: an object → a link to `/counts`"),
    ] {
        write(&other, &base(), &links);
        let found = findings(&one, &other, &Options::default());
        assert_eq!(found.len(), 1, "{what}: {found:?}");
        assert_eq!(shown(&found)[0].1, expected, "{what}");
    }
    // Another object that is the same.
    let mut changed = base();
    changed.as_map_mut().unwrap().insert("hard".into(), Value::from(array![1_u8, 2, 3, 4, 5]));
    write(&other, &changed, &LINKS[..1]);
    let expected = [("/hard".to_owned(), "link: the same as `/counts` → an object of its own".to_owned())];
    assert_eq!(shown(&findings(&one, &other, &Options::default())), expected);
}

fn shown(found: &[Finding]) -> Vec<(String, String)> {
    let shown = |finding: &Finding| {
        let mut out = Vec::new();
        finding.write_plain(&mut out, ["one", "other"]).unwrap();
        let text = String::from_utf8(out).unwrap();
        let (path, what) = text.trim_end().split_once(": ").unwrap();
        (path.to_owned(), what.lines().next().unwrap().to_owned())
    };
    found.iter().map(shown).collect()
}

#[test]
fn tolerances_and_ignored_paths() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("one.h5"), folder.path().join("other.h5"));
    write(&one, &base(), &[]);
    let mut changed = base();
    let map = changed.as_map_mut().unwrap();
    map["third"] = Value::from(0.333_333);
    map["group"] = map["group"].inner().clone().with_attr("scale", 2.6);
    write(&other, &changed, &[]);
    let paths = |rtol: f64, atol: f64, ignore: &[&str]| -> Vec<String> {
        let ignore = ignore.iter().map(|text| Pattern::parse(text).unwrap()).collect();
        findings(&one, &other, &Options { rtol, atol, ignore, shown: 3 }).into_iter().map(|found| found.path).collect()
    };
    assert_eq!(paths(0.0, 0.0, &[]), ["/third", "/group@scale"]);
    assert_eq!(paths(1e-5, 0.0, &[]), ["/group@scale"]);
    assert_eq!(paths(0.0, 0.5, &[]), [] as [&str; 0]);
    assert_eq!(paths(0.0, 0.0, &["**/@scale"]), ["/third"]);
    assert_eq!(paths(0.0, 0.0, &["group/**"]), ["/third"]);
    assert_eq!(paths(0.0, 0.0, &["group", "third"]), [] as [&str; 0]);
}

/// Large integers are compared as such, also with a tolerance.
#[test]
fn integers_are_exact() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("one.h5"), folder.path().join("other.h5"));
    let large = 1_i64 << 53;
    for (path, number) in [(&one, large), (&other, large + 1)] {
        filebacked::to_file(path, &Value::from_iter([("x", Value::from(number))])).unwrap();
    }
    for (atol, count) in [(0.0, 1), (0.5, 1), (1.0, 0)] {
        let options = Options { atol, shown: 3, ..Options::default() };
        assert_eq!(findings(&one, &other, &options).len(), count, "{atol}");
    }
}

/// Types that are called the same are told apart, in words.
#[test]
fn types_of_one_name_are_told_apart() {
    use filebacked::hdf5::H5Type;
    use filebacked::hdf5::types::{
        CompoundField, CompoundType, EnumMember, EnumType, FixedAscii, FixedUnicode, IntSize, TypeDescriptor,
        VarLenAscii, VarLenUnicode,
    };
    let choice = |second: u64| {
        let member = |name: &str, value| EnumMember { name: name.to_owned(), value };
        let members = vec![member("A", 0), member("B", second)];
        TypeDescriptor::Enum(EnumType { size: IntSize::U1, signed: true, members })
    };
    let many = |last: TypeDescriptor| {
        let field = |at: usize| CompoundField::new(&format!("field {at}"), TypeDescriptor::Boolean, at, at);
        let mut fields: Vec<_> = (0..20).map(field).collect();
        fields.push(CompoundField::new("last", last, 20, 20));
        TypeDescriptor::Compound(CompoundType { fields, size: 24 })
    };
    let (ascii, utf8) = (FixedAscii::<4>::type_descriptor(), FixedUnicode::<4>::type_descriptor());
    for (one, other, from, to) in [
        (ascii.clone(), utf8.clone(), "string(4, ASCII, padded with NULs)", "string(4, UTF-8, padded with NULs)"),
        (VarLenAscii::type_descriptor(), VarLenUnicode::type_descriptor(), "string(ASCII)", "string(UTF-8)"),
        (choice(1), choice(2), "enum {B = 1}", "enum {B = 2}"),
        (
            many(ascii),
            many(utf8),
            "last: string(4, ASCII, padded with NULs)",
            "last: string(4, UTF-8, padded with NULs)",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["one.h5", "other.h5"].map(|name| folder.path().join(name));
        for (path, descriptor) in paths.iter().zip([one, other]) {
            let file = hdf5::File::create(path).unwrap();
            file.new_dataset_builder().empty_as(&descriptor).shape(2).create("x").unwrap();
        }
        let found = findings(&paths[0], &paths[1], &Options::default());
        let type_change = Change::Type { from: from.to_owned(), to: to.to_owned() };
        assert_eq!(found, [Finding { path: "/x".to_owned(), change: type_change }]);
    }
}
