//! Objects of a trait: by typetag, and by `erased_serde` where they are only written.

use std::collections::BTreeMap;

use filebacked::{erased_serde, from_file, read_at, to_file, write_at};
use serde::{Deserialize, Serialize};

use super::place;

#[typetag::serde]
trait Figure {
    fn area(&self) -> f64;
}

#[derive(Serialize, Deserialize)]
struct Disc {
    radius: f64,
}

#[derive(Serialize, Deserialize)]
struct Polygon {
    points: Vec<[f64; 2]>,
}

#[typetag::serde]
impl Figure for Disc {
    fn area(&self) -> f64 {
        std::f64::consts::PI * self.radius * self.radius
    }
}

#[typetag::serde]
impl Figure for Polygon {
    fn area(&self) -> f64 {
        let next = self.points.iter().cycle().skip(1);
        self.points.iter().zip(next).map(|(a, b)| a[0] * b[1] - a[1] * b[0]).sum::<f64>() / 2.0
    }
}

#[derive(Serialize, Deserialize)]
struct Drawing {
    background: Box<dyn Figure>,
    figures: Vec<Box<dyn Figure>>,
    cut_out: Option<Box<dyn Figure>>,
}

#[test]
fn objects_of_a_trait() {
    let (_folder, path) = place();
    let square = || Box::new(Polygon { points: vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]] });
    let drawing = Drawing {
        background: square(),
        figures: vec![Box::new(Disc { radius: 2.0 }), square()],
        cut_out: Some(Box::new(Disc { radius: 0.5 })),
    };
    to_file(&path, &drawing).unwrap();
    let back: Drawing = from_file(&path).unwrap();
    assert_eq!((back.background.area(), back.figures[1].area()), (1.0, 1.0));
    assert_eq!(back.cut_out.unwrap().area(), drawing.cut_out.unwrap().area());

    let report: BTreeMap<&str, &dyn erased_serde::Serialize> =
        BTreeMap::from([("count", &3 as _), ("name", &"plan" as _)]);
    write_at(&path, "report", &report).unwrap();
    assert_eq!(read_at::<i32>(&path, "report/count").unwrap(), 3);
}
