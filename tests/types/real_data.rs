//! Real data, as typed structs and as JSON: penguins with missing values, a week of earthquakes, and a graph.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

fn fixture(name: &str) -> String {
    std::fs::read_to_string(format!("{}/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// Reads a fixture as `T` and as JSON, and takes both through HDF5.
fn check<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(name: &str) -> T {
    let text = fixture(name);
    let typed: T = serde_json::from_str(&text).unwrap();
    let image = filebacked::to_vec(&typed).unwrap();
    let back: T = filebacked::from_slice(&image).unwrap();
    assert_eq!(back, typed, "{name}");
    // What was written typed reads as JSON, and gives the typed value again.
    let json: Value = filebacked::from_slice(&image).unwrap();
    let again: T = filebacked::from_slice(&filebacked::to_vec(&json).unwrap()).unwrap();
    assert_eq!(again, typed, "{name}, read as JSON");

    let json: Value = serde_json::from_str(&text).unwrap();
    let image = filebacked::to_vec(&json).unwrap();
    let back: Value = filebacked::from_slice(&image).unwrap();
    assert_eq!(back, json, "{name}, as JSON");
    let from_json: T = filebacked::from_slice(&image).unwrap();
    assert_eq!(from_json, typed, "{name}, written as JSON");
    typed
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(deny_unknown_fields)]
struct Penguin {
    #[serde(rename = "Species")]
    species: Species,
    #[serde(rename = "Island")]
    island: String,
    #[serde(rename = "Beak Length (mm)")]
    beak_length: Option<f64>,
    #[serde(rename = "Beak Depth (mm)")]
    beak_depth: Option<f64>,
    #[serde(rename = "Flipper Length (mm)")]
    flipper_length: Option<u16>,
    #[serde(rename = "Body Mass (g)")]
    body_mass: Option<u16>,
    #[serde(rename = "Sex")]
    sex: Option<String>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Species {
    Adelie,
    Chinstrap,
    Gentoo,
}

#[test]
fn penguins() {
    let penguins: Vec<Penguin> = check("penguins.json");
    assert_eq!(penguins.len(), 344);
    assert_eq!(penguins.iter().filter(|penguin| penguin.body_mass.is_none()).count(), 2);
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Earthquakes {
    #[serde(rename = "type")]
    kind: String,
    metadata: Metadata,
    features: Vec<Feature>,
    bbox: [f64; 6],
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Metadata {
    generated: u64,
    url: String,
    title: String,
    status: u16,
    api: String,
    count: usize,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Feature {
    #[serde(rename = "type")]
    kind: String,
    properties: Properties,
    geometry: Geometry,
    id: String,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(rename_all = "camelCase")]
struct Properties {
    mag: f64,
    place: String,
    time: i64,
    updated: i64,
    tz: i32,
    url: String,
    detail: String,
    felt: Option<u32>,
    cdi: Option<f64>,
    mmi: Option<f64>,
    alert: Option<String>,
    status: Status,
    tsunami: u8,
    sig: i32,
    net: String,
    code: String,
    ids: String,
    sources: String,
    types: String,
    nst: Option<u32>,
    dmin: Option<f64>,
    rms: Option<f64>,
    gap: Option<f64>,
    mag_type: String,
    #[serde(rename = "type")]
    kind: String,
    title: String,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(rename_all = "lowercase")]
enum Status {
    Automatic,
    Reviewed,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(tag = "type", content = "coordinates")]
enum Geometry {
    Point([f64; 3]),
    MultiPoint(Vec<[f64; 3]>),
}

#[test]
fn earthquakes() {
    let quakes: Earthquakes = check("earthquakes.json");
    assert_eq!((quakes.features.len(), quakes.metadata.count), (1707, 1707));
    let strongest = quakes.features.iter().max_by(|a, b| a.properties.mag.total_cmp(&b.properties.mag)).unwrap();
    assert_eq!(strongest.properties.title, "M 6.4 - 22km NNE of Hualian, Taiwan");
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Graph {
    nodes: Vec<Node>,
    links: Vec<Link>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Node {
    name: String,
    group: u8,
    index: usize,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Link {
    source: usize,
    target: usize,
    value: u32,
}

#[test]
fn miserables() {
    let graph: Graph = check("miserables.json");
    assert_eq!((graph.nodes.len(), graph.links.len()), (77, 254));
}
