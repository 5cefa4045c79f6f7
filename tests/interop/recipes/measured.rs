use filebacked::{ReadOptions, WriteOptions};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("measured.h5");
    // The program that writes.
    let mut energies = WriteOptions::new().swmr(true).create_appender_file::<f64>(&path, "energies")?;
    energies.push(&0.5)?;
    energies.flush()?; // from now on, others can open the file

    // The program that follows.
    let mut reader = ReadOptions::new().swmr(true).reader_file::<f64>(&path, "energies")?;
    assert_eq!(reader.next().transpose()?, Some(0.5));
    assert!(reader.next().is_none());

    energies.push(&1.5)?;
    energies.flush()?;
    assert_eq!(reader.refresh()?, 2);
    assert_eq!(reader.next().transpose()?, Some(1.5));
    Ok(())
}
