//! Parts of datasets in numpy's syntax: `[0:5, ::2, -1]`.

use std::fmt::{self, Display};

/// What is taken along the dimensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Slice(Vec<Axis>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Axis {
    Index(i64),
    Range {
        start: Option<i64>,
        end: Option<i64>,
        step: i64,
    },
    /// `...`: all of as many dimensions as are left.
    Rest,
}

/// The part of a dataset that a slice is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) start: Vec<u64>,
    pub(crate) step: Vec<u64>,
    pub(crate) count: Vec<u64>,
    /// Which dimensions run backwards.
    pub(crate) reversed: Vec<bool>,
    /// Which dimensions one index is taken of, so that they are gone.
    pub(crate) dropped: Vec<bool>,
}

impl Part {
    /// All of a dataset.
    pub(crate) fn all(dims: &[u64]) -> Self {
        let rank = dims.len();
        Self {
            start: vec![0; rank],
            step: vec![1; rank],
            count: dims.to_vec(),
            reversed: vec![false; rank],
            dropped: vec![false; rank],
        }
    }

    /// The sizes of the dimensions that are left.
    pub(crate) fn dims(&self) -> Vec<u64> {
        self.count.iter().zip(&self.dropped).filter(|(_, dropped)| !**dropped).map(|(count, _)| *count).collect()
    }

    /// How many elements it has.
    pub(crate) fn len(&self) -> u64 {
        self.count.iter().fold(1, |len, count| len.saturating_mul(*count))
    }
}

impl Slice {
    /// What stands between the brackets; `None` where that is no slice, as in a name.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let axis = |text: &str| {
            let text = text.trim();
            if text == "..." {
                return Some(Axis::Rest);
            }
            let number = |text: &str| match text.trim() {
                "" => Some(None),
                text => text.parse().ok().map(Some),
            };
            let parts: Vec<&str> = text.split(':').collect();
            match parts[..] {
                [index] => number(index)?.map(Axis::Index),
                [start, end] => Some(Axis::Range { start: number(start)?, end: number(end)?, step: 1 }),
                [start, end, step] => {
                    Some(Axis::Range { start: number(start)?, end: number(end)?, step: number(step)?.unwrap_or(1) })
                }
                _ => None,
            }
        };
        let axes: Vec<Axis> = text.split(',').map(axis).collect::<Option<_>>()?;
        (axes.iter().filter(|axis| **axis == Axis::Rest).count() <= 1).then_some(Self(axes))
    }

    /// The part that it is of a dataset of these dimensions. As with numpy, ranges end where the dataset does, and an index must be
    /// within.
    pub(crate) fn part(&self, dims: &[u64]) -> Result<Part, String> {
        let given = self.0.iter().filter(|axis| **axis != Axis::Rest).count();
        if given > dims.len() {
            return Err(format!("`[{self}]` has {given} dimensions, and there are {}", dims.len()));
        }
        let all = Axis::Range { start: None, end: None, step: 1 };
        let mut axes = Vec::new();
        let has_rest = self.0.contains(&Axis::Rest);
        for axis in self.0.iter().chain((!has_rest).then_some(&Axis::Rest)) {
            match axis {
                Axis::Rest => axes.extend(vec![all.clone(); dims.len() - given]),
                axis => axes.push(axis.clone()),
            }
        }
        let mut part = Part::default();
        for (number, (axis, dim)) in axes.iter().zip(dims).enumerate() {
            part.push(axis, *dim).map_err(|why| format!("{why} along dimension {number}, which has {dim}"))?;
        }
        Ok(part)
    }
}

impl Part {
    fn push(&mut self, axis: &Axis, dim: u64) -> Result<(), String> {
        let signed = i64::try_from(dim).map_err(|_| "too many".to_owned())?;
        let (start, step, count, reversed, dropped) = match *axis {
            Axis::Index(index) => {
                let at = if index < 0 { index + signed } else { index };
                if !(0..signed).contains(&at) {
                    return Err(format!("there is no index {index}"));
                }
                (at, 1, 1, false, true)
            }
            Axis::Range { step: 0, .. } => return Err("a step of 0".to_owned()),
            Axis::Range { start, end, step } => {
                // As numpy does: what is beyond is moved to the edge.
                let (low, high) = if step > 0 { (0, signed) } else { (-1, signed - 1) };
                let at = |index: i64| (if index < 0 { index.saturating_add(signed) } else { index }).clamp(low, high);
                let first = start.map_or(if step > 0 { low } else { high }, at);
                let last = end.map_or(if step > 0 { high } else { low }, at);
                let span = if step > 0 { last - first } else { first - last };
                let width = step.unsigned_abs();
                let count = u64::try_from(span).unwrap_or(0).div_ceil(width);
                if count == 0 {
                    (0, 1, 0, false, false)
                } else if step > 0 {
                    (first, width, count, false, false)
                } else {
                    // libhdf5 knows no way back: the last that is taken is the first that is read.
                    (first - ((count - 1) * width) as i64, width, count, true, false)
                }
            }
            Axis::Rest => return Err("`...` twice".to_owned()),
        };
        self.start.push(start as u64);
        self.step.push(step);
        self.count.push(count);
        self.reversed.push(reversed);
        self.dropped.push(dropped);
        Ok(())
    }
}

impl Display for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, axis) in self.0.iter().enumerate() {
            f.write_str(if number == 0 { "" } else { ", " })?;
            let show = |number: &Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
            match axis {
                Axis::Index(index) => write!(f, "{index}")?,
                Axis::Range { start, end, step: 1 } => write!(f, "{}:{}", show(start), show(end))?,
                Axis::Range { start, end, step } => write!(f, "{}:{}:{step}", show(start), show(end))?,
                Axis::Rest => f.write_str("...")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The indices that a part of one dimension means, in order.
    fn indices(text: &str, dim: u64) -> Result<Vec<u64>, String> {
        let part = Slice::parse(text).ok_or("no slice")?.part(&[dim])?;
        let mut all: Vec<u64> = (0..part.count[0]).map(|index| part.start[0] + index * part.step[0]).collect();
        if part.reversed[0] {
            all.reverse();
        }
        Ok(all)
    }

    /// What numpy gives.
    #[test]
    fn as_numpy_does() {
        for (text, dim, expected) in [
            (":", 3, vec![0, 1, 2]),
            ("1:", 3, vec![1, 2]),
            (":-1", 3, vec![0, 1]),
            ("::2", 5, vec![0, 2, 4]),
            ("::-1", 3, vec![2, 1, 0]),
            ("::-2", 4, vec![3, 1]),
            ("3:0:-1", 5, vec![3, 2, 1]),
            ("-2", 4, vec![2]),
            ("5:100", 7, vec![5, 6]),
            ("-100:2", 7, vec![0, 1]),
            ("4:2", 7, vec![]),
            (":", 0, vec![]),
            ("...", 2, vec![0, 1]),
        ] {
            assert_eq!(indices(text, dim), Ok(expected), "[{text}] of {dim}");
        }
        for (text, dim) in [("3", 3), ("-4", 3), ("::0", 3), ("0, 0", 3), ("x", 3), ("", 3), ("1:2:3:4", 3)] {
            assert!(indices(text, dim).is_err(), "[{text}] of {dim}");
        }
    }

    #[test]
    fn dimensions_are_dropped() {
        let part = Slice::parse("0, ..., 1:3").unwrap().part(&[4, 5, 6]).unwrap();
        assert_eq!((part.dims(), part.len()), (vec![5, 2], 10));
        assert!(Slice::parse("..., ...").is_none());
    }
}
