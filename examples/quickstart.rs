//! The main job on real input: the Palmer penguins go from JSON through typed records into `penguins.h5`, with a struct
//! of run settings and a few arrays, and come back the same.

use std::collections::BTreeMap;
use std::error::Error;

use serde::{Deserialize, Serialize};

/// A penguin; measurements that were not taken are `None`.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
struct Penguin {
    #[serde(rename(deserialize = "Species"), alias = "species")]
    species: Species,
    #[serde(rename(deserialize = "Island"), alias = "island")]
    island: Island,
    #[serde(rename(deserialize = "Beak Length (mm)"), alias = "beak_length_mm")]
    beak_length_mm: Option<f64>,
    #[serde(rename(deserialize = "Beak Depth (mm)"), alias = "beak_depth_mm")]
    beak_depth_mm: Option<f64>,
    #[serde(rename(deserialize = "Flipper Length (mm)"), alias = "flipper_length_mm")]
    flipper_length_mm: Option<u16>,
    #[serde(rename(deserialize = "Body Mass (g)"), alias = "body_mass_g")]
    body_mass_g: Option<u16>,
    #[serde(rename(deserialize = "Sex"), alias = "sex")]
    sex: Option<String>,
}

#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Species {
    Adelie,
    Chinstrap,
    Gentoo,
}

#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Debug)]
enum Island {
    Biscoe,
    Dream,
    Torgersen,
}

/// How the run was made.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
struct Settings {
    source: String,
    seed: u64,
    tolerance: f64,
    method: Method,
}

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
enum Method {
    Histogram { bins: u32 },
    Quantiles(Vec<f64>),
}

/// All that is kept.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
struct Run {
    settings: Settings,
    penguins: Vec<Penguin>,
    /// Edges of the bins, in grams.
    edges: Vec<f64>,
    /// Penguins in each bin, a row for each species.
    counts: Vec<Vec<u32>>,
    /// Mean body mass in grams.
    mean_mass: BTreeMap<Species, f64>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let json = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/penguins.json");
    let penguins: Vec<Penguin> = serde_json::from_str(&std::fs::read_to_string(json)?)?;

    let bins = 8;
    let edges: Vec<f64> = (0..=bins).map(|bin| 2500.0 + 500.0 * f64::from(bin)).collect();
    let mut counts = vec![vec![0; bins as usize]; 3];
    let mut masses: BTreeMap<Species, Vec<f64>> = BTreeMap::new();
    for penguin in &penguins {
        if let Some(mass) = penguin.body_mass_g {
            counts[penguin.species as usize][usize::from((mass - 2500) / 500)] += 1;
            masses.entry(penguin.species).or_default().push(f64::from(mass));
        }
    }
    let mean = |masses: Vec<f64>| masses.iter().sum::<f64>() / masses.len() as f64;
    let run = Run {
        settings: Settings {
            source: "Palmer Station LTER".to_owned(),
            seed: 42,
            tolerance: 1e-8,
            method: Method::Histogram { bins },
        },
        penguins,
        edges,
        counts,
        mean_mass: masses.into_iter().map(|(species, masses)| (species, mean(masses))).collect(),
    };

    filebacked::to_file("penguins.h5", &run)?;

    let file = filebacked::hdf5::File::open("penguins.h5")?;
    println!("penguins.h5 holds\n\n{}", filebacked::tree(&file)?);

    let back: Run = filebacked::from_file("penguins.h5")?;
    assert_eq!(back, run);
    println!("All {} penguins came back as they were.\n", back.penguins.len());

    // A part can be read by itself, and as another type where that loses nothing.
    let edges: Vec<f32> = filebacked::read(&file, "edges")?;
    println!("The bins go from {} g to {} g.\n", edges[0], edges[edges.len() - 1]);

    println!("In Python:\n");
    println!("    import h5py");
    println!("    with h5py.File('penguins.h5') as f:");
    println!("        print(f['counts'][:].sum(axis=1))                 # penguins of each species");
    println!("        mass, missing = f['penguins/body_mass_g/values'][:], f['penguins/body_mass_g/mask'][:]");
    println!("        print(mass[~missing].mean())");
    Ok(())
}
