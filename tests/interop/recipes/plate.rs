use filebacked::NdArray;
use ndarray::{Ix1, array};
use serde::{Deserialize, Serialize};

#[typetag::serde]
trait Material {
    fn stiffness(&self, strain: f64) -> f64;
}

#[derive(Serialize, Deserialize)]
struct Elastic {
    modulus: f64,
}

#[typetag::serde]
impl Material for Elastic {
    fn stiffness(&self, _: f64) -> f64 {
        self.modulus
    }
}

#[derive(Serialize, Deserialize)]
struct Tabulated {
    curve: NdArray<f64, Ix1>,
}

#[typetag::serde]
impl Material for Tabulated {
    fn stiffness(&self, strain: f64) -> f64 {
        self.curve[(strain as usize).min(self.curve.len() - 1)]
    }
}

#[derive(Serialize, Deserialize)]
struct Plate {
    layers: Vec<Box<dyn Material>>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("plate.h5");
    let tabulated = Tabulated { curve: NdArray(array![210.0, 180.0, 90.0]) };
    let plate = Plate { layers: vec![Box::new(tabulated), Box::new(Elastic { modulus: 3.5 })] };
    filebacked::to_file(&path, &plate)?;

    let plate: Plate = filebacked::from_file(&path)?;
    assert_eq!(plate.layers[0].stiffness(1.0), 180.0);
    assert_eq!(plate.layers[1].stiffness(1.0), 3.5);
    Ok(())
}
