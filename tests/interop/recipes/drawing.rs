use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Axis {
    X,
    Y,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Shape {
    Empty,
    Circle(f64),
    Box { width: f64, height: f64 },
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Drawing {
    up: Axis,
    border: Shape,
    axes: Vec<Axis>,
    shapes: Vec<Shape>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("drawing.h5");
    let drawing = Drawing {
        up: Axis::Y,
        border: Shape::Box { width: 4.0, height: 3.0 },
        axes: vec![Axis::X, Axis::Y, Axis::X],
        shapes: vec![Shape::Circle(1.5), Shape::Empty, Shape::Circle(2.5)],
    };
    filebacked::to_file(&path, &drawing)?;
    assert_eq!(filebacked::from_file::<Drawing>(&path)?, drawing);
    Ok(())
}
