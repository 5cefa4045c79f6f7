//! The serializers that types of users are compiled for.

use std::any::type_name;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, Serializer};

use crate::h5::File;
use crate::{Appender, Lazy, Records, Shared, WithAttrs, WriteOptions};

thread_local! {
    static MET: RefCell<BTreeSet<&'static str>> = const { RefCell::new(BTreeSet::new()) };
}

/// Takes note of the serializers that it meets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Number(u32);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        MET.with_borrow_mut(|met| met.insert(type_name::<S>().split('<').next().unwrap_or_default()));
        serializer.serialize_u32(self.0)
    }
}

#[derive(Clone, Serialize)]
enum Variant {
    Newtype(Number),
    Tuple(Number, String),
    Struct { number: Number },
}

#[derive(Serialize)]
struct State {
    #[serde(rename = "@attribute")]
    attribute: Number,
    field: Number,
    option: Option<Number>,
    tuple: (Number, Number),
    list: Vec<Number>,
    lists: Vec<Vec<Number>>,
    records: Vec<(Number, String)>,
    long: Vec<(Number, f64)>,
    map: BTreeMap<Number, Number>,
    maps: Vec<BTreeMap<Number, Number>>,
    variants: Vec<Variant>,
    variant: Variant,
    shared: Shared<Number>,
    lazy: Lazy<Number>,
    labelled: WithAttrs<Number, BTreeMap<String, Number>>,
}

fn state() -> State {
    let number = Number(7);
    let map = BTreeMap::from([(number, number)]);
    let newtype = Variant::Newtype(number);
    State {
        attribute: number,
        field: number,
        option: Some(number),
        tuple: (number, number),
        list: vec![number; 100],
        lists: vec![vec![number; 2]; 100],
        records: vec![(number, "text".to_owned()); 100],
        long: vec![(number, 0.5); 1000],
        maps: vec![map.clone()],
        map,
        variants: vec![newtype.clone(), Variant::Tuple(number, String::new()), Variant::Struct { number }],
        variant: newtype,
        shared: number.into(),
        lazy: number.into(),
        labelled: WithAttrs { value: number, attrs: BTreeMap::from([("gain".to_owned(), number)]) },
    }
}

#[test]
fn types_of_users_meet_two_serializers() {
    let options = WriteOptions::new();
    options.to_vec(&state()).unwrap();
    options.clone().lenient().only(["field", "list", "map/*", "variants"]).to_vec(&state()).unwrap();
    options.clone().records(Records::Columns).above(1).to_vec(&state()).unwrap();
    options.python("module").to_vec(&vec![BTreeMap::from([("key", (Number(1), Number(2)))])]).unwrap();
    let file = File::in_memory().unwrap();
    let root = file.root().unwrap();
    state().serialize(crate::Hdf5Serializer::new(root.user())).unwrap();
    let mut appender = Appender::create(root.user(), "appended").unwrap();
    appender.extend([(Number(1), Some(Number(2))); 10]).unwrap();
    appender.finish().unwrap();
    let met = MET.take();
    let own = ["filebacked::ser::record_packer::RowSerializer", "filebacked::ser::serializer::ValueSerializer"];
    assert_eq!(met, BTreeSet::from(own));
}
