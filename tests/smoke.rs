use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

fn check<T: Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(v: &T) {
    let image = filebacked::to_vec(v).unwrap();
    let back: T = filebacked::from_slice(&image).unwrap_or_else(|e| {
        std::fs::write("/tmp/fail.h5", &image).unwrap();
        panic!("{v:?}: {e}")
    });
    assert_eq!(&back, v);
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
enum E {
    A,
    B(i32),
    C { x: f64, y: String },
    D(u8, String),
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct S {
    a: u32,
    b: Option<f64>,
    c: Vec<String>,
    e: E,
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Tree {
    v: i32,
    children: Vec<Tree>,
}

#[test]
fn smoke() {
    check(&5i32);
    check(&vec![1.0, 2.0]);
    check(&"hi".to_string());
    check(&Some(1));
    check(&None::<i32>);
    check(&vec![Some(1), None]);
    check(&vec![None, Some(Some(1)), Some(None)]);
    check(&Some(Some(None::<i32>)));
    check(&Some(()));
    check(&(1, "a".to_string(), vec![1, 2]));
    check(&[[1.0, 2.0], [3.0, 4.0]]);
    check(&vec![(1u8, 2.5f32), (3, 4.5)]);
    check(&vec![(1u8, "x".to_string()), (3, "yyy".to_string())]);
    check(&vec![vec![], vec![1]]);
    check(&vec![Vec::<i32>::new(), vec![]]);
    check(&i128::MIN);
    check(&vec![i128::MIN, 5]);
    check(&vec![E::A, E::A]);
    check(&vec![E::A, E::B(1), E::C { x: 1.0, y: "q".into() }, E::D(1, "z".into()), E::A]);
    check(&E::C { x: 1.0, y: "q".into() });
    check(&E::A);
    let s = S { a: 1, b: None, c: vec!["x".into(), "".into()], e: E::D(3, "q".into()) };
    check(&s);
    check(&vec![s.clone(), S { b: Some(2.0), ..s.clone() }]);
    check(&BTreeMap::from([("a/b".to_string(), 1), ("".into(), 2), (".".into(), 3)]));
    check(&BTreeMap::from([((1, 2), 1), ((2, 3), 2)]));
    check(&vec![BTreeMap::from([(1, 2)]), BTreeMap::new()]);
    check(&vec![(), (), ()]);
    check(&"a\0b".to_string());
    check(&vec!["a\0b".to_string(), "\0".into()]);
    let mut t = Tree { v: 0, children: vec![] };
    for i in 1..100 {
        t = Tree { v: i, children: vec![t, Tree { v: -1, children: vec![] }] };
    }
    check(&t);
    for name in ["penguins", "earthquakes", "miserables"] {
        let v: serde_json::Value =
            serde_json::from_slice(&std::fs::read(format!("fixtures/{name}.json")).unwrap()).unwrap();
        check(&v);
    }
}
