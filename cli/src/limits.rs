//! How much a file may ask of whoever reads it: the options of the crate as those of the command.

use filebacked::ReadOptions;

/// Limits on what a file may ask for.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Limits")]
pub(crate) struct Limits {
    /// Levels of nesting [default: 128]
    #[arg(long, value_name = "LEVELS", hide_short_help = true)]
    max_depth: Option<u16>,
    /// Bytes that one part of a file may take in memory, such as 2GiB [default: the memory of the machine]
    #[arg(long, value_name = "SIZE", value_parser = size, hide_short_help = true)]
    max_bytes: Option<u64>,
    /// How many times larger data may be than what is stored of it [default: 1100]
    #[arg(long, value_name = "TIMES", hide_short_help = true)]
    max_expansion: Option<u64>,
    /// Bytes of data that is not stored, or met before [default: 128MiB]
    #[arg(long, value_name = "SIZE", value_parser = size, hide_short_help = true)]
    max_unstored: Option<u64>,
    /// Objects that are met again by further links [default: 100000]
    #[arg(long, value_name = "COUNT", hide_short_help = true)]
    max_repeats: Option<u64>,
    /// Elements of a list that take no place in the file [default: 16777216]
    #[arg(long, value_name = "COUNT", hide_short_help = true)]
    max_units: Option<u64>,
    /// Chunks of a dataset [default: 1048576, and one for each 8 bytes of the file]
    #[arg(long, value_name = "COUNT", hide_short_help = true)]
    max_chunks: Option<u64>,
    /// Attributes [default: 1048576, and one for each 16 bytes of the file]
    #[arg(long, value_name = "COUNT", hide_short_help = true)]
    max_attributes: Option<u64>,
    /// Fields of the types of records [default: 131072, and one for each 16 bytes of the file]
    #[arg(long, value_name = "COUNT", hide_short_help = true)]
    max_fields: Option<u64>,
    /// Follow links to other files
    #[arg(long, hide_short_help = true)]
    allow_external_links: bool,
    /// Read datasets whose data is in other files
    #[arg(long, hide_short_help = true)]
    allow_external_storage: bool,
    /// Read virtual datasets, which are made of parts of others
    #[arg(long, hide_short_help = true)]
    allow_virtual_datasets: bool,
    /// Load filters from the folders for plugins
    #[arg(long, hide_short_help = true)]
    allow_plugins: bool,
}

impl Limits {
    /// How many levels objects nest.
    pub(crate) fn depth(&self) -> usize {
        self.max_depth.unwrap_or(128).into()
    }

    /// Options that have these limits.
    pub(crate) fn options(&self) -> ReadOptions {
        let mut options = ReadOptions::new();
        macro_rules! set {
            ($($limit:ident)*) => {
                $(if let Some(limit) = self.$limit {
                    options = options.$limit(limit);
                })*
            };
        }
        set!(max_depth max_bytes max_expansion max_unstored max_repeats max_units max_chunks max_attributes max_fields);
        options
            .allow_external_links(self.allow_external_links)
            .allow_external_storage(self.allow_external_storage)
            .allow_virtual_datasets(self.allow_virtual_datasets)
            .allow_plugins(self.allow_plugins)
    }
}

/// A number of bytes: `1000`, `64KiB`, `2GB`.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let end = text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "t" | "tib" => 1 << 40,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        _ => return Err(format!("`{unit}` is no unit: B, kB, MB, GB, TB, KiB, MiB, GiB or TiB")),
    };
    let number: u64 = digits.parse().map_err(|_| format!("`{text}` is no size, such as 64MiB"))?;
    number.checked_mul(factor).ok_or_else(|| format!("`{text}` is too large"))
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes() {
        for (text, expected) in [("7", Some(7)), ("2k", Some(2048)), ("3MB", Some(3_000_000)), ("1GiB", Some(1 << 30))]
        {
            assert_eq!(size(text).ok(), expected);
        }
        for text in ["", "x", "5parsec", "99999999999T"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
