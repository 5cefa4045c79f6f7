//! Subclasses and unions: as enums, however these are tagged, and as trait objects.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::path::Path;

use filebacked::{ErrorKind, NdArray, Shared, WriteOptions, from_file, from_slice, hdf5};
use ndarray::{Array1, Array2, Ix1, array};
use serde::{Deserialize, Serialize};

use super::{options, round_trip};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
pub(crate) struct Circle {
    name: String,
    radius: f64,
}

impl Circle {
    pub(crate) fn new(name: &str, radius: f64) -> Self {
        Self { name: name.to_owned(), radius }
    }
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
pub(crate) struct Polygon {
    name: String,
    #[serde(with = "filebacked::array")]
    corners: Array2<f64>,
    holes: Vec<NdArray<f64, Ix1>>,
}

pub(crate) fn polygon(name: &str) -> Polygon {
    Polygon {
        name: name.to_owned(),
        corners: array![[0.0, 0.0], [1.0, 0.0], [0.5, 1.0]],
        holes: vec![NdArray(array![0.25, 0.25]), NdArray(array![0.5])],
    }
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
pub(crate) enum Shape {
    Circle(Circle),
    Polygon(Polygon),
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(tag = "class")]
enum Tagged {
    Polygon(Polygon),
    Circle { name: String, radius: f64 },
}

#[derive(Deserialize, PartialEq, Debug)]
#[serde(untagged)]
enum Untagged {
    Integer(i64),
    Text(String),
    Array(Vec<f64>),
    Circle(Circle),
}

#[derive(Deserialize, PartialEq, Debug)]
enum Fields {
    Circle {
        name: String,
        radius: f64,
    },
    Polygon {
        #[serde(with = "filebacked::array")]
        corners: Array2<f64>,
    },
}

#[typetag::serde(tag = "class")]
trait ByClass: Debug {}

#[typetag::serde]
impl ByClass for Circle {}

#[typetag::serde]
impl ByClass for Polygon {}

#[typetag::deserialize]
trait ByName: Debug {}

#[typetag::deserialize]
impl ByName for Circle {}

#[typetag::deserialize]
impl ByName for Polygon {}

/// A part of what is in the file, as `T` has it.
#[derive(Deserialize)]
struct Part<T> {
    shape: T,
    shapes: Vec<T>,
}

fn part<T: serde::de::DeserializeOwned>(path: &Path) -> (T, Vec<T>) {
    let Part { shape, shapes } = from_file(path).unwrap();
    (shape, shapes)
}

/// Reads a file of `filebacked_types.py` otherwise than as plain enums.
pub(crate) fn check(path: &Path) {
    let (circle, triangle) = (|name, radius| Circle::new(name, radius), polygon("triangle"));
    let shapes =
        [Shape::Circle(circle("first", 1.0)), Shape::Polygon(polygon("second")), Shape::Circle(circle("third", 3.0))];
    assert_eq!(part(path), (Shape::Polygon(polygon("triangle")), shapes.into()));
    let tagged = |name: &str, radius| Tagged::Circle { name: name.to_owned(), radius };
    let shapes = vec![tagged("first", 1.0), Tagged::Polygon(polygon("second")), tagged("third", 3.0)];
    assert_eq!(part(path), (Tagged::Polygon(polygon("triangle")), shapes));

    let (shape, shapes) = part::<Fields>(path);
    assert_eq!(shape, Fields::Polygon { corners: triangle.corners.clone() });
    assert_eq!(shapes[0], Fields::Circle { name: "first".to_owned(), radius: 1.0 });

    let expected = [format!("{:?}", circle("first", 1.0)), format!("{:?}", polygon("second"))];
    let shown = |shape: &dyn Debug| format!("{shape:?}");
    let (shape, shapes) = part::<Box<dyn ByClass>>(path);
    assert_eq!([shown(&shapes[0]), shown(&shapes[1])], expected);
    assert_eq!(shown(&shape), shown(&triangle));
    let (shape, shapes) = part::<Box<dyn ByName>>(path);
    assert_eq!([shown(&shapes[0]), shown(&shapes[1])], expected);
    assert_eq!(shown(&shape), shown(&triangle));

    #[derive(Deserialize)]
    struct Unions {
        union_int: Untagged,
        union_str: Untagged,
        union_array: Untagged,
        union_shape: Untagged,
        unions: Vec<Untagged>,
    }
    let unions: Unions = from_file(path).unwrap();
    assert_eq!((unions.union_int, unions.union_str), (Untagged::Integer(7), Untagged::Text("seven".to_owned())));
    assert_eq!(unions.union_array, Untagged::Array(vec![7.0]));
    assert_eq!(unions.union_shape, Untagged::Circle(Circle::new("in a union", 2.0)));
    assert_eq!(unions.unions[1], Untagged::Text("two".to_owned()));

    // The class is there to be asked for, too.
    #[derive(Deserialize)]
    struct Named {
        class: String,
        #[serde(rename = "@class")]
        again: String,
        #[serde(rename = "@module")]
        module: String,
    }
    let (Named { class, again, module }, _) = part(path);
    assert_eq!([class, again, module], ["Polygon", "Polygon", "__main__"]);
}

/// Writes the shapes of such a file again, as trait objects and as an enum with a tag.
pub(crate) fn write_otherwise(path: &Path) {
    #[derive(Serialize)]
    #[serde(rename = "Everything")]
    struct Otherwise {
        shape: Tagged,
        shapes: Vec<Box<dyn ByClass>>,
        circles: BTreeMap<&'static str, Tagged>,
    }
    #[derive(Serialize)]
    struct Shapes(BTreeMap<String, Shape>);

    let file = hdf5::File::open_rw(path).unwrap();
    let otherwise = Otherwise {
        shape: Tagged::Polygon(polygon("triangle")),
        shapes: vec![
            Box::new(Circle::new("first", 1.0)),
            Box::new(polygon("second")),
            Box::new(Circle::new("third", 3.0)),
        ],
        circles: BTreeMap::from([("unit", Tagged::Circle { name: "unit".to_owned(), radius: 1.0 })]),
    };
    let options = options().overwrite(true);
    options.to_group(&otherwise, &file).unwrap();
    // Alone it is a class, too.
    let shapes = [("round", Shape::Circle(Circle::new("r", 0.25))), ("edged", Shape::Polygon(polygon("e")))];
    let shapes = Shapes(shapes.map(|(name, shape)| (name.to_owned(), shape)).into());
    options.write(&file, "shape_names", &shapes).unwrap();
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Mixed {
    Unit,
    Other,
    Text(String),
    Number(f64),
    List(Vec<u8>),
    Array(NdArray<f64, Ix1>),
    Pair(i32, i32),
    Fields { x: f64, y: Option<f64> },
    Struct(Circle),
    Renamed(Polygon),
    Some(Option<String>),
    Map(BTreeMap<String, i32>),
    Shared(Shared<Circle>),
}

fn mixed() -> Vec<Mixed> {
    vec![
        Mixed::Unit,
        Mixed::Other,
        Mixed::Text("Unit".to_owned()),
        Mixed::Number(0.5),
        Mixed::List(vec![1, 2]),
        Mixed::List(vec![]),
        Mixed::Array(NdArray(array![0.5])),
        Mixed::Pair(1, -1),
        Mixed::Fields { x: 0.5, y: None },
        Mixed::Struct(Circle::new("c", 1.0)),
        Mixed::Renamed(polygon("p")),
        Mixed::Some(Some("there".to_owned())),
        Mixed::Map(BTreeMap::from([("Unit".to_owned(), 1)])),
        Mixed::Shared(Circle::new("s", 1.0).into()),
    ]
}

#[test]
fn variants_of_all_forms() {
    round_trip(&mixed());
    mixed().iter().for_each(round_trip);
    round_trip(&BTreeMap::from_iter(mixed().into_iter().enumerate()));
    round_trip(&Some(Mixed::Pair(1, 2)));
}

#[test]
fn a_shared_payload_is_marked_apart_from_what_else_it_is() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    enum Either {
        Not(f64),
        One(Shared<Circle>),
        Two(Shared<Circle>),
    }
    let circle = Shared::from(Circle::new("c", 1.0));
    round_trip(&(vec![circle.clone(), circle.clone()], vec![circle.clone()]));
    round_trip(&vec![Either::Not(0.5), Either::One(circle.clone()), Either::Two(circle)]);
}

#[test]
fn the_class_comes_before_the_number_and_the_number_before_the_name() {
    #[derive(Serialize)]
    enum Written {
        #[allow(dead_code, reason = "it is only there to be the first")]
        Circle,
        Second(Circle),
        Third(String),
    }
    #[derive(Deserialize, PartialEq, Debug)]
    enum ByClass {
        Other(Polygon),
        Another(Polygon),
        Circle(Circle),
    }
    #[derive(Deserialize, PartialEq, Debug)]
    enum ByNumber {
        First,
        Round(Circle),
        Text(String),
    }
    let circle = || Circle::new("c", 1.0);
    let image = options().to_vec(&[Written::Second(circle())]).unwrap();
    assert_eq!(from_slice::<[ByClass; 1]>(&image).unwrap(), [ByClass::Circle(circle())]);
    assert_eq!(from_slice::<[ByNumber; 1]>(&image).unwrap(), [ByNumber::Round(circle())]);
    let image = options().to_vec(&Written::Third("First".to_owned())).unwrap();
    assert_eq!(from_slice::<ByNumber>(&image).unwrap(), ByNumber::Text("First".to_owned()));

    // A string is no variant without payload unless it is its name.
    let image = options().to_vec(&[Written::Third("c".to_owned())]).unwrap();
    #[derive(Deserialize, Debug)]
    enum Units {
        A,
        B,
        C,
    }
    let error = from_slice::<[Units; 1]>(&image).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongType);
    let expected = "expected a variant without payload, found the string \"c\"; at `[0]`, HDF5 path `/0`";
    assert_eq!(error.to_string(), expected);
    let _ = [Units::A, Units::B, Units::C];
}

#[test]
fn a_class_that_is_no_variant_is_named() {
    let image = options().to_vec(&vec![Circle::new("c", 1.0)]).unwrap();
    #[derive(Deserialize, Debug)]
    enum Other {
        #[allow(dead_code, reason = "nothing is read as it")]
        Square(f64),
    }
    let error = from_slice::<Vec<Other>>(&image).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownVariant);
    assert_eq!(
        error.to_string(),
        "unknown variant `Circle` of `Other`, expected one of `Square`; at `[0]`, HDF5 path `/0`"
    );
}

#[test]
fn a_number_that_is_no_variant() {
    let image = options().to_vec(&vec![Mixed::Map(BTreeMap::new())]).unwrap();
    let error = from_slice::<Vec<Shape>>(&image).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutOfRange);
    assert_eq!(error.to_string(), "expected variant index 0 <= i < 2, found 11; at `[0]`, HDF5 path `/0`");
}

#[test]
fn a_class_and_its_module_can_be_fields() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Any {
        class: String,
        #[serde(rename = "@module")]
        module: String,
        x: f64,
    }
    let any = Any { class: "Point".to_owned(), module: "points".to_owned(), x: 0.5 };
    round_trip(&any);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("any.h5");
    WriteOptions::new().python("elsewhere").to_file(&path, &any).unwrap();
    let file = hdf5::File::open(&path).unwrap();
    let attribute =
        |name: &str| file.attr(name).unwrap().read_scalar::<hdf5::types::VarLenUnicode>().unwrap().to_string();
    assert_eq!([attribute("class"), attribute("module")], ["Point", "points"]);
    assert_eq!(file.member_names().unwrap(), ["x"]);
}

#[test]
fn arrays_in_internally_tagged_enums() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(tag = "class")]
    enum Grid {
        Regular {
            #[serde(with = "filebacked::array")]
            axis: Array1<f64>,
        },
        Rectilinear {
            axes: Vec<NdArray<f32, Ix1>>,
        },
    }
    round_trip(&Grid::Regular { axis: array![0.5, 1.5] });
    round_trip(&vec![Grid::Rectilinear { axes: vec![NdArray(array![0.5])] }]);
}

#[typetag::serde(tag = "@class")]
trait Nested: Debug {}

#[typetag::serde]
impl Nested for Circle {}

#[derive(Serialize, Deserialize, Debug)]
struct Group {
    shapes: Vec<Box<dyn Nested>>,
}

#[typetag::serde]
impl Nested for Group {}

#[derive(Serialize, Deserialize, Debug)]
struct Outer {
    shapes: Vec<Box<dyn ByClass>>,
}

#[typetag::serde]
impl ByClass for Outer {}

#[test]
fn trait_objects_in_trait_objects() {
    let inner: Box<dyn Nested> = Box::new(Group { shapes: vec![Box::new(Circle::new("inner", 0.5))] });
    let group: Box<dyn Nested> = Box::new(Group { shapes: vec![inner, Box::new(Circle::new("outer", 1.0))] });
    let image = options().to_vec(&group).unwrap();
    let back: Box<dyn Nested> = from_slice(&image).unwrap();
    assert_eq!(format!("{back:?}"), format!("{group:?}"));

    // A dictionary with the key `class` looks the same when its types are erased.
    let outer: Box<dyn ByClass> = Box::new(Outer { shapes: vec![Box::new(Circle::new("inner", 0.5))] });
    let error = options().to_vec(&outer).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let expected = "the Python package FileBacked has no way to tell a dictionary from an object, in a trait object, where \
                    the first key is `class`: use `@class` as the tag, or another key; at `shapes/[0]`, HDF5 path \
                    `/shapes/0`";
    assert_eq!(error.to_string(), expected);
    round_trip(&BTreeMap::from([("class".to_owned(), "Circle".to_owned()), ("x".to_owned(), String::new())]));
}

#[test]
fn flattened_structs_that_name_their_class() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Flat {
        class: String,
        #[serde(flatten)]
        circle: Circle,
        label: Option<String>,
    }
    let flat = Flat { class: "Flat".to_owned(), circle: Circle::new("c", 0.5), label: None };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flat.h5");
    options().to_file(&path, &flat).unwrap();
    let file = hdf5::File::open(&path).unwrap();
    assert_eq!(
        BTreeSet::from_iter(file.member_names().unwrap()),
        BTreeSet::from(["name", "radius"].map(str::to_owned))
    );
    assert_eq!(file.attr_names().unwrap().len(), 2);
}
