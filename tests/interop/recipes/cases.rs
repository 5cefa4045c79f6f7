use filebacked::{LazyMap, hdf5};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("cases.h5");
    let file = hdf5::File::create(&path)?;
    let mut cases: LazyMap<u32, Vec<f64>> = LazyMap::open(&file, "cases")?;
    for case in 1..=3 {
        cases.insert(case, vec![f64::from(case); 4]);
    }
    cases.save()?;

    // Later, or in another program.
    let mut cases: LazyMap<u32, Vec<f64>> = LazyMap::open(&file, "cases")?;
    assert_eq!(cases.get(&3)?, Some(&vec![3.0; 4]));
    cases.remove(&1);
    cases.save()?;
    Ok(())
}
