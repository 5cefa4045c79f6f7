//! Any HDF5 file as JSON: `cargo run --example to_json -- FILE [WHAT TO LEAVE OUT ...]` writes `FILE.json` into the current
//! folder. Without a file it takes one that the Python package FileBacked wrote.
//!
//! What is read goes to the other format at once, by `serde_transcode`: there is no value in between. In the same way it
//! becomes MessagePack, CBOR, or whatever else has a serializer.

use std::error::Error;
use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;

use filebacked::{ReadOptions, hdf5};

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/python-filebacked/model.h5");

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = PathBuf::from(arguments.next().unwrap_or_else(|| FIXTURE.to_owned()));
    let file = hdf5::File::open(&path)?;

    // What JSON has no form for, such as region references, is an error that says what to leave out.
    let options = ReadOptions::new().skip(arguments.collect::<Vec<_>>());
    let target = PathBuf::from(path.file_name().unwrap_or_default()).with_extension("json");
    let mut json = serde_json::Serializer::new(BufWriter::new(File::create(&target)?));
    serde_transcode::transcode(options.deserializer(&file), &mut json)?;
    drop(json);
    println!("{} bytes of HDF5 are {} of JSON, in `{}`", file.size(), target.metadata()?.len(), target.display());

    let mut packed = rmp_serde::Serializer::new(Vec::new());
    serde_transcode::transcode(options.deserializer(&file), &mut packed)?;
    println!("and {} of MessagePack", packed.get_ref().len());

    // A value of `serde_json` is the same.
    let value: serde_json::Value = options.from_group(&file)?;
    for (name, value) in value.as_object().into_iter().flatten() {
        let text = value.to_string();
        match text.char_indices().nth(80) {
            Some((end, _)) => println!("{name}: {} ...", &text[..end]),
            None => println!("{name}: {text}"),
        }
    }
    Ok(())
}
