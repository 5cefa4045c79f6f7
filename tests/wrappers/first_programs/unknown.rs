//! A file of which nothing is known, and attributes by their paths.

use std::collections::BTreeMap;

use filebacked::{ErrorKind, Value, WithAttrs, from_file, from_group, hdf5, read, read_at, tree, write};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::place;

#[test]
fn file_of_unknown_structure() {
    let (_folder, path) = place();
    let file = hdf5::File::create(&path).unwrap();
    write(&file, "title", "mystery").unwrap();
    write(&file, "detector/image", &Value::from(ndarray::array![[1, 2], [3, 4]]).with_attr("units", "counts")).unwrap();
    write(&file, "detector/exposure", &0.25).unwrap();

    let detector = file.group("detector").unwrap();
    assert!(tree(&detector).unwrap().to_string().contains("@units"));
    assert_eq!(read::<f64>(&detector, "exposure").unwrap(), 0.25);
    let part: Value = from_group(&detector).unwrap();
    assert_eq!(part["exposure"].as_f64(), Some(0.25));
    drop((detector, file));

    let value: Value = from_file(&path).unwrap();
    let image = value.at("detector/image").unwrap();
    assert_eq!(image.as_array().unwrap().shape(), [2, 2]);
    assert_eq!(image.attr("units").and_then(Value::as_str), Some("counts"));
    assert!(value["nothing"].is_null());
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Weather {
    #[serde(rename = "@station")]
    station: String,
    pressure: WithAttrs<Vec<f64>, BTreeMap<String, String>>,
}

#[test]
fn attributes_by_their_paths() {
    let (_folder, path) = place();
    let attrs = BTreeMap::from([("units".to_owned(), "hPa".to_owned()), ("m/s".to_owned(), "no".to_owned())]);
    let weather = Weather { station: "north".to_owned(), pressure: WithAttrs::new(vec![1013.0], attrs) };
    filebacked::to_file(&path, &weather).unwrap();

    for name in ["pressure/@units", "/pressure/@units"] {
        assert_eq!(read_at::<String>(&path, name).unwrap(), "hPa");
    }
    for name in ["@station", "/@station"] {
        assert_eq!(read_at::<String>(&path, name).unwrap(), "north");
    }
    assert_eq!(read_at::<Value>(&path, "pressure/@m%2Fs").unwrap(), "no".into());
    // The attributes, and not the value.
    let only: WithAttrs<IgnoredAny, BTreeMap<String, String>> = read_at(&path, "pressure").unwrap();
    assert_eq!(only.attrs["units"], "hPa");

    let error = read_at::<String>(&path, "pressure/@unit").unwrap_err();
    assert_eq!((error.kind(), error.path().as_str()), (ErrorKind::NotFound, "@unit"));
    assert!(error.to_string().contains("there is no attribute `unit`; the attributes of the dataset are `"), "{error}");
    let error = read_at::<u8>(&path, "pressure/@units").unwrap_err();
    assert!(error.to_string().contains("expected `u8`, found the string \"hPa\""), "{error}");
    assert_eq!(error.hdf5_path(), "/pressure/@units");
    assert_eq!(read_at::<u8>(&path, "temperature/@units").unwrap_err().kind(), ErrorKind::NotFound);

    // A child of that very name comes first.
    filebacked::write_at(&path, "@station", "south").unwrap();
    assert_eq!(read_at::<String>(&path, "@station").unwrap(), "south");
}
