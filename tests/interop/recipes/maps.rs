use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Mesh {
    weights: BTreeMap<String, f64>,
    edges: BTreeMap<(u32, u32), f64>,
    #[serde(with = "filebacked::sorted")]
    labels: HashMap<u32, String>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("maps.h5");
    let mesh = Mesh {
        weights: BTreeMap::from([("left".to_owned(), 0.25), ("right".to_owned(), 0.75)]),
        edges: BTreeMap::from([((0, 1), 1.5), ((1, 2), 2.5)]),
        labels: HashMap::from([(7, "inlet".to_owned()), (9, "outlet".to_owned())]),
    };
    filebacked::to_file(&path, &mesh)?;
    assert_eq!(filebacked::from_file::<Mesh>(&path)?, mesh);
    Ok(())
}
