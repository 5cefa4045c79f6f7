//! Very many series by their names.

use std::collections::BTreeMap;

use filebacked::{LazyMap, Maps, WriteOptions, from_file, hdf5, read_at};
use serde::{Deserialize, Serialize};

use super::place;

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Network {
    title: String,
    series: BTreeMap<String, Vec<f32>>,
}

#[test]
fn very_many_series() {
    let (_folder, path) = place();
    let series =
        (0..20_000_u16).map(|n| (format!("station/{n:05}"), vec![n.into(); 10 + usize::from(n) % 50])).collect();
    let network = Network { title: "gauges".to_owned(), series };
    WriteOptions::new().at("series", |map| map.maps(Maps::Columns)).to_file(&path, &network).unwrap();
    assert_eq!(from_file::<Network>(&path).unwrap(), network);

    let map: LazyMap<String, Vec<f32>> = read_at(&path, "series").unwrap();
    assert_eq!(map.get("station/00042").unwrap().unwrap().len(), 52);
    let file = hdf5::File::open(&path).unwrap();
    assert_eq!(file.dataset("series/keys").unwrap().shape(), [20_000]);
    assert_eq!(file.dataset("series/values/offsets").unwrap().shape(), [20_001]);
}
