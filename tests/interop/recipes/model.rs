use filebacked::{NdArray, WriteOptions};
use ndarray::{Ix2, array};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Model {
    title: String,        // title: str
    note: Option<String>, // note: Optional[str]
    shapes: Vec<Shape>,   // shapes: List[Shape]
    scale: Scale,         // scale: Union[float, np.ndarray]
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Shape {
    Circle(Circle),        // class Circle(Shape)
    Square { width: f64 }, // class Square(Shape)
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Circle {
    radius: f64,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Scale {
    Factor(f64),
    Matrix(NdArray<f64, Ix2>),
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("model.h5");
    let model = Model {
        title: "plate".to_owned(),
        note: None,
        shapes: vec![Shape::Circle(Circle { radius: 0.5 }), Shape::Square { width: 2.0 }],
        scale: Scale::Matrix(NdArray(array![[1.0, 0.0], [0.0, 2.0]])),
    };
    WriteOptions::new().python("model").to_file(&path, &model)?;
    assert_eq!(filebacked::from_file::<Model>(&path)?, model);
    Ok(())
}
