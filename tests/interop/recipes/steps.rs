use filebacked::{Appender, Reader};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Step {
    time: f64,
    position: [f64; 3],
    event: Option<String>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("steps.h5");
    let mut steps = Appender::create_file(&path, "steps")?;
    for step in 0..1000 {
        let event = (step == 500).then(|| "half".to_owned());
        steps.push(&Step { time: f64::from(step), position: [0.5; 3], event })?;
    }
    steps.flush()?; // all records are on the disk
    steps.finish()?;

    let mut steps = Reader::<Step>::open_file(&path, "steps")?;
    assert_eq!(steps.get(500)?.event.as_deref(), Some("half"));
    let last: Vec<Step> = steps.range(990..).collect::<filebacked::Result<_>>()?;
    assert_eq!(last.len(), 10);
    Ok(())
}
