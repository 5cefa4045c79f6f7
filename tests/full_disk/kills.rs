pub(crate) fn run(_: &mut String, _: &super::Room, _: &[Box<dyn super::values::Encoded>]) {}
