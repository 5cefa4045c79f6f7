//! A file of which no type is known: what is in it, changed, and written again.

use filebacked::Value;
use ndarray::array;

fn main() -> filebacked::Result<()> {
    let model = Value::from_iter([
        ("title", Value::from("plate with a hole")),
        ("nodes", Value::from(array![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]).with_attr("unit", "m")),
        (
            "steps",
            Value::from_iter(
                (1..=3).map(|n| Value::from_iter([("number", n.into()), ("load", (0.5 * f64::from(n)).into())])),
            ),
        ),
    ]);
    filebacked::to_file("any.h5", &model.with_attr("version", 1))?;

    let mut value: Value = filebacked::from_file("any.h5")?;
    print!("{value}");
    println!("load of the second step: {}", value["steps"][1]["load"]);
    if let Some(nodes) = value["nodes"].as_array() {
        println!(
            "{} nodes, the largest coordinate {}",
            nodes.shape()[0],
            nodes.to_f64()?.fold(0.0, |a, b| f64::max(a, *b))
        );
    }

    if let Some(map) = value.as_map_mut() {
        map.insert("checked".to_owned(), true.into());
    }
    filebacked::to_file("any.h5", &value)?;
    Ok(())
}
