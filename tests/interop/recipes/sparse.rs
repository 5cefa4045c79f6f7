use serde::{Deserialize, Serialize};
use sprs::{CsMat, TriMat};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct System {
    #[serde(with = "filebacked::sparse")]
    laplacian: CsMat<f64>,
    #[serde(with = "filebacked::triplets")]
    entries: TriMat<f64>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("sparse.h5");
    let system = System {
        laplacian: CsMat::new((2, 3), vec![0, 1, 3], vec![2, 0, 1], vec![1.5, 2.5, 3.5]),
        entries: TriMat::from_triplets((2, 3), vec![1, 0], vec![0, 2], vec![2.5, 1.5]),
    };
    filebacked::to_file(&path, &system)?;
    assert_eq!(filebacked::from_file::<System>(&path)?, system);
    Ok(())
}
