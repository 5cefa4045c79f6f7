//! An image with its own chunks, compression and attributes, as HDF5's Image specification has them: a type that writes
//! and reads its own dataset.
//!
//! `cargo run --example image` writes `image.h5` into the current folder.

use filebacked::codec::{Codec, Coded, Stored, Target};
use filebacked::hdf5;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// Grey values.
#[derive(PartialEq, Debug, Clone)]
struct Image {
    pixels: Array2<u8>,
    exposure: f64,
}

impl Image {
    fn tile(&self) -> (usize, usize) {
        let (height, width) = self.pixels.dim();
        (height.clamp(1, 64), width.clamp(1, 64))
    }
}

impl Codec for Image {
    fn write(&self, target: &Target<'_>) -> filebacked::Result<()> {
        let mut builder = target.new_dataset::<u8>().chunk(self.tile()).shuffle();
        if hdf5::filters::deflate_available() {
            builder = builder.deflate(6);
        }
        let dataset = builder.shape(self.pixels.dim()).create(target.name())?;
        dataset.write(&self.pixels)?;
        let text = |value: &[u8]| hdf5::types::FixedAscii::<15>::from_ascii(value).unwrap_or_default();
        dataset.new_attr::<hdf5::types::FixedAscii<15>>().create("CLASS")?.write_scalar(&text(b"IMAGE"))?;
        dataset
            .new_attr::<hdf5::types::FixedAscii<15>>()
            .create("IMAGE_SUBCLASS")?
            .write_scalar(&text(b"IMAGE_GRAYSCALE"))?;
        dataset.new_attr::<f64>().create("exposure")?.write_scalar(&self.exposure)?;
        Ok(())
    }

    fn read(stored: &Stored) -> filebacked::Result<Self> {
        let dataset = stored.dataset()?;
        Ok(Self { pixels: dataset.read_2d()?, exposure: dataset.attr("exposure")?.read_scalar()? })
    }
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Session {
    camera: String,
    #[serde(with = "filebacked::codec")]
    dark: Image,
    shots: Vec<Coded<Image>>,
    reference: Option<Coded<Image>>,
}

fn main() -> filebacked::Result<()> {
    let image = |phase: usize| Image {
        pixels: Array2::from_shape_fn((240, 320), |(y, x)| ((x + y + phase) / 2 % 256) as u8),
        exposure: 0.125 * phase as f64,
    };
    let session = Session {
        camera: "north".to_owned(),
        dark: Image { pixels: Array2::zeros((240, 320)), exposure: 1.0 },
        shots: (1..4).map(|shot| Coded(image(shot))).collect(),
        reference: None,
    };
    filebacked::to_file("image.h5", &session)?;
    assert_eq!(filebacked::from_file::<Session>("image.h5")?, session);
    let file = hdf5::File::open("image.h5")?;
    print!("{}", filebacked::tree(&file)?);
    let shot = file.dataset("shots/0")?;
    println!("{} of {} bytes, in chunks of {:?}", shot.storage_size(), shot.size(), shot.chunk());
    Ok(())
}
