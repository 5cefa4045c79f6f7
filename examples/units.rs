//! Measurements with their units: attributes of groups and datasets, written with the values, and read one by one.
//!
//! `cargo run --example units`

use filebacked::{WithAttrs, read_at};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Weather {
    /// An attribute of the group: its name begins with `@`.
    #[serde(rename = "@station")]
    station: String,
    /// A dataset with attributes.
    temperature: WithAttrs<Vec<f64>, About>,
    pressure: WithAttrs<Vec<f32>, About>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct About {
    units: String,
    long_name: Option<String>,
}

fn about(units: &str) -> About {
    About { units: units.to_owned(), long_name: None }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("weather.h5");
    let weather = Weather {
        station: "north".to_owned(),
        temperature: WithAttrs::new(vec![280.5, 281.0], about("K")),
        pressure: WithAttrs::new(vec![1013.0, 1009.5], about("hPa")),
    };
    filebacked::to_file(&path, &weather)?;
    assert_eq!(filebacked::from_file::<Weather>(&path)?, weather);
    print!("{}", filebacked::tree_file(&path)?);

    // One attribute, by its path.
    let units: String = read_at(&path, "temperature/@units")?;
    let station: String = read_at(&path, "@station")?;
    assert_eq!((units.as_str(), station.as_str()), ("K", "north"));

    // All attributes of a dataset, and not its numbers.
    let pressure: WithAttrs<IgnoredAny, About> = read_at(&path, "pressure")?;
    println!("at {station}: temperature in {units}, pressure in {}", pressure.attrs.units);
    Ok(())
}
