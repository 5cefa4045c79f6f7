//! Trait objects: `&dyn erased_serde::Serialize` wherever a value can stand, and `Box<dyn Trait>` by way of `typetag`.

use std::collections::BTreeMap;
use std::fmt::Debug;

use filebacked::{Coded, ErrorKind, Lazy, LazyMap, NdArray, Shared, WithAttrs, codec, from_slice, to_vec};
use ndarray::{Array2, Ix1, Ix2, array};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{check_tree, reread, round_trip, tree};
use crate::common::memory;

macro_rules! traits {
    ($($trait:ident $(($($tagging:tt)*))?),*) => {
        $(
            #[typetag::serde $(($($tagging)*))?]
            trait $trait: Debug + Send + Sync {}

            #[typetag::serde]
            impl $trait for Circle {}

            #[typetag::serde]
            impl $trait for Mesh {}

            #[typetag::serde]
            impl $trait for Group {}

            #[typetag::serde(name = "nothing")]
            impl $trait for Nothing {}

            impl PartialEq for dyn $trait {
                fn eq(&self, other: &Self) -> bool {
                    format!("{self:?}") == format!("{other:?}")
                }
            }
        )*
    };
}

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
struct Circle {
    radius: f64,
}

/// A shape with wrappers in it.
#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
struct Mesh {
    name: String,
    #[serde(with = "filebacked::array")]
    points: Array2<f64>,
    weights: Option<NdArray<f32, Ix1>>,
    values: WithAttrs<NdArray<i32, Ix1>, Unit>,
}

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
struct Unit {
    unit: String,
}

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
struct Group {
    ids: Vec<u32>,
    names: BTreeMap<String, Option<String>>,
}

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
struct Nothing {}

fn mesh() -> Mesh {
    Mesh {
        name: "plate".to_owned(),
        points: array![[0.0, 0.5], [1.0, 1.5]],
        weights: Some(NdArray(array![0.5, 0.25])),
        values: WithAttrs { value: NdArray(array![1, 2, 3]), attrs: Unit { unit: "m".to_owned() } },
    }
}

fn group() -> Group {
    Group { ids: vec![1, 2], names: BTreeMap::from([("a".to_owned(), None), ("b".to_owned(), Some("c".to_owned()))]) }
}

traits!(External, Internal(tag = "type"), Adjacent(tag = "type", content = "shape"));

/// All shapes, as objects of one trait.
macro_rules! shapes {
    ($trait:ident) => {{
        let shapes: Vec<Box<dyn $trait>> = vec![
            Box::new(Circle { radius: 0.5 }),
            Box::new(mesh()),
            Box::new(Nothing {}),
            Box::new(group()),
            Box::new(Circle { radius: 1.5 }),
            Box::new(Mesh { weights: None, ..mesh() }),
        ];
        shapes
    }};
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Payload<T> {
    Nothing,
    One(T),
    Two(u8, T),
    Named { left: T, right: Option<T> },
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Record<T> {
    id: u32,
    shape: T,
    option: Option<T>,
}

/// Trait objects alone, in lists, maps, options, structs and payloads.
fn everywhere<T: Serialize + DeserializeOwned + PartialEq + Debug>(shapes: impl Fn() -> Vec<T>) {
    let all = || shapes().into_iter();
    all().for_each(|shape| round_trip(&shape));
    all().for_each(|shape| round_trip(&Some(Some(shape))));
    round_trip(&shapes());
    round_trip(&vec![shapes(), vec![], shapes()]);
    round_trip(&all().map(Some).chain([None]).collect::<Vec<_>>());
    round_trip(&all().enumerate().collect::<Vec<_>>());
    round_trip(&all().enumerate().map(|(key, shape)| (key.to_string(), shape)).collect::<BTreeMap<_, _>>());
    round_trip(&all().enumerate().map(|(key, shape)| ((key, 1), shape)).collect::<BTreeMap<_, _>>());
    round_trip(&vec![BTreeMap::from_iter(all().enumerate()), BTreeMap::new()]);
    let payloads = || {
        let (mut one, mut two) = (all(), all().rev());
        let mut next = || (one.next().unwrap(), two.next().unwrap());
        vec![
            Payload::Nothing,
            Payload::One(next().0),
            Payload::Two(2, next().1),
            Payload::Named { left: next().1, right: Some(next().0) },
            Payload::Named { left: next().0, right: None },
        ]
    };
    payloads().iter().for_each(round_trip);
    round_trip(&payloads());
    let records = || {
        all().zip(all().rev()).zip(0..).map(|((shape, other), id)| Record {
            id,
            shape,
            option: (id % 2 == 0).then_some(other),
        })
    };
    records().for_each(|record| round_trip(&record));
    round_trip(&records().collect::<Vec<_>>());
}

#[test]
fn tagged_externally() {
    everywhere(|| shapes!(External));
    let circle: Box<dyn External> = Box::new(Circle { radius: 0.5 });
    check_tree(&circle, "/ group\n└─ Circle group\n└─ radius f64 0.5");
}

#[test]
fn tagged_internally() {
    everywhere(|| shapes!(Internal));
    let circle: Box<dyn Internal> = Box::new(Circle { radius: 0.5 });
    check_tree(&circle, "/ group\n├─ type string(6) \"Circle\"\n└─ radius f64 0.5");
}

#[test]
fn tagged_adjacently() {
    everywhere(|| shapes!(Adjacent));
    let circle: Box<dyn Adjacent> = Box::new(Circle { radius: 0.5 });
    check_tree(&circle, "/ group\n├─ type string(6) \"Circle\"\n└─ shape group\n└─ radius f64 0.5");
}

#[test]
fn wrappers_in_trait_objects_are_objects() {
    let mesh_of = |shape: &str| {
        format!(
            "/ group
            {shape}├─ name string(5) \"plate\"
            ├─ points f64 (2, 2) 0.0, 0.5, ...
            ├─ weights f32 (2,) 0.5, 0.25
            └─ values i32 (3,) 1, 2, 3
            └─ @unit string \"m\""
        )
    };
    let internal: Box<dyn Internal> = Box::new(mesh());
    check_tree(&internal, &mesh_of("├─ type string(4) \"Mesh\"\n"));
    let external: Box<dyn External> = Box::new(mesh());
    check_tree(&external, &mesh_of("└─ Mesh group\n"));
    // In a list, those of one trait share columns; only what writes itself costs an object for each.
    let count = |shapes: &Vec<Box<dyn External>>| tree(shapes).lines().filter(|line| !line.contains('@')).count();
    let circles = |count: usize| -> Vec<Box<dyn External>> {
        (0..count).map(|radius| -> Box<dyn External> { Box::new(Circle { radius: radius as f64 }) }).collect()
    };
    assert_eq!(count(&circles(3)), count(&circles(3000)));
    let meshes = |count: usize| -> Vec<Box<dyn External>> {
        (0..count).map(|_| -> Box<dyn External> { Box::new(mesh()) }).collect()
    };
    // Three datasets for each.
    assert_eq!(count(&meshes(7)) - count(&meshes(5)), 2 * 3);
}

#[test]
fn wrappers_around_trait_objects() {
    type Boxed = Box<dyn External>;
    let shape = || -> Boxed { Box::new(mesh()) };
    let image = to_vec(&vec![Lazy::new(shape()), Lazy::new(Box::new(Circle { radius: 0.5 }))]).unwrap();
    let lazy: Vec<Lazy<Boxed>> = from_slice(&image).unwrap();
    assert!(!lazy[0].is_loaded());
    assert_eq!(**lazy[0].get().unwrap(), *shape());
    let map: LazyMap<String, Boxed> = reread(&LazyMap::from_iter([("a".to_owned(), shape())]));
    assert_eq!(**map.get("a").unwrap().unwrap(), *shape());
    let attributed = WithAttrs { value: shape(), attrs: Unit { unit: "m".to_owned() } };
    round_trip(&attributed);
    round_trip(&vec![attributed]);
    let shared = Shared::from(shape());
    let back: Vec<Shared<Boxed>> = reread(&vec![shared.clone(), shared]);
    assert!(std::sync::Arc::ptr_eq(&back[0].0, &back[1].0));
    assert_eq!(**back[0], *shape());
}

#[test]
fn errors_of_trait_objects() {
    let image = to_vec(&BTreeMap::from([("Square", 1.5)])).unwrap();
    let error = from_slice::<Box<dyn External>>(&image).unwrap_err();
    assert!(error.to_string().starts_with("unknown variant `Square`, expected one of `Circle`"), "{error}");
    let image = to_vec(&BTreeMap::from([("Circle", BTreeMap::from([("radius", "large")]))])).unwrap();
    let error = from_slice::<Box<dyn External>>(&image).unwrap_err();
    // It is known again by its text, which is all that comes through erased types.
    assert_eq!(
        error.kind(),
        ErrorKind::WrongType,
        "an upgrade of erased_serde or typetag hands on the text of errors in other words: `is_about` in error.rs must find \
         ours in them, or errors within trait objects lose their kind and their path: {error}"
    );
    assert!(error.to_string().starts_with("expected `f64`, found the string \"large\""), "{error}");
    assert!(error.to_string().contains("`Circle/radius`") || error.to_string().contains("`radius`"), "{error}");
}

/// Values whose types are erased, in a value.
#[derive(Serialize)]
struct Erased<'a> {
    one: &'a dyn erased_serde::Serialize,
    list: Vec<&'a dyn erased_serde::Serialize>,
    map: BTreeMap<&'static str, Box<dyn erased_serde::Serialize + 'a>>,
    option: Option<&'a dyn erased_serde::Serialize>,
    payload: Payload<&'a dyn erased_serde::Serialize>,
    pair: (u8, &'a dyn erased_serde::Serialize),
    #[serde(rename = "@note")]
    note: &'a dyn erased_serde::Serialize,
}

#[test]
fn erased_values_are_written_as_they_are() {
    #[derive(Serialize)]
    struct Plain<'a, T> {
        one: &'a T,
        list: Vec<&'a T>,
        map: BTreeMap<&'static str, &'a T>,
        option: Option<&'a T>,
        payload: Payload<&'a T>,
        pair: (u8, &'a T),
        #[serde(rename = "@note")]
        note: &'static str,
    }
    #[track_caller]
    fn check<T: Serialize>(one: &T) {
        let plain = Plain {
            one,
            list: vec![one; 3],
            map: BTreeMap::from([("a", one), ("b/c", one)]),
            option: Some(one),
            payload: Payload::Two(2, one),
            pair: (1, one),
            note: "note",
        };
        let erased = Erased {
            one,
            list: vec![one; 3],
            map: BTreeMap::from_iter(["a", "b/c"].map(|key| (key, Box::new(one) as Box<dyn erased_serde::Serialize>))),
            option: Some(one),
            payload: Payload::Two(2, one),
            pair: (1, one),
            note: &"note",
        };
        // Byte for byte.
        assert!(to_vec(&erased).unwrap() == to_vec(&plain).unwrap(), "{}\n{}", tree(&erased), tree(&plain));
        assert!(to_vec(&erased.one).unwrap() == to_vec(one).unwrap());
    }
    check(&1.5);
    check(&"text");
    check(&vec![1, 2, 3]);
    check(&vec![Some("a"), None]);
    check(&Some(()));
    check(&group());
    check(&vec![Circle { radius: 0.5 }; 10]);
    check(&mesh());
    check(&vec![mesh(), mesh()]);
    check(&NdArray(Array2::<f64>::eye(30)));
    check(&WithAttrs { value: 1.5, attrs: Unit { unit: "m".to_owned() } });
    check(&Lazy::new(mesh()));
    check(&reread::<_, Lazy<NdArray<f64, Ix2>>>(&NdArray(Array2::<f64>::eye(30))));
    check(&LazyMap::from_iter([("a", mesh())]));
    check(&reread::<_, LazyMap<String, u8>>(&BTreeMap::from([("a", 1)])));
    check(&Coded(Twice(0.5)));
    check(&(Box::new(mesh()) as Box<dyn Internal>));
}

/// A trait of a user's whose objects are only written.
trait Drawn: erased_serde::Serialize + Send {
    fn area(&self) -> f64;
}

erased_serde::serialize_trait_object!(Drawn);

impl Drawn for Circle {
    fn area(&self) -> f64 {
        3.0 * self.radius * self.radius
    }
}

impl Drawn for Mesh {
    fn area(&self) -> f64 {
        self.points.len() as f64
    }
}

#[test]
fn objects_of_traits_on_erased_serde_are_written_as_they_are() {
    let drawn = || -> Vec<Box<dyn Drawn>> { vec![Box::new(Circle { radius: 0.5 }), Box::new(mesh())] };
    assert_eq!(drawn().iter().map(|shape| shape.area()).sum::<f64>(), 4.75);
    for (object, plain) in [(&drawn()[0], to_vec(&Circle { radius: 0.5 })), (&drawn()[1], to_vec(&mesh()))] {
        assert!(to_vec(object).unwrap() == plain.unwrap());
    }
    let shapes: BTreeMap<_, _> = ["circle", "mesh"].into_iter().zip(drawn()).collect();
    #[derive(Serialize)]
    struct Shapes {
        circle: Circle,
        mesh: Mesh,
    }
    assert_eq!(tree(&shapes), tree(&Shapes { circle: Circle { radius: 0.5 }, mesh: mesh() }));
    // Those that are alike share a dataset.
    let circles = (0..3000).map(|radius| Circle { radius: radius.into() });
    let objects: Vec<Box<dyn Drawn>> = circles.clone().map(|circle| -> Box<dyn Drawn> { Box::new(circle) }).collect();
    assert_eq!(from_slice::<Vec<Circle>>(&to_vec(&objects).unwrap()).unwrap(), circles.collect::<Vec<_>>());
}

/// A number, stored twice.
#[derive(Debug)]
struct Twice(f64);

impl codec::Codec for Twice {
    fn write(&self, target: &codec::Target<'_>) -> filebacked::Result<()> {
        target.new_dataset::<f64>().shape(2).create(target.name())?.write(&[self.0, self.0])?;
        Ok(())
    }

    fn read(stored: &codec::Stored) -> filebacked::Result<Self> {
        Ok(Self(stored.dataset()?.read_raw::<f64>()?[0]))
    }
}

#[test]
fn erased_deserializers() {
    let file = memory();
    let shape = || -> Box<dyn External> { Box::new(mesh()) };
    filebacked::to_group(&vec![shape(), shape()], &file).unwrap();
    let mut erased = <dyn erased_serde::Deserializer>::erase(filebacked::Hdf5Deserializer::new(&file));
    let back: Vec<Box<dyn External>> = erased_serde::deserialize(&mut erased).unwrap();
    assert_eq!(back, [shape(), shape()]);
}
