//! A file of another program, read into types that say what is wanted of it: the counts of a sequencing run, as Cell Ranger of
//! 10x Genomics writes them. `docs/interop.md` has what becomes of the files of other programs.
//!
//! `cargo run --example foreign [FILE]` shows what is in the file, or in a small one that comes with the crate.

use filebacked::hdf5::File;
use filebacked::{Sparse, Value};
use serde::Deserialize;

/// What the file says of itself, in attributes.
#[derive(Deserialize)]
struct About {
    #[serde(rename = "@chemistry_description")]
    chemistry: String,
    #[serde(rename = "@library_ids")]
    libraries: Vec<String>,
    #[serde(rename = "@version")]
    version: u8,
}

/// What the rows and columns of the matrix stand for. What else is in the group is left alone.
#[derive(Deserialize)]
struct Labels {
    barcodes: Vec<String>,
    features: Features,
}

#[derive(Deserialize)]
struct Features {
    id: Vec<String>,
    name: Vec<String>,
    feature_type: Vec<FeatureType>,
}

/// Strings in the file.
#[derive(Deserialize, PartialEq, Clone, Copy, Debug)]
enum FeatureType {
    #[serde(rename = "Gene Expression")]
    Gene,
    #[serde(rename = "Antibody Capture")]
    Antibody,
    #[serde(other)]
    Other,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/matrices/10x-v3.h5");
    let path = std::env::args().nth(1).unwrap_or_else(|| sample.to_owned());

    // What is there: the path, the type and the shape of each object.
    let file = File::open(&path)?;
    print!("{}", filebacked::tree(&file)?);

    // The same group, as what it is to two sorts of readers: a matrix, stored column by column, and lists of names.
    let about: About = filebacked::from_group(&file)?;
    let counts: Sparse<i32> = filebacked::read(&file, "matrix")?;
    let labels: Labels = filebacked::read(&file, "matrix")?;
    let About { chemistry, libraries, version } = about;
    println!("\n{chemistry}, {}, layout {version}", libraries.join(", "));
    println!("{} counts of {} features in {} cells", counts.nnz(), counts.rows(), counts.cols());
    assert_eq!((labels.features.id.len(), labels.barcodes.len()), counts.shape());

    let mut sums: Vec<(i32, usize)> = (0..counts.rows()).map(|row| (0, row)).collect();
    for (count, (row, _)) in counts.iter() {
        sums[row].0 += count;
    }
    sums.sort_by_key(|(sum, row)| (std::cmp::Reverse(*sum), *row));
    let Features { id, name, feature_type } = &labels.features;
    for (sum, row) in &sums[..5.min(sums.len())] {
        println!("{sum:>6} of {} ({}, {:?})", name[*row], id[*row], feature_type[*row]);
    }

    // What cannot be read as asked for is said, with its place and its type.
    match filebacked::read::<Vec<u16>>(&file.group("matrix")?, "barcodes") {
        Err(error) => println!("{error}"),
        Ok(_) => return Err("barcodes are no numbers".into()),
    }
    // Where nothing is known of a file, it can be read as any value.
    let any: Value = filebacked::from_group(&file)?;
    println!("the first of the features is {}", any["matrix"]["features"]["name"][0]);
    Ok(())
}
