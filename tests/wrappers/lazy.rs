//! Lazy values: where they stand, what is read of them, and how they are written.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use filebacked::{ErrorKind, Lazy, LazyMap, NdArray, Shared, WithAttrs, from_slice, to_vec};
use ndarray::{Array2, Ix2};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};

use super::{check_tree, reread};
use crate::common::memory;

pub(crate) type Matrix = NdArray<f64, Ix2>;

pub(crate) fn matrix() -> Matrix {
    NdArray(Array2::from_shape_fn((20, 30), |(row, column)| (100 * row + column) as f64))
}

/// As [`Whole`], with nothing lazy in it.
#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
pub(crate) struct Eager {
    pub(crate) id: u32,
    pub(crate) field: Matrix,
    pub(crate) text: String,
    pub(crate) option: Option<Vec<f64>>,
    pub(crate) none: Option<Vec<f64>>,
    pub(crate) payload: EagerPayload,
    pub(crate) list: Vec<Matrix>,
    pub(crate) map: BTreeMap<String, Vec<String>>,
    pub(crate) pairs: BTreeMap<(i32, i32), Inner>,
    pub(crate) inner: Inner,
    pub(crate) inside: Option<u8>,
    pub(crate) unit: (),
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
pub(crate) struct Inner {
    x: f64,
    names: Vec<Option<String>>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
pub(crate) enum EagerPayload {
    Nothing,
    One(Matrix),
    Two(u8, Inner),
    Named { left: Inner, right: Option<Inner> },
}

#[derive(Serialize, Deserialize, Debug, Clone)]
pub(crate) struct Whole {
    pub(crate) id: Lazy<u32>,
    pub(crate) field: Lazy<Matrix>,
    pub(crate) text: Lazy<String>,
    pub(crate) option: Option<Lazy<Vec<f64>>>,
    pub(crate) none: Lazy<Option<Vec<f64>>>,
    pub(crate) payload: Payload,
    pub(crate) list: Vec<Lazy<Matrix>>,
    pub(crate) map: BTreeMap<String, Lazy<Vec<String>>>,
    pub(crate) pairs: BTreeMap<(i32, i32), Lazy<Inner>>,
    pub(crate) inner: Lazy<LazyInner>,
    pub(crate) inside: Option<Lazy<Option<u8>>>,
    pub(crate) unit: Lazy<()>,
}

#[derive(Serialize, Deserialize, Debug, Clone)]
pub(crate) struct LazyInner {
    x: Lazy<f64>,
    names: Lazy<Vec<Option<String>>>,
}

#[derive(Serialize, Deserialize, Debug, Clone)]
pub(crate) enum Payload {
    Nothing,
    One(Lazy<Matrix>),
    Two(u8, Lazy<Inner>),
    Named { left: Lazy<Inner>, right: Option<Lazy<Inner>> },
}

pub(crate) fn inner(x: f64) -> Inner {
    Inner { x, names: vec![Some("a".to_owned()), None, Some("a long one ".repeat(40))] }
}

pub(crate) fn eager(id: u32) -> Eager {
    Eager {
        id,
        field: matrix(),
        text: "text".to_owned(),
        option: (id % 2 == 1).then(|| vec![0.5; 1000]),
        none: None,
        payload: match id % 4 {
            0 => EagerPayload::Nothing,
            1 => EagerPayload::One(matrix()),
            2 => EagerPayload::Two(2, inner(2.5)),
            _ => EagerPayload::Named { left: inner(3.5), right: (id > 4).then(|| inner(4.5)) },
        },
        list: vec![matrix(), NdArray(Array2::zeros((0, 3)))],
        map: BTreeMap::from([("a/b".to_owned(), vec!["x".to_owned()]), ("c".to_owned(), vec![])]),
        pairs: BTreeMap::from([((1, 2), inner(5.5)), ((3, 4), inner(6.5))]),
        inner: inner(7.5),
        inside: Some(8),
        unit: (),
    }
}

#[test]
fn wherever_a_value_can_stand() {
    for id in 0..8 {
        let value = eager(id);
        let image = to_vec(&value).unwrap();
        let lazy: Whole = from_slice(&image).unwrap();
        let all = format!("{lazy:?}");
        assert!(!all.contains("Lazy(0.5") && all.contains("field: Lazy(not loaded: `f64` of shape (20, 30))"), "{all}");
        assert_eq!(*lazy.field.get().unwrap(), value.field);
        assert_eq!(lazy.pairs[&(3, 4)].load().unwrap(), value.pairs[&(3, 4)]);
        // Written, whatever is loaded of it, it is the same value.
        assert_eq!(reread::<_, Eager>(&lazy), value);
        let again: Whole = reread(&lazy);
        assert_eq!(reread::<_, Eager>(&again), value);
        let names = again.inner.get().unwrap().names.load().unwrap();
        assert_eq!(names, value.inner.names);
        // The way is the same through erased types.
        let file = memory();
        let erased: &dyn erased_serde::Serialize = &again;
        erased_serde::serialize(erased, filebacked::Hdf5Serializer::new(&file)).unwrap();
        let mut erased = <dyn erased_serde::Deserializer>::erase(filebacked::Hdf5Deserializer::new(&file));
        let back: Whole = erased_serde::deserialize(&mut erased).unwrap();
        assert!(!back.field.is_loaded() && !back.list[0].is_loaded());
        assert_eq!(reread::<_, Eager>(&back), value);
    }
}

#[test]
fn wherever_an_element_can_stand() {
    let values: Vec<_> = (0..6).map(eager).collect();
    let lazy: Vec<Whole> = reread(&values.iter().map(|value| reread::<_, Whole>(value)).collect::<Vec<_>>());
    assert!(lazy.iter().all(|lazy| !lazy.field.is_loaded() && lazy.map.values().all(|value| !value.is_loaded())));
    assert_eq!(reread::<_, Vec<Eager>>(&lazy), values);
    // In a table of the eager values some are parts of datasets, and are read at once.
    let lazy: Vec<Whole> = reread(&values);
    assert!(lazy[0].id.is_loaded() && !lazy[0].field.is_loaded());
    assert_eq!(reread::<_, Vec<Eager>>(&lazy), values);

    let options = vec![Some(1.5), None, Some(2.5)];
    let lazy: Vec<Option<Lazy<f64>>> = reread(&options);
    assert_eq!(reread::<_, Vec<Option<f64>>>(&lazy), options);
    let lazy: Vec<Lazy<Option<f64>>> = reread(&lazy);
    assert_eq!(reread::<_, Vec<Option<f64>>>(&lazy), options);
    let ragged = vec![vec![1, 2], vec![], vec![3]];
    let lazy: Vec<Vec<Lazy<i32>>> = reread(&ragged);
    let objects: Vec<Vec<Lazy<i32>>> = reread(&lazy);
    assert!(!objects[0][0].is_loaded());
    assert_eq!(reread::<_, Vec<Vec<i32>>>(&objects), ragged);
}

/// A value that is not loaded, inside so many `Some` when it is written.
#[track_caller]
fn in_options<T: Serialize + DeserializeOwned + PartialEq + Debug + Clone>(value: &T) {
    let lazy: Lazy<T> = reread(value);
    assert!(!lazy.is_loaded());
    assert_eq!(reread::<_, T>(&lazy), *value);
    let some: Option<Lazy<T>> = reread(&Some(lazy.clone()));
    assert!(!some.as_ref().unwrap().is_loaded());
    assert_eq!(some.unwrap().load().unwrap(), *value);
    assert_eq!(reread::<_, Option<Option<T>>>(&Some(Some(&lazy))), Some(Some(value.clone())));
    assert_eq!(reread::<_, (Option<T>, u8)>(&(Some(&lazy), 1)), (Some(value.clone()), 1));
    assert!(!lazy.is_loaded());
}

#[test]
fn options_around_and_inside() {
    in_options(&1.5);
    in_options(&());
    in_options(&None::<f64>);
    in_options(&Some(1.5));
    in_options(&Some(None::<f64>));
    in_options(&Some(Some(())));
    in_options(&Some(inner(1.5)));
    in_options(&vec![Some(1), None]);
    assert!(reread::<_, Option<Lazy<f64>>>(&None::<f64>).is_none());
}

#[test]
fn on_disk() {
    let value = vec![Lazy::new(1.5), Lazy::new(2.5)];
    let expected = "/ list\n├─ 0 f64 1.5\n└─ 1 f64 2.5";
    check_tree(&value, expected);
    check_tree(&reread::<_, Vec<Lazy<f64>>>(&value), expected);
    check_tree(&reread::<_, Lazy<f64>>(&1.5), "/ value\n└─ value f64 1.5");
    let tuple = (1, "two");
    check_tree(&reread::<_, Lazy<(i32, String)>>(&tuple), "/ tuple\n├─ 0 i32 1\n└─ 1 string(3) \"two\"");
    check_tree(&reread::<_, Option<Lazy<Option<u8>>>>(&Some(None::<u8>)), "/ some\n└─ value null");

    // What the type does not know comes along.
    #[derive(Serialize)]
    struct Attributed {
        #[serde(rename = "@unit")]
        unit: &'static str,
        x: f64,
        more: Vec<u8>,
    }
    #[derive(Serialize, Deserialize, Debug)]
    struct Short {
        x: f64,
    }
    let stored = Attributed { unit: "m", x: 0.5, more: vec![1, 2] };
    let children = "├─ @unit string \"m\"\n├─ x f64 0.5\n└─ more u8 (2,) 1, 2";
    check_tree(&reread::<_, Lazy<Short>>(&stored), &format!("/ group\n{children}"));
    let child: BTreeMap<String, Lazy<Short>> = reread(&BTreeMap::from([("a", &stored)]));
    check_tree(&child, "/ group\n└─ a group\n├─ @unit string \"m\"\n├─ x f64 0.5\n└─ more u8 (2,) 1, 2");
    // Once it is loaded, it is what the type knows.
    assert_eq!(child["a"].get().unwrap().x, 0.5);
    check_tree(&child, "/ group\n└─ a group\n└─ x f64 0.5");
}

#[test]
fn values_in_memory() {
    let mut lazy = Lazy::new(1.5);
    assert!(lazy.is_loaded());
    assert_eq!((lazy.load().unwrap(), *lazy.get().unwrap(), lazy.to_string(), format!("{lazy:?}")), {
        (1.5, 1.5, "1.5".to_owned(), "Lazy(1.5)".to_owned())
    });
    *lazy.get_mut().unwrap() += 1.0;
    assert_eq!(lazy.clone().into_inner().unwrap(), 2.5);
    lazy.set(3.5);
    assert_eq!(Lazy::from(3.5).into_inner().unwrap(), lazy.into_inner().unwrap());
    assert_eq!(Lazy::<u8>::default().into_inner().unwrap(), 0);

    let mut lazy: Lazy<f64> = reread(&1.5);
    assert_eq!((lazy.to_string(), format!("{lazy:?}")), {
        ("[not loaded: scalar `f64`]".to_owned(), "Lazy(not loaded: scalar `f64`)".to_owned())
    });
    let clone = lazy.clone();
    assert_eq!(lazy.load().unwrap(), 1.5);
    assert!(!lazy.is_loaded());
    assert_eq!(lazy.get().unwrap(), &1.5);
    assert!(lazy.is_loaded() && !clone.is_loaded());
    *lazy.get_mut().unwrap() = 2.5;
    assert_eq!((lazy.to_string(), clone.into_inner().unwrap()), ("2.5".to_owned(), 1.5));
    assert_eq!(reread::<_, f64>(&lazy), 2.5);
    lazy = reread(&1.5);
    lazy.set(7.5);
    assert_eq!(reread::<_, f64>(&lazy), 7.5);
    assert_eq!(format!("{:?}", reread::<_, Lazy<Inner>>(&inner(1.5))), "Lazy(not loaded: a group)");
}

#[test]
fn read_at_once_where_there_is_no_object() {
    /// What others may have as a table.
    #[derive(Serialize, Deserialize, Debug)]
    struct Row {
        x: Lazy<f64>,
        y: Lazy<[i32; 2]>,
    }
    let lazy: Vec<Row> = reread(&vec![Row2 { x: 0.5, y: [1, 2] }, Row2 { x: 1.5, y: [3, 4] }]);
    assert!(lazy[1].x.is_loaded() && lazy[1].y.is_loaded());
    assert_eq!(lazy[1].y.load().unwrap(), [3, 4]);

    #[derive(Serialize, Deserialize, Debug)]
    struct Row2 {
        x: f64,
        y: [i32; 2],
    }
    #[derive(Serialize, Deserialize, Debug)]
    struct Attribute {
        #[serde(rename = "@title")]
        title: Lazy<String>,
        #[serde(rename = "@other")]
        other: Option<Lazy<f64>>,
    }
    let value = Attribute { title: Lazy::new("plate".to_owned()), other: None };
    let mut lazy: Attribute = reread(&value);
    assert_eq!(
        (lazy.title.is_loaded(), lazy.title.load().unwrap(), lazy.other.is_none()),
        (true, "plate".into(), true)
    );
    // One that is not loaded is read for an attribute.
    lazy.title = reread(&"hole");
    assert_eq!(reread::<_, Attribute>(&lazy).title.load().unwrap(), "hole");

    #[derive(Serialize, Deserialize, Debug)]
    #[serde(untagged)]
    enum Untagged {
        Number(Lazy<f64>),
        Text(Lazy<String>),
    }
    match reread::<_, Untagged>(&Untagged::Text(reread(&"a"))) {
        Untagged::Text(text) => assert_eq!((text.is_loaded(), text.load().unwrap()), (true, "a".to_owned())),
        other => panic!("{other:?}"),
    }
}

#[test]
fn in_other_formats() {
    let value = eager(7);
    let lazy: Whole = reread(&value);
    // The maps of tuples are not for JSON.
    let lazy = Whole { pairs: BTreeMap::new(), ..lazy };
    let value = Eager { pairs: BTreeMap::new(), ..value };
    let json = serde_json::to_string(&lazy).unwrap();
    assert_eq!(json, serde_json::to_string(&value).unwrap());
    assert!(!lazy.field.is_loaded());
    let back: Whole = serde_json::from_str(&json).unwrap();
    assert!(back.field.is_loaded());
    assert_eq!(reread::<_, Eager>(&back), value);

    let (lazy, value) = ((lazy.field, lazy.payload), (value.field, value.payload));
    let config = bincode::config::standard();
    let bytes = bincode::serde::encode_to_vec(&lazy, config).unwrap();
    assert_eq!(bytes, bincode::serde::encode_to_vec(&value, config).unwrap());
    let back: (Lazy<Matrix>, Payload) = bincode::serde::decode_from_slice(&bytes, config).unwrap().0;
    assert_eq!(reread::<_, (Matrix, EagerPayload)>(&back), value);
    // What cannot be read is an error of the other format's.
    let wrong: Lazy<u8> = reread(&300);
    let error = serde_json::to_string(&wrong).unwrap_err();
    assert_eq!(error.to_string(), "expected `u8`, found 300, stored as scalar `i32`; HDF5 path `/value`");
}

#[test]
fn in_and_around_other_wrappers() {
    #[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
    struct Unit {
        unit: String,
        gain: f64,
    }
    let unit = |gain| Unit { unit: "hPa".to_owned(), gain };
    // Attributes around a lazy value: the copy's give way to them.
    let value = WithAttrs { value: Lazy::new(matrix()), attrs: unit(0.5) };
    let mut lazy: WithAttrs<Lazy<Matrix>, Unit> = reread(&value);
    lazy.attrs = unit(1.5);
    let back: WithAttrs<Lazy<Matrix>, Unit> = reread(&vec![reread::<_, WithAttrs<Lazy<Matrix>, Unit>>(&lazy)].pop());
    assert!(!lazy.value.is_loaded() && !back.value.is_loaded());
    assert_eq!((back.attrs, back.value.load().unwrap()), (unit(1.5), matrix()));
    // But not those by which the layout is told.
    let nullable: Lazy<Vec<Option<i32>>> = reread(&vec![Some(1), None]);
    let attrs = BTreeMap::from([("encoding-type", "mine")]);
    let error = to_vec(&WithAttrs { value: nullable, attrs }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    // A lazy value with attributes.
    let value = Lazy::new(WithAttrs { value: matrix(), attrs: unit(0.5) });
    let lazy: Vec<Lazy<WithAttrs<Matrix, Unit>>> = reread(&vec![reread::<_, Lazy<WithAttrs<Matrix, Unit>>>(&value)]);
    assert!(!lazy[0].is_loaded());
    assert_eq!(lazy[0].load().unwrap(), value.into_inner().unwrap());
    // Lazy values in lazy values.
    let lazy: Lazy<Lazy<Vec<Lazy<f64>>>> = reread(&vec![Lazy::new(1.5)]);
    let inner = lazy.load().unwrap();
    assert!(!inner.is_loaded());
    assert!(!inner.get().unwrap()[0].is_loaded());
    assert_eq!(inner.get().unwrap()[0].load().unwrap(), 1.5);
}

#[derive(Serialize, Deserialize, Debug, Clone)]
struct Mesh {
    points: Vec<f64>,
}

#[derive(Serialize, Deserialize, Debug)]
struct State<M> {
    time: f64,
    mesh: M,
}

#[test]
fn shared_objects_stay_shared() {
    let mesh = Shared::from(Mesh { points: vec![0.5; 10_000] });
    let states: Vec<_> = (0..20).map(|step| State { time: f64::from(step), mesh: mesh.clone() }).collect();
    let image = to_vec(&states).unwrap();
    // The copy of a whole keeps its links.
    let whole: Lazy<Vec<State<Shared<Mesh>>>> = from_slice(&image).unwrap();
    let copy = to_vec(&BTreeMap::from([("whole", &whole)])).unwrap();
    assert!(copy.len() < image.len() + 10_000, "{} for {}", copy.len(), image.len());
    assert!(to_vec(&whole).unwrap().len() < image.len() + 20_000);
    // Values that are links to one object become links to one copy.
    for again in [
        to_vec(&from_slice::<Vec<State<Lazy<Mesh>>>>(&image).unwrap()).unwrap(),
        to_vec(&from_slice::<Vec<State<Lazy<Shared<Mesh>>>>>(&image).unwrap()).unwrap(),
        to_vec(&from_slice::<Vec<State<Shared<Lazy<Mesh>>>>>(&image).unwrap()).unwrap(),
    ] {
        assert!(again.len() < image.len() + 20_000, "{} for {}", again.len(), image.len());
        let back: Vec<State<Shared<Mesh>>> = from_slice(&again).unwrap();
        assert!(Arc::ptr_eq(&back[0].mesh.0, &back[19].mesh.0));
        assert_eq!(back[19].mesh.points.len(), 10_000);
    }
    // Lazy values of one object that are read again and again do not count as more than the file has.
    let lazy: Vec<State<Lazy<Mesh>>> = from_slice(&image).unwrap();
    assert!((0..100).all(|_| lazy.iter().all(|state| state.mesh.load().unwrap().points[9999] == 0.5)));
}

#[test]
fn the_same_bytes_each_time() {
    let whole = |id| reread::<_, Whole>(&eager(id));
    let (one, two) = (to_vec(&whole(3)).unwrap(), to_vec(&whole(3)).unwrap());
    assert!(one == two);
    // The copy of a copy.
    let (three, four) = (to_vec(&from_slice::<Whole>(&one).unwrap()), to_vec(&from_slice::<Whole>(&two).unwrap()));
    assert!(three.unwrap() == four.unwrap());
}

/// A value that fails, or panics, while it is written.
#[derive(Clone)]
struct Bad(bool);

impl Serialize for Bad {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        if self.0 { panic!("a value that panics") } else { Err(serde::ser::Error::custom("a value that fails")) }
    }
}

impl<'de> Deserialize<'de> for Bad {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        panic!("a value that panics")
    }
}

#[test]
fn after_an_error_or_a_panic() {
    for panics in [false, true] {
        let file = memory();
        let lazy: Lazy<Matrix> = reread(&matrix());
        let value = (vec![lazy.clone(), lazy.clone()], LazyMap::from_iter([(1, Bad(panics))]), lazy.clone());
        let result = catch_unwind(AssertUnwindSafe(|| filebacked::write(&file, "x", &value)));
        assert!(!matches!(result, Ok(Ok(()))));
        assert_eq!(file.len(), 0);
        // Reading fails as well, at any time.
        let bad: Lazy<Bad> = reread(&1.5);
        assert!(catch_unwind(AssertUnwindSafe(|| bad.get().map(drop))).is_err());
        assert!(!bad.is_loaded());
        // The next call is sound.
        assert_eq!(reread::<_, Eager>(&reread::<_, Whole>(&eager(3))), eager(3));
        assert!(reread::<_, Lazy<f64>>(&bad).load().unwrap() == 1.5);
    }
}

#[test]
fn at_several_threads() {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<Lazy<Matrix>>();
    is_shared::<LazyMap<String, Matrix>>();

    let lazy: Arc<Vec<Lazy<Matrix>>> = Arc::new(reread(&vec![matrix(); 50]));
    let map: Arc<LazyMap<u32, Matrix>> = Arc::new(reread(&BTreeMap::from_iter((0..50).map(|key| (key, matrix())))));
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let (lazy, map) = (Arc::clone(&lazy), Arc::clone(&map));
            std::thread::spawn(move || {
                for (index, value) in lazy.iter().enumerate() {
                    let address: *const Matrix = value.get().unwrap();
                    assert_eq!(*value.get().unwrap(), matrix());
                    assert_eq!(address, std::ptr::from_ref(value.get().unwrap()));
                    assert_eq!(map.get(&(index as u32)).unwrap(), Some(&matrix()));
                    // Others are written meanwhile.
                    assert_eq!(reread::<_, Eager>(&reread::<_, Whole>(&eager(thread))), eager(thread));
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    // One that was read on one thread is used, and let go, on another.
    let lazy: Whole = reread(&eager(1));
    let lazy = std::thread::spawn(move || (lazy.field.load().unwrap(), lazy)).join().unwrap();
    assert_eq!(reread::<_, Eager>(&lazy.1), eager(1));
}
