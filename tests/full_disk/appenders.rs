pub(crate) fn run(_: &mut String, _: &[super::Room], _: bool, _: &std::path::Path) {}
