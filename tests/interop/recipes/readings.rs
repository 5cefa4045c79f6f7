use filebacked::WithAttrs;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Readings {
    #[serde(rename = "@station")]
    station: String,
    pressure: WithAttrs<Vec<f64>, Calibration>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Calibration {
    units: String,
    gain: f64,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("readings.h5");
    let readings = Readings {
        station: "north".to_owned(),
        pressure: WithAttrs {
            value: vec![1013.0, 1009.5],
            attrs: Calibration { units: "hPa".to_owned(), gain: 0.5 },
        },
    };
    filebacked::to_file(&path, &readings)?;
    assert_eq!(filebacked::from_file::<Readings>(&path)?, readings);

    // One attribute, by its path; and all of a dataset, without its numbers.
    assert_eq!(filebacked::read_at::<String>(&path, "pressure/@units")?, "hPa");
    let about: WithAttrs<IgnoredAny, Calibration> = filebacked::read_at(&path, "pressure")?;
    assert_eq!(about.attrs, readings.pressure.attrs);
    Ok(())
}
