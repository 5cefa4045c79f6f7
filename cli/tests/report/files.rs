//! Files whose pages are tried in a browser.

use std::path::Path;

use filebacked::hdf5;
use filebacked::hdf5::types::VarLenUnicode;
use filebacked::hdf5::types::{
    CompoundField, CompoundType, EnumMember, EnumType, FixedAscii, FloatSize, IntSize, TypeDescriptor,
};
use filebacked::ndarray::{Array1, Array2, arr0};

/// Names and values that would be scripts if they were markup. Each says so, if it runs.
pub(crate) fn attacks() -> Vec<String> {
    let run = "document.documentElement.dataset.hit=1";
    [
        format!("<script>{run}</script>"),
        format!("\"><img src=x onerror=\"{run}\">"),
        format!("'><img src=x onerror='{run}'>"),
        format!("]]><svg onload={run}>"),
        format!("-->--!><script>{run}</script><!--"),
        format!("</style></title></textarea></script><script>{run}</script>"),
        format!("\" onmouseover={run} autofocus onfocus={run} x=\""),
        format!("&lt;script&gt;&#60;script>{run}&#60;/script>"),
        format!("javascript:{run}"),
        format!("`${{{run}}}`"),
        format!("\u{202e}{run}\u{2066}\u{200f}<b>"),
        format!("\u{1}\u{1b}[31m\u{2400}%00\u{feff}\u{fffe}\r\n<b>{run}"),
    ]
    .into()
}

/// A file in which everything that has a name or a text is an attack.
pub(crate) fn hostile(path: &Path) {
    let file = hdf5::File::create(path).unwrap();
    let text = |text: &str| text.parse::<VarLenUnicode>().unwrap();
    for (number, attack) in attacks().iter().enumerate() {
        // `/` would be a group within a group: both are there.
        let plain = attack.replace('/', "\u{2215}");
        let group = file.create_group(&plain).unwrap();
        group.new_attr::<VarLenUnicode>().create(attack.as_str()).unwrap().write_scalar(&text(attack)).unwrap();
        let set = |dataset: &hdf5::Dataset| {
            let units = dataset.new_attr::<VarLenUnicode>().create("units").unwrap();
            units.write_scalar(&text(attack)).unwrap();
            let labels: Array1<VarLenUnicode> = [text(attack), text(attack)].into_iter().collect();
            dataset.new_attr_builder().with_data(&labels).create("DIMENSION_LABELS").unwrap();
        };
        let values: Vec<f64> = (0..20).map(f64::from).collect();
        set(&group.new_dataset_builder().with_data(&values).create(plain.as_str()).unwrap());
        set(&group.new_dataset_builder().with_data(&Array2::<f64>::eye(4)).create("matrix").unwrap());
        group.new_dataset_builder().with_data(&arr0(text(&attack.repeat(3)))).create("text").unwrap();
        let words: Array1<VarLenUnicode> = (0..20).map(|_| text(attack)).collect();
        group.new_dataset_builder().with_data(&words).create("words").unwrap();
        // With NUL within.
        let fixed = FixedAscii::<120>::from_ascii(
            format!("a\0{}", attack.replace(|char: char| !char.is_ascii(), "?")).as_bytes(),
        );
        group.new_dataset_builder().with_data(&[fixed.unwrap(); 3]).create("fixed").unwrap();
        let members =
            vec![EnumMember { name: attack.clone(), value: 0 }, EnumMember { name: "b".to_owned(), value: 1 }];
        let kind = TypeDescriptor::Enum(EnumType { size: IntSize::U1, signed: true, members });
        group.new_dataset_builder().empty_as(&kind).shape(4).create("enum").unwrap();
        let fields = vec![
            CompoundField::new(attack, TypeDescriptor::Float(FloatSize::U8), 0, 0),
            CompoundField::new("b", kind, 8, 1),
        ];
        let kind = TypeDescriptor::Compound(CompoundType { fields, size: 9 });
        group.new_dataset_builder().empty_as(&kind).shape(5).create("records").unwrap();
        file.link_soft(attack, &format!("soft {number} {plain}")).unwrap();
        file.link_external(attack, attack, &format!("external {number} {plain}")).unwrap();
    }
    // As this crate has them: a list of records as columns.
    let records = serde_json::json!([{attacks()[1].as_str(): attacks()[0].as_str(), "n": 1}, {attacks()[1].as_str(): "b", "n": 2}]);
    filebacked::WriteOptions::new().write(&file, "columns", &records).unwrap();
}

/// 10,000 objects in 100 groups, with attributes, and a link to one of them.
pub(crate) fn large(path: &Path) {
    let file = hdf5::File::create(path).unwrap();
    for outer in 0..100 {
        let group = file.create_group(&format!("group {outer}")).unwrap();
        for inner in 0..99 {
            let values: Vec<f64> = (0..20).map(|at| f64::from(at * inner)).collect();
            let dataset =
                group.new_dataset_builder().with_data(&values).create(format!("dataset {inner}").as_str()).unwrap();
            dataset.new_attr::<f64>().create("scale").unwrap().write_scalar(&f64::from(outer)).unwrap();
        }
    }
    file.link_soft("group 77/dataset 5", "short cut").unwrap();
}

/// 10,000 datasets in one group, of which each name, unit and text is an attack; a dataset with 10,000 attributes; and records
/// of 500 fields.
pub(crate) fn long(path: &Path) {
    let file = hdf5::File::with_options().with_fapl(|access| access.libver_latest()).create(path).unwrap();
    let text = |text: &str| text.parse::<VarLenUnicode>().unwrap();
    let attacks = attacks();
    let group = file.create_group("runs").unwrap().create_group(&attacks[0].replace('/', "\u{2215}")).unwrap();
    for number in 0..10_000 {
        let attack = &attacks[number % attacks.len()];
        let name = format!("{number} {}", attack.replace('/', "\u{2215}"));
        let dataset = group.new_dataset_builder().with_data(&arr0(text(attack))).create(name.as_str()).unwrap();
        dataset.new_attr::<VarLenUnicode>().create("units").unwrap().write_scalar(&text(attack)).unwrap();
    }
    let many = file.new_dataset_builder().with_data(&[1.0, 2.0]).create("attributes").unwrap();
    for number in 0..10_000 {
        many.new_attr::<i32>().create(format!("attribute {number}").as_str()).unwrap().write_scalar(&number).unwrap();
    }
    let field = |number| {
        CompoundField::new(&format!("field {number}"), TypeDescriptor::Float(FloatSize::U8), 8 * number, number)
    };
    let kind = TypeDescriptor::Compound(CompoundType { fields: (0..500).map(field).collect(), size: 4000 });
    file.new_dataset_builder().empty_as(&kind).shape(10_000).create("fields").unwrap();
}
