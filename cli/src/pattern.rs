//! Paths with wildcards, as the crate's options have them: `*` is any one name, `**` any number of names.

/// A path with wildcards, of the names of links.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    segments: Vec<Segment>,
    text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Name(String),
    /// `*`
    Any,
    /// `**`: at the end at least one.
    Deep,
}

/// How far patterns have come, on the way down: for each, which of its segments may come next.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Position(Vec<Vec<bool>>);

impl Pattern {
    /// The pattern that is written so.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let segment = |name: &str| match name {
            "*" => Ok(Segment::Any),
            "**" => Ok(Segment::Deep),
            _ if name.contains('*') => {
                Err(format!("`*` stands for a whole name, and `**` for any number of them: `{name}` is neither"))
            }
            _ => Ok(Segment::Name(name.replace("%2A", "*"))),
        };
        let segments = text.split('/').filter(|name| !name.is_empty()).map(segment).collect::<Result<_, _>>()?;
        Ok(Self { segments, text: text.to_owned() })
    }

    /// As it was given.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    fn start(&self) -> Vec<bool> {
        let mut next = vec![false; self.segments.len() + 1];
        next[0] = true;
        self.skip(&mut next);
        next
    }

    /// Adds where a `**` that stands for nothing leads.
    fn skip(&self, next: &mut [bool]) {
        for (at, segment) in self.segments.iter().enumerate() {
            if *segment == Segment::Deep && at + 1 < self.segments.len() && next[at] {
                next[at + 1] = true;
            }
        }
    }

    fn step(&self, from: &[bool], name: &str) -> Vec<bool> {
        let mut next = vec![false; from.len()];
        for (at, segment) in self.segments.iter().enumerate().filter(|(at, _)| from[*at]) {
            match segment {
                Segment::Name(wanted) => next[at + 1] |= wanted == name,
                Segment::Any => next[at + 1] = true,
                Segment::Deep => {
                    next[at] = true;
                    next[at + 1] |= at + 1 == self.segments.len();
                }
            }
        }
        self.skip(&mut next);
        next
    }
}

impl Position {
    /// Where all these patterns begin.
    pub(crate) fn start(patterns: &[Pattern]) -> Self {
        Self(patterns.iter().map(Pattern::start).collect())
    }

    /// Where they are a name further down.
    pub(crate) fn step(&self, patterns: &[Pattern], name: &str) -> Self {
        Self(patterns.iter().zip(&self.0).map(|(pattern, next)| pattern.step(next, name)).collect())
    }

    /// Whether one of them is matched here.
    pub(crate) fn is_matched(&self) -> bool {
        self.0.iter().any(|next| next.last() == Some(&true))
    }

    /// The numbers of those that are.
    pub(crate) fn matched(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().filter(|(_, next)| next.last() == Some(&true)).map(|(number, _)| number)
    }

    /// Whether one of them may be matched further down.
    pub(crate) fn goes_on(&self) -> bool {
        self.0.iter().any(|next| next[..next.len() - 1].iter().any(|next| *next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, path, is_matched) in [
            ("a/b", "a/b", true),
            ("/a/b", "a/b", true),
            ("a/b", "a/c", false),
            ("a/*", "a/c", true),
            ("a/*", "a", false),
            ("a/**", "a/b/c", true),
            ("a/**", "a", false),
            ("**/x", "x", true),
            ("**/x", "a/b/x", true),
            ("**/x", "a/b/y", false),
            ("a/**/x", "a/x", true),
            ("", "", true),
        ] {
            let patterns = [Pattern::parse(pattern).unwrap()];
            let names = path.split('/').filter(|name| !name.is_empty());
            let position = names.fold(Position::start(&patterns), |position, name| position.step(&patterns, name));
            assert_eq!(position.is_matched(), is_matched, "{pattern} and {path}");
        }
        assert!(Pattern::parse("mass*").is_err());
    }
}
