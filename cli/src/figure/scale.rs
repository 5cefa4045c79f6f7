//! Axes: where a value lies along one, and where its ticks are.

/// The smallest and the largest of some values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Range {
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Range {
    /// That of no values.
    pub(crate) const NONE: Self = Self { min: f64::INFINITY, max: f64::NEG_INFINITY };

    /// Takes a finite value in.
    pub(crate) fn add(&mut self, value: f64) {
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// Takes all of another in.
    pub(crate) fn include(&mut self, other: Self) {
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// Whether there were no values.
    pub(crate) fn is_none(&self) -> bool {
        self.min > self.max
    }
}

/// An axis from one value to another, which may be the smaller one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    from: f64,
    to: f64,
    pub(crate) is_log: bool,
}

/// A mark on an axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    /// From 0, the beginning of the axis, to 1.
    pub(crate) position: f64,
    pub(crate) label: String,
}

/// How much of its length an axis goes on beyond the values, at each end.
const MARGIN: f64 = 0.04;
/// From which number on labels have exponents.
const LARGE: f64 = 1e6;
/// How many decimals labels without exponents may have.
const MAX_DECIMALS: i32 = 5;

impl Scale {
    /// From one value to another, evenly.
    pub(crate) fn linear(from: f64, to: f64) -> Self {
        Self { from, to, is_log: false }
    }

    /// One on which all values of a range are. A logarithmic one takes values above 0 alone.
    pub(crate) fn of(range: Range, is_log: bool) -> Self {
        let Range { min, max } = range;
        if range.is_none() {
            return if is_log { Self { from: 1.0, to: 10.0, is_log } } else { Self::linear(0.0, 1.0) };
        }
        let (from, to) = match (is_log, min == max) {
            (false, false) => (min, max),
            (false, true) if min == 0.0 => (-1.0, 1.0),
            (false, true) => (min - min.abs() * 0.1, max + max.abs() * 0.1),
            (true, false) => (min, max),
            (true, true) if min / 2.0 > 0.0 => (min / 2.0, max * 2.0),
            // The smallest float there is.
            (true, true) => (min, max * 2.0),
        };
        Self { from: from.max(f64::MIN), to: to.min(f64::MAX), is_log }
    }

    /// The same, somewhat longer at both ends.
    pub(crate) fn with_margin(self) -> Self {
        let (from, to) = (self.value(-MARGIN), self.value(1.0 + MARGIN));
        if from.is_finite() && to.is_finite() && (!self.is_log || from > 0.0) {
            Self { from, to, ..self }
        } else {
            self
        }
    }

    /// Where a value is: 0 at the beginning, 1 at the end.
    pub(crate) fn position(&self, value: f64) -> f64 {
        // Halves, as a difference of two floats may be none.
        let (from, to, value) = match self.is_log {
            true => (self.from.log10(), self.to.log10(), value.log10()),
            false => (self.from / 2.0, self.to / 2.0, value / 2.0),
        };
        if from == to { 0.5 } else { (value - from) / (to - from) }
    }

    /// What is at a position.
    pub(crate) fn value(&self, position: f64) -> f64 {
        match self.is_log {
            true => 10_f64.powf(self.from.log10() * (1.0 - position) + self.to.log10() * position),
            false => self.from * (1.0 - position) + self.to * position,
        }
    }

    /// Marks at round values, about as many as are asked for.
    pub(crate) fn ticks(&self, most: usize) -> Vec<Tick> {
        let most = most.max(2);
        let (low, high) = if self.from <= self.to { (self.from, self.to) } else { (self.to, self.from) };
        let ticks = if self.is_log { decades(low, high, most) } else { Vec::new() };
        let ticks = if ticks.len() < 2 { even(low, high, most) } else { ticks };
        let tick = |(value, label)| Tick { position: self.position(value), label };
        let within = |tick: &Tick| (-1e-9..=1.0 + 1e-9).contains(&tick.position);
        ticks.into_iter().map(tick).filter(within).collect()
    }

    /// Marks at the values that `values` chooses, given the smallest and the largest value of the axis. `None` where it chooses none.
    pub(crate) fn ticks_at(&self, values: impl FnOnce(f64, f64) -> Option<Vec<(f64, String)>>) -> Option<Vec<Tick>> {
        let values = values(self.from.min(self.to), self.from.max(self.to))?;
        let tick = |(value, label)| Tick { position: self.position(value), label };
        let within = |tick: &Tick| (-1e-9..=1.0 + 1e-9).contains(&tick.position);
        Some(values.into_iter().map(tick).filter(within).collect())
    }

    /// Marks at whole values, such as the indices of an array.
    pub(crate) fn whole_ticks(&self, most: usize) -> Vec<Tick> {
        let span = (self.to - self.from).abs();
        self.ticks(most.min(span as usize + 1)).into_iter().filter(|tick| !tick.label.contains('.')).collect()
    }
}

/// Powers of ten, or with 2 and 5 times of these where they are few.
fn decades(low: f64, high: f64, most: usize) -> Vec<(f64, String)> {
    let (first, last) = (low.log10().ceil() as i32, high.log10().floor() as i32);
    let count = (last - first + 1).max(0) as usize;
    let power = |factor: u32, exponent: i32| format!("{factor}e{exponent}").parse::<f64>().unwrap_or(f64::INFINITY);
    let is_plain = low >= 1e-3 && high < LARGE;
    let label = |factor: u32, exponent: i32| match is_plain {
        true => format!("{}", power(factor, exponent)),
        false => format!("{factor}e{exponent}"),
    };
    if count > most {
        let step = count.div_ceil(most) as i32;
        let multiples = (first..=last).filter(|exponent| exponent.rem_euclid(step) == 0);
        return multiples.map(|exponent| (power(1, exponent), label(1, exponent))).collect();
    }
    let factors: &[u32] = if 3 * count <= most { &[1, 2, 5] } else { &[1] };
    let all = (first - 1..=last).flat_map(|exponent| factors.iter().map(move |factor| (*factor, exponent)));
    let all = all.map(|(factor, exponent)| (power(factor, exponent), label(factor, exponent)));
    all.filter(|(value, _)| (low..=high).contains(value)).collect()
}

/// Multiples of 1, 2 or 5 times a power of ten.
fn even(low: f64, high: f64, most: usize) -> Vec<(f64, String)> {
    // Halves, as a difference of two floats may be none.
    let raw = (high / 2.0 - low / 2.0) / most as f64 * 2.0;
    if !raw.is_finite() || raw <= 0.0 {
        return vec![(low, number(low))];
    }
    let mut exponent = raw.log10().floor() as i32;
    let base = power_of_ten(exponent);
    let factor = [1, 2, 5].into_iter().find(|factor| f64::from(*factor) * base >= raw * (1.0 - 1e-9));
    let factor = factor.unwrap_or_else(|| {
        exponent += 1;
        1
    });
    let step = f64::from(factor) * power_of_ten(exponent);
    let (first, last) = ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor());
    // More digits than an `f64` tells apart make no ticks.
    let is_exact = first.abs().max(last.abs()) < 1e15;
    if !is_exact || last - first > 2.0 * most as f64 + 2.0 {
        return vec![(low, number(low)), (high, number(high))];
    }
    let largest = low.abs().max(high.abs());
    let label = |value: f64| match () {
        () if largest < LARGE && exponent >= 0 => grouped(value),
        () if largest < LARGE && -exponent <= MAX_DECIMALS => format!("{value:.*}", exponent.unsigned_abs() as usize),
        () if value == 0.0 => "0".to_owned(),
        () => {
            // As many digits as tell one from the next.
            let digits = (value.abs().log10() + 1e-9).floor() as i32 - exponent;
            format!("{value:.*e}", digits.clamp(0, 17) as usize)
        }
    };
    let multiple = |multiple: i64| {
        // The nearest float to the decimal number.
        let value = format!("{}e{exponent}", multiple * i64::from(factor)).parse().unwrap_or(0.0);
        (value, label(value))
    };
    (first as i64..=last as i64).map(multiple).collect()
}

/// A whole number, with commas: `-10,000`.
fn grouped(value: f64) -> String {
    let digits = crate::figure::grouped(value.abs() as u64);
    if value < 0.0 { format!("-{digits}") } else { digits }
}

fn power_of_ten(exponent: i32) -> f64 {
    format!("1e{exponent}").parse().unwrap_or(f64::INFINITY)
}

/// A number in few digits.
pub(crate) fn number(value: f64) -> String {
    in_digits(value, 4)
}

/// A number in so many digits, or fewer where these are all.
pub(crate) fn in_digits(value: f64, digits: usize) -> String {
    let magnitude = value.abs();
    if value == 0.0 || (1e-4..LARGE).contains(&magnitude) {
        let before = if magnitude == 0.0 { 0 } else { magnitude.log10().floor() as i32 };
        let digits = format!("{value:.*}", (digits as i32 - 1 - before).clamp(0, 12) as usize);
        return if digits.contains('.') {
            digits.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            digits
        };
    }
    let digits = format!("{value:.*e}", digits - 1);
    match digits.split_once('e') {
        Some((mantissa, exponent)) => {
            format!("{}e{exponent}", mantissa.trim_end_matches('0').trim_end_matches('.'))
        }
        None => digits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: Scale, most: usize) -> String {
        scale.ticks(most).into_iter().map(|tick| tick.label).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn ticks_are_round() {
        for (from, to, most, expected) in [
            (0.0, 10.0, 5, "0 2 4 6 8 10"),
            (0.0, 1.0, 5, "0.0 0.2 0.4 0.6 0.8 1.0"),
            (-20_000.0, 10_000.0, 3, "-20,000 -10,000 0 10,000"),
            (-0.52, 0.52, 4, "-0.5 0.0 0.5"),
            (10.0, 0.0, 5, "0 2 4 6 8 10"),
            (0.0, 1e9, 5, "0 2e8 4e8 6e8 8e8 1.0e9"),
            (0.0, 3e-9, 3, "0 1e-9 2e-9 3e-9"),
            (1e6, 1.0002e6, 2, "1.0000e6 1.0001e6 1.0002e6"),
            (5.0, 5.0, 4, "5"),
            (f64::MIN, f64::MAX, 4, "-1e308 0 1e308"),
            (0.0, 5e-324, 2, "0"),
        ] {
            let found = labels(Scale::linear(from, to), most);
            assert_eq!(found, expected, "{from} to {to}");
        }
        for (min, max, most, expected) in [
            (1.0, 1000.0, 5, "1 10 100 1000"),
            (1e-30, 1e30, 5, "1e-26 1e-13 1e0 1e13 1e26"),
            (1.0, 10.0, 9, "1 2 5 10"),
            (3.0, 4.0, 3, "3.0 3.5 4.0"),
        ] {
            let found = labels(Scale::of(Range { min, max }, true), most);
            assert_eq!(found, expected, "{min} to {max}");
        }
        assert_eq!(Scale::linear(-0.5, 2.5).whole_ticks(9).len(), 3);
    }

    /// Whatever is drawn, ticks are on the axis, in order, few, and no two read alike.
    #[test]
    fn ticks_are_sound() {
        let ends = [0.0, 1.0, -1.0, 1e-300, -1e-300, 1e300, f64::MAX, f64::MIN, 5e-324, 1e16, 1e16 + 2.0, 0.1, 123.456];
        for from in ends {
            for to in ends {
                for most in [2, 3, 7, 40] {
                    for is_log in [false, true] {
                        let mut range = Range::NONE;
                        range.add(from);
                        range.add(to);
                        if is_log && range.min <= 0.0 {
                            continue;
                        }
                        for scale in [Scale::of(range, is_log), Scale::of(range, is_log).with_margin()] {
                            let ticks = scale.ticks(most);
                            let what = format!("{scale:?} {most} {ticks:?}");
                            assert!(!ticks.is_empty() && ticks.len() <= 2 * most + 3, "{what}");
                            assert!(ticks.is_sorted_by(|one, two| one.position <= two.position), "{what}");
                            assert!(ticks.iter().all(|tick| tick.position.is_finite()), "{what}");
                            assert!((0.0..=1.0).contains(&scale.position(from)), "{what}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn numbers_are_short() {
        for (value, expected) in [
            (0.0, "0"),
            (749.875, "749.9"),
            (1.0, "1"),
            (-0.5, "-0.5"),
            (123_456.0, "123456"),
            (1e9, "1e9"),
            (1.23456e-7, "1.235e-7"),
            (0.00025, "0.00025"),
        ] {
            assert_eq!(number(value), expected);
        }
    }
}
