//! A simulation that appends each of its steps, and a reader that streams them.
//!
//! `cargo run --example appender` writes `orbit.h5` into the current folder. Stop it whenever you like: what is flushed is
//! there, and the next run goes on from it.

use filebacked::{Appender, Reader};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Clone, Debug)]
struct Step {
    time: f64,
    position: [f64; 2],
    velocity: [f64; 2],
    /// What is worth a note.
    event: Option<String>,
}

impl Step {
    /// The next step around a mass in the middle.
    fn next(&self, dt: f64) -> Self {
        let [x, y] = self.position;
        let pull = -dt / (x * x + y * y).powf(1.5);
        let velocity = [self.velocity[0] + pull * x, self.velocity[1] + pull * y];
        let position = [x + dt * velocity[0], y + dt * velocity[1]];
        let event = (y < 0.0 && position[1] >= 0.0).then(|| "a turn is complete".to_owned());
        Self { time: self.time + dt, position, velocity, event }
    }
}

fn main() -> filebacked::Result<()> {
    let path = "orbit.h5";
    if !std::path::Path::new(path).exists() {
        let start = Step { time: 0.0, position: [1.0, 0.0], velocity: [0.0, 1.1], event: None };
        let mut steps = Appender::create_file(path, "steps")?;
        steps.push(&start)?;
        steps.finish()?;
    }

    // Go on from the last step.
    let mut stored = Reader::<Step>::open_file(path, "steps")?;
    let mut step = stored.get(stored.len() - 1)?;
    drop(stored);
    let mut steps = Appender::open_file(path, "steps")?;
    for index in 1..=100_000 {
        step = step.next(1e-3);
        steps.push(&step)?;
        if index % 10_000 == 0 {
            steps.flush()?;
        }
    }
    println!("{} steps in {path}", steps.len());
    steps.finish()?;

    // However many there are, one window of them is in memory.
    let mut farthest = 0.0_f64;
    for step in Reader::<Step>::open_file(path, "steps")? {
        let Step { time, position: [x, y], event, .. } = step?;
        farthest = farthest.max(x.hypot(y));
        if let Some(event) = event {
            println!("at {time:.3}: {event}");
        }
    }
    println!("never farther than {farthest:.3}");
    Ok(())
}
