//! What in a file is meant: `particles/mass[0:5]`, `particles@units`.

use filebacked::ErrorKind;
use filebacked::objects::{Dataset, Group, Object};

use crate::failure::{Failure, Outcome};
use crate::slice::Slice;

/// A path in a file, and what of the object there is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// As it was given.
    pub(crate) text: String,
    /// The path of the object, or of a field within a dataset of records; `/` and nothing are the root.
    pub(crate) path: String,
    pub(crate) slice: Option<Slice>,
    pub(crate) attribute: Option<String>,
}

/// What is there.
pub(crate) enum Found {
    Group(Group),
    /// A dataset, or a field of its records.
    Dataset(Box<Dataset>),
}

impl Target {
    /// What is written so. A `[` or `@` of a name is `%5B` or `%40`.
    pub(crate) fn parse(text: &str) -> Self {
        let last = text.rfind('/').map_or(0, |at| at + 1);
        let (rest, attribute) = match text[last..].rfind('@') {
            // What is sliced is no attribute, unless the slice is of that.
            Some(at) => (&text[..last + at], Some(&text[last + at + 1..])),
            None => (text, None),
        };
        let split = |text: &'_ str| -> (String, Option<Slice>) {
            if let Some(inside) = text.strip_suffix(']')
                && let Some(at) = inside.rfind('[')
                && let Some(slice) = Slice::parse(&inside[at + 1..])
            {
                return (inside[..at].to_owned(), Some(slice));
            }
            (text.to_owned(), None)
        };
        let decode = |name: String| name.replace("%5B", "[").replace("%40", "@");
        let (path, slice, attribute) = match attribute {
            Some(attribute) => {
                let (name, slice) = split(attribute);
                (rest.to_owned(), slice, Some(decode(name)))
            }
            None => {
                let (path, slice) = split(rest);
                (path, slice, None)
            }
        };
        Self { text: text.to_owned(), path: decode(path), slice, attribute }
    }

    /// The same text, all of which is a path.
    fn literal(&self) -> Option<Self> {
        let is_other = self.slice.is_some() || self.attribute.is_some();
        is_other.then(|| Self { text: self.text.clone(), path: self.text.clone(), slice: None, attribute: None })
    }

    /// Opens what it names; what names like `a[0]` mean is known then.
    pub(crate) fn find(self, root: &Group) -> Outcome<(Self, Found)> {
        // A name such as `[0]` looks like a part of the root.
        if self.path.split('/').all(str::is_empty)
            && let Some(literal) = self.literal()
            && let Ok(found) = find(root, &literal.path)
        {
            return Ok((literal, found));
        }
        match find(root, &self.path) {
            Ok(found) => Ok((self, found)),
            Err(failure) => match self.literal() {
                Some(literal) => match find(root, &literal.path) {
                    Ok(found) => Ok((literal, found)),
                    Err(_) => Err(failure),
                },
                None => Err(failure),
            },
        }
    }
}

/// Opens what is at a path: an object, or fields within a dataset of records.
pub(crate) fn find(root: &Group, path: &str) -> Outcome<Found> {
    let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
    let mut group = root.clone();
    for (number, name) in names.iter().enumerate() {
        match group.open(name) {
            Ok(Object::Group(inner)) => group = inner,
            Ok(Object::Dataset(dataset)) => {
                let fields: Vec<String> =
                    names[number + 1..].iter().map(|name| name.replace("%2F", "/").replace("%25", "%")).collect();
                if fields.is_empty() {
                    return Ok(Found::Dataset(Box::new(dataset)));
                }
                let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
                return Ok(Found::Dataset(Box::new(dataset.field(&fields)?)));
            }
            Ok(_) => return Err(Failure::error(format!("`{path}` is neither a group nor a dataset"))),
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(Failure::Missing(error.to_string())),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Found::Group(group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets() {
        for (text, path, slice, attribute) in [
            ("a/b", "a/b", None, None),
            ("a/b[0:5, -1]", "a/b", Some("0:5, -1"), None),
            ("a@units", "a", None, Some("units")),
            ("@title", "", None, Some("title")),
            ("/@title", "/", None, Some("title")),
            ("a/b@range[0]", "a/b", Some("0"), Some("range")),
            ("a@b/c", "a@b/c", None, None),
            ("a[b]", "a[b]", None, None),
            ("a%5B0]", "a[0]", None, None),
            ("a%40b", "a@b", None, None),
        ] {
            let target = Target::parse(text);
            let found = (target.path.as_str(), target.slice.map(|slice| slice.to_string()), target.attribute);
            assert_eq!(found, (path, slice.map(str::to_owned), attribute.map(str::to_owned)), "{text}");
        }
    }
}
