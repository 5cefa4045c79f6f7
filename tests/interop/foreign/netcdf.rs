//! netCDF-4, by way of netCDF4 and xarray.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use filebacked::{NdArray, WithAttrs};
use ndarray::{Ix3, array};
use serde::Deserialize;

use super::{Made, as_json, error, read};

pub(super) fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| Made::by("foreign_netcdf.py"))
}

#[derive(Deserialize, PartialEq, Debug)]
struct Unit {
    units: String,
}

/// A coordinate, found by a reference of the variable.
type Axis = WithAttrs<Vec<f64>, Unit>;

#[derive(Deserialize, PartialEq, Debug)]
#[serde(rename_all = "lowercase")]
enum Sort {
    Land,
    Sea,
}

#[derive(Deserialize, PartialEq, Debug)]
struct Wave {
    im: f64,
    re: f64,
}

#[test]
fn variables() {
    #[derive(Deserialize, PartialEq, Debug)]
    struct Data {
        #[serde(rename = "@title")]
        title: String,
        /// An attribute of one element is also that.
        #[serde(rename = "@version")]
        version: u8,
        x: Axis,
        names: Vec<String>,
        letters: Vec<String>,
        big: Vec<i64>,
        sorts: Vec<Sort>,
        waves: Vec<Wave>,
        lists: Vec<Vec<i32>>,
        scalar: f64,
        inner: BTreeMap<String, Vec<u8>>,
    }
    let data: Data = filebacked::from_file(made().path("netcdf.nc")).unwrap();
    assert_eq!(
        data,
        Data {
            title: "a test".to_owned(),
            version: 3,
            x: Axis { value: vec![0.5, 1.5, 2.5], attrs: Unit { units: "m".to_owned() } },
            names: vec!["eins".to_owned(), "schön".to_owned()],
            letters: vec!["ab".to_owned(), "cdef".to_owned()],
            big: vec![1, 2, 300],
            sorts: vec![Sort::Sea, Sort::Land],
            waves: vec![Wave { re: 1.0, im: 2.0 }, Wave { re: 3.0, im: 4.0 }],
            lists: vec![vec![1, 2], vec![]],
            scalar: 7.5,
            inner: BTreeMap::from([("deep".to_owned(), vec![10, 20])]),
        }
    );
}

#[test]
fn scales_and_attributes() {
    #[derive(Deserialize, PartialEq, Debug)]
    struct Attributes {
        units: String,
        #[serde(rename = "_FillValue")]
        fill: f32,
        valid_range: [f32; 2],
        /// For each dimension, the coordinates along it.
        #[serde(rename = "DIMENSION_LIST")]
        dimensions: Vec<Vec<NdArray<f64, ndarray::Ix1>>>,
    }
    let file = made().open("netcdf.nc");
    let data: WithAttrs<NdArray<f32, Ix3>, Attributes> = read(&file, "temperature");
    assert_eq!(*data.value, array![[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]], [[6.0, 7.0, 8.0], [9.0, 10.0, -999.0]]]);
    assert_eq!((data.attrs.units.as_str(), data.attrs.fill, data.attrs.valid_range), ("K", -999.0, [0.0, 500.0]));
    let dimensions = data.attrs.dimensions;
    assert_eq!(dimensions.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1, 1]);
    assert_eq!(*dimensions[0][0], ndarray::arr1(&[0.0, 1.0]));
    // A dimension without coordinates has zeros.
    assert_eq!(*dimensions[1][0], ndarray::arr1(&[0.0, 0.0]));
    assert_eq!(*dimensions[2][0], ndarray::arr1(&[0.5, 1.5, 2.5]));

    // Who uses an axis.
    #[derive(Deserialize, PartialEq, Debug)]
    struct Uses {
        #[serde(rename = "REFERENCE_LIST")]
        uses: Vec<Use>,
        #[serde(rename = "NAME")]
        name: String,
        #[serde(rename = "CLASS")]
        class: String,
    }
    #[derive(Deserialize, PartialEq, Debug)]
    struct Use {
        dimension: usize,
        dataset: Dataset,
    }
    #[derive(Deserialize, PartialEq, Debug)]
    #[serde(untagged)]
    enum Dataset {
        Big(Vec<i16>),
        Temperature(Vec<Vec<Vec<f32>>>),
    }
    let uses = read::<WithAttrs<Vec<f64>, Uses>>(&file, "x").attrs;
    assert_eq!((uses.name.as_str(), uses.class.as_str()), ("x", "DIMENSION_SCALE"));
    assert_eq!(uses.uses.iter().map(|used| used.dimension).collect::<Vec<_>>(), [2, 0]);
    assert_eq!(uses.uses[1].dataset, Dataset::Big(vec![1, 2, 300]));
    assert_eq!(
        error::<WithAttrs<Vec<f64>, BTreeMap<String, String>>>(&file, "scalar"),
        "expected a sequence, found 7.5, stored as scalar `f64`; HDF5 path `/scalar`"
    );
}

#[test]
fn xarray() {
    #[derive(Deserialize, PartialEq, Debug)]
    struct Weather {
        city: Vec<String>,
        day: WithAttrs<Vec<i64>, Unit>,
        t: WithAttrs<Vec<Vec<i16>>, Packed>,
        #[serde(rename = "@source")]
        source: String,
        #[serde(rename = "@levels")]
        levels: Vec<u8>,
    }
    #[derive(Deserialize, PartialEq, Debug)]
    struct Packed {
        scale_factor: f64,
        #[serde(rename = "_FillValue")]
        fill: i16,
        units: String,
    }
    let weather: Weather = filebacked::from_file(made().path("xarray.nc")).unwrap();
    assert_eq!(weather.city, ["Bern", "Zürich"]);
    assert_eq!(
        (weather.day.value.as_slice(), weather.day.attrs.units.as_str()),
        (&[0, 1, 3][..], "days since 2000-01-01 00:00:00")
    );
    // As it is packed, which its attributes tell.
    assert_eq!(weather.t.value, [vec![3, 5, -1], vec![9, 11, 13]]);
    assert_eq!(weather.t.attrs, Packed { scale_factor: 0.5, fill: -1, units: "degC".to_owned() });
    assert_eq!((weather.source.as_str(), weather.levels.as_slice()), ("xarray", &[1, 2][..]));
}

#[test]
fn as_anything() {
    // The types that have names are no values.
    let json = as_json(&made().path("netcdf.nc"));
    assert_eq!(json["sorts"], serde_json::json!(["sea", "land"]));
    assert!(json.get("sort_t").is_none());
    assert_eq!(as_json(&made().path("xarray.nc"))["city"], serde_json::json!(["Bern", "Zürich"]));
}
