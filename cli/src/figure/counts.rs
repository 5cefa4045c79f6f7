//! Counts in words.

/// How many values are not drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LeftOut {
    pub(crate) missing: u64,
    /// NaN and infinities.
    pub(crate) not_finite: u64,
    /// What has no logarithm.
    pub(crate) not_positive: u64,
}

impl LeftOut {
    pub(crate) fn add(&mut self, other: Self) {
        self.missing += other.missing;
        self.not_finite += other.not_finite;
        self.not_positive += other.not_positive;
    }

    /// What is said of it, if anything was left out.
    pub(crate) fn words(self) -> Option<String> {
        let part = |count: u64, one: &str, many: &str| (count > 0).then(|| counted(count, one, many));
        let parts: Vec<String> = [
            part(self.missing, "missing value", "missing values"),
            part(self.not_finite, "NaN or infinite value", "NaN or infinite values"),
            part(self.not_positive, "value not above 0", "values not above 0"),
        ]
        .into_iter()
        .flatten()
        .collect();
        (!parts.is_empty()).then(|| format!("left out: {}", parts.join(", ")))
    }
}

/// A count with commas: `1,000,000`.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut words = String::new();
    for (number, digit) in digits.chars().enumerate() {
        if number > 0 && (digits.len() - number).is_multiple_of(3) {
            words.push(',');
        }
        words.push(digit);
    }
    words
}

/// A count of things: `1 group`, `2,000 groups`.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{} {many}", grouped(count)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_said() {
        let left_out = LeftOut { missing: 1, not_finite: 2000, not_positive: 0 };
        assert_eq!(left_out.words().unwrap(), "left out: 1 missing value, 2,000 NaN or infinite values");
        assert_eq!(LeftOut::default().words(), None);
        for (count, expected) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(count), expected);
        }
    }
}
