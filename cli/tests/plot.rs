//! `plot`: lines and heat maps, in text and as pictures.

mod common;

use std::path::Path;

use common::{make_files, shell};
use filebacked::hdf5;
use filebacked::hdf5::types::{CompoundField, CompoundType, FloatSize, TypeDescriptor};
use filebacked::ndarray::{Array1, Array2, Array3, array};
use filebacked::num_complex::Complex;

fn plot(folder: &Path, arguments: &str) -> (String, i32) {
    shell(folder, &format!("filebacked plot {arguments}"))
}

/// A file with all that is drawn, and all that is not.
fn mixed(folder: &Path) {
    let file = hdf5::File::create(folder.join("mixed.h5")).unwrap();
    let float = |name: &str, values: &[f64]| {
        file.new_dataset_builder().with_data(values).create(name).unwrap();
    };
    float("ramp", &[0.0, 1.0, 2.0, 3.0, 4.0]);
    float("gaps", &[1.0, f64::NAN, 3.0, f64::INFINITY, 5.0]);
    float("nothing", &[f64::NAN, f64::INFINITY]);
    float("powers", &[1.0, 10.0, 100.0, 0.0, -1.0, 1000.0]);
    float("empty", &[]);
    float("one", &[7.0]);
    file.new_dataset::<f64>().create("scalar").unwrap().write_scalar(&1.0).unwrap();
    file.new_dataset_builder().with_data(&Array3::<f64>::zeros((2, 3, 4))).create("cube").unwrap();
    file.new_dataset_builder().with_data(&array![Complex::new(3.0, 4.0), Complex::new(0.0, 1.0)]).create("z").unwrap();
    file.new_dataset_builder().with_data(&[true, false, true]).create("bools").unwrap();
    let fill = file.new_dataset_builder().with_data(&[1_i16, -999, 3]).create("filled").unwrap();
    fill.new_attr::<i16>().create("_FillValue").unwrap().write_scalar(&-999).unwrap();
    let words: Array1<hdf5::types::VarLenUnicode> = array!["a".parse().unwrap()];
    file.new_dataset_builder().with_data(&words).create("words").unwrap();
    file.create_group("group").unwrap();
    let field = |number: usize| {
        CompoundField::new(&format!("f{number}"), TypeDescriptor::Float(FloatSize::U4), 4 * number, number)
    };
    let wide = TypeDescriptor::Compound(CompoundType { fields: (0..20).map(field).collect(), size: 80 });
    file.new_dataset_builder().empty_as(&wide).shape(4).create("wide").unwrap();
    drop(file);
    filebacked::WriteOptions::new()
        .to_file(folder.join("options.h5"), &vec![Some(1), None, Some(3), Some(4), None, Some(6)])
        .unwrap();
}

#[test]
fn lines_in_text() {
    let folder = tempfile::tempdir().unwrap();
    mixed(folder.path());
    let (output, code) = plot(folder.path(), "mixed.h5 ramp --ascii --width 30 --height 9");
    assert_eq!(code, 0, "{output}");
    let rows: Vec<&str> = output.lines().collect();
    assert_eq!(rows[0], "ramp");
    assert_eq!(rows.len(), 9, "{output}");
    assert!(rows.iter().all(|row| row.chars().count() <= 30), "{output}");
    // From the bottom left to the top right, without holes.
    let drawn: Vec<(usize, usize)> =
        rows[1..].iter().filter_map(|row| Some((row.find('*')?, row.rfind('*')?))).collect();
    assert!(drawn.is_sorted_by(|one, two| one.0 >= two.0 && one.1 >= two.1), "{output}");
    let columns: usize =
        (0..30).filter(|column| rows.iter().any(|row| row.as_bytes().get(*column) == Some(&b'*'))).count();
    assert!(columns >= 24, "{output}");
}

/// Times are drawn as dates: those of this crate, of netCDF, and of numpy.
#[test]
fn times_are_dates() {
    use std::time::{Duration, SystemTime};

    #[derive(serde::Serialize)]
    struct Step {
        #[serde(with = "filebacked::timestamp")]
        when: SystemTime,
        #[serde(with = "filebacked::timestamp")]
        ended: Option<SystemTime>,
        energy: f64,
    }

    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let begun = SystemTime::UNIX_EPOCH + Duration::from_secs(1_709_164_800);
    let step = |number: u32| {
        let when = begun + Duration::from_secs(u64::from(number) * 86_400);
        Step { when, ended: (!number.is_multiple_of(10)).then_some(when), energy: f64::from(number) }
    };
    filebacked::write_at(folder.join("run.h5"), "steps", &(0..100).map(step).collect::<Vec<_>>()).unwrap();
    {
        let file = hdf5::File::create(folder.join("cf.h5")).unwrap();
        let add = |name: &str, values: &[f64], units: &str| {
            let dataset = file.new_dataset_builder().with_data(values).create(name).unwrap();
            let units: hdf5::types::VarLenUnicode = units.parse().unwrap();
            dataset.new_attr::<hdf5::types::VarLenUnicode>().create("units").unwrap().write_scalar(&units).unwrap();
            dataset
        };
        add("t", &[0.0, 6.0, 12.0, 18.0], "hours since 2024-02-29 03:00");
        add("s", &[0.0, 1.5, 3.0, 4.5], "seconds since 2024-02-29");
        add("y", &[1.0, 4.0, 2.0, 3.0], "K");
        add("grid", &[0.0; 4], "days since 2000-01-01");
        let noleap = add("noleap", &[0.0, 1.0, 2.0, 3.0], "days since 2000-01-01");
        let calendar: hdf5::types::VarLenUnicode = "noleap".parse().unwrap();
        noleap.new_attr::<hdf5::types::VarLenUnicode>().create("calendar").unwrap().write_scalar(&calendar).unwrap();
    }
    for (arguments, words) in [
        ("run.h5 steps/energy --x steps/when", &["2024-03 ", "2024-05", "steps/when (UTC)"][..]),
        ("run.h5 steps/when", &["2024-03 ┤", "2024-05 ┤", "steps/when (UTC)"]),
        ("run.h5 steps/ended", &["2024-04 ┤", "left out: 10 missing values"]),
        ("run.h5 steps/energy --x steps/ended", &["2024-04", "left out: 10 missing values"]),
        ("cf.h5 y --x t", &[" 06:00 ", " 18:00", "t (2024-02-29 UTC)", "y (K)"]),
        ("cf.h5 t", &["06:00 ┤", "t (2024-02-29 UTC)"]),
        ("cf.h5 y --x s", &[" 00:00:02 ", "s (2024-02-29 00:00 UTC)"]),
        ("cf.h5 y --x noleap", &[" 0.5 ", "noleap (days since 2000-01-01)"]),
        ("cf.h5 t --log-y", &["10"]),
    ] {
        let (output, code) = plot(folder, &format!("{arguments} --width 80 --height 20"));
        assert_eq!(code, 0, "{arguments}: {output}");
        for word in words {
            assert!(output.contains(word), "{arguments}: {word}\n{output}");
        }
        assert!(!output.contains("since 1970"), "{arguments}\n{output}");
    }
    // Lines over times that count from other days would lie elsewhere than they are.
    std::fs::copy(folder.join("cf.h5"), folder.join("other.h5")).unwrap();
    let (output, code) = shell(
        folder,
        "filebacked set other.h5 t@units 'hours since 2024-03-01' && filebacked plot cf.h5 other.h5 y --x t",
    );
    assert!(code == 2 && output.contains("`hours since 2024-03-01`"), "{output}");
    // Pictures, too.
    assert_eq!(plot(folder, "run.h5 steps/energy --x steps/when --svg when.svg"), (String::new(), 0));
    let svg = std::fs::read_to_string(folder.join("when.svg")).unwrap();
    assert!(svg.contains(">2024-03-18<") && svg.contains("over steps/when (UTC), 2024-02-"), "{svg}");
    let (page, code) = shell(folder, "filebacked report run.h5");
    assert!(code == 0 && page.contains(">2024-04<"), "{page}");
}

#[test]
fn what_is_left_out_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    mixed(folder);
    for (arguments, expected) in [
        ("mixed.h5 gaps", "left out: 2 NaN or infinite values"),
        ("mixed.h5 powers --log-y", "left out: 2 values not above 0"),
        ("mixed.h5 filled", "left out: 1 missing value"),
        ("options.h5 /", "left out: 2 missing values"),
        ("mixed.h5 gaps --x ramp --log-x", "left out: 2 NaN or infinite values, 1 value not above 0"),
    ] {
        let (output, code) = plot(folder, arguments);
        assert_eq!(code, 0, "{arguments}: {output}");
        assert_eq!(output.lines().last(), Some(expected), "{arguments}:\n{output}");
    }
    // What is missing is a gap: no line leads over it.
    let (output, _) = plot(folder, "options.h5 / --ascii --width 60");
    let columns: Vec<bool> =
        (4..60).map(|column| output.lines().any(|row| row.as_bytes().get(column) == Some(&b'*'))).collect();
    assert!(columns.iter().filter(|is_drawn| !**is_drawn).count() > 30, "{output}");
}

#[test]
fn errors_say_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    mixed(folder);
    make_files(folder);
    for (arguments, code, expected) in [
        ("mixed.h5 words", 2, "mixed.h5: `words` is of type `string`: only numbers are drawn"),
        ("mixed.h5 scalar", 2, "mixed.h5: `scalar` is one value: `filebacked get` prints it"),
        ("mixed.h5 empty", 2, "mixed.h5: `empty` has no values"),
        ("mixed.h5 nothing", 2, "mixed.h5: `nothing` has no finite value"),
        ("mixed.h5 cube", 2, "mixed.h5: `cube` has 3 dimensions: one or two are drawn, such as `[0, ...]`"),
        ("mixed.h5 group", 2, "mixed.h5: `/group` is a group: name what of it to draw"),
        ("mixed.h5 ramp --x gaps'[:2]'", 2, "mixed.h5: `gaps[:2]` has 2 values, and `ramp` has 5"),
        ("mixed.h5 'ramp[9]'", 2, "mixed.h5: there is no index 9 along dimension 0, which has 5"),
        (
            "mixed.h5 wide",
            2,
            "mixed.h5: a picture has 8 lines at most: name some, such as `wide/f0`, `wide/f1`, `wide/f2`",
        ),
        ("mixed.h5 ramp@units", 2, "mixed.h5: `@units` is an attribute, and only datasets are drawn"),
        (
            "run.h5 field 'field[0]'",
            2,
            "run.h5: `field` has 2 dimensions: a heat map is drawn by itself, and lines of one are, such as `[:, 0]`",
        ),
        ("run.h5 particles --x steps", 2, "run.h5: `--x steps` has several columns: name one, such as `steps/time`"),
        ("run.h5 field --log-y", 2, "run.h5: `--log-x` and `--log-y` are for lines: a heat map has `--log-color`"),
        ("mixed.h5 ramp --log-color", 2, "mixed.h5: `--log-color` is for heat maps: lines have `--log-y`"),
        (
            "run.h5 field --png x.png --width 9",
            2,
            "`--width` and `--height` of a picture are between 160 and 10000 pixels",
        ),
    ] {
        let found = plot(folder, arguments);
        assert_eq!(found, (format!("filebacked: {expected}\n"), code), "{arguments}");
    }
    let (output, code) = plot(folder, "run.h5 field --svg run.h5");
    assert!(code == 2 && output.ends_with("run.h5` is an input, too\n"), "{output}");
    assert_eq!(plot(folder, "mixed.h5 nowhere").1, 1);
    assert_eq!(plot(folder, "nowhere.h5 x").1, 2);
}

#[test]
fn many_sources_have_a_legend() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    mixed(folder);
    make_files(folder);
    for (arguments, expected) in [
        ("run.h5 'field[0]' 'field[-1]'", "K\n● field[0]   + field[-1]\n"),
        ("run.h5 particles", "mass"),
        ("runs/*.h5 'field[0]'", "runs/2.h5"),
        ("run.h5 steps/count --x steps/time", "steps/time"),
        ("runs/*.h5 'steps/count[1:]' --x steps/time", "● runs/1.h5   + runs/2.h5\n"),
        ("mixed.h5 z bools", "|z|"),
    ] {
        let (output, code) = plot(folder, arguments);
        assert_eq!(code, 0, "{output}");
        assert!(output.contains(expected), "{arguments}:\n{output}");
    }
}

/// Colors are for terminals, and what is in the file does nothing to one.
#[test]
fn nothing_but_text_reaches_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let file = hdf5::File::create(folder.join("evil.h5")).unwrap();
    let name = "a\u{1b}[31m\u{202e}";
    let data = file.new_dataset_builder().with_data(&Array2::<f64>::eye(5)).create(name).unwrap();
    let units: hdf5::types::VarLenUnicode = "\u{9b}1m\u{7}\n".parse().unwrap();
    data.new_attr::<hdf5::types::VarLenUnicode>().create("units").unwrap().write_scalar(&units).unwrap();
    drop((data, file));
    for arguments in [" ", "[0]", "[0] --ascii"] {
        let (output, code) = plot(folder, &format!("evil.h5 \"$(printf '{name}')\"{arguments}"));
        assert_eq!(code, 0, "{output}");
        let is_bad = |char: char| char.is_control() && char != '\n' || char == '\u{202e}';
        assert!(!output.contains(is_bad), "{output:?}");
        assert_eq!(arguments.ends_with("ascii"), output.is_ascii(), "{output}");
    }
    mixed(folder);
    // Where the locale has no more, there is no more.
    for (locale, is_ascii) in [("LC_ALL=C", true), ("LC_ALL= LC_CTYPE= LANG=", true), ("LC_ALL=de_DE.utf8", false)] {
        let (output, code) = shell(folder, &format!("{locale} filebacked plot mixed.h5 ramp"));
        assert_eq!((code, output.is_ascii()), (0, is_ascii), "{locale}: {output}");
    }
}

/// A picture shows what is there, in the colors that it says.
#[test]
fn pictures_are_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    mixed(folder);
    make_files(folder);
    let decode = |name: &str| {
        let file = std::io::BufReader::new(std::fs::File::open(folder.join(name)).unwrap());
        let mut reader = png::Decoder::new(file).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        let pixels: Vec<[u8; 3]> = pixels.as_chunks::<3>().0.to_vec();
        (info.width, info.height, pixels)
    };
    let (output, code) = plot(folder, "mixed.h5 ramp --png ramp.png --width 400 --height 300");
    assert_eq!((output.as_str(), code), ("", 0));
    let (width, height, pixels) = decode("ramp.png");
    assert_eq!((width, height), (400, 300));
    let count = |pixels: &[[u8; 3]], color: [u8; 3]| pixels.iter().filter(|pixel| **pixel == color).count();
    assert!((200..2000).contains(&count(&pixels, [0x00, 0x72, 0xb2])), "the line");
    assert!(count(&pixels, [255; 3]) > 100_000, "the ground");
    // The values of the field rise by 8 from row to row: the colors go from the first of viridis at the top to the last.
    let (output, code) = plot(folder, "run.h5 field --png field.png");
    assert_eq!((output.as_str(), code), ("", 0));
    let (width, height, pixels) = decode("field.png");
    assert_eq!((width, height), (900, 500));
    let first = |color: [u8; 3]| pixels.iter().position(|pixel| *pixel == color).unwrap() / width as usize;
    let (dark, bright) = (first([0x44, 0x01, 0x54]), first([0xfd, 0xe7, 0x25]));
    assert!(dark < 100 && dark < height as usize / 2, "{dark} {bright}");
    assert!(count(&pixels, [255; 3]) > 10_000);
    let (output, code) = plot(folder, "run.h5 field --svg - | head -c 400");
    assert!(code == 0 && output.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"900\""), "{output}");
    assert!(output.contains("<title>Heat map of field (K), 0 to 749.9, over row and column</title>"), "{output}");
}

/// However long a dataset is, it is read block by block, and its peaks are kept.
#[test]
fn long_data_takes_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let len = 16_000_000;
    let file = hdf5::File::create(folder.join("long.h5")).unwrap();
    let mut values = vec![0_u8; len];
    values[12_345_678] = 200;
    file.new_dataset_builder().with_data(&values).create("long").unwrap();
    let matrix = Array2::from_shape_vec((2000, 8000), values).unwrap();
    file.new_dataset_builder().with_data(&matrix).create("matrix").unwrap();
    drop(file);
    for (path, expected) in [("long", "200"), ("matrix", "means of 2,000 × 8,000 values")] {
        // As floats, the values are 128 MB.
        let (output, code) = shell(folder, &format!("ulimit -v 120000; filebacked plot long.h5 {path}"));
        assert!(code == 0 && output.contains(expected), "{output}");
    }
    let (output, code) = plot(folder, "long.h5 long --x long --svg -");
    assert!(code == 0 && output.contains("Line chart of long, 0 to 200, over long"), "{code}");
}
