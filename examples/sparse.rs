//! A sparse matrix from its triplets to a file that scipy's users read, and back.
//!
//! `cargo run --example sparse` writes `sparse.h5` into the current folder.

use filebacked::{Sparse, Triplets};
use serde::{Deserialize, Serialize};
use sprs::{CsMat, CsMatI, TriMat};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Grid {
    /// The entries as they come up, some places more than once.
    #[serde(with = "filebacked::triplets")]
    entries: TriMat<f64>,
    /// Their sums, row by row. `Iptr` can be another type than `I`, and both be what fits.
    #[serde(with = "filebacked::sparse")]
    laplacian: CsMatI<f64, i32>,
    /// In a list, a matrix is wrapped; each is a group. Here they are stored column by column.
    powers: Vec<Sparse<f64, i32>>,
}

/// The Laplacian of a chain of nodes, put together from what each link adds.
fn chain(nodes: usize) -> TriMat<f64> {
    let mut entries = TriMat::new((nodes, nodes));
    for left in 0..nodes - 1 {
        let right = left + 1;
        for (row, col, value) in [(left, left, 1.0), (left, right, -1.0), (right, left, -1.0), (right, right, 1.0)] {
            entries.add_triplet(row, col, value);
        }
    }
    entries
}

fn main() -> filebacked::Result<()> {
    let entries = chain(6);
    let wide: CsMat<f64> = entries.to_csr();
    let laplacian: CsMatI<f64, i32> = wide.to_other_types();
    let square = &laplacian * &laplacian;
    let powers = vec![Sparse(laplacian.to_csc()), Sparse(square.to_csc())];
    let grid = Grid { entries, laplacian, powers };

    filebacked::to_file("sparse.h5", &grid)?;
    assert_eq!(filebacked::from_file::<Grid>("sparse.h5")?, grid);
    let file = filebacked::hdf5::File::open("sparse.h5")?;
    print!("{}", filebacked::tree(&file)?);

    // The same matrix with other indices, and as triplets, now one for each place.
    let wide_again: Sparse<f64> = filebacked::read(&file, "laplacian")?;
    assert_eq!(wide_again.0, wide);
    let sums: Triplets<f64> = filebacked::read(&file, "laplacian")?;
    println!("{} entries, {} of them at different places", grid.entries.nnz(), sums.nnz());
    Ok(())
}
